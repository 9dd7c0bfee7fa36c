# The five things people do here. `make run` and `make test` work on a bare machine: Python 3.11 or newer, and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: run test check bench lock assets format clean install install-dev

run: install
	$(BIN)/sokham up

test: install-dev
	$(BIN)/python -m tests.browser
	$(BIN)/python -m tests.nginx
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-dev
	$(BIN)/python -m benchmarks

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The locks name versions and hashes, never a registry's address.
UV_COMPILE = $(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header
lock: install-dev
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	$(UV_COMPILE) --group node -o requirements-node.lock
	npm install --package-lock-only

install: $(VENV)/.installed assets translations
install-dev: $(VENV)/.installed-dev assets translations

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# Browser assets come from npm at install and are never committed; a machine without Node gets one from PyPI.
assets: kernel/web/static/vendor/.stamp
kernel/web/static/vendor/.stamp: package-lock.json manage/assets.py | $(VENV)/.installed
	command -v npm >/dev/null || $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-node.lock
	PATH="$(abspath $(BIN)):$$PATH" npm ci --ignore-scripts --no-fund --no-audit
	$(BIN)/python -m manage.assets
	touch $@

PO := $(wildcard */translations/*/LC_MESSAGES/*.po)
.PHONY: translations
translations: $(PO:.po=.mo)
%.mo: %.po | $(VENV)/.installed
	$(BIN)/pybabel -q compile -i $< -o $@ -l $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

clean:
	rm -rf $(VENV) node_modules .sokham kernel/web/static/vendor
