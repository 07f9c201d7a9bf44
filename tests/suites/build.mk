# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The suites that run inside domains: a program each, with the harness and, for
# the peer's half, the agent. Installed for the lab by 'make install-tests'.

SUITE_DIR := /usr/lib/xen-vlink/tests

suite_objs = $(patsubst %,$(O)/obj/tests/suites/%.o,$(1))

SUITE_COMMON  := harness pattern asleep agent_client transfer
VBPIPE_SUITE  := vbpipe_suite vbpipe_common vbpipe_open vbpipe_close vbpipe_read vbpipe_write \
		 vbpipe_poll vbpipe_file vbpipe_info vbpipe_concurrent vbpipe_kill vbpipe_stats \
		 vbpipe_data vbpipe_polling

$(foreach s,harness vbpipe_common vbpipe_info vbpipe_transfer vrpq_common vrpq_router \
	      vrpq_process vrpq_serve vrpq_cut vma,$(eval CFLAGS_tests_suites_$(s) := -D_GNU_SOURCE))

$(O)/suites/agent: $(call suite_objs,agent agent_server agent_sockets pattern asleep)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^

$(O)/suites/vbpipe_suite: $(call suite_objs,$(SUITE_COMMON) $(VBPIPE_SUITE))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -lcunit

$(O)/suites/vbpipe_transfer $(O)/suites/vbpipe_kept: $(O)/suites/%: $(call suite_objs,% announce pattern)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -lxenstore

# Agent and suite of VRPQ direct processes with the same operations
VRPQ_REMOTE := vrpq_remote vrpq_router vrpq_process vrpq_client_ops vrpq_server_ops vrpq_serve \
	       vrpq_crowd vrpq_params vrpq_memory vma transfer pattern asleep
VRPQ_SUITE  := vrpq_suite vrpq_common vrpq_session vrpq_call vrpq_post vrpq_param vrpq_close \
	       vrpq_callback vrpq_servers vrpq_prof vrpq_kill vrpq_limits vrpq_share

$(O)/suites/vrpq_agent: $(call suite_objs,vrpq_agent $(VRPQ_REMOTE))
$(O)/suites/vrpq_suite: $(call suite_objs,harness $(VRPQ_SUITE) $(VRPQ_REMOTE))
$(O)/suites/vrpq_suite: VRPQ_SUITE_LIBS := -lcunit
$(O)/suites/vrpq_agent $(O)/suites/vrpq_suite: | $(O)/lib/libvrpq.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvrpq $(VRPQ_SUITE_LIBS)

$(O)/suites/vrpq_cut: $(call suite_objs,vrpq_cut announce pattern) | $(O)/lib/libvrpq.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvrpq -lxenstore

