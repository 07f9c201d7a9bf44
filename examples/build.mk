# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example programs of the services, a directory each.

EXAMPLE_DIR := /usr/lib/xen-vlink/examples

example_objs = $(patsubst %,$(O)/obj/examples/%.o,$(1))

$(O)/examples/echo-server: $(call example_objs,vbpipe/echo-server vbpipe/message)
$(O)/examples/echo-client: $(call example_objs,vbpipe/echo-client vbpipe/message)

$(O)/examples/vrpq-server: $(call example_objs,vrpq/server vrpq/painter vrpq/canvas)
$(O)/examples/vrpq-client: $(call example_objs,vrpq/client vrpq/easel vrpq/canvas vrpq/font)
$(O)/examples/vrpq-tally-server: $(call example_objs,vrpq/tally-server)
$(O)/examples/vrpq-tally-client: $(call example_objs,vrpq/tally-client)
VRPQ_EXAMPLES := $(addprefix $(O)/examples/vrpq-,server client tally-server tally-client)
$(VRPQ_EXAMPLES): EXAMPLE_LIBS := -L$(O)/lib -lvrpq -pthread
$(VRPQ_EXAMPLES): | $(O)/lib/libvrpq.so.1

$(O)/examples/vumem-server: $(call example_objs,vumem/server vumem/picture vumem/save)
$(O)/examples/vumem-client: $(call example_objs,vumem/client vumem/picture)
$(O)/examples/vumem-share: $(call example_objs,vumem/share vumem/picture)
VUMEM_EXAMPLES := $(addprefix $(O)/examples/vumem-,server client share)
$(VUMEM_EXAMPLES): EXAMPLE_LIBS := -L$(O)/lib -lvumem -pthread
$(O)/examples/vumem-server: EXAMPLE_LIBS += -lpng
$(VUMEM_EXAMPLES): | $(O)/lib/libvumem.so.1

$(O)/examples/vsock-server: $(call example_objs,vsock/server vsock/common)
$(O)/examples/vsock-client: $(call example_objs,vsock/client vsock/common)
$(O)/examples/vsock-datagram: $(call example_objs,vsock/datagram vsock/common)

EXAMPLE_BINS := $(VRPQ_EXAMPLES) $(VUMEM_EXAMPLES) $(addprefix $(O)/examples/,echo-server \
		  echo-client vsock-server vsock-client vsock-datagram)

$(EXAMPLE_BINS):
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ $(EXAMPLE_LIBS)

BINS += $(EXAMPLE_BINS)

.PHONY: install-examples
install-examples: $(EXAMPLE_BINS)
	install -d $(DESTDIR)$(EXAMPLE_DIR)
	install -m 755 $(EXAMPLE_BINS) $(DESTDIR)$(EXAMPLE_DIR)/
	install -m 644 examples/vrpq/client.expected $(DESTDIR)$(EXAMPLE_DIR)/vrpq-client.expected
INSTALLS += install-examples

# The example of a service of one's own: built as a user would, outside of this tree and
# against what is installed. For the lab.
SERVICE_TREE := $(O)/service

.PHONY: install-example-service
install-example-service: install-modules install-headers
	rm -rf $(SERVICE_TREE)
	mkdir -p $(SERVICE_TREE)
	cp $(addprefix examples/service/,Kbuild Makefile vbell.h vbell.c vbell-front.c vbell-back.c) $(SERVICE_TREE)/
	+env -u MAKEFLAGS -u MAKEOVERRIDES -u O $(MAKE) -C $(SERVICE_TREE) KDIR=$(KDIR) \
	    VLINK=$(abspath $(DESTDIR)/$(PREFIX)/src/xen-vlink) DESTDIR=$(abspath $(DESTDIR)/) \
	    $(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) modules install
install-tests: install-example-service
