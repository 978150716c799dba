# Everything stays in this folder: the tools in .venv/ and .tools/, the project that the tests
# make in .build/, the one of the demo in demo/.

PYTHON ?= python3
UV ?= uv
# A line of releases, such as 5.2, that the project is tested with in place of the newest.
DJANGO ?=
RUN := .venv/bin/python
TEMPLATE := {{cookiecutter.project_slug}}
BUILD := .build
PROJECT = $(BUILD)/my_product
# The tools that its owners need not carry, with its code and its Python.
IN_PROJECT = PYTHONPATH="$(CURDIR)/$(PROJECT):$(CURDIR)/tools" $(PROJECT)/.venv/bin/python -P
# `no`: a machine without a browser gets none, and the tests that need one are skipped.
INSTALL_BROWSER ?=

ifeq ($(shell command -v "$(UV)" 2>/dev/null),)
OWN_UV := .tools/bin/uv
UV := $(CURDIR)/.tools/bin/uv
endif

unexport VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
# Read by scripts/: a variable of the environment needs no quoting. The project's own make uses the
# same uv.
export ANSWERS DJANGO INSTALL_BROWSER UV
# The tests of the pages fail without a browser, where one may be installed.
ifneq ($(INSTALL_BROWSER),no)
export REQUIRE_BROWSER := 1
endif

.DEFAULT_GOAL := help
.PHONY: help demo test newest lint project browser internals bench fuzz clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.ready ## Make a project in demo/ and run it (ANSWERS="mfa_mode=required project_name='My Shop'")
	@exec $(RUN) scripts/demo.py

test: lint project browser ## Everything: lint, the template's tests, the checks and tests of a generated project
	$(RUN) -m pytest -n auto $(ARGS)
# Without that variable, as people have it: with it each server of the tests compiles everything.
	env -u PYTHONDONTWRITEBYTECODE $(MAKE) -C $(PROJECT) check check-deploy test
	@$(MAKE) --no-print-directory internals
	@$(MAKE) --no-print-directory newest

newest: browser ## The project's tests on the newest Django that a Python of this machine takes
	@env -u PYTHONDONTWRITEBYTECODE $(RUN) scripts/newest.py

# A cache in the template's folder would be baked into every project.
lint: export RUFF_CACHE_DIR := .ruff_cache
lint: .venv/.ready ## Ruff over the whole repository, types and sizes of the template's own code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) '$(TEMPLATE)/devtools/sizes.py' hooks scripts

project: .venv/.ready ## Make and install the project that the tests use, in .build/ (BUILD)
	@mkdir -p $(PROJECT)
	@find $(PROJECT) -mindepth 1 -maxdepth 1 \
		! -name .venv ! -name .mypy_cache ! -name uv.lock -exec rm -rf {} +
	@$(RUN) scripts/template.py $(BUILD) > /dev/null
	@$(MAKE) -C $(PROJECT) setup
	$(if $(DJANGO),"$(UV)" pip install --python $(PROJECT)/.venv 'django==$(DJANGO).*')

internals: project ## Types and tests of what only the template carries of a project (tools/)
	cd $(PROJECT) && MYPYPATH="$(CURDIR)/tools" .venv/bin/python -m mypy . "$(CURDIR)/tools"
	cd $(PROJECT) && env -u PYTHONDONTWRITEBYTECODE PYTHONPATH="$(CURDIR)/tools" \
		.venv/bin/python -m pytest -c pyproject.toml -n auto "$(CURDIR)/tools/project_tests" $(ARGS)

bench: project ## Measure what a request of a project costs (ARGS="growth --users 100000")
	@$(IN_PROJECT) -m bench $(ARGS)

fuzz: project ## Send some 20,000 requests to a project, in every mode (ARGS="--seed 7"; 20 minutes)
	@"$(UV)" pip install --quiet --python $(PROJECT)/.venv --group fuzz
	@$(IN_PROJECT) -m fuzz $(ARGS)

browser: project ## Bring a browser for the tests of the pages, where there is none (INSTALL_BROWSER=no: don't)
	@cd $(PROJECT) && "$(UV)" sync --quiet --inexact --only-group browser
	@$(RUN) scripts/browser.py

clean: ## Remove all that make has made here, the demo and its data included
	rm -rf .build .tools .venv .*_cache demo uv.lock

define NEED_PYTHON
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo 'This needs Python 3.11 or later, and "$(PYTHON)" is none.' \
	'Install one, or name it: make $(MAKECMDGOALS) PYTHON=python3.13' >&2; exit 1; }
endef

.venv/.ready: pyproject.toml | $(OWN_UV)
	@$(NEED_PYTHON)
	@"$(UV)" sync --python "$(PYTHON)"
	@touch .venv/.ready

.tools/bin/uv:
	@$(NEED_PYTHON)
	@echo 'Fetching uv, which installs everything else, into .tools/'
	@"$(PYTHON)" -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv
