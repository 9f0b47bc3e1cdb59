# Two commands for everyone: `make demo` and `make test`. Each sets up by itself on a machine with python3.11, venv and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: screenshots help demo test check static bench-features bench-intake bench-nightly bench-relapse bench-online bench-parts bench-serving bench-city bench-pages bench-hotspots bench-hotspot-oracle bench-other-cities bench-warnings hostile example-answers simulator-docs lock clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: .venv/.run ## from nothing to an explained score out of a running service; Ctrl-C ends it
	$(BIN)/waystation demo $(ARGS)

test: .venv/.dev ## the whole test suite, on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: static test ## format, lint, types, imports, tests

static: .venv/.dev ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench-features: .venv/.dev ## the features of a city beside DuckDB, Polars and pandas: time, memory, do the values agree
	$(BIN)/python -m tests.benchmarks.features $(ARGS)

bench-nightly: .venv/.dev ## the night's work on a whole city: snapshot, history, features, scores with reasons
	$(BIN)/python -m tests.benchmarks.nightly $(ARGS)

bench-relapse: .venv/.dev ## what ten times the persons, another calibration and a hazard of several horizons are worth, and what training costs beyond LightGBM; WAYSTATION_HOME holds a city
	$(BIN)/python -m tests.benchmarks.more_persons
	$(BIN)/python -m tests.benchmarks.learning
	$(BIN)/python -m tests.benchmarks.overhead
	$(BIN)/python -m tests.benchmarks.hazard

bench-intake: .venv/.dev ## a first load and a day's batch into the store, on SQLite and PostgreSQL: time, memory
	$(BIN)/python -m tests.benchmarks.intake $(ARGS)

bench-online: .venv/.dev ## one row online against the same row in a batch: do they agree, and how long does one take
	$(BIN)/python -m tests.benchmarks.online $(ARGS)

bench-parts: .venv/.dev ## features of 1.8 and of 18 million events in parts: does time stay flat and memory bounded
	$(BIN)/python -m tests.benchmarks.parts $(ARGS)

bench-serving: .venv/.dev ## answers over HTTP: how long, how many, beside `mlflow models serve` and a bare app
	$(BIN)/python -m tests.benchmarks.serving_load $(ARGS)

bench-pages: .venv/.dev ## the pages in a real Chromium at a real service: a map of 5,000 cells ready, a step of its slider; a worklist of 500 persons
	$(BIN)/python -m tests.benchmarks.map_page $(ARGS)
	$(BIN)/python -m tests.benchmarks.pages

bench-city: .venv/.dev ## the invented cities, and one of 60,000 persons: time, memory of all processes
	$(BIN)/python -m tests.benchmarks.city $(ARGS)

bench-hotspots: .venv/.dev ## the backtest of hotspots with all baselines, and one forecast: time, and figures on Tempe
	$(BIN)/python -m tests.benchmarks.hotspots $(ARGS)

bench-hotspot-oracle: .venv/.dev ## how near hotspot forecasts come to an oracle on invented cities, and how near records allow
	$(BIN)/python -m tests.benchmarks.hotspot_oracle $(ARGS)

bench-other-cities: .venv/.dev ## the backtest of hotspots on invented cities of 25 kinds, as the files a stranger would bring
	$(BIN)/python -m tests.benchmarks.other_cities $(ARGS)

bench-warnings: .venv/.dev ## false alarms on quiet histories, power, and the time of one scan
	$(BIN)/python -m tests.benchmarks.warnings $(ARGS)

hostile: .venv/.dev ## 10,000 hostile requests at a real service: no server error, no trace, no person's value, little memory
	$(BIN)/python -m tests.benchmarks.hostile $(ARGS)
	WAYSTATION_EXAMPLES=500 $(BIN)/python -m pytest tests/test_schemathesis.py

screenshots: .venv/.dev ## pictures of every page on the demo's city, wide and narrow (needs Chromium)
	$(BIN)/python -m tests.benchmarks.screenshots $(ARGS)

example-answers: .venv/.dev ## the answers that /docs shows beside its questions, taken from the demo's city
	$(BIN)/python -m tests.benchmarks.example_answers $(ARGS)

simulator-docs: .venv/.dev ## the table of assumptions, the figures and the plots of docs/simulator.md, made anew
	$(BIN)/python -m training.simulator_page

lock: .venv/.dev ## resolve both locks anew
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and everything invented by the demo
	rm -rf .venv .waystation/demo

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed and was not found; name it with: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed; name it with: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The package itself is installed last and in place, from what the lock holds.
.venv/.run: requirements.lock pyproject.toml | .venv/.made
	@echo "Installing the run-time packages (about 300 MB to fetch, a minute or two) ..."
	@test -e .venv/.dev || $(INSTALL) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/.made
	@echo "Installing run-time packages, tests and tools (about 350 MB to fetch, a minute or two) ..."
	@$(INSTALL) -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@ .venv/.run
