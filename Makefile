# make lab            install what a learner needs into .venv (once) and open the course in JupyterLab
# make test           every test that needs no browser, each notebook as shipped and solved included
# make test-browser   the tests in a real browser (needs chromium)
# make notebooks      run every notebook afresh and save it; NAMES="01 07" for some
# make lint           style of .py and .ipynb
# make lock           write constraints.txt anew from the requirements
#
# PYTHON=python3.12 chooses the Python; ARGS=... is passed on (make lab ARGS=--no-browser, make test ARGS="-k tokenizer -x").

PYTHON ?= python3
ARGS ?=
NAMES ?=

VENV := .venv/bin/python
LEARN := .venv/.installed
TEST := .venv/.installed-test
PYTEST := $(VENV) -m pytest

problem = $(shell command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "There is no command $(PYTHON): install Python 3.11 or newer, or name one, as in 'make lab PYTHON=python3.12'"; exit; }; "$(PYTHON)" tools/check_python.py)
install = $(VENV) -m pip install --disable-pip-version-check

.PHONY: lab test test-browser notebooks lint lock

lab: $(LEARN)
	@$(VENV) tools/lab.py $(ARGS)

test: $(TEST)
	$(PYTEST) --nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg --nbval-cell-timeout 900 \
		--ignore tests/browser tests notebooks $(ARGS)

test-browser: $(TEST)
	$(PYTEST) tests/browser $(ARGS)

notebooks: $(TEST)
	@$(VENV) tools/run_notebooks.py $(NAMES)

lint: $(TEST)
	$(VENV) -m ruff check .

lock: $(VENV)
	$(VENV) tools/lock.py

$(VENV):
	@$(if $(problem),$(error $(problem)))
	"$(PYTHON)" -m venv .venv

$(LEARN): requirements.txt constraints.txt pyproject.toml | $(VENV)
	@echo "Installing the course into .venv: this is done once and takes a few minutes."
	$(install) -r requirements.txt
	@touch $@

$(TEST): requirements-test.txt requirements.txt constraints.txt pyproject.toml | $(VENV)
	@echo "Installing what the tests need into .venv."
	$(install) --quiet -r requirements-test.txt
	@touch $(LEARN) $@
