# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example programs of the services, a directory each.

EXAMPLE_DIR := /usr/lib/xen-vlink/examples

example_objs = $(patsubst %,$(O)/obj/examples/%.o,$(1))

$(O)/examples/echo-server: $(call example_objs,vbpipe/echo-server vbpipe/message)
$(O)/examples/echo-client: $(call example_objs,vbpipe/echo-client vbpipe/message)

EXAMPLE_BINS := $(O)/examples/echo-server $(O)/examples/echo-client

$(EXAMPLE_BINS):
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^

BINS += $(EXAMPLE_BINS)

.PHONY: install-examples
install-examples: $(EXAMPLE_BINS)
	install -d $(DESTDIR)$(EXAMPLE_DIR)
	install -m 755 $(EXAMPLE_BINS) $(DESTDIR)$(EXAMPLE_DIR)/
INSTALLS += install-examples
