# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvrpq, shared and static, and its tests on the host, where the test stands in for
# the kernel.

VRPQ_SRC  := $(wildcard userlib/vrpq/*.c)
VRPQ_OBJ  := $(VRPQ_SRC:%.c=$(O)/obj/%.o)
VRPQ_HDRS := $(wildcard include/vlx/vrpq/*.h)

$(foreach f,$(VRPQ_SRC:.c=),$(eval CFLAGS_$(subst /,_,$(f)) := -D_GNU_SOURCE -fPIC -fno-semantic-interposition \
	-pthread))

BINS += $(O)/lib/libvrpq.so.1 $(O)/lib/libvrpq.a

$(O)/lib/libvrpq.so.1: $(VRPQ_OBJ) $(USERLIB_COMMON_OBJ) userlib/vrpq/vrpq.map
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -shared -pthread -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=userlib/vrpq/vrpq.map -o $@ $(VRPQ_OBJ) $(USERLIB_COMMON_OBJ)
	ln -sf $(@F) $(@D)/libvrpq.so

$(O)/lib/libvrpq.a: $(VRPQ_OBJ) $(USERLIB_COMMON_OBJ)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

INSTALLS += install-vrpq
.PHONY: install-vrpq install-nkern
# The libraries share it; two that install it at a time would collide.
install-nkern:
	install -D -m 0644 include/nk/nkern.h $(DESTDIR)$(PREFIX)/include/nk/nkern.h
install-vrpq: $(O)/lib/libvrpq.so.1 $(O)/lib/libvrpq.a install-nkern
	install -D -m 0644 $(O)/lib/libvrpq.so.1 $(DESTDIR)$(LIBDIR)/libvrpq.so.1
	ln -sf libvrpq.so.1 $(DESTDIR)$(LIBDIR)/libvrpq.so
	install -D -m 0644 $(O)/lib/libvrpq.a $(DESTDIR)$(LIBDIR)/libvrpq.a
	install -d $(DESTDIR)$(PREFIX)/include/vlx/vrpq $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 0644 $(VRPQ_HDRS) $(DESTDIR)$(PREFIX)/include/vlx/vrpq/
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' userlib/vrpq/vrpq.pc.in | \
		install -m 0644 /dev/stdin $(DESTDIR)$(LIBDIR)/pkgconfig/vrpq.pc

# --- tests -------------------------------------------------------------------

VRPQ_TEST_SRC  := tests/unit/vrpq_fake.c tests/unit/vrpq_pair.c $(VRPQ_SRC) $(USERLIB_COMMON_SRC)
VRPQ_TEST_DEPS := $(VRPQ_TEST_SRC) $(wildcard tests/unit/*.h userlib/vrpq/*.h include/xen/io/vrpq.h \
		    include/vlink/*.h) $(VRPQ_HDRS)
VRPQ_TEST_CC   := $(CC) -g $(VCFLAGS) -D_GNU_SOURCE -pthread

$(call unit_test,check-vrpq,$(O)/test/vrpq_test)
$(call unit_test,check-vrpq-hostile,$(O)/test/vrpq_hostile)
$(call unit_test,check-vrpq-stress,$(O)/test/vrpq_stress)
$(call unit_test,check-vrpq-stress-tsan,$(O)/test/vrpq_stress_tsan)
check-vrpq check-vrpq-hostile check-vrpq-stress check-vrpq-stress-tsan:
	$<

$(O)/test/vrpq_test $(O)/test/vrpq_hostile: $(O)/test/%: tests/unit/%.c $(VRPQ_TEST_DEPS)
	@mkdir -p $(@D)
	$(VRPQ_TEST_CC) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ $< \
		$(VRPQ_TEST_SRC) -lcunit $(VRPQ_TEST_LDFLAGS)

# Memory runs short when a test wants it to.
$(O)/test/vrpq_test: VRPQ_TEST_LDFLAGS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# Once as it is, and once for ThreadSanitizer, which knows no fences.
$(O)/test/vrpq_stress: tests/unit/vrpq_stress.c $(VRPQ_TEST_DEPS)
	@mkdir -p $(@D)
	$(VRPQ_TEST_CC) -O2 -o $@ $< $(VRPQ_TEST_SRC) -lcunit

$(O)/test/vrpq_stress_tsan: tests/unit/vrpq_stress.c $(VRPQ_TEST_DEPS)
	@mkdir -p $(@D)
	$(VRPQ_TEST_CC) -O1 -fsanitize=thread -include tests/unit/tsan_fence.h -o $@ $< \
		$(VRPQ_TEST_SRC) -lcunit

# 32 bits need the kernel's headers only, as no C library is included.
VRPQ_HEADER_CC := $(CC)~-std=gnu11 $(CC)~-std=c99~-pedantic $(CC:gcc=g++)~-x~c++~-std=c++17~-pedantic
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine)),)
VRPQ_HEADER_CC += $(foreach c,$(VRPQ_HEADER_CC),$(c)~-m32~-isystem~/usr/include/x86_64-linux-gnu)
endif

$(call unit_test,check-vrpq-headers,)
check-vrpq-headers:
	@passed=0; for cc in $(VRPQ_HEADER_CC); do \
		$$(echo $$cc | tr '~' ' ') $(WARN) -Iinclude -fsyntax-only tests/unit/vrpq_headers.c || \
			{ echo "vrpq-headers: $$passed passed, 1 failed"; exit 1; }; \
		passed=$$((passed + 1)); \
	done; echo "vrpq-headers: $$passed passed, 0 failed"
