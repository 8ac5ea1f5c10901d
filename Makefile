# Everything sets itself up in .venv from Python 3.11 (or later) and pip alone.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

WEB := $(shell find web -name node_modules -prune -o -name out -prune -o -type f -print)

.PHONY: run test check fmt bench clean

run: $(VENV)/.run
	@$(BIN)/hongyan demo

test: $(VENV)/.dev
	@$(BIN)/python tools/page.py build
	@sh .ci/install-debian
	$(BIN)/python -m pytest

check: $(VENV)/.dev $(VENV)/.page-checked
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	@sh .ci/install-debian bench
	$(BIN)/python -m bench --million

clean:
	rm -rf $(VENV) src/hongyan/server/page web/node_modules web/out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Hongyan needs Python 3.11 or later."; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
		$(PYTHON) -m pip install --quiet --user virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV); }

$(VENV)/.run: pyproject.toml hatch_build.py tools/page.py $(WEB) | $(VENV)/bin/python
	@echo "Setting up Hongyan (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml hatch_build.py | $(VENV)/bin/python
	@echo "Setting up Hongyan and its tools (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

# svelte-check and eslint take their time: they run when the page has changed.
$(VENV)/.page-checked: tools/page.py $(WEB) | $(VENV)/.dev
	$(BIN)/python tools/page.py check
	@touch $@
