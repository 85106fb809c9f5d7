# Each target is what a person would type; README.md gives the same steps without make.
.DEFAULT_GOAL := help
.PHONY: help env lab map check test chromium kit lesson texts tables pairs lock wheelhouse bench rehearsal drift clean

PYTHON := .venv/bin/python
# The offline kit: in the folder that COURSE_KIT names, if it is set; spaces are kept.
KIT := $(subst $() ,\ ,$(patsubst ~/%,$(HOME)/%,$(or $(COURSE_KIT),data/offline_kit))/manifest.json)
# A uv that answers (a pyenv shim may be on the PATH and not work), else one of our own.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .bootstrap/bin/uv)
LAB_ARGS ?=
# Such as --delay 0 --mbit 0, or 03_open_the_scene: see python -m tools.rehearsal --help
REHEARSAL_ARGS ?=
# Of one lesson only: make test LESSON=06, make texts LESSON=06.
LESSON ?=
NAME_OF_LESSON = $(basename $(notdir $(wildcard notebooks/$(LESSON)_*.ipynb)))
# A folder that `make wheelhouse` packed: with it, env, lab, map and test need no network.
WHEELHOUSE ?=
override WHEELHOUSE := $(patsubst ~/%,$(HOME)/%,$(WHEELHOUSE))
FROM := $(if $(WHEELHOUSE),--offline --no-index --find-links "$(WHEELHOUSE)/wheels")
# As helpers/machine/process.py does in every kernel. Threads that wait without using the processor: on shared
# cores XGBoost is otherwise many times slower.
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

check: env ## lint, pairs and units, in a few minutes: no lesson is run, no browser, no kit built
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "not (browser or kit or lesson or slow)" --durations=15 tests

test: env $(KIT) chromium ## run every test, or with LESSON=06 those of one lesson: units, notebooks, browser
	$(if $(LESSON),$(if $(filter 1,$(words $(NAME_OF_LESSON))),,\
	  $(error There is no lesson $(LESSON): give its two digits)))
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15 \
	  $(if $(LESSON),-k "$(NAME_OF_LESSON) and not rehearsal") tests
	$(PYTHON) -m pytest -n 2 --dist loadscope --durations=15 --nbval-lax --nbval-cell-timeout=300 \
	  $(if $(LESSON),notebooks/$(NAME_OF_LESSON).ipynb,notebooks)

chromium: ## install Debian's Chromium, which the browser tests drive, where it is missing
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  (apt-get update -q && apt-get install -qy --no-install-recommends chromium) || \
	  echo "Chromium could not be installed: the browser tests are skipped (install it by hand)."

kit: env ## build the offline kit, or build it again if it is damaged
	$(PYTHON) -m offline_kit build --replace

bench: env $(KIT) ## measure the heavy step side by side with its alternatives
	$(PYTHON) benchmarks/bench_predict.py

rehearsal: env ## run every lesson as with COURSE_CLOUD=aws, at a cloud's distance, without the internet
	$(PYTHON) -m tools.rehearsal $(REHEARSAL_ARGS)

drift: env ## ask the live services (internet!) whether they are still as the course expects
	COURSE_CLOUD=aws $(PYTHON) -m tools.drift

lesson: env ## start a lesson: make lesson N=11 NAME=how_good_is_the_map (see CONTRIBUTING.md)
	$(PYTHON) -m tools.new_lesson "$(N)" "$(NAME)"

texts: env $(KIT) ## run lessons and store the texts that tests compare: make texts LESSON=11, or all
	$(PYTHON) -m tools.texts $(LESSON)

tables: env ## make the tables of lessons and minutes again from the lessons
	$(PYTHON) -m tools.tables

pairs: env ## bring notebooks and their paired scripts back in step (the newer of the two wins)
	$(PYTHON) -m jupytext --sync notebooks/*.ipynb
	$(PYTHON) -m tools.own_template
	$(PYTHON) -m jupytext --sync notebooks/own/*.ipynb

lock: env ## resolve the dependencies of pyproject.toml again
	$(UV) pip compile --quiet --universal --generate-hashes --group dev --python-version 3.12 pyproject.toml -o requirements.lock
	$(PYTHON) -m tools.environment

wheelhouse: env $(KIT) ## pack what a laptop without a network needs into wheelhouse/ (see docs/workshop.md)
	$(PYTHON) -m tools.wheelhouse pack

clean: ## remove the environment, the kit and everything that the lessons made
	rm -rf .venv .bootstrap .lab_workspaces data/offline_kit outputs test-results

.venv/.complete: requirements.lock pyproject.toml .python-version binder/ipython_kernel_config.py | $(filter .bootstrap/%,$(UV))
	$(if $(WHEELHOUSE),python3 -m tools.wheelhouse check "$(WHEELHOUSE)")
	$(UV) venv --quiet --clear --python 3.12 $(if $(WHEELHOUSE),--offline) .venv
	$(UV) pip sync --quiet --compile-bytecode --python $(PYTHON) --require-hashes $(FROM) requirements.lock
	$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation $(FROM) --editable .
	$(PYTHON) -c "from helpers.heavy.trees import compile_ahead; compile_ahead()"
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
