# The doors to this project. Each target works on a fresh clone.

PYTHON ?= python3
BIN := .venv/bin
METRICS_PORT ?= 9646
COMPILED := PYTHONPATH=$(CURDIR)/.venv/compiled

.DEFAULT_GOAL := help

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 16

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "loadgen needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --upgrade pip
	LOADGEN_COMPILE=never $(BIN)/pip install --quiet --editable .
	@touch $@

.venv/developing: .venv/installed
	$(BIN)/pip install --quiet --group dev
	@touch $@

demo: .venv/installed ## Run a ramp past a demo shop's knee: live view, metrics, report.html, report.json
	@mkdir -p reports
	@$(BIN)/loadgen run journeys/plans/ramp.yaml --demo-shop --knee 20/s --metrics-port $(METRICS_PORT) \
	  --html reports/report.html --json reports/report.json; code=$$?; \
	if [ $$code = 10 ]; then \
	  echo "Exit code 10: thresholds failed, as they should here. The ramp goes past what this shop can take."; \
	elif [ $$code = 12 ]; then echo "Exit code 12: stopped by hand."; \
	else exit $$code; fi

.venv/compiled: hatch_build.py pyproject.toml $(shell find loadgen -name '*.py') | .venv/developing
	@rm -rf build/wheel build/empty $@
	@$(PYTHON) -m venv build/empty  # as a stranger's: a wheel must not need what is installed here
	LOADGEN_COMPILE=must build/empty/bin/pip wheel --quiet --no-deps --wheel-dir build/wheel .
	@$(BIN)/pip install --quiet --no-deps --target $@ build/wheel/loadgen-*.whl
	@touch $@

test: .venv/developing services ## Run the whole suite, in two processes side by side
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-clusters test-parts

test-clusters:
	$(BIN)/pytest tests/cluster tests/chaos
	$(BIN)/pytest tests/shops  # they import Locust, which patches its process

test-parts:
	$(BIN)/pytest tests --ignore=tests/cluster --ignore=tests/chaos --ignore=tests/shops --ignore=tests/journey --ignore=tests/journeys --ignore=tests/worker
	$(BIN)/pytest tests/journey tests/journeys tests/worker  # these import Locust, which patches its process
	@$(MAKE) --no-print-directory test-compiled

test-compiled: .venv/compiled
	$(COMPILED) $(BIN)/pytest -m "not interpreted" tests/journey tests/journal tests/messages tests/stats  # once more, compiled

services: ## Install what the tests need from Debian, or say what will be skipped
	@sh tests/services.sh

lint: .venv/developing ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/shellcheck .ci/run tests/*.sh tests/deploy/*.sh

types: .venv/developing ## Check types
	$(BIN)/mypy
	cd deploy/grafana && ../../$(BIN)/mypy --config-file ../../pyproject.toml --package dashboards

dashboards: .venv/developing ## Write the JSON of Grafana's dashboards
	cd deploy/grafana && ../../$(BIN)/python -m dashboards

pictures: .venv/developing services ## Photograph a real run: the live page and the dashboards, for docs/images
	cd tests && PYTHONPATH=. ../$(BIN)/python -m pictures

smoke: .venv/compiled ## Run the wheel from an empty environment
	sh tests/smoke.sh $(PYTHON) build/wheel/loadgen-*.whl

bench: .venv/compiled ## Measure; writes docs/benchmarks.md
	$(COMPILED) $(BIN)/python tests/benchmarks/run.py

soak: .venv/compiled ## Load this machine fully for 20 minutes; fails if anything grows; writes docs/soak.md
	$(COMPILED) $(BIN)/python tests/benchmarks/soak.py --write

profile: .venv/compiled ## See where the CPU of a request goes; writes docs/benchmarks.md
	$(COMPILED) $(BIN)/python tests/benchmarks/run.py --only profile

chaos: .venv/developing services ## Break a real cluster in a hundred seeded ways and check every count
	$(BIN)/python tests/chaos/campaign.py

machine: ## Boot a Debian with the systemd units, as docs/deploy.md tells, and break it; as root
	sh tests/deploy/plain_machine.sh

stack: ## Bring the Compose stack up, rehearse with it, and break it; with Docker
	sh tests/deploy/stack.sh

clean: ## Remove what was made
	rm -rf .venv build dist reports .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help demo test test-clusters test-parts test-compiled services lint types dashboards pictures smoke bench soak profile chaos machine stack clean
