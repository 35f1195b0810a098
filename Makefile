# SPDX-License-Identifier: Apache-2.0
# The short way to everything; CMake does the work. `make help` lists the targets.

SECONDS = 60

help:
	@echo 'make build           install what is missing (Debian), then build build/ockham and build/libockham.{so,a}'
	@echo 'make test            every check and every test, as CI runs them'
	@echo 'make demo            build, then run the examples'
	@echo 'make fuzz SECONDS=60 fuzz every reader for so long each'
	@echo 'make format          lay out all C files'
	@echo 'make clean           remove build/'

build:
	@tools/install_deps build
	@[ -f build/build.ninja ] || cmake -G Ninja -S . -B build -DOCKHAM_TESTS=OFF
	ninja -C build ockham ockham_shared ockham_static elbow-or-bic

test:
	@tools/install_deps build test
	@tools/test

demo: build
	@examples/demo

fuzz:
	@tools/install_deps build test
	@tools/fuzz $(SECONDS)

format:
	@tools/install_deps test
	@tools/check_format --fix

clean:
	rm -rf build

.PHONY: help build test demo fuzz format clean
