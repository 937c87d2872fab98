# `make demo` and `make test` are all that a fresh machine needs; `make help` lists the rest.
# Variables: PYTHON=python3  CLUSTER=current (the cluster of KUBECONFIG; docs/cluster.md)  KEEP=1 (leave the cluster up)
#            ARGS="-k name" (further arguments for pytest)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
PY := .venv/bin/python
CLUSTER_TOOL := $(PY) -m e2e.cluster
SUITES := $(PY) -m hack.suites $(if $(KEEP),--keep) --pytest="$(ARGS)"
COMPILE := ../.venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
export PYTHONUNBUFFERED := 1

.PHONY: help demo demo-down test unit golden chart contract e2e bench lint format generate requirements programs \
	cluster-up cluster-down images clean
help: ## Show this list
	@awk -F ':[^#]*## ' '/^##: / { print "\n" substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

##: first steps

demo: images ## Cluster, operator and a pool of three relays; sends mail and shows where it went
	$(CLUSTER_TOOL) exec -- $(PY) -m e2e.demo

demo-down: cluster-down ## Remove all that `make demo` made

test: .venv/.stamp ## Every suite that must be green: unit, golden, chart, contract, e2e core (at most 15 min)
	@$(SUITES) --minutes=15 unit golden chart contract core

##: suites

unit: .venv/.stamp ## Pure tests, no programs needed
	@$(SUITES) unit

golden: .venv/.stamp ## Rendered text and manifests, accepted by the programs that read them
	@$(SUITES) golden

chart: .venv/.stamp ## The chart, rendered by helm and taken by a real kube-apiserver
	@$(SUITES) chart

contract: .venv/.stamp ## The operator against a real etcd and kube-apiserver
	@$(SUITES) contract

e2e: .venv/.stamp ## Every end-to-end figure on a real cluster (at most 60 min)
	@$(SUITES) --minutes=60 $(if $(filter current,$(CLUSTER)),full,docker full)

bench: images ## Benchmarks on the cluster
	$(CLUSTER_TOOL) exec -- $(PY) -m benchmarks

##: code

lint: .venv/.stamp ## Format, style, types, layers, shape, generated files
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy operator e2e tests benchmarks hack
	.venv/bin/lint-imports
	$(PY) -m hack.shape
	@$(MAKE) --no-print-directory programs
	$(PY) -m hack.generated --check

format: .venv/.stamp ## Rewrite the code in the project's format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

generate: .venv/.stamp programs ## Write crds/, the chart's copies and manifests/install.yaml
	$(PY) -m hack.generated

requirements: .venv/.stamp ## Pin the newest dependencies that requirements/*.in allow, by hash
	cd requirements && for set in operator relay mailnet dev; do \
		CUSTOM_COMPILE_COMMAND="make requirements" $(COMPILE) --upgrade --output-file $$set.txt $$set.in; done

##: cluster

programs: .venv/.stamp
	$(CLUSTER_TOOL) setup
	$(CLUSTER_TOOL) programs

cluster-up: programs ## Bring up the test cluster
	$(CLUSTER_TOOL) up

cluster-down: .venv/.stamp ## Take the test cluster down, also what a crashed run left
	$(CLUSTER_TOOL) down

images: cluster-up ## Build the images and put them on the cluster
	$(CLUSTER_TOOL) images

##: upkeep

clean: ## Remove .venv, caches and build output (not the cluster: `make cluster-down`)
	rm -rf .venv .cache build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find operator e2e tests benchmarks hack -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/.stamp: requirements/dev.txt pyproject.toml hack/bootstrap.sh
	@PYTHON=$(PYTHON) hack/bootstrap.sh
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
