# `make repro` regenerates every table; `make test` checks the project. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup repro types test coverage bench clean

setup: $(VENV)/ready

# The constraints name the tested versions; the index decides whether torch is a CPU or a GPU build.
$(VENV)/ready: requirements.in constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -r requirements.in -c constraints.txt
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . -c constraints.txt
	touch $@

# What `dvc repro` makes, in less time.
repro: setup
	harness repro

types: setup
	mypy

test: setup
	ruff check harness tasks tests benchmarks
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Of what decides numbers. Tracing costs time, so that the tests above go without it.
coverage: setup
	python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered \
		tests/artifacts tests/heads tests/metrics tests/statistics tests/stages/test_score.py
	coverage report --include='harness/metrics/*,harness/statistics/*' --fail-under=90 --format=total

bench: setup
	python benchmarks/finetuning.py
	python benchmarks/pretraining.py

clean:
	rm -rf artifacts mlflow.db mlartifacts
