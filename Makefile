# `make` lists what can be done. Works with GNU make 3.81 and newer.
GO       ?= go
# Where the pinned tools are kept; CI points it at a cache outside the clone.
TOOLS    ?= .local/bin
# make test RACE= runs without the race detector, which needs a C compiler.
RACE     ?= -race
# make dev ARGS='--flag', make test PKG=./core/..., make bench BENCH=Hop
ARGS     ?=
PKG      ?= ./cmd/internal/boot ./cmd/internal/faulttest ./... # the longest first
BENCH    ?= .

GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.8.0
GITLEAKS_VERSION    := v8.30.1
TFLINT_VERSION      := v0.64.0
TFSEC_VERSION       := v1.26.0
ACTIONLINT_VERSION  := v1.7.12

TOOLDIR   := $(abspath $(TOOLS))
GOVERSION := $(shell $(GO) env GOVERSION)
GOLANGCI    := $(TOOLDIR)/golangci-lint
GOVULNCHECK := $(TOOLDIR)/govulncheck
GITLEAKS    := $(TOOLDIR)/gitleaks
TFLINT      := $(TOOLDIR)/tflint
TFSEC       := $(TOOLDIR)/tfsec
ACTIONLINT  := $(TOOLDIR)/actionlint
LEAKS       := $(GITLEAKS) --no-banner --no-color --redact --log-level warn --config .gitleaks.toml
# A stamp's name holds the tool's version and Go's: another of either builds anew.
GOLANGCI_STAMP    := $(TOOLDIR)/.golangci-lint-$(GOLANGCI_VERSION)-$(GOVERSION)
GOVULNCHECK_STAMP := $(TOOLDIR)/.govulncheck-$(GOVULNCHECK_VERSION)-$(GOVERSION)
GITLEAKS_STAMP    := $(TOOLDIR)/.gitleaks-$(GITLEAKS_VERSION)-$(GOVERSION)
TFLINT_STAMP      := $(TOOLDIR)/.tflint-$(TFLINT_VERSION)-$(GOVERSION)
TFSEC_STAMP       := $(TOOLDIR)/.tfsec-$(TFSEC_VERSION)-$(GOVERSION)
ACTIONLINT_STAMP  := $(TOOLDIR)/.actionlint-$(ACTIONLINT_VERSION)-$(GOVERSION)

GOFMT  := $(shell $(GO) env GOROOT)/bin/gofmt
# The folders with Go code: every one at the top but hidden ones.
GODIRS := $(wildcard */)
# Where benchmarks are.
BENCHES := ./core/chunker/... ./cmd/internal/boot ./adapters/pdftext/... $(if $(wildcard bench/.),./bench/...)

.DEFAULT_GOAL := help
.PHONY: help dev test smoke-live crash chaos soak load load-report panels alerts-e2e observe observe-tools drill plans statements fuzz pentest bench simulate loki-bin loki logs-check lint lint-openapi secrets vulncheck verify fmt fmt-check generate clients migrate build clean dev-reset images compose release rollback tflint tflint-bin tfsec tfsec-bin actionlint actionlint-bin terraform-check pdfium realpdfs reading testdb testdb-stop tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

dev: pdfium ## run everything on this machine: make dev, then follow what it prints
	@$(GO) build -o bin/navigator ./cmd/navigator
	@exec bin/navigator dev $(ARGS)

dev-reset: pdfium ## as make dev, beginning with an empty database
	@$(GO) build -o bin/navigator ./cmd/navigator
	@exec bin/navigator dev --fresh $(ARGS)

test: pdfium testdb ## run every test, on a PostgreSQL of its own
	@if [ -n '$(RACE)' ] && ! command -v "$$($(GO) env CC | cut -d ' ' -f 1)" >/dev/null 2>&1; then \
		echo 'make test: the race detector needs a C compiler: install gcc or clang, or type: make test RACE=' >&2; exit 1; fi
	@$(GO) test $(RACE) -timeout 40m $(PKG)

smoke-live: pdfium ## send one document through the real services, which costs money: make smoke-live YES=1
	@$(GO) build -o bin/navigator ./cmd/navigator
	@bin/navigator smoke $(if $(YES),--yes) $(ARGS)

crash: pdfium testdb ## kill the services at every commit and call of a document's way: make crash SEED=1 ONLY=worker LIFE=announced
	@$(GO) test -count=1 -timeout 60m -v -run EveryCrashPoint ./cmd/internal/faulttest -points 0 -at-once 6 -seed '$(or $(SEED),0)' -only '$(ONLY)' -life '$(or $(LIFE),whole)'

