# make demo    a whole simulated trading day and its report (TAPE=FILE plays a recorded one instead)
# make test    every test; make lint: style and types; make soak: the long runs; make bench: speed
# make fuzz    ten minutes of the coverage-guided fuzzer (SECONDS=60: one); Python 3.11 to 3.13
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint soak bench fuzz setup clean

demo: setup
ifdef TAPE
	$(BIN)/twinex tape play $(TAPE)
	$(BIN)/twinex tape check $(TAPE)
else
	$(BIN)/twinex day
endif

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

soak: setup
	$(BIN)/python -m pytest -m soak -s

bench: setup
	$(BIN)/twinex bench core

SECONDS ?= 600
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	NUMBA_DISABLE_JIT=1 $(BIN)/python tests/fuzz/guided.py build/fuzz/corpus -max_total_time=$(SECONDS)

setup: .venv/installed

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Twinex needs Python 3.11 or later; choose one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is not installed; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
