# Everything a newcomer types. `make demo` and `make test` need Python 3.11+ with venv and a package index, no more.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TIEOUT := $(BIN)/tieout
WORKERS ?= 2

# No tool of this project calls home.
export DO_NOT_TRACK := 1
export RUNTIME__DLTHUB_TELEMETRY := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help demo test faults check lint-sql lint-python types imports format clean bench-landing bench-books bench-push

help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.synced: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tieout needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@UV_PYTHON_DOWNLOADS=never $(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode --python $(BIN)/python
	@touch $@

demo: $(VENV)/.synced ## Run the whole loop on the sandbox, then once more to show that nothing is sent twice
	@$(BIN)/python -m tieout.demo

test: $(VENV)/.synced ## Run every test
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope --durations=15

faults: $(VENV)/.synced ## Inject every fault as often as promised (hours); a part: ONLY="crashes or tokens" make faults; one seed: TIEOUT_FAULTS_SEED=7 make faults
	@TIEOUT_FAULTS=full $(BIN)/python -m pytest -q tests/faults $(if $(ONLY),-k "$(ONLY)") -n $(WORKERS) --dist loadscope --timeout=7200

check: $(VENV)/.synced ## Lint, type-check, and check the directions of imports
	@$(MAKE) --no-print-directory --jobs 3 --keep-going --output-sync=target lint-sql lint-python types imports

lint-sql: $(VENV)/.synced
	@$(BIN)/sqlfluff lint dbt_project --processes 2 --disable-progress-bar

lint-python: $(VENV)/.synced
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.synced
	@$(BIN)/mypy

imports: $(VENV)/.synced
	@$(BIN)/lint-imports

format: $(VENV)/.synced ## Bring Python and SQL into the house's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/sqlfluff fix dbt_project --processes 2 --disable-progress-bar

bench-landing: $(VENV)/.synced ## Measure landing beside DuckDB's read_json, plain dlt and plain httpx (minutes)
	@$(BIN)/python tests/benchmarks/bench_landing.py

bench-push: $(VENV)/.synced ## Measure writing back 10,000 documents to a destination that answers in 50 ms (two minutes)
	@$(BIN)/python tests/benchmarks/bench_push.py

bench-books: $(VENV)/.synced ## Measure building the books beside the same SQL straight in DuckDB (many minutes)
	@$(BIN)/python tests/benchmarks/bench_books.py

clean: ## Forget the sandbox's data (the live profile's is never touched)
	@rm -rf data/sandbox
