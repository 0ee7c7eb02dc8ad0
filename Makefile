# make run       build and start a server with its data in ./data
# make test      what every change has to pass
# make test-race the same with the race detector
# make test-all  both, with the long suites, and each fuzz target for a while
# make fuzz      each fuzz target for FUZZTIME
# make bench     benchmarks
# make deps      install what the tests need of PostgreSQL, where it is missing

GO       ?= go
PKGS     ?= ./...
TIMEOUT  ?= 10m
PG_BIN   ?= /usr/lib/postgresql/15/bin

FUZZTIME ?= 10s

.PHONY: all build run deps vet test test-race test-all fuzz bench clean

all: build

build:
	@mkdir -p bin
	$(GO) build -o bin/rowan ./cmd/rowan

run: build
	./bin/rowan serve --data-dir ./data

# The conformance tests compare with a real PostgreSQL 15 and use its clients.
deps:
	@if [ -x $(PG_BIN)/postgres ] && command -v psql >/dev/null && command -v pgbench >/dev/null; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "make deps: install PostgreSQL 15 with its clients by hand" >&2; exit 0; fi; \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	if [ -n "$$as_root" ] && ! command -v sudo >/dev/null; then echo "make deps: needs root to install PostgreSQL 15" >&2; exit 0; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	$$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends postgresql-15 postgresql-client-15

vet:
	$(GO) vet $(PKGS)

test: deps vet
	$(GO) test -timeout $(TIMEOUT) $(PKGS)

test-race: deps
	$(GO) test -race -timeout 60m $(PKGS)

test-all: deps vet
	ROWAN_LONG=1 $(GO) test -timeout 120m $(PKGS)
	$(MAKE) test-race fuzz

# go test takes one fuzz target of one package at a time.
fuzz:
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read dir; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$dir/*_test.go | sort -u | while read name; do \
			echo "$$dir $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; \
		done || exit 1; \
	done

bench:
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS)

clean:
	rm -rf bin
