# Each target is what a person would type; README.md gives the same steps without make.
.DEFAULT_GOAL := help
.PHONY: help env lab map test chromium kit bench lock pairs wheelhouse clean

PYTHON := .venv/bin/python
# The offline kit: in the folder that COURSE_KIT names, if it is set; spaces are kept.
KIT := $(subst $() ,\ ,$(patsubst ~/%,$(HOME)/%,$(or $(COURSE_KIT),data/offline_kit))/manifest.json)
# A uv that answers (a pyenv shim may be on the PATH and not work), else one of our own.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .bootstrap/bin/uv)
LAB_ARGS ?=
# A folder that `make wheelhouse` packed: with it, env, lab, map and test need no network.
WHEELHOUSE ?=
FROM := $(if $(WHEELHOUSE),--offline --no-index --find-links "$(WHEELHOUSE)/wheels")
# As helpers/process.py does in every kernel. Threads that wait without using the processor: on shared cores XGBoost is
# else many times slower.
export OMP_WAIT_POLICY ?= passive
# What an array of 1 MB or more held goes back to the system as soon as the array is gone.
export MALLOC_ARENA_MAX ?= 2
export MALLOC_MMAP_THRESHOLD_ ?= 1000000

help: ## print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

env: .venv/.complete ## make the environment in .venv from requirements.lock

lab: env $(KIT) ## open the course in JupyterLab (LAB_ARGS="--no-browser --port 8899" passes on)
	$(PYTHON) -m jupyter lab --config=binder/jupyter_server_config.py $(LAB_ARGS)

map: env $(KIT) ## run every lesson in order, without a browser, and leave outputs/pine_probability.tif
	$(PYTHON) -m helpers.lessons --all

test: env $(KIT) chromium ## run every test: units, each notebook from top to bottom, and JupyterLab in a browser
	$(PYTHON) -m pytest -n 2 --dist loadfile tests
	$(PYTHON) -m pytest -n 2 --dist loadscope --nbval-lax --nbval-cell-timeout=300 notebooks

chromium: ## install Debian's Chromium, which the browser tests drive, where it is missing
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  (apt-get update -q && apt-get install -qy --no-install-recommends chromium) || \
	  echo "Chromium could not be installed: the browser tests are skipped (install it by hand)."

kit: env ## build the offline kit, or build it again if it is damaged
	$(PYTHON) -m offline_kit build --replace

bench: env $(KIT) ## measure the heavy step side by side with its alternatives
	$(PYTHON) benchmarks/bench_predict.py

pairs: env ## bring notebooks and their paired scripts back in step (the newer of the two wins)
	$(PYTHON) -m jupytext --sync notebooks/*.ipynb

lock: env ## resolve the dependencies of pyproject.toml again
	$(UV) pip compile --quiet --universal --generate-hashes --group dev --python-version 3.12 pyproject.toml -o requirements.lock
	$(PYTHON) -m tools.environment

wheelhouse: env $(KIT) ## pack what a laptop without a network needs into wheelhouse/ (see README.md)
	$(PYTHON) -m tools.wheelhouse pack

clean: ## remove the environment, the kit and everything that the lessons made
	rm -rf .venv .bootstrap .lab_workspaces data/offline_kit outputs test-results

.venv/.complete: requirements.lock pyproject.toml .python-version | $(filter .bootstrap/%,$(UV))
	$(if $(WHEELHOUSE),python3 -m tools.wheelhouse check "$(WHEELHOUSE)")
	$(UV) venv --quiet --clear --python 3.12 $(if $(WHEELHOUSE),--offline) .venv
	$(UV) pip sync --quiet --compile-bytecode --python $(PYTHON) --require-hashes $(FROM) requirements.lock
	$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation $(FROM) --editable .
	touch $@

.bootstrap/bin/uv:
ifdef WHEELHOUSE
	python3 -m tools.wheelhouse uv "$(WHEELHOUSE)"
else
	python3 -m venv .bootstrap
	sed -n '/^uv==/,/^    #/p' requirements.lock > .bootstrap/uv.txt
	.bootstrap/bin/pip install --quiet --require-hashes -r .bootstrap/uv.txt
endif

$(KIT): offline_kit/manifest.py | env
	$(PYTHON) -m $(if $(WHEELHOUSE),tools.wheelhouse kit "$(WHEELHOUSE)",offline_kit build)
	@touch "$@"
