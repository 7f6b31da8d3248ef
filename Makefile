PYTHON ?= python3
# Such variables change what Python imports: PYTHONHOME, PYTHONPATH, PYTHONSAFEPATH and others.
unexport $(filter PYTHON%,$(.VARIABLES))

# Puts the tools of `setup` on the PATH, and tells Terraform where its provider is.
RUN := . .build/env &&
# Ends all processes of a command, however the command ends.
GUARD := python -m tools.guard
# Python of the function. The same version is in modules/target.
RUNTIME := 3.13
LAMBDA_TESTS := coverage run -m pytest --quiet tests/lambda

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup package ## Deploy into a local AWS with two accounts, and start a real DAG run
	@$(RUN) $(GUARD) python -m sandbox demo

.PHONY: test
test: lint test-lambda test-others ## Run all linters and tests

.PHONY: test-lambda
test-lambda: setup package ## Run the tests of the function on Python 3.13 if it is installed
# pyenv hides all versions that PYENV_VERSION does not name.
	@$(RUN) if python=$$(PYENV_VERSION=$(RUNTIME) uv python find --system --no-python-downloads $(RUNTIME) 2>/dev/null); then \
	  COVERAGE_CORE=sysmon $(GUARD) python -m tools.uv run --quiet --no-project --isolated --python "$$python" \
	    --with-requirements requirements-dev.txt python -m $(LAMBDA_TESTS); \
	else \
	  echo "Python $(RUNTIME) is not installed, so the tests of the function run on the Python of the project."; \
	  $(GUARD) python -m $(LAMBDA_TESTS); \
	fi
	@echo "Coverage of lambda/ by these tests:"
	@$(RUN) coverage report

.PHONY: test-others
test-others: setup setup-checkov package
# Three workers for two cores, because the Terraform provider often waits.
	@$(RUN) $(GUARD) pytest --numprocesses 3 --dist loadgroup

.PHONY: bench
bench: setup package ## Run the benchmarks, and write docs/benchmarks.md
	@$(RUN) PYTHONPATH=lambda $(GUARD) python -m tests.benchmarks

.PHONY: soak
soak: setup package ## Test 10,000 triggers and a batch of 1,000 items under random faults
	@$(RUN) FAULTS_TRIGGERS=10000 BATCH_ITEMS=1000 $(GUARD) pytest tests/faults/test_exactly_once.py \
	  tests/sandbox/deployment/test_batches.py --timeout 3600

.PHONY: test-clients
test-clients: setup package ## Test Airflow's own MWAA client (MwaaHook) with the sandbox
	@$(RUN) $(GUARD) pytest tests/clients

.PHONY: package
package: ## Build dist/mwaa_dags_trigger.zip (needs only Python and a package index)
	@$(PYTHON) -m tools.setup package
	@.build/package/bin/python -m lambda.build

.PHONY: release
release: setup package sbom ## Check version, changelog, zip and SBOM, and print the notes for the tag
	@$(RUN) python -m tools.release

.PHONY: sbom
sbom: ## Write the SBOM of the zip (CycloneDX) to dist/mwaa_dags_trigger.cdx.json
	@$(PYTHON) -m tools.setup sbom
	@mkdir -p dist
# The tool would warn that it does not know which package depends on which.
	@PYTHONWARNINGS=ignore .build/sbom/bin/cyclonedx-py requirements lambda/requirements.txt --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-file dist/mwaa_dags_trigger.cdx.json

.PHONY: sandbox
sandbox: setup package ## Start the local AWS and Airflow in the background
	@$(RUN) python -m sandbox up

.PHONY: sandbox-down
sandbox-down: setup ## Stop the local AWS and Airflow
	@$(RUN) python -m sandbox down

.PHONY: lint
lint: lint-python lint-terraform lint-checkov lint-spelling ## Check format, types, Terraform and spelling

.PHONY: lint-python
lint-python: setup
	@$(RUN) ruff format --check --quiet
	@$(RUN) ruff check --quiet
	@$(RUN) mypy --no-error-summary

.PHONY: lint-terraform
lint-terraform: setup
	@$(RUN) terraform fmt -check -recursive

.PHONY: lint-checkov
lint-checkov: setup-checkov
# Hides checkov's warnings about itself.
	@LOG_LEVEL=ERROR .build/checkov/bin/checkov --quiet --compact --skip-download --framework terraform \
	  --directory . --skip-path '\.build/' --skip-path tests/

.PHONY: lint-spelling
lint-spelling: setup
# codespell skips files in hidden directories unless they are named.
	@$(RUN) codespell . .ci/* .github/*

.PHONY: format
format: setup ## Format Python and Terraform
	@$(RUN) ruff check --quiet --fix-only
	@$(RUN) ruff format --quiet
	@$(RUN) terraform fmt -recursive

.PHONY: docs
docs: setup ## Update the generated tables in the documentation
	@$(RUN) python -m tools.documentation
	@$(RUN) python -m sandbox.permission_files
	@$(RUN) PYTHONPATH=console:lambda python -m error_tables

.PHONY: lock
lock: setup ## Lock the packages in the .in files
	@$(RUN) for lock in requirements-dev lambda/requirements lambda/build-requirements tests/clients/requirements tools/checkov-requirements tools/sbom-requirements; do \
	  python -m tools.uv pip compile $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
	    --custom-compile-command 'make lock' $$lock.in --output-file $$lock.txt; done

.PHONY: airflow-lock
airflow-lock: setup ## Lock the packages of Airflow AIRFLOW, a version in sandbox/mwaa/releases.py
	@$(RUN) python -m sandbox.mwaa.lock

.PHONY: transcripts
transcripts: setup ## Record the output and responses of Airflow AIRFLOW for the tests
	@$(RUN) $(GUARD) python -m tests.lambda.transcripts.record

.PHONY: iam-snapshot
iam-snapshot: setup package ## Write the permissions of all tested configurations to tests/iam/allowed
	@$(RUN) $(GUARD) python -m tests.iam.snapshot

.PHONY: setup
setup:
	@$(PYTHON) -m tools.setup

# For the linter and for a test that scans a plan.
.PHONY: setup-checkov
setup-checkov:
	@$(PYTHON) -m tools.setup checkov

.PHONY: clean
clean: ## Remove all files that these commands created
	rm -rf .build dist
