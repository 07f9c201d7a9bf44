# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Suites that play one end of a link from user space, and play it badly.

HOSTILE_LIBS   := -lxengnttab -lxenevtchn -lxenstore -lcunit
HOSTILE_COMMON := $(addprefix tests/hostile/,peer hostile friendly keys grants indices states) \
		  $(addprefix tests/suites/,harness vbpipe_common agent_client transfer pattern asleep)
HOSTILE_BINS   := $(addprefix $(O)/hostile/,hostile_client hostile_server)

$(HOSTILE_BINS): $(O)/hostile/%: $(O)/obj/tests/hostile/%.o $(HOSTILE_COMMON:%=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -pthread -o $@ $^ $(HOSTILE_LIBS)

BINS += $(HOSTILE_BINS)

.PHONY: install-hostile install-tests
install-hostile: $(HOSTILE_BINS)
	install -d $(DESTDIR)/usr/lib/xen-vlink/tests
	install -m 755 $(HOSTILE_BINS) $(DESTDIR)/usr/lib/xen-vlink/tests/
install-tests: install-hostile