chaos: pdfium ## let every fault befall 500 documents of 25 users at once: make chaos SEED=1
	@$(GO) test -count=1 -timeout 60m -v -run 'TestFM027r_C20_Chaos' ./cmd/internal/faulttest -seed '$(or $(SEED),0)' -documents '$(or $(DOCS),500)' -users 25

soak: pdfium testdb ## keep a steady load and watch what grows: make soak MIN=10
	@$(GO) test -count=1 -timeout $$(( $(or $(MIN),10) + 10 ))m -v -run 'TestSoak' ./cmd/internal/faulttest -soak '$(or $(MIN),10)'

load: pdfium testdb ## load a private place and judge it: make load SCENARIO=L2 ARGS='--for 1m --out loadtest/results'
	@mkdir -p bin
	@$(GO) build -o bin/ ./cmd/api ./cmd/worker ./cmd/webhook ./cmd/navigator ./loadtest/load
	@$(GO) build -o bin/place ./bench/place/serve
	@bin/load run $(or $(SCENARIO),L1) $(ARGS)

load-report: ## write the pages' generated parts and the pictures of loadtest/results
	@$(GO) run ./docs/generate

alerts-e2e: pdfium observe-tools ## break each thing that an alert is for, and print who heard of it after how long: make alerts-e2e ONLY=pool
	@$(GO) test -count=1 -timeout 12m -v -run 'TestAlertsEndToEnd' ./cmd/internal/faulttest -alerts -only '$(ONLY)'

observe: observe-tools ## run Prometheus, Alertmanager and exporters beside make dev: ADMIN_PORT=6060 make dev
	@$(GO) build -o bin/observe ./observability/observe
	@exec bin/observe $(ARGS)

# What watches, as Debian packs it. Their own services are not wanted: where the
# package manager would start them, they are only named.
OBSERVE_PACKAGES := prometheus prometheus-alertmanager prometheus-blackbox-exporter prometheus-node-exporter prometheus-postgres-exporter prometheus-redis-exporter

observe-tools:
	@if command -v prometheus >/dev/null 2>&1 && command -v prometheus-alertmanager >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && ! [ -d /run/systemd/system ]; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $(OBSERVE_PACKAGES) >/dev/null; \
	else echo 'install: sudo apt-get install -y --no-install-recommends $(OBSERVE_PACKAGES)' >&2; exit 1; fi

drill: pdfium testdb ## back up, destroy, restore elsewhere, fail over between regions, and print the figures: make drill CHUNKS=10000
	@$(GO) test -count=1 -timeout 30m -v -run 'RestoreElsewhere|RestoreRefuses|ReconcileAfter|BackupAndRestoreKilled|BackupFigures|RestoreDrillInAnotherCluster|RegionFailoverAndBack|BucketAtTheTerminal' ./cmd/internal/boot -chunks '$(or $(CHUNKS),10000)'

panels: pdfium testdb ## ask every panel of the dashboards under a load with faults, and draw them into .local/panels
	@$(GO) test -count=1 -timeout 15m -v -run 'TestPanels$$' ./cmd/internal/faulttest -panels "$(CURDIR)/.local/panels"
	@cp .local/panels/panels.md observability/grafana/panels.md

plans: testdb ## find the plans of all statements anew, on a database of half a year's work: db/plans/golden
	@for adapter in localauth postgres riverqueue; do $(GO) test -count=1 ./adapters/$$adapter -plans || exit 1; done
	@$(GO) test -count=1 -run 'TestPlans$$' ./db/plans -update

statements: pdfium testdb ## run the whole line's benchmark, and print what cost the database most for each document
	@BENCH_PROFILE=1 $(GO) test -run xxx -bench Line -benchtime 1x -timeout 30m ./bench

fuzz: pdfium ## let every fuzz target look for inputs of its own: make fuzz FUZZTIME=30s ONLY=FuzzSurvey
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' | \
	while read -r package target; do \
		case "$$target" in $(or $(ONLY),*)) ;; *) continue ;; esac; \
		echo "== $$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime '$(or $(FUZZTIME),30s)' -fuzzminimizetime 5x "$$package" || exit 1; \
	done

pentest: pdfium ## attack a server of this machine with sqlmap, ffuf, slowhttptest and sslscan, and print what they found
	@$(GO) build -o bin/navigator ./cmd/navigator
	@loadtest/pentest/run.sh

