# Chain Rule. `make demo` shows it, `make test` proves it. Every target sets up .venv first, once.
PYTHON ?= python3
JOBS ?= 3
PORT ?= 8000
LIVE ?=
QUIET := --quiet
BIN := .venv/bin
# nbgrader calls alembic by name, so the environment's programs must be on the path
export PATH := $(CURDIR)/$(BIN):$(PATH)
export OMP_NUM_THREADS ?= 1
# hundreds of processes are started: what was compiled once is kept, whatever the shell says
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo hub site lint test tests browser release clean help
.PHONY: test-integration test-hostile test-notebooks test-audit test-long test-bare test-gpu test-hub test-site test-faults
.PHONY: test-docs pages test-pages audit
.PHONY: bench bench-grading bench-isolation bench-convolution bench-oracle bench-scale bench-course bench-assignments

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(BIN)/.done  ## make .venv from pyproject.toml and constraints.txt

# what is installed is compiled at last, on all cores: pip would take one
$(BIN)/.done: $(BIN)/.graded
	$(BIN)/pip install $(QUIET) --no-compile -c constraints.txt -e '.[dev]'
	-@$(BIN)/python -m compileall -qq -j 0 .venv/lib
	touch $@

# what grading takes
$(BIN)/.graded: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install $(QUIET) --no-compile --upgrade -c constraints.txt pip
	$(BIN)/pip install $(QUIET) --no-compile -c constraints.txt -e '.[instructor,torch]'
	touch $@

demo: $(BIN)/.graded  ## build and release, grade four notebooks of an assignment, show the grades
	$(BIN)/chainrule demo

hub: setup  ## JupyterHub with the course on this machine: an instructor, two students, the oracle (PORT=8000)
	@$(BIN)/python -m deploy.hub --port $(PORT)

site: setup  ## the course as a static site that runs in a browser's tab -> build/site (PYODIDE=folder or address)
	$(BIN)/chainrule site build/site $(if $(PYODIDE),--pyodide $(PYODIDE))

lint: setup  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

browser: setup  ## the browser that tests use: the machine's Chromium, else one fetched once into build/
	@$(BIN)/python -m tests.browsers

test: setup browser  ## style, types and behaviour, in a few minutes
	@$(MAKE) --no-print-directory --jobs 2 lint tests

tests: setup
	$(BIN)/pytest -n $(JOBS) --dist worksteal

test-integration: setup browser  ## whole classes in nbgrader, kernels, the oracle, every figure (minutes)
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m integration

test-hostile: setup browser  ## the whole hostile class, seen in a browser too, and every level of the wall (minutes)
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m hostile tests/hostile tests/wall

test-notebooks: setup  ## every notebook from top to bottom, solved and empty (minutes)
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m notebooks tests/source

test-bare: setup  ## a part of the tests as where there is neither bubblewrap nor Chromium nor torch
	$(BIN)/python -m tests.bare -n $(JOBS) tests/wall/test_isolation.py tests/wall/test_unforked.py tests/classreport/test_page.py tests/checks tests/solutions/test_audit.py

test-audit: setup  ## every known mistake, other styles, the training of both styles (minutes)
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m audit tests/accelerator tests/checks tests/released tests/solutions

test-long: setup browser  ## slower proof: thousands of random cases
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m long

test-gpu: QUIET :=
test-gpu: setup  ## training checks on an accelerator, with a table (OUT=folder: as JSON, too); needs one
	$(BIN)/pytest -v -m gpu tests/accelerator

test-hub: setup browser  ## the hub in real browsers: from the first login to the feedback (minutes)
	$(BIN)/pytest -m hub tests/hub

test-site: setup browser  ## the course in a tab: a student's hour in Chromium, every exercise in Pyodide (minutes)
	$(BIN)/pytest -m site tests/site

test-faults: setup  ## workers, commands, clusters and databases that are killed while a class is graded (minutes)
	$(BIN)/pytest -m faults tests/faults

test-docs: setup  ## README and docs, typed in order into a fresh copy (minutes)
	$(BIN)/pytest -v -m docs tests/docs

pages: setup  ## the site to read -> build/pages (LIVE=ADDRESS, with {name}: where a notebook opens live)
	@$(BIN)/python -m docs.pages $(if $(LIVE),--live '$(LIVE)')

test-pages: setup browser  ## the site made anew and read in a browser: no answer in it, no outside request (minutes)
	$(BIN)/pytest -m pages tests/pages

audit: setup  ## the judge measured: what it catches, names and lets pass -> docs/judge.md (an hour)
	$(BIN)/python -m benchmarks.judge

bench: setup  ## our gradient check beside those of other courses (minutes)
	$(BIN)/python -m benchmarks.gradient_checks

bench-grading: setup  ## a class graded by stock nbgrader, by Otter-Grader (its environment: build/otter) and by us (minutes)
	$(BIN)/python -m benchmarks.grading

bench-isolation: setup  ## what each level of isolation costs a submission
	$(BIN)/python -m benchmarks.isolation

bench-convolution: setup  ## our im2col convolution beside a naive loop and torch, one thread
	$(BIN)/python -m benchmarks.convolution

bench-course: setup  ## what the notebooks' models reach on the default images (minutes)
	$(BIN)/python -m benchmarks.course

bench-oracle: setup  ## 200 students ask the oracle at once
	$(BIN)/python -m benchmarks.oracle

bench-scale: setup  ## throughput, the engine's own part, growth to 2000 submissions, CPU hours of a course (half an hour)
	$(BIN)/python -m benchmarks.scale

bench-assignments: setup  ## what a submission of each assignment costs, beside what it cannot cost less than (half an hour)
	$(BIN)/python -m benchmarks.assignments

release: setup  ## build every assignment: source/ + solutions/ -> assignments/
	$(BIN)/python -m docs.prose
	$(BIN)/chainrule build

clean:  ## remove what was made, but not .venv
	rm -rf build dist *.egg-info .ruff_cache .hypothesis gradebook.db autograded feedback
