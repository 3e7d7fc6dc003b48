# Thin over commands that work on their own: tensormark demo, pytest, ruff, mypy, benchmarks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait a lot, for processes that start and limits that are reached.
WORKERS ?= 3
SIDE_BY_SIDE := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Else each process compiles our modules and tests again, which images for containers like to ask for.
unexport PYTHONDONTWRITEBYTECODE

# What is installed: a demo needs tensormark alone, tests what courses import as well.
DEMO := $(VENV)/.demo
ALL := $(VENV)/.all
BENCH := $(VENV)/.bench

.PHONY: demo test test-all test-quick lint bench clean

demo: $(DEMO)
	@$(BIN)/tensormark demo $(ARGS)

# What docs/testing.md says of each.
test: $(ALL)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-all: $(ALL)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --exhaustive $(ARGS)

test-quick: $(ALL)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not sandbox and not training" $(ARGS)

lint: $(ALL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BENCH)
	$(BIN)/python -m benchmarks $(ARGS)

define install
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "tensormark needs Python 3.11 to 3.13, this is %d.%d; try: make PYTHON=python3.12 ..." % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV), TensorFlow among it: this may take minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '$(1)'
	@# What students' code runs in can't write it, and would compile it for each of them.
	@$(BIN)/python -m compileall -q graders reference
endef

$(DEMO): pyproject.toml constraints.txt
	$(call install,.)
	@touch $@

$(ALL): pyproject.toml constraints.txt
	$(call install,.[course$(comma)cluster$(comma)dev])
	@touch $(DEMO) $@

$(BENCH): $(ALL)
	$(call install,.[bench])
	@touch $@

comma := ,

clean:
	rm -rf $(VENV) demo-report dist
