# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvrpq, shared and static, and its tests on the host, where the test stands in for
# the kernel.

VRPQ_SRC  := $(wildcard userlib/vrpq/*.c)
VRPQ_OBJ  := $(VRPQ_SRC:%.c=$(O)/obj/%.o)
VRPQ_HDRS := $(wildcard include/vlx/vrpq/*.h)

$(foreach f,$(VRPQ_SRC:.c=),$(eval CFLAGS_$(subst /,_,$(f)) := -D_GNU_SOURCE -fPIC -pthread))

BINS += $(O)/lib/libvrpq.so.1 $(O)/lib/libvrpq.a

$(O)/lib/libvrpq.so.1: $(VRPQ_OBJ) userlib/vrpq/vrpq.map
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -shared -pthread -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=userlib/vrpq/vrpq.map -o $@ $(VRPQ_OBJ)
	ln -sf $(@F) $(@D)/libvrpq.so

$(O)/lib/libvrpq.a: $(VRPQ_OBJ)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

INSTALLS += install-vrpq
.PHONY: install-vrpq
install-vrpq: $(O)/lib/libvrpq.so.1 $(O)/lib/libvrpq.a
	install -D -m 0644 $(O)/lib/libvrpq.so.1 $(DESTDIR)$(PREFIX)/lib/libvrpq.so.1
	ln -sf libvrpq.so.1 $(DESTDIR)$(PREFIX)/lib/libvrpq.so
	install -D -m 0644 $(O)/lib/libvrpq.a $(DESTDIR)$(PREFIX)/lib/libvrpq.a
	install -d $(DESTDIR)$(PREFIX)/include/vlx/vrpq $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 0644 $(VRPQ_HDRS) $(DESTDIR)$(PREFIX)/include/vlx/vrpq/
	install -D -m 0644 include/nk/nkern.h $(DESTDIR)$(PREFIX)/include/nk/nkern.h
	sed 's|@PREFIX@|$(PREFIX)|' userlib/vrpq/vrpq.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/vrpq.pc
