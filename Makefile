# One obvious command for each task. `make run` and `make test` set up what they need by themselves.
PYTHON ?= python3
PIP_AUDIT_VERSION := 2.10.1
BIN := .venv/bin
UV := VIRTUAL_ENV=.venv $(BIN)/uv
TESTED := setup .venv/dev.stamp tests/peers/node_modules/.stamp
WEB := $(shell find frontend/src frontend/public frontend/docs frontend/scripts frontend/index.html frontend/*.ts frontend/*.json -type f 2>/dev/null)

QUICK := tests/architecture tests/backend/auth tests/backend/domain tests/backend/engines tests/backend/settings tests/backend/tools \
  tests/channels --ignore=tests/backend/engines/baml --ignore=tests/channels/slack/test_app.py

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast test-quick lint types test-python test-postgres test-web bench campaign chaos interleavings screens format baml generated api lock audit hooks clean

help:  ## Show these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup  ## Set up what is missing, then run the whole product on http://127.0.0.1:8000
	@echo "Assent: starting (a few seconds)"
	@$(BIN)/assent serve

setup: .venv/run.stamp frontend/dist/.stamp  ## Environment at .venv, web app at frontend/dist

test:  ## Everything: lint, types, generated code, web tests, Python tests, browser
	@$(MAKE) -j2 --no-print-directory $(TESTED)
	@$(MAKE) -j2 --no-print-directory test-web lint types generated
	@$(MAKE) --no-print-directory test-python

test-fast: .venv/dev.stamp frontend/node_modules/.stamp  ## The inner loop, under two minutes: lint, types, the web app and the Python tests that start no server
	@$(MAKE) -j2 --no-print-directory lint types test-web test-quick

test-quick: .venv/dev.stamp frontend/node_modules/.stamp
	$(BIN)/pytest -n 2 --dist loadfile $(QUICK)

lint: .venv/dev.stamp frontend/node_modules/.stamp  ## Style of Python and TypeScript
	$(BIN)/ruff check --quiet && $(BIN)/ruff format --quiet --check
	cd frontend && npm run --silent lint

types: .venv/dev.stamp frontend/node_modules/.stamp  ## Types of Python and TypeScript
	$(BIN)/mypy
	cd frontend && npm run --silent typecheck

test-web: frontend/node_modules/.stamp  ## The web app's own tests
	cd frontend && npm run --silent test

test-python: $(TESTED)  ## Python tests, journeys and the browser, four at a time: much of it is waiting
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test-postgres: $(TESTED)  ## The API's tests once more, on PostgreSQL
	TESTS_ON=postgres $(BIN)/pytest -n 3 --dist loadfile tests/backend/api

bench: $(TESTED)  ## Speed, each figure beside its floor; PRIMARY_PATH=1 installs Primary Path and adds it
	$(BIN)/python -m bench $(if $(PRIMARY_PATH),--primary-path)

campaign: $(TESTED)  ## 3,000 failures of a person's first channel: how many reach them by the next
	$(BIN)/python -m bench.campaign

chaos: $(TESTED)  ## 200 random kills with stops and outages, on one process and on four; CHAOS_SEED=n repeats one
	CHAOS_KILLS=$${CHAOS_KILLS:-200} CHAOS_ROUNDS=$${CHAOS_ROUNDS:-4} $(BIN)/pytest -q -s -p no:xdist \
	  tests/journeys/test_random_kills.py tests/journeys/test_processes.py -k "TestRandomKills or TestAFault"

screens: $(TESTED)  ## Take the pictures in docs/screens from the running product
	$(BIN)/python -m tests.support.screenshots
	$(BIN)/python -m tests.support.mail_screenshots

format: .venv/dev.stamp frontend/node_modules/.stamp  ## Put everything in the house style
	$(BIN)/ruff check --fix --quiet; $(BIN)/ruff format --quiet
	cd frontend && npm run --silent format

baml: .venv/run.stamp  ## Generate the BAML client from baml_src
	BAML_LOG=off $(BIN)/baml-cli generate --from baml_src

generated: .venv/run.stamp  ## Fail when the committed BAML client or API description is not what its source says
	@at=$$(mktemp -d) && mkdir -p $$at/backend/engines && cp -r baml_src $$at && BAML_LOG=off $(BIN)/baml-cli generate --from $$at/baml_src > /dev/null \
	  && { diff -r -x __pycache__ $$at/backend/engines/baml_client backend/engines/baml_client || { echo 'backend/engines/baml_client is old: run make baml'; exit 1; }; } && rm -r $$at
	@$(BIN)/assent openapi | diff - frontend/openapi.json > /dev/null || { echo 'frontend/openapi.json is old: run make api'; exit 1; }

api: .venv/run.stamp frontend/node_modules/.stamp  ## Describe the API and generate the web app's client from it
	$(BIN)/assent openapi > frontend/openapi.json
	cd frontend && npm run --silent api

lock: .venv/uv.stamp  ## Resolve all versions anew
	echo uv | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --no-header --upgrade -o requirements-uv.lock
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --upgrade -o requirements.lock
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --upgrade -c requirements.lock -o requirements-dev.lock
	cd frontend && npm update --silent
	cd tests/peers && npm update --silent

audit: .venv/uv.stamp frontend/node_modules/.stamp tests/peers/node_modules/.stamp  ## Look up what is known against our dependencies (needs the network)
	@failed=0; \
	for lock in requirements.lock requirements-dev.lock requirements-uv.lock; do \
	  echo "$$lock:"; \
	  $(UV) tool run --quiet pip-audit@$(PIP_AUDIT_VERSION) --disable-pip --require-hashes --strict --progress-spinner off -r $$lock \
	    || { echo "$$lock: NOT audited clean. Above is a finding, or why the database could not be asked."; failed=1; }; \
	done; \
	for place in frontend tests/peers; do \
	  echo "$$place:"; \
	  (cd $$place && npm audit) || { echo "$$place: NOT audited clean. Above is a finding, or why the database could not be asked."; failed=1; }; \
	done; \
	exit $$failed

hooks: .venv/dev.stamp  ## Check style before each commit
	$(BIN)/pre-commit install

clean:  ## Remove everything that was made here but the data
	rm -rf .venv frontend/node_modules frontend/dist tests/peers/node_modules

.venv/uv.stamp: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Assent needs Python 3.11 or newer; name one: make PYTHON=python3.13 run" if sys.version_info < (3, 11) else 0)'
	@echo 'Assent: 1/4  the environment (.venv)'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-uv.lock
	@touch $@

.venv/run.stamp: .venv/uv.stamp requirements.lock pyproject.toml
	@echo 'Assent: 2/4  Python packages, each checked against its hash (half a minute or more, the first time)'
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps -e .
	@$(BIN)/python -m compileall -q backend channels
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@echo 'Assent:      Python packages for the tests'
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.lock
	@touch $@

frontend/node_modules/.stamp: frontend/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("The web app needs Node 20.19 or newer."); process.exit(1) }'
	@echo 'Assent: 3/4  packages of the web app (half a minute or more, the first time)'
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

frontend/dist/.stamp: frontend/node_modules/.stamp $(WEB)
	@echo 'Assent: 4/4  the web app'
	@cd frontend && said=$$(npm run --silent build 2>&1) || { echo "$$said"; exit 1; }
	@touch $@

tests/peers/node_modules/.stamp: tests/peers/package-lock.json
	@echo 'Assent:      peers for the tests'
	@cd tests/peers && npm ci --silent --no-audit --no-fund
	@touch $@
