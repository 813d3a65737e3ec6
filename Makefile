.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lock clean
MAKEFLAGS += --no-print-directory
python := .venv/bin/python

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: ## Prepare the environment that run and test share (all of it, tests included)
	@scripts/setup.sh test

run: ## Start the portal on this machine: web, worker, scheduler; PORT and NSI_VAR are honoured
	@scripts/setup.sh run
	@$(python) manage.py run_portal $(ARGS)

test: ## Everything: checks, tests on PostgreSQL, tests on SQLite; ARGS="-k name" narrows it while developing
	@scripts/setup.sh test
	@scripts/test.sh $(ARGS)

check: ## Lint, format, types, import contracts, migrations, templates, deployment settings
	@scripts/setup.sh test
	@scripts/check.sh

bench: ## Measure the goals of speed on PostgreSQL, as ratios to yardsticks of the same run
	@scripts/setup.sh bench
	@$(python) -m benchmarks $(ARGS)

lock: ## Renew requirements/*.txt from pyproject.toml (ARGS="--upgrade" for newer versions)
	@scripts/setup.sh test
	@scripts/lock.sh $(ARGS)

clean: ## Remove what setup and the tools made; the portal's data in var/ stays
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
