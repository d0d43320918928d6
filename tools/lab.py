"""Open the course in JupyterLab. What is given on the command line goes on to JupyterLab (--no-browser, --port=9999)."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bert_parts_course.lab import open_lab  # noqa: E402

if __name__ == "__main__":
    open_lab(ROOT, sys.argv[1:], dict(os.environ))
