# SPDX-License-Identifier: Apache-2.0
# Every target does the set-up it needs. `make help` lists the targets.

VENV := .venv
BIN := $(VENV)/bin
# Extra package index to take torch from, e.g. one that has its CPU-only builds: make setup TORCH_INDEX=URL
TORCH_INDEX ?=
# Oldest supported Python first; other: make setup PYTHON=python3.13
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# Stamps lie in the environment and carry the checkout's path: an environment cannot be moved.
CREATED := $(VENV)/.created$(subst /,-,$(CURDIR))
PACKAGES := $(VENV)/.packages$(subst /,-,$(CURDIR))
INTERFACES := $(VENV)/.interfaces$(subst /,-,$(CURDIR))
INTERFACE_FILES := CMakeLists.txt package.xml vi_ik_ros/__init__.py $(wildcard msg/*.msg srv/*.srv action/*.action)
CMAKE := VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/cmake

# The documentation has an environment of its own, so that requirements.lock holds nothing of it.
DOCS := build/docs
DOCS_PACKAGES := $(DOCS)/.packages$(subst /,-,$(CURDIR))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test docs docs-test lint format bench lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: $(INTERFACES)  ## create .venv, install the pinned packages, build the messages

demo: setup  ## sample configurations of the Panda over ROS 2, draw demo.png
	$(BIN)/vi-ik demo

# Each file in one process: what its tests share is made once. More than four would only start slower.
test: lint  ## lint, then run all tests and examples
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile
	@set -e; for example in $(wildcard examples/*.py); do \
	  echo "$$example --smoke"; $(BIN)/python $$example --smoke; done

lint: setup  ## check format, style, types and spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell

format: setup  ## format the code and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## run the benchmarks of sampling and of the service
	$(BIN)/vi-ik bench panda-pose
	$(BIN)/vi-ik bench service-latency

docs: setup $(DOCS_PACKAGES)  ## build the documentation into build/docs/site, warnings are errors
	$(BIN)/python docs/_generate/command_page.py > $(DOCS)/commands.md
	NO_MKDOCS_2_WARNING=1 $(DOCS)/venv/bin/mkdocs build --strict

docs-test: setup  ## run the tests that need a browser (apt install chromium), network namespaces (root), or long commands of the pages
	$(BIN)/python -m pytest -m "browser or docs or hosts"

# Only what pip installed: the ROS wheels hold further entries of their own. A label such as +cpu is dropped.
lock: setup  ## pin what .venv holds now (after .venv/bin/pip install PACKAGE)
	$(BIN)/python -c 'from importlib import metadata; \
	  installed = [d for d in metadata.distributions() if (d.read_text("INSTALLER") or "").strip() == "pip"]; \
	  pins = {d.name + "==" + d.version.partition("+")[0] for d in installed if d.name != "pip"}; \
	  print("# Every package of .venv, pinned; written by `make lock`."); \
	  print(*sorted(pins, key=str.lower), sep="\n")' > build/requirements.lock
	mv build/requirements.lock requirements.lock

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) build install log .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(CREATED):
	@python="$(PYTHON)"; missing=""; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is missing: sudo apt install python3 python3-venv python3-dev"; exit 1; fi; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	$$python -c 'import sysconfig as s; open(s.get_path("include") + "/Python.h")' 2>/dev/null || \
	  missing="$$missing python3-dev"; \
	command -v "$${CXX:-g++}" >/dev/null || missing="$$missing g++"; \
	if [ -n "$$missing" ]; then echo "Debian packages are missing: sudo apt install$$missing"; exit 1; fi; \
	echo "Creating $(VENV) with $$($$python --version)"; \
	$$python -m venv --clear $(VENV)
	@touch $@

$(PACKAGES): requirements.lock $(CREATED)
	@echo "Installing requirements.lock (1 GB, some minutes)"
	@$(BIN)/python -m pip install -qq $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r $<
	@touch $@

$(DOCS_PACKAGES): requirements-docs.txt $(CREATED)
	@echo "Installing requirements-docs.txt"
	@$(BIN)/python -m venv --clear $(DOCS)/venv
	@$(DOCS)/venv/bin/python -m pip install -qq -r $<
	@touch $@

# Only the interfaces and executables go into .venv: the line in the .pth file lets Python take the code from here.
$(INTERFACES): $(PACKAGES) $(INTERFACE_FILES)
	@echo "Building the ROS 2 interfaces"
	@rm -rf build/setup && mkdir -p build/setup
	@{ $(CMAKE) -S . -B build/setup -DCMAKE_INSTALL_PREFIX="$(CURDIR)/$(VENV)" -DBUILD_TESTING=OFF \
	    -DPython3_EXECUTABLE="$(CURDIR)/$(BIN)/python" -DVI_IK_ROS_INTERFACES_ONLY=ON && \
	  $(CMAKE) --build build/setup --parallel && \
	  rm -rf $(VENV)/lib/python3*/site-packages/vi_ik_ros && \
	  $(CMAKE) --install build/setup; } > build/setup/log.txt 2>&1 || { cat build/setup/log.txt; exit 1; }
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vi_ik_ros.pth"
	@touch $@
