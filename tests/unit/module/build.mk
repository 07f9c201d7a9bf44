# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Drivers on the host: their sources, unmodified, over the stand-ins of this directory.

# All of these are kernel.h.
KERNEL_STAND_INS := $(addprefix linux/,anon_inodes cdev completion device err file fs idr kref ktime list \
		      log2 minmax mm module mutex pm_wakeup poll ratelimit_types sched seq_file slab \
		      spinlock uaccess wait workqueue xarray sched/mm sched/signal sched/task) asm/barrier asm/sync_bitops \
		      $(addprefix xen/,grant_table page xenbus xen interface/event_channel \
		      interface/grant_table)
KERNEL_TEST_DIR  := $(O)/test/module
KERNEL_TEST_SRC  := $(wildcard tests/unit/module/*.c)
KERNEL_TEST_DEPS := $(KERNEL_TEST_DIR)/.made $(wildcard tests/unit/module/*.[ch] include/linux/*.h \
		      include/vlink/*.h include/xen/io/*.h) tests/unit/unit.h
# Drivers compare signed with unsigned numbers, and have parameters that they do not need.
KERNEL_TEST_CFLAGS := -std=gnu11 $(WARN) -Wno-sign-compare -Wno-unused-parameter -g -O1 \
		      -D__KERNEL__ -D_GNU_SOURCE -pthread -I$(KERNEL_TEST_DIR) -Itests/unit/module \
		      -Iinclude -Itests/unit -include tests/unit/module/kernel.h

# $(call link_kernel_test,SOURCES): a recipe; the test $< with these, under the sanitizers
define link_kernel_test
@mkdir -p $(@D)
$(CC) $(KERNEL_TEST_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ $< $(1) -lcunit
endef

$(KERNEL_TEST_DIR)/.made: tests/unit/module/build.mk
	@rm -rf $(@D)
	@for name in $(KERNEL_STAND_INS); do \
		mkdir -p $(@D)/$$(dirname $$name) && : > $(@D)/$$name.h || exit 1; \
	done
	@touch $@
