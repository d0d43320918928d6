"""Owner, name and branch of the project are the same wherever they are named, and are named anew by one command."""

import re

import pytest

from tools.links import HOSTS, files, moved
from tools.site_text import COLAB_BRANCH, ROOT, repository

PAGES = ("issues", "actions", "security", "discussions")     # of a project, beside its files
OLD, NEW = ("ada/bert_parts", "main"), ("bob/bert-course", "v2")


@pytest.mark.parametrize("text, expected", [
    ("https://github.com/ada/bert_parts", "https://github.com/bob/bert-course"),
    ("https://github.com/ada/bert_parts.git", "https://github.com/bob/bert-course.git"),
    ("https://github.com/ada/bert_parts/issues", "https://github.com/bob/bert-course/issues"),
    ('"https://github.com/ada/bert_parts/tree/main"', '"https://github.com/bob/bert-course/tree/v2"'),
    ("(https://github.com/ada/bert_parts/blob/main/a.md)", "(https://github.com/bob/bert-course/blob/v2/a.md)"),
    ("https://mybinder.org/v2/gh/ada/bert_parts/main?urlpath=lab", "https://mybinder.org/v2/gh/bob/bert-course/v2?urlpath=lab"),
    ("https://codespaces.new/ada/bert_parts/tree/main", "https://codespaces.new/bob/bert-course/tree/v2"),
    ("https://colab.research.google.com/github/ada/bert_parts/blob/colab/a.ipynb",
     "https://colab.research.google.com/github/bob/bert-course/blob/colab/a.ipynb"),
    ("https://github.com/ada/bert_parts/mainly", "https://github.com/bob/bert-course/mainly"),
    ("https://github.com/ada/bert_parts_2", "https://github.com/ada/bert_parts_2"),
    ("https://github.com/eve/bert_parts/tree/main", "https://github.com/eve/bert_parts/tree/main"),
])
def test_an_address_is_named_anew(text, expected):
    assert moved(text, OLD, NEW) == expected


def test_no_file_names_another_owner_or_branch():
    if not (ROOT / ".git").exists():
        pytest.skip("there is no git here to say which files are the project's")
    address, branch = repository()
    ours = address.removeprefix("https://github.com/")
    others = []
    for path in files():
        if path.name == "test_links.py" or path.suffix in (".bz2", ".png", ".safetensors"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for name, named in re.findall(rf"(?:{HOSTS})([\w.-]+/bert_parts)\b(?:/(?:tree/|blob/|raw/)?([\w.-]+))?", text):
            if name != ours or (named and named not in (branch, COLAB_BRANCH, *PAGES)):
                others.append(f"{path.relative_to(ROOT)}: {name} {named}")
    assert not others
