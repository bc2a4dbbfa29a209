# The few commands a person needs. CMakePresets.json has the rest; nothing here that could stand there.
#
#   make run         build, then the example: real alerts from a real endpoint reach a local receiver
#   make test        build, then all tests
#   make build       only build: build/tocsin
#   make help        the others

# Where the published conformance material lies, if anywhere; without it those tests are left out.
TOCSIN_CONFORMANCE ?= $(wildcard ../shared/conformance)
JOBS ?= $(shell nproc)
RELEASE = build/release

.PHONY: peers build run test test-asan test-tsan clang tidy fuzz compare-promql bench bench-prometheus bench-alertmanager docs format help clean
.DEFAULT_GOAL := build

define configure
	@test -f build/$(1)/build.ninja && grep -qx 'TOCSIN_CONFORMANCE:PATH=$(abspath $(TOCSIN_CONFORMANCE))' build/$(1)/CMakeCache.txt \
	    || cmake --preset $(1) -DTOCSIN_CONFORMANCE='$(abspath $(TOCSIN_CONFORMANCE))'
endef

build: ## only build: build/tocsin
	@cmake/install_dependencies.sh build
	$(call configure,release)
	@cmake --build $(RELEASE) -j $(JOBS) --target tocsin

run: build ## build, then run the example until Ctrl-C
	@cmake/install_dependencies.sh run
	@examples/ironforge/run

test: peers ## build, then all tests
	@cmake/install_dependencies.sh build test
	$(call configure,release)
	@cmake --build $(RELEASE) -j $(JOBS)
	@ctest --test-dir $(RELEASE) -j $(JOBS) --output-on-failure --no-tests=error

test-asan: peers ## all tests under the address and undefined behaviour sanitizers
	@cmake/install_dependencies.sh build test
	$(call configure,dev)
	@cmake --build build/dev -j $(JOBS)
	@ctest --test-dir build/dev -j $(JOBS) --output-on-failure --no-tests=error

test-tsan: peers ## all tests under the thread sanitizer
	@cmake/install_dependencies.sh build test
	$(call configure,tsan)
	@cmake --build build/tsan -j $(JOBS)
	@ctest --test-dir build/tsan -j $(JOBS) --output-on-failure --no-tests=error

clang: ## build with the second compiler, warnings are errors
	@cmake/install_dependencies.sh build test fuzz
	$(call configure,clang)
	@cmake --build build/clang -j $(JOBS)

tidy: ## clang-tidy over all sources
	@cmake/install_dependencies.sh build test fuzz
	$(call configure,clang)
	@git ls-files '*.cpp' ':!tests' | xargs -P $(JOBS) -n 1 clang-tidy -quiet -p build/clang

fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	@cmake/install_dependencies.sh build test fuzz
	$(call configure,fuzz)
	@cmake --build build/fuzz -j $(JOBS) --target tocsin_fuzzers
	@tests/fuzz/run build/fuzz $(or $(FUZZ_SECONDS),60)

# As long as the data have to reach back, and with tools from elsewhere: see tests/e2e/promql_comparison.py.
compare-promql: build ## the same queries to tocsin and to Prometheus over the same data: TOOLS=FOLDER
	@cmake/fetch_peers.sh build/peers prometheus
	@TOCSIN=$(abspath build/tocsin) python3 tests/e2e/promql_comparison.py --tools '$(TOOLS)' \
	    --queries '$(TOCSIN_CONFORMANCE)/promql-http/queries.json'

bench: ## run the benchmarks
	@cmake/install_dependencies.sh build test fuzz
	@cmake --preset release -B build/bench -DTOCSIN_BENCHMARKS=ON >/dev/null
	@cmake --build build/bench -j $(JOBS) --target tocsin-bench
	@build/bench/tests/tocsin-bench

bench-prometheus: ## the same expressions over the same data, beside Prometheus
	@cmake/install_dependencies.sh build test fuzz
	@cmake/fetch_peers.sh build/peers prometheus
	@cmake --preset release -B build/bench -DTOCSIN_BENCHMARKS=ON >/dev/null
	@cmake --build build/bench -j $(JOBS) --target tocsin-bench
	@python3 tests/bench/prometheus_ratio.py build/bench/tests/tocsin-bench build/peers

bench-alertmanager: build ## 100,000 alerts, and 10,000 groups due together, beside Alertmanager
	@cmake/fetch_peers.sh build/peers prometheus-alertmanager
	@python3 tests/bench/alertmanager_ratio.py build/tocsin build/peers

docs: ## write the generated pages of docs/
	@cmake/install_dependencies.sh build
	$(call configure,release)
	@cmake --build $(RELEASE) -j $(JOBS) --target tocsin-functions-page
	@$(RELEASE)/tests/tocsin-functions-page > docs/functions.md

format: ## clang-format over all sources
	@cmake/install_dependencies.sh fuzz
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

# Programs of the distribution that the end-to-end tests run against.
peers:
	@cmake/fetch_peers.sh build/peers prometheus-node-exporter prometheus-alertmanager prometheus

clean: ## forget all builds
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14
