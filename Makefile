# Every task of this repository by one name: `make help` lists them. The same words work locally and in CI.

# What to make the virtual environment with; any Python from 3.11 on: make setup PYTHON=python3.12
PYTHON ?= python3
# How many tests run beside each other. One more than a small machine has cores: many wait for a worker, a clock or a socket.
JOBS ?= 3
# How many beside each other that keep processes of their own busy.
CORES ?= 2

# Relative, and tools by `-m`: a checkout may lie under a path with spaces, which a script's first line cannot hold.
PY := .venv/bin/python
PYTEST := -m pytest -q --no-header
# Each of the hundreds of processes that tests start reads what the first has compiled, whatever this shell says.
unexport PYTHONDONTWRITEBYTECODE
ON_SQLITE := $(PY) -m tests.databases sqlite -- $(PY) $(PYTEST)
ON_POSTGRESQL := $(PY) -m tests.databases postgresql -- $(PY) $(PYTEST)
# To make up requests takes a library that is slow to load.
NO_FUZZ := -p no:schemathesis
CHAOS_ON := $(or $(ON),postgresql sqlite)
ON_SIMULATION := $(PY) -m tests.simulation
# What `make test` plays once, `make chaos` plays five times as long, with other dice each time.
BY_CHANCE := tests/integration/test_services_machine.py tests/integration/test_linearizability.py
BENCH_ON := $(or $(ON),$(if $(QUICK),postgresql,postgresql sqlite))
INSTALLED := .venv/.installed
OPENAPI := docs/reference/openapi.json

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-fast check bench bench-console chaos fuzz format openapi readme screenshots lock clean
# One target after the other: the phases of `test` share a machine, and are read by people.
.NOTPARALLEL:

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: $(INSTALLED) ## make .venv and install what requirements/dev.txt names, by hash

$(INSTALLED): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "AOS needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make setup PYTHON=python3.12"; exit 1; }
	@echo "== setup 1/2: virtual environment in .venv ($$($(PYTHON) --version))"
	@$(PYTHON) -m venv .venv
	@echo "== setup 2/2: packages of requirements/dev.txt (a minute or two the first time)"
	@$(PY) ops/install.py requirements/dev.txt
	@touch $(INSTALLED)

demo: setup ## run the demo, offline: a goal, a plan, a failure, its recovery, the replay (LIVE=url: a real price API)
	@$(PY) manage.py demo $(if $(LIVE),--live '$(LIVE)')

run: setup ## start web and worker on http://127.0.0.1:8000 with SQLite; Ctrl-C stops both
	@$(PY) manage.py dev

test: setup ## run every test: on SQLite and on PostgreSQL, fast ones first
	@echo "== test 1/4: what needs no database, and SQLite"
	@$(ON_SQLITE) -n $(JOBS) --phase quick $(NO_FUZZ)
	@echo "== test 2/4: PostgreSQL"
	@$(ON_POSTGRESQL) -n $(JOBS) --phase quick $(NO_FUZZ)
	@echo "== test 3/4: real processes, SQLite"
	@$(ON_SQLITE) -n $(CORES) --phase slow --dist loadfile --no-loadscope-reorder
	@echo "== test 4/4: real processes, PostgreSQL"
	@$(ON_POSTGRESQL) -n $(CORES) --phase slow --dist loadfile --no-loadscope-reorder $(NO_FUZZ)

test-fast: setup ## run what starts no processes, on SQLite only
	@$(ON_SQLITE) -n $(JOBS) -m "not slow"

check: setup ## lint, format, types, import contracts, migrations, OpenAPI: everything that is not a test
	@echo "== check 1/6: ruff"
	@$(PY) -m ruff check .
	@echo "== check 2/6: format"
	@$(PY) -m ruff format --check .
	@echo "== check 3/6: mypy"
	@$(PY) -m mypy
	@$(PY) -m mypy --config-file sdk/python/pyproject.toml
	@echo "== check 4/6: import contracts"
	@PYTHONPATH=. $(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	@echo "== check 5/6: migrations match the models"
	@DATABASE_URL=sqlite://:memory: $(PY) manage.py makemigrations --check --dry-run
	@echo "== check 6/6: $(OPENAPI) matches the API"
	@mkdir -p var
	@DATABASE_URL=sqlite://:memory: $(PY) manage.py spectacular --format openapi-json --validate --fail-on-warn --file var/openapi.json
	@diff -u $(OPENAPI) var/openapi.json || { echo "run 'make openapi' and commit the result"; exit 1; }
	@$(PY) sdk/python/generate_types.py --check

bench: setup ## measure AOS beside its bare database (QUICK=1: under a minute; ON=sqlite; ONLY="W1 W5")
	@for database in $(BENCH_ON); do \
		$(PY) -m tests.databases $$database -- $(PY) -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) || exit 1; \
	done

bench-console: setup ## ask for the console's pages in front of a million runs on PostgreSQL (RUNS=20000; LIMIT=300 fails above that; ONLY=runs)
	@$(PY) -m tests.databases postgresql -- $(PY) -m bench.console $(if $(RUNS),--runs $(RUNS)) $(if $(LIMIT),--limit $(LIMIT)) $(if $(ONLY),--only '$(ONLY)')

chaos: setup ## break processes, hosts, databases, networks, disks and clocks under load (a quarter of an hour; ON=sqlite; ONLY=poison)
	@for database in $(CHAOS_ON); do \
		$(PY) -m tests.databases $$database -- $(PY) $(PYTEST) -p no:randomly -m slow $(if $(ONLY),-k '$(ONLY)') tests/chaos || exit 1; \
		$(if $(ONLY),true,AOS_TEST_ROUNDS=5 $(PY) -m tests.databases $$database -- $(PY) $(PYTEST) $(BY_CHANCE)) || exit 1; \
	done
	@$(if $(ONLY),true,$(ON_SIMULATION) --seeds 2000 --processes $(JOBS))

fuzz: setup ## send the API thousands of requests made from its description (a few minutes; EXAMPLES=100)
	@AOS_FUZZ_EXAMPLES=$(or $(EXAMPLES),100) $(ON_SQLITE) -p no:randomly -s --timeout=3600 tests/fuzz

format: setup ## put every file into the one format
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

openapi: setup ## write docs/reference/openapi.json anew from the API, and the types of the SDKs from that
	@DATABASE_URL=sqlite://:memory: $(PY) manage.py spectacular --format openapi-json --validate --file $(OPENAPI)
	@$(PY) sdk/python/generate_types.py
	@command -v npm >/dev/null || { echo "there is no npm: the types of sdk/js are not renewed"; exit 1; }
	@cd sdk/js && npm install --silent --no-audit --no-fund --no-package-lock && npm run --silent types

readme: setup ## run the demo and put what it prints into README.md
	@mkdir -p var
	@$(PY) manage.py demo > var/demo.txt
	@$(PY) ops/demo_section.py < var/demo.txt

screenshots: setup ## take the pictures in docs/images anew, and in docs/images/pages those of every page (needs a program called chromium)
	@$(PY) -m tests.console.screenshots

lock: ## compile requirements/*.in to hashed *.txt (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	@for name in base redis prod dev; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

clean: ## remove caches and build leftovers; the database in var/ and .venv stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist staticfiles var/openapi.json var/demo.txt
	@rm -rf sdk/js/node_modules sdk/js/dist examples/typescript/node_modules examples/typescript/dist sdk/python/build sdk/python/dist
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
