# The doors of the project. `make demo` and `make test` need no step before them.

# Run, not looked up: a name on PATH may be a shim without an interpreter behind it.
PYTHONS := python3.13 python3.12 python3 python3.14 $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python)
BIN := .venv/bin
PORT ?= 8000

# Many processes read the same code here: what one has compiled the others need not.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check bench storm messages lock clean

help:
	@echo "make demo    the site with demo data on http://localhost:$(PORT)  (PORT=8001 for another)"
	@echo "make test    every test, on a real PostgreSQL, Redis and Chromium"
	@echo "make check   lint, format, types, import contracts, migrations, deployment"
	@echo "make bench   browse and search at a million listings; whether time tells who is known"
	@echo "make storm   the promises under fire, with controls  (ARGS=reservations for one)"
	@echo "make messages LOCALE=de  the texts to translate, into shoppingplace/locale (needs gettext)"
	@echo "make lock    the newest allowed versions into the requirements files"
	@echo "make clean   removes .venv; the data in var/ and .env stay"

demo: $(BIN)/.runtime
	@PORT=$(PORT) exec $(BIN)/python -m shoppingplace.demo

test: $(BIN)/.dev
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal $(ARGS)

check: $(BIN)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(AS_IN_PRODUCTION) $(BIN)/mypy
	$(BIN)/lint-imports
	$(AS_IN_PRODUCTION) DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check
	$(AS_IN_PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(BIN)/.dev
	@TEST_POSTGRESQL_OPTIONS="shared_buffers=2GB random_page_cost=1.1" \
		$(BIN)/python -m pytest -q -s tests/benchmarks/bench_*.py

# A fiftieth of everything; STORM_SCALE=1 for the whole, STORM_SEED=1 to replay.
storm: $(BIN)/.dev
	@$(BIN)/python -m tests.storm $(ARGS)

# Collects every marked text for a translator; msgfmt and xgettext come with the gettext package.
# With the .po file filled in: add the language to LANGUAGES, then manage.py compilemessages.
messages: $(BIN)/.runtime
	@test -n "$(LOCALE)" || { echo "Which? make messages LOCALE=de"; exit 1; }
	@command -v xgettext >/dev/null || { echo "This needs gettext: apt install gettext"; exit 1; }
	@mkdir -p shoppingplace/locale
	$(AS_IN_PRODUCTION) $(BIN)/python manage.py makemessages --locale $(LOCALE) \
		--ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*' --extension html,txt,svg,py

# .env.example with new secrets, and nothing of this machine's own settings.
AS_IN_PRODUCTION := env -i PATH="$$PATH" HOME="$$HOME" ENV_FILE=.env.example \
	$$($(BIN)/python -m shoppingplace.fresh_secrets)

lock: $(BIN)/.dev
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --group dev -o requirements-dev.txt

LOCK_FLAGS := --quiet --upgrade --universal --python-version 3.12 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv

# What is installed. The stamps make a second run quick; each file names its hashes.

$(BIN)/.runtime: requirements.txt $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@touch $@

$(BIN)/.dev: requirements-dev.txt $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@ $(BIN)/.runtime

# The installer itself comes from the lock too: its lines, up to the next package.
$(BIN)/uv: | $(BIN)/python
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements-dev.txt > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if $$python -c "$(FITS)" 2>/dev/null; then \
			echo "Making .venv with $$($$python --version)"; \
			exec $$python -m venv --clear .venv; \
		fi; \
	done; \
	echo "This needs Python >= 3.12 with its venv module: https://www.python.org/downloads/"; exit 1

FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))