# The agent and its library once more for 32-bit x86, where there is a compiler with a C
# library for that
I686_CC := $(shell command -v i686-linux-gnu-gcc)
ifneq ($(and $(I686_CC),$(findstring x86_64,$(shell $(CC) -dumpmachine))),)
$(O)/suites/vrpq_agent32: $(patsubst %,tests/suites/%.c,vrpq_agent $(VRPQ_REMOTE)) $(wildcard userlib/vrpq/*.c userlib/common/*.c) \
			  $(wildcard tests/suites/vrpq_*.h tests/suites/vma.h userlib/vrpq/*.h include/vlx/vrpq/*.h)
	@mkdir -p $(@D)
	$(I686_CC) -O1 -g $(WARN) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude -pthread \
		-static -o $@ $(filter %.c,$^)
SUITE_BINS32 := $(O)/suites/vrpq_agent32
endif

# VUMEM: the suite has the clients, the agent the server
VUMEM_SUITE := vumem_suite vumem_common vumem_session vumem_alloc vumem_map vumem_vma vumem_share \
	       vumem_order vumem_death vumem_stat vma

$(O)/suites/vumem_agent: $(call suite_objs,vumem_agent vumem_serve vumem_memory transfer pattern)
$(O)/suites/vumem_suite: $(call suite_objs,harness $(VUMEM_SUITE) transfer pattern asleep)
$(O)/suites/vumem_suite: VUMEM_SUITE_LIBS := -lcunit
$(O)/suites/vumem_agent $(O)/suites/vumem_suite: | $(O)/lib/libvumem.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvumem $(VUMEM_SUITE_LIBS)

$(O)/suites/vumem_cut: $(call suite_objs,vumem_cut announce asleep) | $(O)/lib/libvumem.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvumem -lxenstore

# vsock: the calls of VBPIPE's suite in threads and processes serve here too
VSOCK_SUITE := vsock_suite vsock_common vsock_socket vsock_connect vsock_data vsock_poll vsock_dgram \
	       vsock_leak vsock_many vsock_own agent_socket_calls vbpipe_common

$(foreach s,agent_sockets vsock_common vsock_socket vsock_connect vsock_data vsock_poll vsock_dgram \
	    vsock_leak vsock_many vsock_own vsock_cut,$(eval CFLAGS_tests_suites_$(s) := -D_GNU_SOURCE))

$(O)/suites/vsock_suite: $(call suite_objs,$(SUITE_COMMON) $(VSOCK_SUITE))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -lcunit

$(O)/suites/vsock_cut: $(call suite_objs,vsock_cut announce)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -lxenstore

SUITE_BINS := $(SUITE_BINS32) $(addprefix $(O)/suites/,agent vbpipe_suite vbpipe_transfer vbpipe_kept vrpq_agent vrpq_suite \
	        vrpq_cut vumem_agent vumem_suite \
	        vumem_cut vsock_suite vsock_cut)

# 32-bit x86 without a C library, which any x86 compiler can build
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine)),)
$(O)/suites/echo32: tests/suites/echo32.c
	@mkdir -p $(@D)
	$(CC) -m32 -O1 $(WARN) -std=gnu11 -ffreestanding -fno-pic -fno-stack-protector -nostdlib \
		-static -Wl,--build-id=none -o $@ $<
SUITE_BINS += $(O)/suites/echo32
endif

# Between programs that are not ours
SUITE_SCRIPTS := tests/suites/vsock_programs.sh tests/suites/vsock_programs.py

# Commands that say the version
install_command = sed 's/@VERSION@/$(VERSION)/' $1 | \
	install -D -m 0755 /dev/stdin $(DESTDIR)$(PREFIX)/bin/$(notdir $1)

.PHONY: install-suites install-tests
install-suites: $(SUITE_BINS) $(SUITE_SCRIPTS)
	install -d $(DESTDIR)$(SUITE_DIR) $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(SUITE_BINS) $(SUITE_SCRIPTS) $(DESTDIR)$(SUITE_DIR)/
	install -m 644 tests/suites/own-links.sh examples/selftest/links.dtsi $(DESTDIR)$(SUITE_DIR)/
	$(call install_command,tests/suites/vlink-selftest)
	$(call install_man,vlink-selftest.1)
	ln -sf vrpqstat $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vlink-selftest
install-tests: install-suites

# Host test of the harness and the agent, with the sanitizers
SELFTEST_SRCS := $(addprefix tests/suites/,selftest.c harness.c agent_server.c agent_sockets.c agent_client.c \
		   transfer.c pattern.c asleep.c)

$(O)/test/suites_selftest: $(SELFTEST_SRCS) $(wildcard tests/suites/*.h) tests/unit/unit.h
	@mkdir -p $(@D)
	$(CC) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(VCFLAGS) -D_GNU_SOURCE \
		-pthread -o $@ $(SELFTEST_SRCS) -lcunit

$(call unit_test,unit-suites,$(O)/test/suites_selftest)
unit-suites:
	$<

$(call unit_test,check-commands,$(O)/bin/bench-report $(O)/bin/dts2xl)
check-commands:
	tests/unit/commands.sh $^
