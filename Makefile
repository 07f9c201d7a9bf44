# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xen-vlink: 'make help' lists the targets.
#
# Everything is built into $(O), never beside the sources. The lab builds the
# same rules a second time for the domains it boots, with its own O, SYSROOT,
# CROSS_COMPILE and KDIR (tests/lab/xenlab does that by itself).

ARCH          ?= $(shell uname -m)
O             ?= build/native
CROSS_COMPILE ?=
SYSROOT       ?=
DESTDIR       ?=
PREFIX        ?= /usr

CC      := $(CROSS_COMPILE)gcc
AR      := $(CROSS_COMPILE)ar
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror
VCFLAGS := -std=gnu11 $(WARN) $(if $(SYSROOT),--sysroot=$(SYSROOT)) -Iinclude -Itoolstack
VLDFLAGS := $(if $(SYSROOT),--sysroot=$(SYSROOT))

.PHONY: all modules install clean help check check-unit check-lab demo bench lint
all:

# Every component adds its own targets: programs to BINS, what 'make check-unit'
# runs to UNIT_TESTS, installation steps to INSTALLS.
BINS       :=
UNIT_TESTS :=
INSTALLS   :=

include $(sort $(wildcard */build.mk tests/*/build.mk))

all: $(BINS) modules
install: $(INSTALLS)

clean:
	rm -rf build

# Objects of user programs: $(O)/obj/<path of the source>.o
$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VCFLAGS) $(CFLAGS_$(subst /,_,$*)) -MMD -MP -c -o $@ $<

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
