# make run       build and start a server with its data in ./data
# make test      what every change has to pass
# make test-all  the same with the race detector and the long suites
# make bench     benchmarks
# make deps      install what the tests need of PostgreSQL, where it is missing

GO       ?= go
PKGS     ?= ./...
TIMEOUT  ?= 10m
PG_BIN   ?= /usr/lib/postgresql/15/bin

.PHONY: all build run deps vet test test-all bench clean

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

test-all: deps vet
	ROWAN_LONG=1 $(GO) test -timeout 60m $(PKGS)
	$(GO) test -race -timeout 60m $(PKGS)

bench:
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS)

clean:
	rm -rf bin
