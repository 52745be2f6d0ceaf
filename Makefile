# One command each. Needs Python 3.11 or newer; everything else is installed into .venv from the lock files.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
LOCAL := .venv/bin/python -m rozoom_support.local

export PORT

.DEFAULT_GOAL := help
.PHONY: help demo run services stop test lint ci bench screenshots packages packages-dev

help:
	@echo "make demo         start everything with sample data; Ctrl-C stops it"
	@echo "make run          the same without sample data"
	@echo "make services     PostgreSQL and Redis alone, for manage.py"
	@echo "make stop         stop what runs in this checkout"
	@echo "make test         the tests, two at a time; ARGS='-k clock' goes to pytest instead"
	@echo "make lint         style, types, floors, templates, migrations"
	@echo "make ci           what the build server runs: lint and test on a clean machine"
	@echo "make bench        the measurements"
	@echo "make screenshots  the pictures in the README"

demo: packages
	@$(LOCAL) --with-parent demo

run: packages
	@$(LOCAL) --with-parent run

services: packages
	@$(LOCAL) --with-parent services

stop:
	@if [ -x .venv/bin/python ]; then $(LOCAL) stop; fi

test: packages-dev
	@$(LOCAL) test $(or $(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

lint: packages-dev
	@$(LOCAL) lint

ci:
	@.ci/run

bench: packages-dev
	@$(LOCAL) with bench .venv/bin/python -m bench $(ARGS)

screenshots: packages-dev
	@.venv/bin/python -m bench.screenshots $(ARGS)

packages:
	@$(PYTHON) -I rozoom_support/local/packages.py requirements.lock

packages-dev:
	@$(PYTHON) -I rozoom_support/local/packages.py requirements-dev.lock
