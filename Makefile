# SPDX-License-Identifier: Apache-2.0
# The front door; Meson does the work. `make help` lists what there is.

PREFIX ?= /usr/local
DESTDIR ?=
TIME ?= 30
STEPS ?=
SEED ?= 1
SEEDS ?= 1000

MESON := meson
PYTHON := /usr/bin/python3
PACKAGES := packaging/install-packages

# Ninja 1.10, which is Debian 11's, has no --quiet: what it says is kept, and shown when it fails.
quietly = ninja -C $(1) $(2) >$(1)/ninja.log 2>&1 || { cat $(1)/ninja.log; exit 1; }

.PHONY: build help demo check check-long check-on lint sim fuzz bench bench-fleet bench-instructions install uninstall deb clean
.DEFAULT_GOAL := build

build:
	@$(PACKAGES) --check build unit
	@test -f build/build.ninja || $(MESON) setup build
	@ninja -C build

help:
	@echo 'make                  build everything into build/'
	@echo 'make demo             see it work on unmodified servers; as root it installs what is missing'
	@echo 'make check            run every test; as root it installs what is missing'
	@echo '                        STEPS="unit asan": only these of: unit e2e asan tsan valgrind corpus differential model sim lint'
	@echo 'make check-long       what takes minutes each, besides make check; STEPS="sim-long": only these of: openssl-suite unit-long e2e-long musl arm64 packages sim-long differential-long'
	@echo 'make check-on RELEASE="11 13"  build and test on other releases of Debian, each in a chroot; as root only'
	@echo '                        ARGS="--fresh" makes the chroots anew, ARGS="--steps unit" runs only these steps'
	@echo 'make lint             the same as make check STEPS=lint'
	@echo 'make fuzz TIME=30     look for crashes, so many seconds for each target'
	@echo 'make sim SEEDS=1000   simulated fleets: more seeds; SEED=N begins elsewhere'
	@echo 'make bench            measure speed and cost, in six minutes on a quiet machine'
	@echo '                        ARGS="--json FILE --strict --quick --only server": see tests/bench/bench.py --help'
	@echo 'make bench-instructions  count instructions instead, which no other work on the machine disturbs'
	@echo 'make bench-fleet      measure a fleet of 100 stekds on one etcd, in five minutes; ARGS="--hosts 20"'
	@echo 'make install          PREFIX=/usr/local DESTDIR='
	@echo 'make uninstall        remove what make install has put in place; the same PREFIX and DESTDIR'
	@echo 'make deb              build Debian packages into build-deb/'
	@echo 'make clean            remove every build folder'

# In build/ where there is one; else in a folder of its own, which needs nothing of the tests.
demo: DEMO := $(if $(wildcard build/build.ninja),build,build-demo)
demo:
	@$(PACKAGES) build demo
	@test -f $(DEMO)/build.ninja || $(MESON) setup $(DEMO) -Dtests=false >/dev/null
	@$(call quietly,$(DEMO),demo)
	@STEK_BUILD=$(DEMO) $(PYTHON) demo/demo.py

check:
	@$(PACKAGES)
	@$(PYTHON) tests/run/check $(STEPS)

check-long:
	@$(PACKAGES)
	@$(PACKAGES) ports
	@$(PYTHON) tests/run/check --long $(STEPS)

# The chroots stay in build-chroots/ for the next run.
check-on:
	@test -n '$(RELEASE)' || { echo 'make check-on RELEASE=trixie; bullseye, bookworm, trixie, forky, sid, experimental, i386'; exit 2; }
	@$(PACKAGES) other
	@$(PYTHON) tests/run/check-on $(RELEASE) $(ARGS)

lint:
	@$(PACKAGES)
	@$(PYTHON) tests/run/check lint

sim: build
	@build/tests/sim/sim --seed $(SEED) --seeds $(SEEDS)

fuzz:
	@$(PACKAGES)
	@$(PYTHON) tests/run/fuzz --time $(TIME)

# As it is installed, and in a folder of its own.
bench-instructions: PARTS := --only instructions
bench bench-instructions:
	@$(PACKAGES) build unit demo bench
	@test -f build-bench/build.ninja || $(MESON) setup build-bench >/dev/null
	@$(call quietly,build-bench,bench)
	@STEK_BUILD=build-bench $(PYTHON) tests/bench/bench.py $(PARTS) $(ARGS)

bench-fleet:
	@$(PACKAGES) build unit demo bench check
	@test -f build-bench/build.ninja || $(MESON) setup build-bench >/dev/null
	@$(call quietly,build-bench,)
	@STEK_BUILD=build-bench $(PYTHON) tests/bench/fleet_etcd.py $(ARGS)

# In a folder of its own: paths under PREFIX are compiled in, and tests are left out.
install:
	@$(PACKAGES) --check build
	@$(MESON) setup build-install $(if $(wildcard build-install/build.ninja),--reconfigure) \
	    --prefix '$(PREFIX)' -Dtests=false >/dev/null
	@$(call quietly,build-install,)
	@$(MESON) install -C build-install --no-rebuild $(if $(DESTDIR),--destdir '$(abspath $(DESTDIR))')
	@packaging/installed record build-install/meson-logs/install-log.txt '$(PREFIX)' '$(abspath $(DESTDIR))'
	@test -n '$(DESTDIR)' || test "$$(id -u)" != 0 || ldconfig

# By what was written down then, not by a build folder.
uninstall:
	@packaging/installed remove '$(PREFIX)' '$(abspath $(DESTDIR))'
	@test -n '$(DESTDIR)' || test "$$(id -u)" != 0 || ldconfig

# In a copy of the tree.
deb:
	@$(PACKAGES) --check build deb
	@packaging/make-deb build-deb
	@ls build-deb/*.deb

clean:
	rm -rf build build-deb build-demo build-asan build-tsan build-fuzz build-install build-bench build-musl build-arm64 build-ports
