# Two commands: `make run` starts the service, `make test` checks everything that CI checks.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
MODEL := var/models/me5-small-zh/meta.json
PIP := $(BIN)/pip install --disable-pip-version-check -c requirements.lock

.PHONY: run test bench lint clean
.DELETE_ON_ERROR:

run:
	@$(PYTHON) kb_service/preflight.py $(PORT)
	@$(MAKE) --silent $(MODEL)
	@$(BIN)/kb-content publish
	@KB_PORT=$(PORT) exec $(BIN)/kb-serve

test: lint
	$(BIN)/kb-content publish
	$(BIN)/pytest -n 2 --dist loadfile
	$(BIN)/kb-eval check
	$(BIN)/kb-eval gate

lint: .venv/installed-dev $(MODEL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev $(MODEL)
	$(BIN)/kb-content publish
	$(BIN)/kb-eval bench

$(MODEL): | .venv/installed
	$(BIN)/kb-content model build

.venv/installed: pyproject.toml requirements.lock
	@$(PYTHON) kb_service/preflight.py
	$(PYTHON) -m venv .venv
	$(PIP) -e '.[ingest,model]'
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) -e '.[ingest,model,eval,dev]'
	@touch $@

clean:
	rm -rf .venv var
