"""The command ``bert-parts``: the course in a folder of the learner's own, and JupyterLab open on it. It needs no torch."""
