# Two commands do everything on a machine that has Python 3.11+, pip, venv and make:
#   make demo     and     make test
# Everything is installed into .venv, from the versions pinned in constraints.txt.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PHOTOS ?=
# the first Python that is new enough; say PYTHON=… to choose
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

UV := $(BIN)/python -m uv
DEMO := -e '.[vision,text,clusters]' --group demo
DEV := -e '.[all]' --group dev
say = @printf '▸ %s\n'

.PHONY: help demo test lint fmt docs bench constraints clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/demo.stamp  ## photos → vectors → what is alike: demo/index.html (PHOTOS=folder takes yours)
	$(say) "embedding photos, searching those that are alike"
	@$(BIN)/python examples/demo.py --to demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: $(VENV)/dev.stamp  ## everything that CI checks: lint, types, floors, docs, tests
	@$(MAKE) --no-print-directory lint docs
	$(say) "pytest"
	@# one arithmetic thread for each of pytest's workers: more would fight for the same cores
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --durations=25 --durations-min=3

lint: $(VENV)/dev.stamp  ## format, rules, types, floors: look, change nothing
	$(say) "ruff"
	@$(BIN)/ruff format --check && $(BIN)/ruff check
	$(say) "mypy"
	@$(BIN)/mypy
	$(say) "floors"
	@$(BIN)/lint-imports --no-logo

fmt: $(VENV)/dev.stamp  ## format the code and mend what can be mended by itself
	@$(BIN)/ruff check --fix-only --quiet; $(BIN)/ruff format

docs: $(VENV)/dev.stamp  ## build the documentation into site/
	$(say) "documentation"
	@$(BIN)/python scripts/reference.py docs/reference
	@$(BIN)/python scripts/blocks_page.py docs/reference/blocks.md
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --clean --strict

bench: $(VENV)/dev.stamp  ## run every benchmark in bench/ and write docs/benchmarks.md
	@$(BIN)/python bench/report.py --run

constraints: $(VENV)/uv.stamp  ## choose the newest versions of everything anew
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --group dev \
		--no-emit-index-url --no-annotate --no-header --output-file constraints.txt pyproject.toml

clean:  ## remove all that was built (the installed .venv stays)
	@rm -rf site demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache docs/reference

# A stamp is written when an installation is complete. `installing` lies there while one is under way: found at
# the start, it says that the last one was interrupted, and everything is put in place again.
define install
	@again=; [ -e $(VENV)/installing ] && again=--reinstall; touch $(VENV)/installing; \
	$(UV) pip install --quiet --python $(BIN)/python $$again -c constraints.txt $(1) \
		&& rm -f $(VENV)/installing && touch $@
endef

$(VENV)/uv.stamp:
	@[ -n "$(PYTHON)" ] || { echo "junco needs Python 3.11 or newer; say PYTHON=/path/to/python3" >&2; exit 1; }
	$(say) "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@touch $@

$(VENV)/demo.stamp: $(VENV)/uv.stamp pyproject.toml constraints.txt
	$(say) "installing junco[vision,text,clusters] and samples into $(VENV) (the first time takes minutes)"
	$(call install,$(DEMO))

$(VENV)/dev.stamp: $(VENV)/uv.stamp pyproject.toml constraints.txt
	$(say) "installing junco[all] and the developers' tools into $(VENV) (the first time takes minutes)"
	$(call install,$(DEV))
