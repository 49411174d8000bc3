# For work on the template. The Makefile of the projects that it writes is in {{cookiecutter.project_slug}}/.

VENV ?= .venv
PYTHON = $(VENV)/bin/python
PYTHON3 ?= python3
READY = $(VENV)/.ready

help:
	@awk -F ': *## ' '/^[a-z]+: *## / {printf "%-10s %s\n", $$1, $$2}' Makefile

demo:    ## write the default project into build/demo, train and evaluate it there
test:    ## all tests; they train every variant. The quick ones: make test ARGS="-m 'not slow'"
lint:    ## check style and common mistakes
bench:   ## speed of training, beside other ways to do it
phases:  ## CPU seconds of a whole training: imports, data, epochs, rest
results: ## train every variant with its defaults, and print the table of the README
speakers: ## spoken digits by speakers that were not heard, and print the table of docs/benchmarks.md
memory:  ## peak memory of training from disk, with 1, 4 and 16 times the data
formats: ## own data in every data format: go through all commands, and print the table of docs/own-data.md
tables:  ## the default project beside gradient boosting on ten tables, for docs/benchmarks.md
drills:  ## kill trainings and resume them, and print the table of docs/trust.md
labels:  ## swap 500 labels, and print how many are found: the table of docs/trust.md
fuzz:    ## 100,000 broken files of every kind for the readers of projects; another number: make fuzz ARGS=5000
picture: ## draw docs/results.png, the picture of the README, from the run of make demo
screenshot: ## draw docs/report.png and docs/web.png, pages in the README, from the run of make demo: make -C build/demo web first
clean:   ## remove build/ and caches

demo: build/demo
	@echo "The project is in build/demo. To write it anew: make clean demo"
	$(MAKE) -C build/demo train ARGS="$(ARGS)"
	$(MAKE) -C build/demo evaluate ARGS=

build/demo: | $(READY)
	$(PYTHON) -m cookiecutter . --no-input --default-config --output-dir build project_slug=demo

# Two processes: much of what a test waits for uses one core.
test: $(READY)
	$(PYTHON) -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

bench: $(READY)
	$(PYTHON) benchmarks/epoch.py $(ARGS)

phases: $(READY)
	$(PYTHON) benchmarks/phases.py $(ARGS)

results: $(READY)
	$(PYTHON) benchmarks/results.py $(ARGS)

speakers: $(READY)
	$(PYTHON) benchmarks/speakers.py $(ARGS)

memory: $(READY)
	$(PYTHON) benchmarks/memory.py $(ARGS)

formats: $(READY)
	$(PYTHON) benchmarks/own_data.py $(ARGS)

tables: $(READY)
	$(PYTHON) benchmarks/tables.py $(ARGS)

drills: $(READY)
	$(PYTHON) benchmarks/drills.py $(ARGS)

labels: $(READY)
	$(PYTHON) benchmarks/labels.py $(ARGS)

fuzz: $(READY)
	FUZZ=$(or $(ARGS),100000) $(PYTHON) -m pytest -s tests/test_fuzz.py

# In the environment of that project, which can read its run.
picture:
	@test -f build/demo/runs/001/metrics.json || { echo "build/demo has no evaluated run yet: make demo first." >&2; exit 1; }
	build/demo/.venv/bin/python benchmarks/picture.py build/demo

screenshot: $(READY)
	$(PYTHON) benchmarks/screenshot.py build/demo

clean:
	rm -rf build .pytest_cache .ruff_cache
	find hooks tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Touched last, so that a set-up that was interrupted is done again.
$(READY): requirements.txt
	@$(PYTHON3) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed and $(PYTHON3) is %d.%d: name another one, make $(MAKECMDGOALS) PYTHON3=python3.12" % sys.version_info[:2])'
	$(PYTHON3) -m venv $(VENV)
	$(PYTHON) -m pip install --requirement requirements.txt
	@touch $@

.NOTPARALLEL:
.PHONY: help demo test lint bench phases results speakers memory formats tables drills labels fuzz picture screenshot clean
