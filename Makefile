# make lab            install what a learner needs into .venv (once) and open the course in JupyterLab
# make test           every test that needs no browser, each notebook as shipped and solved included
# make test-browser   the tests in a real browser (needs chromium): notebooks 00 and 01; ALL=1 for every notebook
# make test-wheel     the command bert-parts in a real browser, out of the wheel, which PYTHON installs into .venv-wheel (needs chromium)
# make notebooks      write stubs and map anew, run every notebook afresh and save it; NAMES="01 07" for some
# make compared       how many of the notebooks' outputs the tests compare
# make diagnosis      how well the check tells mistakes that are in no list: writes docs/diagnosis.md
# make bench          speed and memory beside other libraries, which come into .venv-bench: writes docs/benchmarks.md
# make site           the course as pages, into build/site/html; what makes them comes into .venv-site
# make test-site      make them, and look at them in a real browser (needs chromium)
# make screenshots    the README's pictures, taken anew of the site and of JupyterLab; NAMES="lab phone" for some (needs chromium)
# make links          name the project's place anew in all files: make links REPO=owner/name BRANCH=main
# make lint           style of .py and .ipynb
# make lock           write constraints.txt anew from the requirements
#
# PYTHON=python3.12 chooses the Python; ARGS=... is passed on (make lab ARGS=--no-browser, make test ARGS="-k tokenizer -x").
# TORCH=cuda or TORCH=cpu chooses the build of PyTorch on Linux while it is installed: see tools/install.py, which does it.

PYTHON ?= python3
ARGS ?=
NAMES ?=
ALL ?=
TORCH ?=

VENV := .venv/bin/python
LEARN := .venv/.installed
TEST := .venv/.installed-test
BENCH := .venv-bench/.installed
SITE := .venv-site/.installed
MODELS := build/page/files.json
PYTEST := $(VENV) -m pytest

problem = $(shell command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "There is no command $(PYTHON): install Python 3.11 or newer, or name one, as in 'make lab PYTHON=python3.12'"; exit; }; "$(PYTHON)" tools/check_python.py)
# A .venv that runs is completed by its own Python; else $(PYTHON) makes one, if it will do. So are .venv-bench and .venv-site.
# Without its pyvenv.cfg it is another Python, into which nothing of the course belongs.
runs = $(shell $(1) -c "import sys; sys.exit(sys.prefix == sys.base_prefix)" 2>/dev/null && echo $(1))
python = $(call runs,$(VENV))
install = $(or $(python),"$(PYTHON)") tools/install.py $(if $(TORCH),--torch $(TORCH))

ready = $(if $(python),,$(if $(problem),$(error $(problem))))

.PHONY: lab test test-browser test-wheel notebooks compared diagnosis bench site test-site screenshots links lint lock no-venv

bench $(BENCH): VENV := .venv-bench/bin/python
site $(SITE) $(MODELS): VENV := .venv-site/bin/python

lab: $(LEARN)
	@$(VENV) tools/lab.py $(ARGS)

test: $(TEST)
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg --nbval-cell-timeout 900 \
		--ignore tests/browser notebooks tests $(ARGS)

test-browser: $(TEST)
	$(PYTEST) tests/browser -n 2 --dist loadfile --ignore tests/browser/test_site.py --ignore tests/browser/test_page_models.py \
		$(if $(ALL),--all-notebooks) $(ARGS)

test-wheel: $(TEST)
	@rm -rf .venv-wheel
	@"$(PYTHON)" tools/install.py --wheel $(if $(TORCH),--torch $(TORCH))
	$(PYTEST) tests/browser/test_course_command.py --learner .venv-wheel/bin/python $(ARGS)

notebooks: $(TEST)
	@$(VENV) tools/run_notebooks.py $(NAMES)

compared: $(TEST)
	@$(VENV) tools/comparing.py

diagnosis: $(TEST)
	@$(VENV) -m tools.diagnosis --write

bench: $(BENCH)
	@$(VENV) -m benchmarks $(ARGS)

site: $(SITE) $(MODELS)
	@$(VENV) -m tools.make_site

test-site: $(TEST)
	@$(MAKE) --no-print-directory site
	$(PYTEST) tests/browser/test_site.py tests/browser/test_page_models.py $(ARGS)

screenshots: $(TEST)
	@$(MAKE) --no-print-directory site
	@$(VENV) -m tools.screenshots $(NAMES)

links: $(LEARN)
	@$(VENV) -m tools.links $(REPO) $(BRANCH)

lint: $(TEST)
	$(VENV) -m ruff check .

lock:
	@$(ready)
	@$(or $(python),"$(PYTHON)") tools/lock.py

$(LEARN) $(TEST): $(if $(python),,no-venv)     # marks beside a Python that does not run mean nothing
$(BENCH): $(if $(call runs,.venv-bench/bin/python),,no-venv)
$(SITE): $(if $(call runs,.venv-site/bin/python),,no-venv)

$(LEARN): requirements.txt constraints.txt pyproject.toml
	@$(ready)
	@echo "Installing the course into .venv: this is done once and takes a few minutes."
	@$(install)
	@touch $@

$(TEST): requirements-test.txt requirements.txt constraints.txt pyproject.toml
	@$(ready)
	@echo "Installing what the tests need into .venv."
	@$(install) --tests
	@touch $(LEARN) $@

$(BENCH): requirements-bench.txt requirements.txt constraints.txt pyproject.toml
	@$(ready)
	@echo "Installing the course, and what it is compared with, into .venv-bench."
	@$(install) --bench
	@touch $@

$(MODELS): tools/page_models.py bert_parts/*.py data/mask_filler/* data/movie_reviews.tsv | $(SITE)
	@echo "Making the models that pages of the site run: this takes some minutes."
	@$(VENV) -m tools.page_models

$(SITE): requirements-site.txt requirements.txt constraints.txt pyproject.toml
	@$(ready)
	@echo "Installing the course, and what makes its site, into .venv-site."
	@$(install) --site
	@touch $@
