PYTHON ?= python3

# What `setup` made: the tools on PATH, and where Terraform finds its provider.
RUN := . .build/env &&
# Nothing of a command stays behind, however it ends.
GUARD := python -m tools.guard
# The Lambda's, as modules/target has it.
RUNTIME := 3.13
LAMBDA_TESTS := coverage run -m pytest --quiet tests/lambda

.PHONY: help
help: ## Print the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup package ## Deploy into a local two-account AWS, and start one real DAG run
	@$(RUN) $(GUARD) python -m sandbox demo

.PHONY: test
test: lint test-lambda test-others ## Run the linters and every test

.PHONY: test-lambda
test-lambda: setup package ## Run the function's tests on its Python runtime, or on the project's Python if the runtime is not installed
# pyenv hides the versions that are not asked for.
	@$(RUN) if python=$$(PYENV_VERSION=$(RUNTIME) uv python find --system --no-python-downloads $(RUNTIME) 2>/dev/null); then \
	  COVERAGE_CORE=sysmon $(GUARD) python -m tools.uv run --quiet --no-project --isolated --python "$$python" \
	    --with-requirements requirements-dev.txt python -m $(LAMBDA_TESTS); \
	else \
	  echo "Python $(RUNTIME) is not installed: the function's tests run on the project's Python."; \
	  $(GUARD) python -m $(LAMBDA_TESTS); \
	fi
	@echo "Coverage of lambda/ by these tests:"
	@$(RUN) coverage report

.PHONY: test-others
test-others: setup package
# Three workers for two cores, because Terraform's provider often waits.
	@$(RUN) $(GUARD) pytest --numprocesses 3 --dist loadgroup

.PHONY: bench
bench: setup package ## Measure, and write docs/benchmarks.md
	@$(RUN) PYTHONPATH=lambda $(GUARD) python -m tests.benchmarks

.PHONY: soak
soak: setup package ## Try 10,000 triggers, and a batch of 1,000, under random faults
	@$(RUN) FAULTS_TRIGGERS=10000 BATCH_ITEMS=1000 $(GUARD) pytest tests/faults/test_exactly_once.py \
	  tests/sandbox/deployment/test_batches.py --timeout 3600

.PHONY: test-clients
test-clients: setup package ## Try Airflow's own client of MWAA, `MwaaHook`, on the sandbox
	@$(RUN) $(GUARD) pytest tests/clients

.PHONY: package
package: ## Build dist/mwaa_dags_trigger.zip; needs only Python and a package index
	@$(PYTHON) -m tools.setup package
	@.build/package/bin/python -m lambda.build

.PHONY: release
release: setup package ## Check that version, changelog and zip agree, and print a tag's notes
	@$(RUN) python -m tools.release

.PHONY: sandbox
sandbox: setup package ## Start the local AWS and Airflow, and leave them running
	@$(RUN) python -m sandbox up

.PHONY: sandbox-down
sandbox-down: setup ## End what `make sandbox` started
	@$(RUN) python -m sandbox down

.PHONY: lint
lint: lint-python lint-terraform lint-checkov lint-spelling ## Check format, types, the configuration and the spelling

.PHONY: lint-python
lint-python: setup
	@$(RUN) ruff format --check --quiet
	@$(RUN) ruff check --quiet
	@$(RUN) mypy --no-error-summary

.PHONY: lint-terraform
lint-terraform: setup
	@$(RUN) terraform fmt -check -recursive

.PHONY: lint-checkov
lint-checkov: setup
	@$(PYTHON) -m tools.setup checkov
# Its warnings are about itself.
	@LOG_LEVEL=ERROR .build/checkov/bin/checkov --quiet --compact --skip-download --framework terraform \
	  --directory . --skip-path '\.build/' --skip-path tests/

.PHONY: lint-spelling
lint-spelling: setup
# It skips hidden directories unless a file in them is named.
	@$(RUN) codespell . .ci/* .github/*

.PHONY: format
format: setup ## Format Python and Terraform
	@$(RUN) ruff check --quiet --fix-only
	@$(RUN) ruff format --quiet
	@$(RUN) terraform fmt -recursive

.PHONY: docs
docs: setup ## Write the tables of the Markdown pages that come from the sources
	@$(RUN) python -m tools.documentation
	@$(RUN) python -m sandbox.deploy_permissions

.PHONY: lock
lock: setup ## Lock what the requirements' .in files ask for
	@$(RUN) for lock in requirements-dev lambda/requirements lambda/build-requirements tests/clients/requirements tools/checkov-requirements; do \
	  python -m tools.uv pip compile $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
	    --custom-compile-command 'make lock' $$lock.in --output-file $$lock.txt; done

.PHONY: airflow-lock
airflow-lock: setup ## Lock the Airflow that AIRFLOW names, a line of sandbox/mwaa/releases.py
	@$(RUN) python -m sandbox.mwaa.lock

.PHONY: transcripts
transcripts: setup ## Record what the Airflow that AIRFLOW names prints and answers, for the tests
	@$(RUN) $(GUARD) python -m tests.lambda.transcripts.record

.PHONY: iam-snapshot
iam-snapshot: setup package ## Write the permissions of the tested configurations to tests/iam/allowed
	@$(RUN) $(GUARD) python -m tests.iam.snapshot

.PHONY: setup
setup:
	@$(PYTHON) -m tools.setup

.PHONY: clean
clean: ## Remove everything that these commands have made
	rm -rf .build dist
