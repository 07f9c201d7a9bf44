# SPDX-License-Identifier: LGPL-2.1-or-later
# Host tests of code that kernel and user space share.

$(call unit_test,check-ring,$(O)/test/ring_test)
$(call unit_test,check-ring-stress,$(O)/test/ring_stress)
$(call unit_test,check-ring-stress-tsan,$(O)/test/ring_stress_tsan)
check-ring check-ring-stress check-ring-stress-tsan:
	$<

RING_DEPS := include/vlink/ring.h tests/unit/unit.h

$(O)/test/ring_test: tests/unit/ring_test.c $(RING_DEPS)
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -o $@ $< -lcunit

# The fences are what is tested: no sanitizer in their way.
$(O)/test/ring_stress: tests/unit/ring_stress.c $(RING_DEPS)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(VCFLAGS) -pthread -o $@ $< -lcunit

$(O)/test/ring_stress_tsan: tests/unit/ring_stress.c $(RING_DEPS)
	@mkdir -p $(@D)
	$(CC) -O1 -g -fsanitize=thread $(VCFLAGS) -pthread -o $@ $< -lcunit

$(call unit_test,check-rendezvous,$(O)/test/rendezvous_test)
check-rendezvous:
	$<

$(O)/test/rendezvous_test: tests/unit/rendezvous_test.c xen-common/vbpipe/rendezvous.h \
	include/xen/io/vbpipe.h $(RING_DEPS)
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -o $@ $< -lcunit

$(call unit_test,check-states,$(O)/test/states_test)
check-states:
	$<

$(O)/test/states_test: tests/unit/states_test.c xen-common/vlink/states.h tests/unit/unit.h
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -o $@ $< -lcunit

# The kernel's readers of info strings, over the headers of tests/unit/text.
$(call unit_test,check-info,$(O)/test/info_test)
check-info:
	$<

INFO_PARTS := $(call vlink_libs,$(O)/asan,vlinkcfg toolstack)

