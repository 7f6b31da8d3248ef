PYTHON ?= python3
AIRFLOW ?= 3.3.1

# What `setup` made: the tools on PATH, and where Terraform finds its provider.
RUN := . .build/env &&
# Nothing of a command stays behind, however it ends.
GUARD := python -m sandbox.guard

export AIRFLOW

.PHONY: help
help: ## Print the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

.PHONY: demo
demo: package ## Deploy into a local two-account AWS, and start one real DAG run
	@$(RUN) $(GUARD) python -m sandbox demo

.PHONY: test
test: lint ## Run every test
	@$(RUN) $(GUARD) pytest --numprocesses 2 --dist loadgroup

.PHONY: package
package: setup ## Build dist/mwaa_dags_trigger.zip
	@$(RUN) python lambda/build.py

.PHONY: sandbox
sandbox: package ## Start the local AWS and Airflow, and leave them running
	@$(RUN) python -m sandbox up

.PHONY: sandbox-down
sandbox-down: setup ## End what `make sandbox` started
	@$(RUN) python -m sandbox down

.PHONY: lint
lint: package ## Check format, types and the configuration
	@$(RUN) ruff format --check --quiet
	@$(RUN) ruff check --quiet
	@$(RUN) mypy --no-error-summary
	@$(RUN) terraform fmt -check -recursive
	@$(RUN) python -m sandbox validate

.PHONY: format
format: setup ## Format Python and Terraform
	@$(RUN) ruff check --quiet --fix-only
	@$(RUN) ruff format --quiet
	@$(RUN) terraform fmt -recursive

.PHONY: lock
lock: setup ## Write the hashes of new package versions
	@$(RUN) cd lambda && uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-annotate --no-header requirements.in -o requirements.txt
	@$(RUN) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements-dev.in -o requirements-dev.txt

.PHONY: setup
setup:
	@$(PYTHON) sandbox/bootstrap.py

.PHONY: clean
clean: ## Remove everything that these commands have made
	rm -rf .build dist
