# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xen-vlink: 'make help' lists the targets.
#
# Everything is built into $(O), never beside the sources. The lab builds the
# same rules a second time for the domains it boots, with its own O, SYSROOT,
# CROSS_COMPILE and KDIR (tests/lab/xenlab does that by itself).
#
#: make                 programs, libraries and modules, into build/native
#: make demo            Xen domains talk and draw, from the device tree on
#: make check           all tests: on the host, then in domains on real Xen
#: make check-unit      the tests that need no Xen, under a minute
#: make check-lab       the tests in domains (tests/lab/runs.table)
#: make check-all       the same, and the rest of scenarios and flavours
#:                      (tests/lab/runs-more.table): some hours
#: make bench           measure, beside other ways between domains (ROWS="vbpipe.")
#: make lint            checkpatch, sparse, cppcheck, clang-tidy, shellcheck
#: make install         into DESTDIR, PREFIX=/usr
#: make uninstall       what 'make install' with the same variables installs, but for
#:                      configuration that was changed
#: make deb             Debian packages, into build/packages
#: make check-packages  builds, installs, upgrades and purges them in fresh systems of
#:                      SUITES="bookworm trixie" (as root)
#: make check-host      uses, upgrades and removes them on Debian hosts with systemd, dom0 and
#:                      guests on emulated Xen: hours; SUITES as above (as root)
#: make clean
#:
#: Variables: O (build directory), KDIR (kernel headers), CROSS_COMPILE, SYSROOT,
#: DESTDIR, PREFIX, LIBDIR, CFLAGS, LDFLAGS, WERROR, MODULES (no: install none). 'make demo' and 'make check' install the Debian packages
#: that are missing, unless PACKAGES=no.

ARCH          ?= $(shell uname -m)
O             ?= build/native
CROSS_COMPILE ?=
SYSROOT       ?=
DESTDIR       ?=
PREFIX        ?= /usr
LIBDIR        ?= $(PREFIX)/lib
WERROR        ?= -Werror

VERSION := $(shell sed -n 's/.*XEN_VLINK_VERSION "\(.*\)"/\1/p' include/vlink/version.h)
CC      := $(CROSS_COMPILE)gcc
AR      := $(CROSS_COMPILE)ar
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra $(WERROR)
VCFLAGS := -std=gnu11 $(WARN) $(if $(SYSROOT),--sysroot=$(SYSROOT)) -Iinclude -Itoolstack
# Without -B and -L gcc takes this machine's libraries first, which are of another release.
SYSROOT_LIB = $(SYSROOT)/usr/lib/$(shell $(CC) -print-multiarch)
VLDFLAGS := $(if $(SYSROOT),--sysroot=$(SYSROOT) -B$(SYSROOT_LIB) -L$(SYSROOT_LIB))

.PHONY: deb check-packages check-host all modules install uninstall clean help check check-unit check-lab check-all demo bench lint
all:

# Every component adds its own targets: programs and libraries to BINS, installation steps to INSTALLS,
# and what 'make check-unit' runs with
#
#   $(call unit_test,TARGET,PROGRAMS)	the programs are built first, for all targets at once
BINS          :=
INSTALLS      :=
UNIT_TESTS    :=
UNIT_PROGRAMS :=
unit_test = $(eval UNIT_TESTS += $1)$(eval UNIT_PROGRAMS += $2)$(eval .PHONY: $1)$(eval $1: $2)

# Archives that several programs link:
#
#   $(eval $(call vlink_lib,NAME,SOURCES))	$(O)/lib/libNAME.a, and another with the sanitizers
#   $(call vlink_libs,$(O) or $(O)/asan,NAME...)	their files
vlink_libs = $(2:%=$1/lib/lib%.a)
define vlink_lib
$(O)/lib/lib$1.a: $(2:%.c=$(O)/obj/%.o)
$(O)/asan/lib/lib$1.a: $(2:%.c=$(O)/asan/obj/%.o)
$(O)/lib/lib$1.a $(O)/asan/lib/lib$1.a:
	@mkdir -p $$(@D)
	rm -f $$@
	$$(AR) rcsD $$@ $$^
endef

# Host unit tests are built with the sanitizers.
ASAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

#   $(call install_man,PAGE...)	installs pages of docs/man
install_man = $(foreach page,$1,install -D -m 0644 docs/man/$(page) \
	$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(page) &&) true

# The archives first.
include $(sort $(wildcard toolstack/*/build.mk)) $(sort $(wildcard */build.mk tests/*/build.mk))

.PHONY: programs
programs: $(BINS)
all: programs modules
install: $(INSTALLS)

uninstall:
	@rm -rf $(O)/uninstall
	@$(MAKE) -s install DESTDIR=$(abspath $(O))/uninstall > /dev/null
	@scripts/uninstall $(O)/uninstall "$(DESTDIR)"

.PHONY: unit-programs
unit-programs: $(UNIT_PROGRAMS)

# What the host needs is checked before anything is built (PACKAGES=no: is not).
.PHONY: packages packages-lab packages-host
packages packages-lab packages-host:
	@scripts/packages $@

check: packages-lab
	@tests/check start
	@tests/check unit $(UNIT_TESTS)
	@tests/check lab
	@tests/check sum

check-unit: packages
	@tests/check start
	@tests/check unit $(UNIT_TESTS)
	@tests/check sum

check-lab: packages-lab
	@tests/check start
	@tests/check lab
	@tests/check sum

check-all: packages-lab
	@tests/check start
	@tests/check unit $(UNIT_TESTS)
	@tests/check lab tests/lab/runs.table tests/lab/runs-more.table
	@tests/check sum

demo: packages-lab
	@examples/demo

deb:
	@scripts/deb $(DEBFLAGS)

check-packages:
	@tests/packages/check $(SUITES)

check-host: packages-host
	@tests/host/check $(SUITES)

lint:
	@tests/lint

help:
	@sed -n 's/^#: //p' $(firstword $(MAKEFILE_LIST))

clean:
	rm -rf build

$(O)/.headers:
	@mkdir -p $(@D)
	@scripts/check-headers $(CC) $(if $(SYSROOT),--sysroot=$(SYSROOT))
	@touch $@

# What was built with other SETTINGS is built anew: the file changes when they do.
.PHONY: FORCE
$(O)/.settings: export SETTINGS = $(CC) $(CFLAGS) $(VCFLAGS) $(PREFIX)
%/.settings: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$SETTINGS" | cmp -s - $@ || printf '%s\n' "$$SETTINGS" > $@

# Objects of user programs: $(O)/obj/<path of the source>.o
$(O)/obj/%.o: %.c $(O)/.settings | $(O)/.headers
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VCFLAGS) $(CFLAGS_$(subst /,_,$*)) -MMD -MP -c -o $@ $<

$(O)/asan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -Itests/unit -MMD -MP -c -o $@ $<

-include $(shell find $(O)/obj $(O)/asan/obj -name '*.d' 2>/dev/null)
