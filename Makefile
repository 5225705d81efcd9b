# Everything a developer runs. `make` alone lists it.

# The real servers and the tools, each built from source at one version. The
# first two are named in internal/servertest too.
INFLUXD1 := influxd 1.8.10 github.com/influxdata/influxdb/cmd/influxd -ldflags="-s -w -X main.version=1.8.10"
INFLUXD2 := 2.9.1
# Of Telegraf only what the benchmark compares with: MQTT in, file out.
TELEGRAF := telegraf 1.37.2 github.com/influxdata/telegraf/cmd/telegraf \
	-ldflags="-s -w -X github.com/influxdata/telegraf/internal.Version=1.37.2" \
	-tags=custom,inputs.mqtt_consumer,outputs.file,parsers.json,parsers.json_v2,serializers.influx
GOLANGCI := golangci-lint 2.15.0 github.com/golangci/golangci-lint/v2/cmd/golangci-lint -ldflags="-s -w"
GOVULN   := govulncheck 1.8.0 golang.org/x/vuln/cmd/govulncheck

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TESTFLAGS ?=
NOSKIP    ?= 1
FUZZTIME  ?= 20s
KILLS     ?= 200

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## run the whole system with a simulated province, offline
	go run ./cmd/citywatch demo

.PHONY: build
build: ## build bin/citywatch, static
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/citywatch ./cmd/citywatch

.PHONY: test
test: deps influxd1 ## install what the whole suite needs, then run all of it
	go vet ./...
	@# One package at a time: many hold real servers and browsers to times.
	CITYWATCH_NOSKIP=$(NOSKIP) go test -race -p 1 -timeout 25m $(TESTFLAGS) ./...
	$(MAKE) --no-print-directory check

.PHONY: check
check: lint ## lint, go mod tidy, and that generated files are what generating gives
	tools/drift.sh

.PHONY: lint
lint: ## format and lint, Go and TypeScript
	@tool=$$(tools/gotool.sh $(GOLANGCI)) && $$tool run ./...
	@if [ -d dashboards/web/node_modules ]; then npm --prefix dashboards/web run --if-present check; fi

.PHONY: vuln
vuln: ## look for known vulnerabilities; needs the Go vulnerability database
	@tool=$$(tools/gotool.sh $(GOVULN)) && tools/vuln.sh $$tool

.PHONY: generate
generate: ## regenerate the pages' bundle; needs npm
	@if [ -f dashboards/web/package-lock.json ]; then npm --prefix dashboards/web ci --no-fund --no-audit; fi
	go generate ./dashboards/...

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s)
	tools/fuzz.sh $(FUZZTIME)

.PHONY: soak
soak: influxd1 ## kill citywatch with -9 KILLS (200) times, and in a storm: nothing lost, every alert once
	CITYWATCH_NOSKIP=1 CITYWATCH_KILLS=$(KILLS) go test -count=1 -timeout 4h -v -run '^TestKill' ./...

.PHONY: bench
bench: telegraf go2rtc vmalert ## measure the budgets beside their peers, in one run
	go run ./cmd/citybench

.PHONY: deps
deps: ## install the Debian and npm packages of the suite, and say so
	tools/deps.sh

.PHONY: influxd1
influxd1: ## build InfluxDB 1.8 for the tests (a minute, once)
	@tools/gotool.sh $(INFLUXD1)

.PHONY: influxd2
influxd2: ## build InfluxDB 2 for the tests (4 minutes, once; needs Rust)
	@tools/influxd2.sh $(INFLUXD2)

.PHONY: telegraf
telegraf: ## build Telegraf for the benchmark (2 minutes, once)
	@tools/gotool.sh $(TELEGRAF)

.PHONY: go2rtc
go2rtc: ## build go2rtc for the benchmark (a minute, once)
	@tools/go2rtc.sh 1.9.14

.PHONY: vmalert
vmalert: ## build vmalert and VictoriaMetrics for the benchmark (a minute, once)
	@tools/vmalert.sh 1.130.0
