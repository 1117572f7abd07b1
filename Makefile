# make match GAMES=4   sets everything up and plays Shicho against GNU Go
# make test            the whole test suite; make lint: style and types; make sanitize: the C core under ASan and UBSan
# make fuzz            10 million random moves on the C core alone, under both sanitizers; MOVES=300000 for fewer, SEED=
# make fuzz-gtp        100,000 random lines for the GTP server and the analysis engine; LINES=3000 for fewer, SEED=
# make pages           docs/features and docs/gtp.md anew, from the tables of engine/features.py and the docstrings of commands
# make dev             the extension in place and build/path for PYTHONPATH, to work without installing
#
# Everything Python needs goes into .venv. Another Python: make PYTHON=python3.12 ...

PYTHON ?= python3
GAMES ?= 10
LEVEL ?= 10
MATCH_OPTIONS ?=
MOVES ?= 10000000
LINES ?= 100000
SEED ?= $(shell date +%s)
TEST_OPTIONS ?= -q -n auto --dist loadfile

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PACKAGES := engine gtp training tools
NODE_MODULES := tests/gtp/sabaki/node_modules
SOURCES := pyproject.toml setup.py constraints.txt $(shell find $(PACKAGES) -type f -not -path 'training/checkpoints/*' \
	\( -name '*.py' -o -name '*.pyi' -o -name '*.[ch]' -o -name '*.toml' -o -name '*.onnx' -o -name '*.md' -o -path '*/page/*' -o -path '*/templates/*' -o -name py.typed \))

# $(call need,test command,Debian packages): where the test fails, install the packages or name them in one line.
define need
	@{ $(1); } >/dev/null 2>&1 || { \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		packages="$(2)"; export DEBIAN_FRONTEND=noninteractive; \
		if command -v apt-get >/dev/null && command -v $${sudo:-sh} >/dev/null; then \
			echo "installing $$packages with apt-get"; \
			$$sudo apt-get install -y -qq --no-install-recommends $$packages >/dev/null 2>&1 || \
			{ $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$packages >/dev/null; }; \
		fi; \
		{ $(1); } >/dev/null 2>&1 || { echo "missing: $$packages (on Debian: apt-get install $$packages); install it and run make again" >&2; exit 1; }; }
endef

python_package = $$($(PYTHON) -c 'import sys; print("python%d.%d" % sys.version_info[:2])' 2>/dev/null || echo python3)
has_header = $(PYTHON) -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")'
has_chromium = command -v chromium || command -v chromium-browser || command -v google-chrome
has_gnugo = PATH="$$PATH:/usr/games:/usr/local/games" command -v gnugo

.PHONY: match test lint sanitize fuzz fuzz-gtp pages dev clean gnugo chromium
.DEFAULT_GOAL := match

match: gnugo $(VENV)/installed
	$(BIN)/play-vs-gnugo --games $(GAMES) --level $(LEVEL) $(MATCH_OPTIONS)

test: gnugo chromium $(NODE_MODULES) $(VENV)/installed-dev
	$(BIN)/python -m pytest $(TEST_OPTIONS)

lint: $(VENV)/installed-dev build/path/shicho
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror engine/csrc/*.[ch] engine/csrc/python/*.[ch] tests/fuzz/*.[ch]

# Python itself is not instrumented, so the sanitizer's library is loaded before it (and libstdc++, whose throw it wraps).
sanitize: $(VENV)/installed-dev
	@rm -rf build/sanitize/lib.*
	SHICHO_SANITIZE=1 $(BIN)/python setup.py --quiet build --build-base build/sanitize
	LD_PRELOAD="$$(cc -print-file-name=libasan.so) libstdc++.so.6" PYTHONMALLOC=malloc \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	PYTHONPATH="$$(echo build/sanitize/lib.*)" $(BIN)/python -m pytest -p no:cacheprovider $(TEST_OPTIONS) tests/engine

fuzz:
	@mkdir -p build/fuzz
	cc -std=c11 -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -UNDEBUG -Wall -Wextra \
	-iquote engine/csrc -o build/fuzz/fuzz_board tests/fuzz/*.c engine/csrc/*.c -lm
	build/fuzz/fuzz_board $(MOVES) $(SEED)

fuzz-gtp: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q tests/gtp/test_fuzz.py tests/gtp/test_analysis_fuzz.py --fuzz-lines $(LINES) --fuzz-seed $(SEED)

# The pages of docs/features, on a position in which hardly a plane is empty, and of GTP's commands.
pages: $(VENV)/installed-dev
	$(BIN)/shicho picture pages tests/data/games/19-seed016.sgf --move 227 -o docs/features
	$(BIN)/python -m shicho.gtp.documentation docs/gtp.md

dev: $(VENV)/installed-dev build/path/shicho
	$(BIN)/python setup.py --quiet build_ext --inplace
	@echo 'ready: PYTHONPATH=build/path $(BIN)/python -m pytest'

clean:
	rm -rf build dist *.egg-info $(NODE_MODULES) .mypy_cache .ruff_cache .pytest_cache .hypothesis engine/_core*.so

gnugo:
	$(call need,$(has_gnugo),gnugo)

# For the tests of web pages alone.
chromium:
	$(call need,$(has_chromium),chromium)

# Sabaki's controller, for the tests alone.
$(NODE_MODULES): tests/gtp/sabaki/package-lock.json
	$(call need,command -v node && command -v npm,nodejs npm)
	npm ci --silent --prefix $(@D)
	@touch $@

$(VENV)/made:
	$(call need,command -v $(PYTHON),python3)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12, for example" >&2; exit 1; }
	$(call need,$(PYTHON) -c 'import ensurepip$(comma) venv',$(python_package)-venv)
	$(call need,$(has_header),$(python_package)-dev)
	$(call need,cc -x c -fsyntax-only -include stdio.h /dev/null,gcc libc6-dev)
	$(PYTHON) -m venv $(VENV)
	@touch $@

# numpy and setuptools first and no build isolation: so the constraints hold for the build as well.
$(VENV)/installed: $(SOURCES) | $(VENV)/made
	@echo "installing into $(VENV) (a first time takes minutes: ONNX Runtime alone is 250 MB)"
	@rm -rf build/lib.* build/bdist.*
	$(PIP) setuptools numpy
	$(PIP) --no-build-isolation .
	@touch $@

$(VENV)/installed-dev: $(SOURCES) | $(VENV)/made
	@echo "installing into $(VENV) with all that tests need (a first time takes minutes: PyTorch is large)"
	@rm -rf build/lib.* build/bdist.*
	$(PIP) setuptools numpy
	$(PIP) --no-build-isolation '.[dev]'
	@touch $(VENV)/installed $@

build/path/shicho:
	@mkdir -p $@
	@for package in $(PACKAGES); do ln -sfn ../../../$$package $@/$$package; done

comma := ,
