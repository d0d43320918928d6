"""Who trains the best masked language model from nothing in ten minutes on two cores? The rules are in speedrun/README.md.

In the order in which data flows: text → clock → counts → encoder → loop → recipes → records → fence → runner → verify → table.
"""

import os

os.environ["OMP_WAIT_POLICY"] = "passive"     # threads that wait do no work, which would be counted; torch reads it when it begins
