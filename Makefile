# make demo          assess the example clip: makes .venv and installs the core package (no torch)
# make check         lint, types and the fast tests: for daily work
# make test          every check that a change has to pass
# make test-lowest   the tests with the lowest versions that pyproject.toml allows
# make test-latest   the tests with the latest versions that pyproject.toml allows
# make docs          build the documentation into site/
# make dist          build the wheel and the source distribution, and try both from another folder
# make image-steps   run the steps of the Dockerfile without Docker
# make lock          write requirements/*.txt again after a change of pyproject.toml (UPGRADE=1: with newer versions)
# make clips         make the example and test clips again (needs flite)
# make clean         remove what the other targets have made

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --no-deps --require-hashes
EDITABLE := $(PIP) --no-deps --no-build-isolation --editable .

# The CPU build of torch: from a wheel that pip is configured to find on disk (PIP_FIND_LINKS), else from this index.
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

EXAMPLE := examples/i_think_the_weather_is_nice.flac
EXAMPLE_TEXT := I think the weather is nice today.

# Two workers share the cores; tests/conftest.py gives each one thread.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# The tests start many interpreters, which would compile everything again in a shell that keeps no bytecode.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: demo check test lint types unit fast test-lowest test-latest test-resolved docs dist image-steps lock clips clean

demo: $(VENV)/.core
	$(BIN)/enunciate assess $(EXAMPLE) --text "$(EXAMPLE_TEXT)"

# The type checker uses one core, so it runs beside the tests.
check: lint
	$(MAKE) --no-print-directory --jobs 2 types fast

test: lint types docs unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile Dockerfile.cuda
	$(BIN)/shellcheck .ci/run .ci/debian-packages
	$(BIN)/actionlint -shellcheck $(BIN)/shellcheck .github/workflows/*.yml

types: $(VENV)/.dev
	$(BIN)/pyright --pythonpath $(BIN)/python

unit: $(VENV)/.dev $(VENV)/.debian $(VENV)/.node
	$(PYTEST)

fast: $(VENV)/.dev
	$(PYTEST) -m "not slow and not corpus"

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dist: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python .ci/try_distributions.py

image-steps: $(VENV)/.dev
	$(BIN)/python .ci/run_dockerfile.py

# Warnings of old releases are not ours to fix.
test-lowest:
	$(MAKE) test-resolved VENV=.venv-lowest RESOLUTION=lowest-direct PYTEST_OPTIONS="-o filterwarnings=default"

test-latest:
	$(MAKE) test-resolved VENV=.venv-latest RESOLUTION=highest

test-resolved: $(VENV)/.resolved $(VENV)/.debian $(VENV)/.node
	$(PYTEST) $(PYTEST_OPTIONS)

clips: $(VENV)/.core $(VENV)/.debian
	$(BIN)/python examples/make_clips.py

clean:
	rm -rf .venv .venv-lowest .venv-latest build dist site

# Exact versions, with hashes, for Python 3.11 and later on any platform. requirements/dev.txt has everything; the
# others are parts of it. An existing version is kept unless pyproject.toml excludes it or UPGRADE is given. torch is
# left out: which build to install depends on the machine.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-package torch --custom-compile-command "make lock"
PART := $(COMPILE) --constraints requirements/dev.txt

lock: $(VENV)/.uv
	echo "$(TORCH)" | $(COMPILE) $(if $(UPGRADE),--upgrade) --constraints - \
		--all-extras --group dev --output-file requirements/dev.txt pyproject.toml
	$(PART) --group build --output-file requirements/build.txt
	$(PART) --group docs --output-file requirements/docs.txt
	$(PART) --output-file requirements/core.txt pyproject.toml
	$(PART) --extra serve --output-file requirements/serve.txt pyproject.toml
	$(PART) --extra serve --extra llm --output-file requirements/cuda.txt pyproject.toml

# Each stamp says that a step is done, so that the next run is quick.

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { sh .ci/debian-packages python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.core: pyproject.toml requirements/build.txt requirements/core.txt | $(BIN)/python
	$(LOCKED) -r requirements/build.txt -r requirements/core.txt
	$(EDITABLE)
	touch $@

$(VENV)/.torch: | $(BIN)/python
	$(PIP) --no-deps --no-index "$(TORCH)" 2>/dev/null || \
		$(PIP) --no-deps --index-url $(TORCH_INDEX) "$(TORCH)" || \
		{ echo "No CPU build of $(TORCH) was found: make TORCH_INDEX=URL ... names another index."; exit 1; }
	touch $@

$(VENV)/.dev: pyproject.toml requirements/dev.txt $(VENV)/.torch
	$(LOCKED) -r requirements/dev.txt
	$(EDITABLE)
	touch $@ $(VENV)/.core

$(VENV)/.uv: requirements/dev.txt | $(BIN)/python
	$(PIP) "$$(grep --only-matching '^uv==[0-9.]*' requirements/dev.txt)"
	touch $@

# Only the package's own requirements are resolved as RESOLUTION says; the test tools are the latest that fit.
$(VENV)/.resolved: pyproject.toml $(VENV)/.uv $(VENV)/.torch
	echo "$(TORCH)" | $(BIN)/uv pip compile pyproject.toml --quiet --python $(BIN)/python --all-extras \
		--resolution $(RESOLUTION) --no-emit-package torch --constraints - --output-file $(VENV)/package.txt
	echo "$(TORCH)" | $(BIN)/uv pip compile pyproject.toml --quiet --python $(BIN)/python --all-extras \
		--group build --group test --no-emit-package torch --constraints - --constraints $(VENV)/package.txt \
		--output-file $(VENV)/all.txt
	$(PIP) --no-deps -r $(VENV)/all.txt
	$(EDITABLE)
	touch $@

# The speech synthesisers, a browser and Praat; tests that use one are skipped, with that reason, where it is missing.
$(VENV)/.debian: .ci/debian-packages Makefile | $(BIN)/python
	sh .ci/debian-packages flite espeak-ng chromium praat
	touch $@

# The client in JavaScript that the service is tested with; its tests, too, are skipped where it is missing.
$(VENV)/.node: tests/node/package-lock.json | $(BIN)/python
	command -v npm >/dev/null || sh .ci/debian-packages nodejs npm
	npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund || echo "npm has not installed tests/node"
	touch $@
