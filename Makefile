# `make demo` and `make test` do all the set-up. `make help` lists the targets.
PYTHON := .venv/bin/python
PACKAGES := frame_interpolation atd12k beam_jobs
SOURCES := $(PACKAGES) benchmarks examples tests tools
# Processes that run tests side by side; each holds TensorFlow, up to some 2 GB.
TEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast format lint types check lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: .venv/installed ## Set up .venv with the pinned packages

.venv/installed: requirements.txt pyproject.toml tools/make_venv.sh
	@tools/make_venv.sh

demo: venv ## Run the main job on drawn sample data: records, training, evaluation, report
	@$(PYTHON) -m examples.main_job

test: venv ## Run all tests that this machine can run
	$(PYTHON) -m pytest -n $(TEST_WORKERS)

test-fast: venv ## Run the tests without the slow ones
	$(PYTHON) -m pytest -n $(TEST_WORKERS) -m "not slow and not gpu and not browser"

format: venv ## Format the code
	$(PYTHON) -m ruff format $(SOURCES)
	$(PYTHON) -m ruff check --fix $(SOURCES)

lint: venv ## Check format and lint
	$(PYTHON) -m ruff format --check $(SOURCES)
	$(PYTHON) -m ruff check $(SOURCES)

types: venv ## Check types
	$(PYTHON) -m mypy $(PACKAGES)

check: lint types test ## Everything that CI checks

clean: ## Remove what the demo and the tools made, not .venv
	rm -rf demo_output .pytest_cache .mypy_cache .ruff_cache

lock: venv ## Pin the dependencies of pyproject.toml in requirements.txt and requirements-gpu.txt
	$(PYTHON) -m pip install --quiet --target .venv-uv uv
	PYTHONPATH=.venv-uv $(PYTHON) -m uv pip compile --quiet --python-version 3.11 --no-header \
	  --generate-hashes --extra dev --extra dask pyproject.toml -o requirements.txt
	PYTHONPATH=.venv-uv $(PYTHON) -m uv pip compile --quiet --python-version 3.11 --no-header \
	  --generate-hashes --extra gpu -c requirements.txt pyproject.toml -o requirements-gpu.txt
