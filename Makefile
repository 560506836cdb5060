# Two commands to know: `make demo` and `make test`. Every target is one line of real command.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint types layers check bench coverage simulate soak clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,lab]' && touch $@

demo: $(VENV)/.installed
	$(BIN)/hedger demo $(ARGS)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff check hedger tests && $(BIN)/ruff format --check hedger tests && $(BIN)/hadolint Dockerfile

types: $(VENV)/.installed
	$(BIN)/mypy

layers: $(VENV)/.installed
	$(BIN)/lint-imports

check: lint types layers test

coverage: $(VENV)/.installed
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov=hedger --cov-branch --cov-report=term-missing:skip-covered $(ARGS)

bench: $(VENV)/.installed
	$(BIN)/python -m tests.bench $(ARGS)

simulate: $(VENV)/.installed
	$(BIN)/hedger simulate $(ARGS)

soak: $(VENV)/.installed
	$(BIN)/python -m tests.soak $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
