# Thin: one command a target. Everything is installed into .venv, from pinned versions.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
PINS := pyproject.toml constraints.txt
export JUPYTER_PLATFORM_DIRS := 1

demo: .venv/demo          ## build, release, collect, grade and report, on the example class
	@$(BIN)/autograder demo

test: .venv/test          ## every test, TensorFlow included
	@$(BIN)/ruff check .
	@$(BIN)/python -m pytest -n auto --dist loadfile

book: .venv/demo          ## the book, in book/_build/html
	@$(BIN)/autograder release >/dev/null
	@$(BIN)/autograder book

serve: .venv/demo         ## the book in your browser
	@echo "http://localhost:$(PORT)  (Ctrl-C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory book/_build/html

notebook: .venv/demo      ## the assignment `activations`, as a student gets it
	@cd course/release/activations && ../../../$(BIN)/jupyter notebook activations.ipynb

record: .venv/test        ## TensorFlow's answers to all cases
	@$(BIN)/autograder record

lock: .venv/test          ## pin what is installed now
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v "^autograder\|@ file" > constraints.txt

help:                     ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python $(PINS)
	@echo "installing what the course needs (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[book,grade]'
	@touch $@

.venv/test: .venv/demo
	@echo "installing TensorFlow and the tests' tools"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[book,grade,reference,dev]'
	@touch $@

.PHONY: demo test book serve notebook record lock help