bench: pdfium testdb ## run the benchmarks
	@$(GO) test -run xxx -bench '$(BENCH)' -benchmem -timeout 60m $(BENCHES)

simulate: ## play 1 to 32 workers under the providers' limits: what bounds them, and what a million documents a day need
	@$(GO) run ./bench/simulate $(ARGS)

# Loki and its parser are a module of their own: nothing of them is in ours.
LOKI := $(TOOLDIR)/loki
$(LOKI): observability/loki/tools/go.mod
	@echo 'building Loki: about ten minutes of two cores, once'
	@cd observability/loki/tools && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o '$(LOKI)' github.com/grafana/loki/v3/cmd/loki
	@touch '$(LOKI)'

loki-bin: $(LOKI) ## build Loki into .local/bin

loki: $(LOKI) ## run Loki on this machine, beside make dev with LOKI_URL=http://127.0.0.1:3100
	@mkdir -p .local/loki/rules/fake
	@sed -e 's|$${runbooks}|docs/runbooks|; s|$${dashboards}|http://127.0.0.1:3000|' observability/loki/rules/fake/alerts.yaml > .local/loki/rules/fake/alerts.yaml
	@LOKI_DIR='$(CURDIR)/.local/loki' LOKI_RULES='$(CURDIR)/.local/loki/rules' '$(LOKI)' -config.expand-env=true -config.file observability/loki/loki.yaml $(ARGS)

logs-check: ## parse the LogQL of docs, dashboards and the ruler with Loki's own parser
	@cd observability/loki/tools && CGO_ENABLED=0 $(GO) run -trimpath ./check -root ../../..

lint: $(GOLANGCI_STAMP) ## run the linters
	@$(GOLANGCI) run ./...

lint-openapi: ## lint the OpenAPI documents, and prove that the rules bite; needs npm
	@adapters/httpapi/lint/lint.sh

secrets: $(GITLEAKS_STAMP) ## look for secrets in the files and in the history
	@$(LEAKS) dir --verbose .
	@if git rev-parse --verify --quiet HEAD >/dev/null; then $(LEAKS) git --verbose .; fi
	@.ci/planted $(LEAKS)

vulncheck: $(GOVULNCHECK_STAMP) ## look for known vulnerabilities in what we call; VULNDB=file:///... for an own copy
	@mkdir -p .local && $(GOVULNCHECK) $(if $(VULNDB),-db $(VULNDB)) -format json ./... > .local/vulnerabilities.json
	@$(GO) run ./deploy/vulnerabilities < .local/vulnerabilities.json

verify: fmt-check testdb ## prove that generated files are what their sources say
	@$(GO) mod tidy -diff
	@$(GO) run ./db/schemadump -check
	@$(GO) test -count=1 -run 'Drift' ./db ./docs ./cmd/internal/boot/table ./clients/generate ./observability/prometheus ./observability/grafana

generate: testdb ## write the generated files: db/schema.sql, README.md, docs/line.md, docs/openapi*.json, the objectives' rules
	@$(GO) run ./observability/generate
	@$(GO) run ./db/schemadump -write
	@$(GO) run ./docs/generate
	@$(GO) run ./cmd/internal/boot/table
	@$(GO) run ./observability/grafana/generate

clients: ## write the generated parts of clients/ from the OpenAPI documents; needs npm
	@$(GO) run ./clients/generate

fmt: ## format the Go files
	@$(GOFMT) -w $(GODIRS)

fmt-check: ## name the Go files that are not formatted
	@out=$$($(GOFMT) -l $(GODIRS)); [ -z "$$out" ] || { echo "not formatted, type make fmt:"; echo "$$out"; exit 1; } >&2

migrate: ## bring the database of MIGRATE_DATABASE_URL or DATABASE_URL to this version's schema
	@$(GO) run ./cmd/migrate $(ARGS)

build: ## build the services and the tool into bin/
	@mkdir -p bin
	@$(GO) build -trimpath -o bin/ ./cmd/api ./cmd/worker ./cmd/webhook ./cmd/migrate ./cmd/navigator

images: pdfium ## build the services' images, FROM scratch, for the commit at hand; needs a container engine
	@deploy/images.sh

compose: images ## run the whole product with Docker on this machine: fill in .local/compose/env when it is there
	@$(GO) run ./deploy/compose/render
	@NAVIGATOR_TAG="$$(git rev-parse --short=12 HEAD)" docker compose --project-name navigator --file deploy/compose/compose.yaml --env-file .local/compose/env up --detach

