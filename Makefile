# What a newcomer runs: make demo, make test. Needs Python 3.11.5 or newer, git and make.
PYTHON ?= python3
VENV ?= .venv
STAMP = $(VENV)/installed
# exec: a signal to make reaches the program itself, not a shell that ends before it
ACTIVE = PATH="$$(cd $(VENV) && pwd)/bin:$$PATH" exec
INSTALL = $(VENV)/bin/python -m pip install
LOCKED = --require-hashes --no-deps
# programs that inspect the environment from outside
TOOLS = $(VENV)-tools

# a snapshot or a folder of models (the trained generator that comes along, before there are any), and its training dataset
MODELS ?= $(if $(wildcard models),models,pretrained/tops-64)
DATA ?= data/curated

# a value as one word to the shell, whatever it holds
quoted = '$(subst ','\'',$(1))'

.PHONY: demo docs test test-slow check format serve run bench drills explore use push lock sbom audit clean environment repository

demo: repository environment # the whole pipeline on the embedded shop; ends with the summary
	$(ACTIVE) dvc repro
	@$(ACTIVE) python -m fashion_pggan summary

PYTEST = $(ACTIVE) python -m pytest -n auto --dist worksteal # a worker per core

test: environment # the tests that take a few seconds at most
	$(PYTEST)

test-slow: environment # the large drills; they wait for events and share no port, home or folder
	$(PYTEST) --maxprocesses 4 -m "slow and not gpu and not network"

check: environment # style, types, import contracts, dead code, spelling, prose
	$(ACTIVE) ruff check
	$(ACTIVE) ruff format --check
	$(ACTIVE) mypy
	$(ACTIVE) lint-imports
	$(ACTIVE) vulture
	$(ACTIVE) codespell
	$(ACTIVE) proselint --config .proselintrc.json check README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md benchmarks/README.md docs

docs: environment # the documentation as a site in site/, built without a network; every link is checked
	NO_MKDOCS_2_WARNING=1 $(ACTIVE) mkdocs build --strict --quiet

format: environment
	$(ACTIVE) ruff check --fix
	$(ACTIVE) ruff format

serve: repository environment # Prefect's server and the deployments, until interrupted
	@$(ACTIVE) python -m flows

run: environment # ask make serve to run the pipeline, or one stage: make run STAGE=train
	@$(ACTIVE) python -m flows.ask $(STAGE)

bench: environment # side-by-side measurements, see benchmarks/README.md
	$(ACTIVE) python -m benchmarks.train

drills: environment # kills, full disks, flipped bits and more, on a small pipeline; the reliability table
	$(ACTIVE) python -m benchmarks.drills --write docs/reference/drills.md
	$(ACTIVE) ALL_TRIES=1 python -m pytest -m slow -k "killed_at_events or no_step_is_lost" tests

explore: environment # a page to explore the latent space, until interrupted; make explore MODELS=DIR DATA=DIR
	@$(ACTIVE) python -m generate.explore $(call quoted,$(MODELS)) --data $(call quoted,$(DATA))

use: environment # make use PRESET=photos IMAGES=DIR; make use PRESET=paper SET="crawl.contact=me@example.org"
	@$(ACTIVE) python -m fashion_pggan use $(call quoted,$(PRESET)) $(if $(IMAGES),--set $(call quoted,crawl.shop_images="$(patsubst ~/%,$(HOME)/%,$(IMAGES))")) $(if $(SET),--set $(call quoted,$(SET)))

push: environment # push to the DVC remote, after verify has found no damage
	$(ACTIVE) fashion-pggan verify
	$(ACTIVE) dvc push --run-cache

lock: $(TOOLS)/installed # rewrite constraints.txt and locked/ with the newest versions that pyproject.toml allows; torch keeps its version
	grep '^torch==' constraints.txt > $(TOOLS)/torch.txt
	$(RESOLVE) pyproject.toml --extra dev --constraints $(TOOLS)/torch.txt > $(TOOLS)/resolved.txt
	$(PYTHON) .ci/lock.py $(TOOLS)/resolved.txt
	{ sed -n '/^#/p' locked/tools.txt; $(RESOLVE) locked/tools.in; } > $(TOOLS)/tools.txt
	mv $(TOOLS)/tools.txt locked/tools.txt

RESOLVE = $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11.5 --generate-hashes --no-header --no-annotate

sbom: environment $(TOOLS)/installed # a software bill of materials (CycloneDX) of the environment: sbom.json
	$(TOOLS)/bin/cyclonedx-py environment $(VENV)/bin/python --pyproject pyproject.toml --output-reproducible --output-file sbom.json

audit: $(TOOLS)/installed # known vulnerabilities of the locked versions; says so when no database can be reached
	@$(PYTHON) .ci/audit.py $(TOOLS)/bin/pip-audit

clean: # caches alone: images, models, reports and the environment stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

environment: $(STAMP)

# Installs only files whose hashes are in locked/. PyTorch comes first: the installed one, or the wheel that pip is told of;
# otherwise PyPI's, whose CUDA build needs more packages.
$(STAMP): pyproject.toml locked/environment.txt locked/torch.txt locked/cuda.txt
	@$(PYTHON) -c 'import sys; sys.exit("error: Python 3.11.5 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.12" if sys.version_info < (3, 11, 5) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) $(LOCKED) --no-index -r locked/torch.txt 2>/dev/null || $(INSTALL) $(LOCKED) -r locked/torch.txt
	$(INSTALL) $(LOCKED) -r locked/environment.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	! $(VENV)/bin/python -m pip check | grep '^torch ' >/dev/null || $(INSTALL) $(LOCKED) -r locked/cuda.txt
	@touch $@

$(TOOLS)/installed: locked/tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet $(LOCKED) -r locked/tools.txt
	@touch $@

repository:
	@git rev-parse --git-dir >/dev/null 2>&1 || { echo "error: this is not a git repository, which DVC needs: get it with git clone, or run git init" >&2; exit 1; }
