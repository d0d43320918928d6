"""Who trains the best masked language model from nothing in ten minutes on two cores? The rules are in speedrun/README.md.

In the order in which data flows: text → clock → encoder → recipes → records → fence → runner → verify → table.
"""
