# `make demo` runs the study on the synthetic cohort, `make test` checks everything,
# `make bench` measures.
# Each does its own set-up, once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

CORES ?= $(shell nproc)
TENSORFLOW ?= cpu
LOCK := $(if $(filter gpu,$(TENSORFLOW)),requirements-gpu.lock,requirements.lock)
BIN := .venv/bin
# rpy2 needs no compiler in ABI mode.
export RPY2_CFFI_MODE := ABI
export PYTHONPATH := src

.PHONY: demo test bench setup r slurm clean

demo: setup
	@tools/release_stale_lock.sh
	@mkdir -p .snakemake && hostname >.snakemake/host
	$(BIN)/snakemake --cores $(CORES) --quiet rules
	@echo
	@echo "The study is ready:"
	@printf '  %s\n' results/demo/report.html results/demo/tables/table_1.html \
		results/demo/figures/figure_5.pdf results/demo/tables/mcnemar.html

test: setup | slurm
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --snakefile workflow/Snakefile --lint
	$(BIN)/mypy src workflow/scripts
	PYTEST=$(BIN)/pytest tools/run_tests.sh

# Each speed beside a peer or a physical floor; writes the table of docs/performance.md.
bench: setup
	$(BIN)/python benchmarks/collect.py

setup: .venv/installed-$(TENSORFLOW)

r:
	@tools/install_r.sh

slurm:
	@tests/workflow/slurm/install.sh

.venv/installed-$(TENSORFLOW): $(LOCK) tools/install_python.sh | r
	tools/install_python.sh $(LOCK)
	rm -f .venv/installed-*
	touch $@

clean:
	rm -rf .venv results/demo results/tests .snakemake
