# Everything happens in .venv, which is made anew when pyproject.toml is newer. Another Python: make test PYTHON=python3.13
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 6

# a user's conditions: the default limit of open files, and an environment with nothing that a developer or a service adds
# (LD_LIBRARY_PATH is where some Pythons find their own library)
AS_USER = ulimit -Sn 1024; env -i PATH="$$PATH" HOME="$$HOME" TERM="$${TERM:-xterm}" LANG="$${LANG:-C.UTF-8}" \
	$${LD_LIBRARY_PATH:+LD_LIBRARY_PATH="$$LD_LIBRARY_PATH"}

.PHONY: help run test check format bench picture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(READY) ## check the bundled demo site, or the list in URLS=FILE
	@$(if $(URLS),$(BIN)/urlcheck --file '$(URLS)',$(BIN)/python -m urlcheck.demo)

test: $(READY) ## run the tests as users run the program: make test ARGS='-k redirect'
	$(AS_USER) $(BIN)/python -m pytest --numprocesses $(WORKERS) $(ARGS)

check: $(READY) ## lint, check the formatting and the types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY) ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## measure against other programs: make bench ARGS='--quick many-hosts'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/benchmarks/requirements.txt
	$(AS_USER) $(BIN)/python -m tests.benchmarks $(ARGS)

picture: $(READY) ## draw the table of the README anew
	$(BIN)/python -m tests.picture .github/table.svg

clean: ## remove everything that was made
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
