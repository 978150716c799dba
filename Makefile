# Everything stays in this folder: the tools in .venv/ and .tools/, the project of the tests in
# .build/, the project of the demo in demo/.

PYTHON ?= python3
UV ?= uv
# The Django series, such as 5.2, to test the project with instead of the newest.
DJANGO ?=
RUN := .venv/bin/python
TEMPLATE := {{cookiecutter.project_slug}}
BUILD := .build
PROJECT = $(BUILD)/my_product
# The features of that project: every_feature or no_feature.
FEATURES := every_feature
# The tools in tools/ run with the code and the Python of the generated project.
IN_PROJECT = PYTHONPATH="$(CURDIR)/$(PROJECT):$(CURDIR)/tools" $(PROJECT)/.venv/bin/python -P
# `no`: install no browser. Without one, the tests that need it are skipped.
INSTALL_BROWSER ?=

ifeq ($(shell command -v "$(UV)" 2>/dev/null),)
OWN_UV := .tools/bin/uv
UV := $(CURDIR)/.tools/bin/uv
endif

unexport VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
# scripts/ read these: environment variables need no quoting. The project's make uses the same uv.
export ANSWERS DJANGO INSTALL_BROWSER UV
# The tests of the pages fail without a browser, unless INSTALL_BROWSER=no.
ifneq ($(INSTALL_BROWSER),no)
export REQUIRE_BROWSER := 1
endif

.DEFAULT_GOAL := help
.PHONY: help demo test smallest newest lint project browser clients client internals docs bench bakes fuzz clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.demo ## Generate a project in demo/ and run it (ANSWERS="mfa_mode=required project_name='My Shop'")
	@exec $(RUN) scripts/demo.py

test: lint project browser clients ## Run everything: lint, the template's tests, the checks and tests of a generated project
	$(RUN) -m pytest -n auto $(ARGS)
# Users run it without this variable. With it, each server of the tests compiles all modules.
	env -u PYTHONDONTWRITEBYTECODE $(MAKE) -C $(PROJECT) check check-deploy test
	@$(MAKE) --no-print-directory smallest
	@$(MAKE) --no-print-directory internals
	@$(MAKE) --no-print-directory newest

smallest: ## Check and test a project without any feature
	@$(MAKE) --no-print-directory browser BUILD=$(BUILD)/smallest FEATURES=no_feature
	env -u PYTHONDONTWRITEBYTECODE $(MAKE) -C $(BUILD)/smallest/my_product check test

newest: browser ## Run the project's tests on the newest Django that a Python of this machine supports
	@env -u PYTHONDONTWRITEBYTECODE $(RUN) scripts/newest.py

# A cache in the template's folder would be copied into every project.
lint: export RUFF_CACHE_DIR := .ruff_cache
lint: .venv/.ready ## Check the style of the repository, and types and sizes of the template's own code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) '$(TEMPLATE)/devtools/sizes.py' hooks scripts

project: .venv/.ready ## Generate and install the project that the tests use, in .build/ (BUILD)
	@mkdir -p $(PROJECT)
	@find $(PROJECT) -mindepth 1 -maxdepth 1 \
		! -name .venv ! -name .mypy_cache ! -name uv.lock -exec rm -rf {} +
	@$(RUN) scripts/template.py $(BUILD) $(FEATURES) > /dev/null
	@$(MAKE) -C $(PROJECT) setup
	$(if $(DJANGO),"$(UV)" pip install --python $(PROJECT)/.venv 'django==$(DJANGO).*')

internals: project ## Check and test with the tools that are not generated (tools/)
	cd $(PROJECT) && MYPYPATH="$(CURDIR)/tools" .venv/bin/python -m mypy . "$(CURDIR)/tools"
	cd $(PROJECT) && env -u PYTHONDONTWRITEBYTECODE PYTHONPATH="$(CURDIR)/tools" \
		.venv/bin/python -m pytest -c pyproject.toml -n auto "$(CURDIR)/tools/project_tests" $(ARGS)

docs: .venv/.ready ## Build the documentation as a website, and serve it (ARGS="--dev-addr 127.0.0.1:8002")
	@exec $(RUN) scripts/docs.py serve $(ARGS)

bench: project ## Measure the cost of requests (ARGS="growth --users 100000")
	@$(MAKE) --no-print-directory -C $(PROJECT) bench

bakes: .venv/.ready ## Measure how long it takes to generate a project
	@$(RUN) scripts/bakes.py

fuzz: project ## Send some 20,000 requests in every mode (ARGS="--seed 7"; 20 minutes)
	@"$(UV)" pip install --quiet --python $(PROJECT)/.venv --group fuzz
	@$(IN_PROJECT) -m fuzz $(ARGS)

browser: project ## Install a browser for the tests of the pages, if there is none (INSTALL_BROWSER=no: do not)
	@cd $(PROJECT) && "$(UV)" sync --quiet --inexact --only-group browser
	@$(RUN) scripts/browser.py

clients: .venv/.ready ## Install the generators of clients for tests/test_clients.py, if there is Node.js
	@$(RUN) scripts/clients.py

client: clients ## Compile the client of the API for the account pages
	cd $(BUILD)/clients && node_modules/.bin/tsc --noCheck --target es2022 --module es2022 \
		--outDir '$(CURDIR)/$(TEMPLATE)/account_pages/static/account_pages' \
		'$(CURDIR)/$(TEMPLATE)/clients/typescript/client.ts'

clean: ## Remove everything that make has created here, including the demo and its data
	rm -rf .build .tools .venv .*_cache demo uv.lock

define NEED_PYTHON
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo 'Python 3.11 or later is required, but "$(PYTHON)" is older or missing.' \
	'Install it, or name it: make $(MAKECMDGOALS) PYTHON=python3.13' >&2; exit 1; }
endef

.venv/.ready: pyproject.toml | $(OWN_UV)
	@$(NEED_PYTHON)
	@"$(UV)" sync --python "$(PYTHON)"
	@touch .venv/.demo .venv/.ready

# The other tools would make a newcomer wait.
.venv/.demo: pyproject.toml | $(OWN_UV)
	@$(NEED_PYTHON)
	@"$(UV)" venv --quiet --allow-existing --python "$(PYTHON)"
	@"$(UV)" pip install --quiet --python .venv --group demo
	@touch .venv/.demo

.tools/bin/uv:
	@$(NEED_PYTHON)
	@echo 'Installing uv, which installs everything else, into .tools/'
	@"$(PYTHON)" -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv
