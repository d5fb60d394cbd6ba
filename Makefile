# callscribe: `make help` lists what there is to do.

VENV := .venv
PY := $(VENV)/bin/python
# The first Python of at least 3.11; PYTHON=… names another.
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
PIP := $(PY) -m pip --disable-pip-version-check --no-input
# In a terminal pip tells how far it is.
INSTALL := $(PIP) install $$([ -t 1 ] || echo --quiet)
COMPILE := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
# The official SDKs that `make test-sdks` drives: older Python ones, each in an environment of its own, and Node's.
OLDER := 1.4 1.5
JAVASCRIPT := tests/sdks/javascript
# What `make bench` measures the product beside.
PEERS := benchmarks/peers
SDKS ?= python javascript

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-sdks bench check lint types format formatted coverage docs picture lock speech live clean

help: ## List the commands.
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name says; do \
		printf '  make %-10s %s\n' "$$name" "$$says"; done

demo: $(VENV)/.locked ## A call, transcribed live on this machine; AUDIO=caller.wav,agent.wav speaks a recording; ARGS="--port 0" picks ports.
	@$(PY) -m callscribe.cli demo $(if $(AUDIO),--audio "$(AUDIO)") $(ARGS)

dev: $(VENV)/.locked ## The same, staying up until Ctrl-C, with a key to develop against.
	@$(PY) -m callscribe.cli dev $(if $(AUDIO),--audio "$(AUDIO)") $(ARGS)

test: $(VENV)/.installed ## Run all tests; ARGS="-k name" some of them.
	@$(PY) -m pytest -q -m "not live" -n auto --dist loadscope $(ARGS)

test-sdks: $(VENV)/.installed $(SDKS:%=sdks-%) ## Drive the emulator with the official SDKs of other versions and languages; SDKS=python some of them.

sdks-python: $(VENV)/.installed $(OLDER:%=.venv-sdk-%/.locked)
	@$(PY) -m pytest -q tests/sdks/older.py $(ARGS)

sdks-javascript: $(VENV)/.installed $(JAVASCRIPT)/node_modules/.locked
	@$(PY) -m tests.sdks.emulated node --test --test-reporter=spec $(JAVASCRIPT)/emulator.test.js

bench: $(VENV)/.locked ## Measure everything beside its peers; CASE="node burst" some of it, ARGS=--gate fails where a reach is missed.
	@$(PY) -m benchmarks $(CASE) $(ARGS)

check: test lint types formatted ## Run all tests, and check lint, types and format.

lint: $(VENV)/.installed ## Look for mistakes.
	@$(PY) -m ruff check .

types: $(VENV)/.installed ## Check types.
	@$(PY) -m mypy

format: $(VENV)/.installed ## Format the sources.
	@$(PY) -m ruff check --quiet --select I --fix .
	@$(PY) -m ruff format .

formatted: $(VENV)/.installed ## Check that the sources are formatted.
	@$(PY) -m ruff format --check .

coverage: $(VENV)/.installed ## Show which branches of the domain and the actions no test takes.
	@$(PY) -m pytest -q -m "not live" --cov --cov-report=term-missing tests/callscribe $(ARGS)

docs: $(VENV)/.locked ## Write the pages that are made from the sources.
	@$(PY) -m callscribe.runtime.settings
	@$(PY) -c "from callscribe.domain.errors_page import errors_page; print(errors_page(), end='')" > docs/errors.md

picture: $(VENV)/.locked ## Take the README's picture of a live transcript anew.
	@$(PY) -m callscribe.cli demo --picture docs/images/demo.svg $(ARGS)

lock: $(VENV)/.installed ## Choose the newest dependencies and write the lock files.
	@$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	@$(COMPILE) --upgrade --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(COMPILE) --upgrade --extra speech -c requirements-dev.lock pyproject.toml -o requirements-speech.lock
	@for version in $(OLDER); do \
		$(COMPILE) --upgrade tests/sdks/requirements-$$version.in -o tests/sdks/requirements-$$version.lock; done
	@$(COMPILE) --upgrade -c requirements-dev.lock $(PEERS)/requirements.in -o $(PEERS)/requirements.lock
	@if command -v npm >/dev/null; then cd $(JAVASCRIPT) && npm install --silent --package-lock-only --save-dev \
		@azure/communication-call-automation@latest @azure/core-rest-pipeline@latest ws@latest; fi
	@if command -v npm >/dev/null; then cd $(PEERS) && npm install --silent --package-lock-only \
		@azure/communication-call-automation@latest ws@latest; fi

speech: $(VENV)/.locked ## Install offline speech recognition, so that AUDIO=… can be understood.
	@echo "Installing the speech libraries and fetching the weights (about 500 MB, once) …"
	@$(PIP) install --quiet --require-hashes -r requirements-speech.lock
	@$(PY) -m acs_emulator.speech.weights

live: ## Place a call through the real ACS resource that the settings name, and write build/live.json.
	@if [ -z "$$CALLSCRIBE_ACS_CONNECTION_STRING$$CALLSCRIBE_ACS_ENDPOINT" ]; then \
		echo "No ACS resource is named: set CALLSCRIBE_ACS_CONNECTION_STRING or CALLSCRIBE_ACS_ENDPOINT (docs/assumptions.md says what is checked)."; \
	elif [ -z "$$LIVE_TARGET" ]; then \
		echo "Nobody to call is named: set LIVE_TARGET to a phone number or raw id that answers and talks (docs/assumptions.md)."; \
	else $(MAKE) --silent --no-print-directory $(VENV)/.installed && $(PY) -m pytest -q -m live $(ARGS); fi

clean: ## Remove the virtual environment, caches and data of `make dev`.
	@rm -rf $(VENV) .venv-sdk-* $(JAVASCRIPT)/node_modules .callscribe .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What running needs: redone only when its lock changes.
$(VENV)/.locked: requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
		echo "callscribe needs Python 3.11 or newer; install it, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@if ! command -v "$(PYTHON)" >/dev/null; then \
		echo "There is no program $(PYTHON); name a Python of 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@if ! "$(PYTHON)" -c 'import sys; sys.exit(not sys.version_info >= (3, 11))' 2>/dev/null; then \
		echo "$(PYTHON) is not Python 3.11 or newer; name another: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@if [ ! -w . ]; then \
		echo "The folder $(CURDIR) cannot be written; clone callscribe into one that can." >&2; exit 1; fi
	@echo "Setting up $(VENV), once: a virtual environment …"
	@"$(PYTHON)" -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make virtual environments; install its venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "… and $$(grep -c '^[a-z0-9].*==' $<) locked packages, in half a minute or so …"
	@$(INSTALL) --require-hashes -r $<
	@touch $@

# What developing needs besides: the tools, and callscribe itself as it is in this folder.
$(VENV)/.installed: $(VENV)/.locked requirements-dev.lock pyproject.toml
	@echo "Adding the development tools to $(VENV) …"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# An older SDK with what it needs, and nothing of ours.
.venv-sdk-%/.locked: tests/sdks/requirements-%.lock | $(VENV)/.installed
	@$(PY) -m venv .venv-sdk-$*
	@.venv-sdk-$*/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r $<
	@touch $@

$(JAVASCRIPT)/node_modules/.locked: $(JAVASCRIPT)/package-lock.json
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then \
		echo "The JavaScript SDK needs Node 20 or newer, with npm (Debian: apt install nodejs npm); or: make test-sdks SDKS=python" >&2; exit 1; fi
	@cd $(JAVASCRIPT) && npm ci --silent
	@touch $@