$(O)/test/info_test: tests/unit/info_test.c xen-common/vlink/param.c xen-common/vbpipe/config.c \
	include/vlink/info.h tests/unit/unit.h $(wildcard tests/unit/text/linux/*.h) $(INFO_PARTS)
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) $(KERNEL_WARN) -D_GNU_SOURCE -Itests/unit/text -o $@ $< $(INFO_PARTS) \
		-lcunit $(VLINKCFG_LIBS)

# Sources of vlink.ko as they are, but for the kernel's headers.
$(O)/test/kernel/%.c: xen-common/vlink/%.c
	@mkdir -p $(@D)
	sed '/^#include/d' $< > $@

$(call unit_test,check-charge,$(O)/test/charge_test)
$(call unit_test,check-quarantine,$(O)/test/quarantine_test)
$(call unit_test,check-fail,$(O)/test/fail_test)
$(call unit_test,check-version,$(O)/test/version_test)
check-charge check-quarantine check-fail check-version:
	$<

$(O)/test/charge_test $(O)/test/quarantine_test $(O)/test/fail_test $(O)/test/version_test: $(O)/test/%_test: tests/unit/%_test.c $(O)/test/kernel/%.c tests/unit/kernel_stand_ins.h tests/unit/unit.h
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -Wno-unused-parameter -D_GNU_SOURCE -I$(O)/test -o $@ $< -lcunit

# What sockets of the kernel send and forward, over the stand-ins of tests/unit/kernel.
# The kernel's own sources are built without these.
KERNEL_WARN := -Wno-sign-compare -Wno-unused-parameter
VSOCK_TEST := tests/unit/vsock_test.c tests/unit/kernel/kernel.c \
	      $(addprefix xen-common/vsock/,tx.c rx.c memory.c)

$(call unit_test,check-vsock,$(O)/test/vsock_test)
check-vsock:
	$<

$(O)/test/vsock_test: $(VSOCK_TEST) xen-common/vsock/vsock.h include/xen/io/vsock.h $(RING_DEPS) \
	$(wildcard tests/unit/kernel/*.h tests/unit/kernel/linux/*.h)
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) -Itests/unit/kernel $(VCFLAGS) $(KERNEL_WARN) -o $@ $(VSOCK_TEST) -lcunit

include tests/unit/module/build.mk

# The drivers of VUMEM; both ends, of which a test uses one.
VUMEM_KERNEL_SRC := $(wildcard xen-common/vumem/*.c xen-frontends/vumem/*.c xen-backends/vumem/*.c) \
		    xen-common/vlink/mailbox.c tests/unit/vumem_link.c $(KERNEL_TEST_SRC)
VUMEM_KERNEL_DEPS := $(KERNEL_TEST_DEPS) tests/unit/vumem_link.h \
		     $(wildcard xen-*/vumem/*.h)

$(call unit_test,check-vumem-front,$(O)/test/vumem_front_test)
$(call unit_test,check-vumem-back,$(O)/test/vumem_back_test)
$(call unit_test,check-vumem-attack,$(O)/test/vumem_attack_test)
$(call unit_test,check-vumem-front-stress,$(O)/test/vumem_front_stress)
$(call unit_test,check-vumem-front-stress-tsan,$(O)/test/vumem_front_stress_tsan)
check-vumem-front check-vumem-back check-vumem-attack check-vumem-front-stress \
check-vumem-front-stress-tsan:
	$<

# The sources once for each sanitizer. ThreadSanitizer knows no fences.
VUMEM_ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
VUMEM_TSAN := -fsanitize=thread -Wno-tsan
vumem_kernel_objs = $(VUMEM_KERNEL_SRC:%.c=$(KERNEL_TEST_DIR)/$1/%.o)

$(KERNEL_TEST_DIR)/asan/%.o: %.c $(VUMEM_KERNEL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(KERNEL_TEST_CFLAGS) $(VUMEM_ASAN) -c -o $@ $<

$(KERNEL_TEST_DIR)/tsan/%.o: %.c $(VUMEM_KERNEL_DEPS)
	@mkdir -p $(@D)
	$(CC) $(KERNEL_TEST_CFLAGS) $(VUMEM_TSAN) -c -o $@ $<

$(KERNEL_TEST_DIR)/asan/tests/unit/vumem_attack_test.o: tests/unit/attack.h

$(addprefix $(O)/test/vumem_,front_test back_test attack_test front_stress): $(O)/test/%: \
		$(KERNEL_TEST_DIR)/asan/tests/unit/%.o $(call vumem_kernel_objs,asan)
	$(CC) $(VUMEM_ASAN) -pthread -o $@ $^ -lcunit

$(O)/test/vumem_front_stress_tsan: $(KERNEL_TEST_DIR)/tsan/tests/unit/vumem_front_stress.o \
		$(call vumem_kernel_objs,tsan)
	$(CC) $(VUMEM_TSAN) -pthread -o $@ $^ -lcunit

# The drivers of VRPQ: both ends, or one against a kernel that the test plays.
VRPQ_KERNEL_SRC := $(wildcard xen-common/vrpq/*.c xen-frontends/vrpq/*.c xen-backends/vrpq/*.c) \
		   xen-common/vlink/mailbox.c tests/unit/vrpq_link.c $(KERNEL_TEST_SRC)
VRPQ_KERNEL_DEPS := $(KERNEL_TEST_DEPS) $(VRPQ_KERNEL_SRC) tests/unit/vrpq_link.h \
		    $(wildcard xen-*/vrpq/*.h)

$(call unit_test,check-vrpq-kernel,$(O)/test/vrpq_kernel_test)
check-vrpq-kernel:
	$<

$(call unit_test,check-vrpq-attack,$(O)/test/vrpq_attack_test)
check-vrpq-attack:
	$<

$(addprefix $(O)/test/vrpq_,kernel_test attack_test): $(O)/test/%: tests/unit/%.c tests/unit/attack.h \
		$(VRPQ_KERNEL_DEPS)
	$(call link_kernel_test,$(VRPQ_KERNEL_SRC))

# A pipe's connections, and events for them.
VBPIPE_KERNEL_SRC := $(addprefix xen-common/vbpipe/,connection.c rendezvous.c) tests/unit/module/kernel.c

$(call unit_test,check-vbpipe-events,$(O)/test/vbpipe_event_test)
check-vbpipe-events:
	$<

$(O)/test/vbpipe_event_test: tests/unit/vbpipe_event_test.c $(KERNEL_TEST_DEPS) $(VBPIPE_KERNEL_SRC) \
		$(wildcard xen-common/vbpipe/*.h)
	$(call link_kernel_test,$(VBPIPE_KERNEL_SRC))

# Which numbers and names the nodes of pipes get.
VBPIPE_NODE_SRC := xen-common/vbpipe/device.c tests/unit/module/kernel.c

$(call unit_test,check-vbpipe-nodes,$(O)/test/vbpipe_node_test)
check-vbpipe-nodes:
	$<

$(O)/test/vbpipe_node_test: tests/unit/vbpipe_node_test.c $(KERNEL_TEST_DEPS) $(VBPIPE_NODE_SRC) \
		$(wildcard xen-common/vbpipe/*.h)
	$(call link_kernel_test,$(VBPIPE_NODE_SRC))

$(call unit_test,check-install,)
check-install:
	tests/unit/install.sh $(MAKE) $(O)

$(call unit_test,check-layouts,)
check-layouts:
	tests/unit/layouts.sh "$(CC)"

$(call unit_test,check-symbols,$(O)/lib/libvrpq.so.1 $(O)/lib/libvumem.so.1)
check-symbols:
	tests/unit/symbols.sh "$(CROSS_COMPILE)nm" $(O)/lib
