# Needs Python 3.11+ and make; everything else comes from PyPI (and, for browser tests, the system's packages).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8000
# Compiled modules are kept, whatever the surroundings say: else every process compiles all of Clynto again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo run test test-unit test-integration test-browser test-sdk lint bench screenshots clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

install: $(STAMP) ## Install into .venv

demo: $(STAMP) ## Start everything with a sandbox Stripe account and a filled demo workspace
	@$(BIN)/clynto demo --port $(PORT)

run: $(STAMP) ## Start everything for a real Stripe account; the printed set-up code creates the workspace
	@$(BIN)/clynto up --port $(PORT)

test: test-unit test-integration test-browser ## Unit, integration and browser tests

test-unit: $(STAMP) ## Unit tests: in memory, about a minute
	$(BIN)/python -m pytest tests/unit -q -n 2

test-integration: $(STAMP) ## Real PostgreSQL, Redis, sandbox and worker processes; many wait, hence four at once
	$(BIN)/python -m pytest tests/integration -q -n 4 --dist loadgroup --reruns 2

test-browser: $(STAMP) ## Pages in a real Chromium
	@sh tests/browser/ensure_chromium.sh
	$(BIN)/python -m pytest tests/browser -q -n 3 --dist loadgroup --reruns 2

test-sdk: $(STAMP) ## The Stripe adapter on the oldest and newest allowed SDK, from the package index
	$(BIN)/python -m tests.integration.stripe_api.on_each_sdk $(SDK)

lint: $(STAMP) ## Style, types and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## Measure speed; prints each figure with its ratio to a named limit
	$(BIN)/python -m benchmarks.run_all

screenshots: $(STAMP) ## Take pictures of every page into screenshots/
	@sh tests/browser/ensure_chromium.sh
	$(BIN)/python -m tests.browser.take_screenshots

clean: ## Remove what was installed and measured (keeps var/, your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .sdk build