tflint: $(TFLINT_STAMP) ## lint the Terraform files
	@$(TFLINT) --chdir=deploy/terraform --recursive --config='$(CURDIR)/deploy/terraform/.tflint.hcl' --format=compact

tfsec: $(TFSEC_STAMP) ## show what tfsec would have otherwise in the Terraform files; it fails nothing
	@$(TFSEC) deploy/terraform --config-file deploy/terraform/tfsec.yml --no-color --concise-output --soft-fail

actionlint: $(ACTIONLINT_STAMP) ## lint GitHub's workflows
	@$(ACTIONLINT)

terraform-check: ## plan every environment without an account, and judge the plans; needs terraform and its AWS provider
	@deploy/terraform/check.sh

release: ## bring a release in, watch it, and take it back where it is bad: make release PLACE=place.json EMAIL=smoke@example.com RELEASE=1a2b3c4d5e6f
	@$(GO) build -trimpath -o bin/ ./cmd/navigator ./deploy/rollout/navigator-rollout
	@bin/navigator-rollout -place '$(PLACE)' -email '$(EMAIL)' $(ARGS) '$(RELEASE)'

rollback: ## bring back what ran before the present release: make rollback PLACE=place.json EMAIL=smoke@example.com
	@$(GO) build -trimpath -o bin/ ./cmd/navigator ./deploy/rollout/navigator-rollout
	@bin/navigator-rollout -place '$(PLACE)' -email '$(EMAIL)' $(ARGS) -back

clean: ## remove what make build made, and stop the PostgreSQL of the tests
	@$(GO) run ./db/dbtest/ctl stop
	@rm -rf bin

pdfium: ## fetch the PDF reader (PDFium as WebAssembly) to .local/pdfium
	@adapters/pdftext/fetch.sh

realpdfs: ## fetch the real PDFs of the reading test out of Debian packages to .local/realpdfs
	@adapters/pdftext/reading/fetch.sh

reading: pdfium ## read the real PDFs beside poppler, print the table, and read the worst files
	@$(GO) test -count=1 -run 'BesidePoppler|Hostile|Monstrous' -v ./adapters/pdftext

testdb: ## start the PostgreSQL of the tests, installing it where that is possible
	@$(GO) run ./db/dbtest/ctl start

testdb-stop: ## stop the PostgreSQL of the tests
	@$(GO) run ./db/dbtest/ctl stop

tools: $(GOLANGCI_STAMP) $(GOVULNCHECK_STAMP) $(GITLEAKS_STAMP) ## build the pinned tools

$(GOLANGCI_STAMP):
	@echo 'building golangci-lint $(GOLANGCI_VERSION)'
	@rm -f $(TOOLDIR)/.golangci-lint-*
	@GOBIN=$(TOOLDIR) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@touch $@

$(GOVULNCHECK_STAMP):
	@echo 'building govulncheck $(GOVULNCHECK_VERSION)'
	@rm -f $(TOOLDIR)/.govulncheck-*
	@GOBIN=$(TOOLDIR) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	@touch $@

$(GITLEAKS_STAMP):
	@echo 'building gitleaks $(GITLEAKS_VERSION)'
	@rm -f $(TOOLDIR)/.gitleaks-*
	@GOBIN=$(TOOLDIR) $(GO) install github.com/zricethezav/gitleaks/v8@$(GITLEAKS_VERSION)
	@touch $@

tflint-bin: $(TFLINT_STAMP)
tfsec-bin: $(TFSEC_STAMP)
actionlint-bin: $(ACTIONLINT_STAMP)

$(TFLINT_STAMP):
	@echo 'building tflint $(TFLINT_VERSION): two minutes of a core, once'
	@rm -f $(TOOLDIR)/.tflint-*
	@GOBIN=$(TOOLDIR) $(GO) install github.com/terraform-linters/tflint@$(TFLINT_VERSION)
	@touch $@

$(TFSEC_STAMP):
	@echo 'building tfsec $(TFSEC_VERSION): a minute and a half of a core, once'
	@rm -f $(TOOLDIR)/.tfsec-*
	@GOBIN=$(TOOLDIR) $(GO) install github.com/aquasecurity/tfsec/cmd/tfsec@$(TFSEC_VERSION)
	@touch $@

$(ACTIONLINT_STAMP):
	@echo 'building actionlint $(ACTIONLINT_VERSION)'
	@rm -f $(TOOLDIR)/.actionlint-*
	@GOBIN=$(TOOLDIR) $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	@touch $@
