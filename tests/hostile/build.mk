# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Suites that play one end of a link from user space, and play it badly.

HOSTILE_LIBS   := -lxengnttab -lxenevtchn -lxenstore -lcunit
HOSTILE_COMMON := $(addprefix tests/hostile/,peer noise hostile friendly keys grants indices states) \
		  $(addprefix tests/suites/,harness vbpipe_common agent_client transfer pattern asleep)
HOSTILE_BINS   := $(addprefix $(O)/hostile/,hostile_client hostile_server)

$(HOSTILE_BINS): $(O)/hostile/%: $(O)/obj/tests/hostile/%.o $(HOSTILE_COMMON:%=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ $(HOSTILE_LIBS)

# VUMEM: the hostile ends, and the clients that are attacked
VUMEM_HOSTILE      := $(addprefix tests/hostile/,peer mailbox vumem_peer vumem_hostile) \
		      $(addprefix tests/suites/,harness vumem_common transfer pattern asleep)
VUMEM_HOSTILE_BINS := $(addprefix $(O)/hostile/,hostile_vumem_client hostile_vumem_server)

$(VUMEM_HOSTILE_BINS): $(O)/hostile/%: $(O)/obj/tests/hostile/%.o $(VUMEM_HOSTILE:%=$(O)/obj/%.o) | $(O)/lib/libvumem.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvumem $(HOSTILE_LIBS)

$(O)/hostile/vumem_victim: $(addprefix $(O)/obj/tests/,hostile/vumem_victim.o suites/transfer.o suites/pattern.o) | $(O)/lib/libvumem.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvumem

# VRPQ: the hostile ends; the victim's processes are those of the suite's agent
VRPQ_HOSTILE      := $(addprefix tests/hostile/,peer mailbox noise vrpq_peer vrpq_hostile) \
		     $(addprefix tests/suites/,harness vrpq_common vbpipe_common agent_client \
		       vrpq_remote vrpq_router vrpq_process vrpq_client_ops vrpq_server_ops vrpq_serve \
		       vrpq_crowd vrpq_params vrpq_memory vma transfer pattern asleep)
VRPQ_HOSTILE_BINS := $(addprefix $(O)/hostile/,hostile_vrpq_client hostile_vrpq_server)

$(VRPQ_HOSTILE_BINS): $(O)/hostile/%: $(O)/obj/tests/hostile/%.o $(VRPQ_HOSTILE:%=$(O)/obj/%.o) | $(O)/lib/libvrpq.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ -L$(O)/lib -lvrpq $(HOSTILE_LIBS)

# vsock: one hostile end, of a link of its own or beside a dom0 that forwards
VSOCK_HOSTILE := $(addprefix tests/hostile/,peer vsock_peer vsock_attack) \
		 $(addprefix tests/suites/,harness vbpipe_common agent_client agent_socket_calls transfer \
		   pattern asleep)
VSOCK_HOSTILE_BINS := $(addprefix $(O)/hostile/,hostile_vsock hostile_vsock_forward)

$(VSOCK_HOSTILE_BINS): $(O)/hostile/%: $(O)/obj/tests/hostile/%.o $(VSOCK_HOSTILE:%=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ $(HOSTILE_LIBS)

# The local attacker, and honest programs beside it
ATTACKER := $(addprefix attacker,.c _core.c _fd.c _ioctl.c _limit.c _make.c _map.c _memory.c _pool.c \
	      _round.c _socket.c)
$(foreach s,$(ATTACKER:.c=),$(eval CFLAGS_tests_hostile_$(s) := -D_GNU_SOURCE))

$(O)/hostile/attacker: $(ATTACKER:%.c=$(O)/obj/tests/hostile/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^

NEIGHBOUR := $(addprefix hostile/,neighbour neighbour_bytes neighbour_vrpq neighbour_vumem) \
	     suites/pattern suites/transfer
$(foreach s,neighbour neighbour_bytes neighbour_vrpq neighbour_vumem,$(eval CFLAGS_tests_hostile_$(s) := -D_GNU_SOURCE))

$(O)/hostile/neighbour: $(NEIGHBOUR:%=$(O)/obj/tests/%.o) | $(O)/lib/libvrpq.so.1 $(O)/lib/libvumem.so.1
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -L$(O)/lib -lvrpq -lvumem

HOSTILE_BINS += $(VSOCK_HOSTILE_BINS) $(O)/hostile/attacker $(O)/hostile/neighbour
HOSTILE_BINS += $(VRPQ_HOSTILE_BINS) $(VUMEM_HOSTILE_BINS) $(O)/hostile/vumem_victim

.PHONY: install-hostile install-tests
install-hostile: $(HOSTILE_BINS) tests/hostile/attacked.sh
	install -d $(DESTDIR)/usr/lib/xen-vlink/tests
	install -m 755 $^ $(DESTDIR)/usr/lib/xen-vlink/tests/
install-tests: install-hostile
