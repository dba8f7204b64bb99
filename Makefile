# The short names for the long commands; everything real lives in CMakeLists.txt and the scripts called here.
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
RELEASE := build/release
BINARY ?= $(RELEASE)/evenkeel
ORACLE ?= /usr/sbin/haproxy
DEMO := docs/examples/demo.cfg

.PHONY: help all deps build run test bench oracle format format-check tidy asan tsan fuzz lab soak clean

help:
	@echo 'make run      install what is missing, build, and serve $(DEMO)'
	@echo 'make test     build and run every test'
	@echo 'make oracle   run the end-to-end cases against HAProxy'
	@echo 'make bench    measure against HAProxy and nginx, write docs/benchmarks.md'
	@echo 'make asan     build and test with address and undefined-behaviour sanitizers, then soak'
	@echo 'make tsan     build and test with the thread sanitizer, then soak'
	@echo 'make fuzz     fuzz every parser for a minute each'
	@echo 'make lab      run the labs of docs/testing.md among real programs (root)'
	@echo 'make format, make format-check, make tidy, make soak, make clean'

all: build

deps:
	@packaging/install-deps build test

build:
	@packaging/install-deps build
	cmake --preset release
	cmake --build --preset release -j$(JOBS)

run:
	@packaging/install-deps build
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j$(JOBS) --target evenkeel
	@echo
	@echo '  Balanced demo:    http://127.0.0.1:8080/'
	@echo '  Statistics page:  http://127.0.0.1:1080/stats   (admin / admin)'
	@echo
	@echo '  Try:'
	@echo "    for i in 1 2 3 4 5 6; do curl -s http://127.0.0.1:8080/; done"
	@echo "    curl -s -u admin:admin 'http://127.0.0.1:1080/stats;csv' | cut -d, -f1,2,18,19"
	@echo
	@echo '  Ctrl-C ends it.'
	@exec $(RELEASE)/evenkeel -f $(DEMO)

test: deps
	cmake --preset release
	cmake --build --preset release -j$(JOBS)
	ctest --test-dir $(RELEASE) --output-on-failure -j2

oracle:
	@packaging/install-deps test
	tests/e2e/run.sh $(ORACLE)

bench: build
	@packaging/install-deps test
	python3 bench/run.py --evenkeel $(BINARY) --tools $(RELEASE)

soak:
	python3 tests/e2e/soak.py $(BINARY)

asan tsan: deps
	cmake --preset $@
	cmake --build --preset $@ -j$(JOBS)
	ctest --test-dir build/$@ --output-on-failure -j2
	python3 tests/e2e/soak.py build/$@/evenkeel --seconds 40

fuzz:
	@packaging/install-deps build tool
	cmake --preset fuzz
	cmake --build --preset fuzz -j$(JOBS)
	set -e; for target in build/fuzz/fuzz_*; do \
	  name=$${target##*/fuzz_}; found=build/fuzz/corpus/$$name; mkdir -p $$found; \
	  echo "== $$name"; $$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $$found tests/fuzz/seeds/$$name; \
	done

lab:
	tests/lab/run.sh $(BINARY)

SOURCES = $(shell git ls-files '*.cc' '*.h')

format:
	@packaging/install-deps tool
	clang-format-16 -i $(SOURCES)

format-check:
	@packaging/install-deps tool
	clang-format-16 --dry-run -Werror $(SOURCES)

tidy: build
	@packaging/install-deps tool
	clang-tidy-16 -p $(RELEASE) --quiet $(filter %.cc,$(SOURCES))

clean:
	rm -rf build
