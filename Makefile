# make demo   assess the example clip: makes .venv, installs the core package (no torch)
# make test   install what the tests need and run all checks
# make clips  make the example and test clips again (flite)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

EXAMPLE := examples/i_think_the_weather_is_nice.flac
EXAMPLE_TEXT := I think the weather is nice today.

.DELETE_ON_ERROR:
.PHONY: demo test lint unit clips clean

demo: $(VENV)/.core
	$(BIN)/enunciate assess $(EXAMPLE) --text "$(EXAMPLE_TEXT)"

test: lint unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

unit: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest

clips: $(VENV)/.core $(VENV)/.debian
	$(BIN)/python examples/make_clips.py

clean:
	rm -rf $(VENV)

# Stamps: each says that a step was done for this pyproject.toml, so that a second run is quick.

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { sh .ci/debian-packages python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.core: pyproject.toml | $(BIN)/python
	$(PIP) -e .
	touch $@

# torch first and alone: with the others in one go, pip may settle on another release of it.
$(VENV)/.torch: | $(BIN)/python
	$(PIP) torch==2.13.0
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.torch
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.core

# The speech synthesisers and a browser; tests that use one are skipped, with that reason, where it is missing.
$(VENV)/.debian: .ci/debian-packages Makefile | $(BIN)/python
	sh .ci/debian-packages flite espeak-ng chromium
	touch $@
