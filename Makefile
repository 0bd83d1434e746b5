# Needs Python 3.11 or newer, and make. Everything else goes into .venv.

STORE ?= sqlite
CRM ?= sugar
ARGS ?=
# The first of these that is new enough; PYTHON=/path/to/python decides otherwise.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python

CHECKOV := 3.3.30
PIP_AUDIT := 2.10.1
# What is compiled is kept, whatever the environment says: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
PIP = $(PY) -m pip install -qq --no-compile --no-input --disable-pip-version-check --require-hashes
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make requirements"

.DEFAULT_GOAL := help
.PHONY: help demo serve test check format bench prove coverage terraform checkov audit audit-answers requirements requirements-in-sync setup clean

help: ## This list
	@echo "Sugar Contact Sync"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-14s %s\n' "$$name" "$$text"; done

demo: $(READY) ## Sync contacts between simulators of both APIs; STORE=sqlite (default) or firestore, CRM=sugar or suitecrm
	@$(PY) -m tests.demo --store $(STORE) --crm $(CRM)

serve: $(READY) ## Serve everything on this machine, for trying it out or for good (see README), until Ctrl-C
	@$(PY) -m tests.serve

test: $(READY) ## Run the tests, or a sample of their cases; ARGS goes to pytest: make test ARGS="--whole", ARGS="-k planner -x"
	@$(PY) -m pytest --numprocesses=auto --dist=worksteal $(ARGS)

check: $(READY) ## Lint, formatting, types, and whether the requirements are in sync
	@failed=; \
	echo "== ruff check"; $(VENV)/bin/ruff check --quiet . || failed="$$failed ruff-check"; \
	echo "== ruff format"; $(VENV)/bin/ruff format --quiet --check . || failed="$$failed ruff-format"; \
	echo "== mypy"; $(VENV)/bin/mypy . || failed="$$failed mypy"; \
	$(MAKE) --no-print-directory requirements-in-sync || failed="$$failed requirements"; \
	[ -z "$$failed" ] || { echo "make check: failed:$$failed" >&2; exit 1; }; \
	echo "make check: all is well"

format: $(READY) ## Format the code and mend what the linter can mend
	@$(VENV)/bin/ruff check --fix --exit-zero . && $(VENV)/bin/ruff format .

bench: $(READY) ## Run the benchmarks
	@ran=; for file in tests/bench/bench_*.py; do \
		[ -e "$$file" ] || continue; ran=yes; \
		module=$$(echo "$${file%.py}" | tr / .); \
		echo "== $$module"; $(PY) -m "$$module" $(ARGS) || exit 1; \
	done; [ "$$ran" ] || { echo "no benchmark found: tests/bench/bench_*.py" >&2; exit 1; }

prove: $(READY) ## Try long and hard to lose or double a contact; ARGS="machine --seed 7" repeats one failure
	@$(PY) -m tests.prove $(ARGS)

coverage: $(READY) ## Run the tests and show which lines and branches none of them reaches
	@$(PY) -m pytest --cov=shared --cov=functions --cov-report=term-missing:skip-covered $(ARGS)

terraform: ## Check infra/terraform: formatting, validity, its own tests; needs Terraform, and its registry the first time
	@terraform -chdir=infra/terraform fmt -check -recursive -diff
	@terraform -chdir=infra/terraform init -backend=false -input=false
	@terraform -chdir=infra/terraform validate
	@terraform -chdir=infra/terraform test

# It wants other versions of half of what is installed here, so it runs apart.
checkov: $(READY) ## Look through infra/terraform for what is unsafe
	@LOG_LEVEL=ERROR $(VENV)/bin/uv tool run --quiet checkov@$(CHECKOV) --directory infra/terraform --framework terraform --skip-download \
		--compact --quiet

AUDIT = $(VENV)/bin/uv tool run --quiet pip-audit@$(PIP_AUDIT) --require-hashes --disable-pip --progress-spinner off

audit: $(READY) ## Ask for known vulnerabilities of what requirements.txt installs; needs the internet
	@$(AUDIT) --requirement requirements.txt --strict

# Known within seconds: the first requirement is asked for alone, and nothing is tried again. Without --strict one that
# nobody knows is passed over, so what counts is that there is an answer about it.
audit-answers: $(READY) ## Whether anybody answers to `make audit` here
	@mkdir -p build && sed '/# via/q' requirements.txt > build/first-requirement.txt
	@UV_HTTP_RETRIES=0 UV_HTTP_CONNECT_TIMEOUT=3 UV_HTTP_TIMEOUT=3 \
		$(AUDIT) --requirement build/first-requirement.txt --timeout 3 --format json 2>/dev/null | grep -q '"vulns"'

requirements: $(READY) ## Write requirements*.txt from requirements*.in; ARGS=--upgrade takes the newest versions
	@echo "== requirements.txt" && $(COMPILE) $(ARGS) --output-file requirements.txt requirements.in
	@echo "== requirements-dev.txt" && $(COMPILE) $(ARGS) --output-file requirements-dev.txt requirements-dev.in

# Compiles a copy that starts from the present pins: what comes out must be what went in.
requirements-in-sync: $(READY)
	@echo "== requirements"
	@mkdir -p build/requirements && cp requirements*.in requirements*.txt build/requirements/
	@for name in requirements requirements-dev; do \
		(cd build/requirements && ../../$(COMPILE) --output-file "$$name.txt" "$$name.in") || exit 1; \
		cmp -s "$$name.txt" "build/requirements/$$name.txt" || { \
			diff "$$name.txt" "build/requirements/$$name.txt" | head -20; \
			echo "$$name.txt is not what $$name.in asks for: run 'make requirements'" >&2; exit 1; }; \
	done

setup: $(READY) ## Only make .venv (all other commands do it when it is needed)
	@:

# pip brings uv, which brings the rest in seconds; where uv cannot (an index that only pip's configuration knows), pip does.
$(READY): requirements-dev.txt
	@python=; for each in $(PYTHON); do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed; tried: $(PYTHON)." >&2; \
		echo "Install it, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version): $$(grep -c '^[a-z].*==' requirements-dev.txt) packages" \
		"(again only when requirements-dev.txt changes) ..."; \
	"$$python" -m venv $(VENV) || { \
		echo "Could not make $(VENV); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@mkdir -p build && sed -n '/^uv==/,/# via/p' requirements-dev.txt > build/uv.txt
	@$(PIP) -r build/uv.txt
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements-dev.txt || { \
		echo "uv could not install them; trying pip, which takes a minute ..." >&2; \
		$(PIP) -r requirements-dev.txt; }
	@touch $@
	@echo "$(VENV) is ready."

clean: ## Remove .venv, caches and what runs left behind
	@rm -rf $(VENV) build var htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
