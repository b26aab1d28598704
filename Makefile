# One word a chore. Windows, or no make: the plain lines are in the README.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench upgrade clean

run: .venv/runtime
	$(BIN)/streamlit run app.py --server.port 8501

test: .venv/dev lint
	$(BIN)/python -m tools.browser
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/dev
	$(BIN)/python -m bench

upgrade: .venv
	$(BIN)/python -m tools.upgrade

clean:
	rm -rf .venv .venv-upgrade

.venv:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "dlviz needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || { echo "This Python cannot make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: .venv requirements.txt constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch .venv/runtime

.venv/dev: .venv requirements.txt requirements-dev.txt constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch .venv/runtime .venv/dev
