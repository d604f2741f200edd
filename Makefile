SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

CORES ?= $(shell nproc)
TENSORFLOW ?= cpu
LOCK := $(if $(filter gpu,$(TENSORFLOW)),requirements-gpu.lock,requirements.lock)
BIN := .venv/bin
# Two processes share the cases; one without the marker of a slow group may take 5 s.
PYTEST := $(BIN)/pytest --processes 2 --cpu-budget 5
# rpy2 needs no compiler in ABI mode.
export RPY2_CFFI_MODE := ABI
# Of an environment that several checkouts share, the package is that of one of them.
export PYTHONPATH := $(CURDIR)/src
# Snakemake, uv and matplotlib keep files there; the home folder may be read-only.
CACHE := $${XDG_CACHE_HOME:-$$HOME/.cache}
ifneq ($(shell mkdir -p "$(CACHE)" 2>/dev/null && test -w "$(CACHE)" && echo writable),writable)
export XDG_CACHE_HOME := $(CURDIR)/.cache
endif

.DEFAULT_GOAL := help
.PHONY: help demo check test lint format bench tables setup r slurm browser clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: setup ## Run the whole study on the synthetic cohort (8 to 15 minutes on two cores)
	@tools/release_stale_lock.sh
	$(BIN)/snakemake --cores $(CORES)
	@echo
	@echo "The study is ready:"
	@printf '  %s\n' results/demo/report.html results/demo/tables/table_1.html \
		results/demo/figures/figure_5.pdf results/demo/tables/mcnemar.html

check: lint ## Lint, check types, rules and documents, run the fast tests (5 minutes)
	$(PYTEST) --fast

test: lint | $(if $(filter 1,$(SLURM)),slurm) $(if $(filter 1,$(BROWSER)),browser) ## Run all checks and tests, also whole studies (35 minutes)
	$(PYTEST) -rs

lint: setup ## Lint the code and the rules, check the types (1 minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --snakefile workflow/Snakefile --lint
	$(BIN)/mypy src workflow/scripts

format: setup ## Format the code and the rules
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

bench: demo ## Measure, and write the table of docs/performance.md
	$(BIN)/python benchmarks/collect.py

tables: setup ## Make the tables of docs/ from the files under docs/evidence again
	$(BIN)/python tools/write_tables.py

setup: r ## Install R, pROC and the locked Python packages
	@tools/install_python.sh $(LOCK)

r:
	@tools/install_r.sh

slurm: ## Install Slurm and munge on this system, for their tests (make test SLURM=1)
	@tests/workflow/slurm/install.sh

browser: ## Install Chromium on this system, for the tests of pages (make test BROWSER=1)
	@tests/helpers/install_browser.sh

clean: ## Remove the environment and the results of the demonstration and the tests
	rm -rf .venv .venv.* results/demo results/tests .snakemake

.PHONY: docs
docs: setup ## Build the documentation as a site that opens without a network (1 minute)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is ready: site/index.html"
