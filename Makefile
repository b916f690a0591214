# Everything a newcomer needs: `make serve` and `make test` set themselves up with Python 3.11+ and nothing else.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement
PORT ?= 8000
DATA ?= .parlor

.PHONY: serve test check bench proof soak clients schema released lock clean

serve: .venv/parlor.installed
	@exec $(BIN)/parlor serve --port $(PORT) --data $(DATA) --demo

# What takes its time and reaches little that others do not is not traced: coverage would make it twice as long. Which
# that is was measured, with a context for each file: all of tests/untraced.txt is missed by 7 of 1,000 arcs.
# Of that the proof comes first: its files can be asked side by side, and take longest.
# The tests wait more than they work: so there are more processes than most machines have cores to spare.
test: check
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m $(PYTEST) $(addprefix --ignore tests/,$(UNTRACED)) $(TESTS)
	@$(BIN)/python -m $(PYTEST) $(addprefix tests/,$(UNTRACED))
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

PYTEST = pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
PROCESSES ?= 3
UNTRACED := proof soak fuzz $(shell cat tests/untraced.txt) \
  $(patsubst tests/%,%,$(wildcard tests/*/test_adversary*.py tests/*/test_*statements.py))

check: .venv/dev.installed tests/clients/node_modules/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/parlor schema --check
	$(BIN)/node tests/clients/breaking.mjs schema/released.graphql schema/schema.graphql schema/accepted.json

# All of it takes an hour and a quarter on a quiet machine; `make bench BENCH=--quick` takes a quarter of an hour.
bench: .venv/bench.installed benchmarks/peers/node_modules/.installed
	@$(BIN)/python -m benchmarks $(BENCH)

schema: .venv/dev.installed
	$(BIN)/parlor schema --write

# With each release: the schema whose clients must not break from then on.
released: .venv/dev.installed
	@sed -n 's/^version = "\(.*\)"/# Parlor \1/p' pyproject.toml > schema/released.graphql
	@cat schema/schema.graphql >> schema/released.graphql
	@echo '{}' > schema/accepted.json

# Versions and hashes only: no address of a registry gets into the lock files.
lock: .venv/dev.installed
	$(BIN)/uv pip compile pyproject.toml --extra redis --group build $(LOCK) --output-file requirements/parlor.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras --group build --group dev $(LOCK) \
	  --constraints requirements/parlor.txt --output-file requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --group bench $(LOCK) \
	  --constraints requirements/dev.txt --output-file requirements/bench.txt
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parlor needs Python 3.11 or newer; name one with PYTHON=…")'
	@echo "Making .venv …"
	@$(PYTHON) -m venv .venv

.venv/parlor.installed: .venv/bin/python requirements/parlor.txt pyproject.toml
	@echo "Installing what the server needs (first time: about half a minute) …"
	@$(INSTALL) requirements/parlor.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.installed: .venv/bin/python requirements/dev.txt pyproject.toml
	@echo "Installing what the tests need (first time: about a minute) …"
	@$(INSTALL) requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ .venv/parlor.installed

# The reader against the naive executor, for longer than CI does it, so often in each file: make proof EXAMPLES=50000 SEED=7
proof: .venv/dev.installed
	@EXAMPLES=$(EXAMPLES) SEED=$(SEED) $(BIN)/python -m pytest tests/proof --capture=no
EXAMPLES ?= 5000
SEED ?= $(shell date +%s)

# Everything fails while people write and follow, and nothing may be lost by it: make soak MINUTES=60 SEED=7
soak: .venv/dev.installed
	@$(BIN)/python -m tests.soak $(MINUTES) $(SEED)
MINUTES ?= 10

# The JavaScript clients of the tests, installed by the Node that came from PyPI.
tests/clients/node_modules/.installed: .venv/dev.installed tests/clients/package-lock.json
	@echo "Installing the JavaScript clients …"
	@cd tests/clients && $(CURDIR)/$(BIN)/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/bench.installed: .venv/bin/python requirements/bench.txt
	@echo "Installing what the benchmark needs (first time: about a minute) …"
	@$(INSTALL) requirements/bench.txt
	@touch $@

# The servers from npm that Parlor is measured against, and the load generator.
benchmarks/peers/node_modules/.installed: .venv/bench.installed benchmarks/peers/package-lock.json
	@echo "Installing the peers …"
	@cd benchmarks/peers && $(CURDIR)/$(BIN)/npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

clean:
	rm -rf .venv tests/clients/node_modules benchmarks/peers/node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache
