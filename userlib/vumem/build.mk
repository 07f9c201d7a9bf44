# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvumem, shared and static, and its tests on the host, where the test plays the drivers.

VUMEM_SRC  := $(wildcard userlib/vumem/*.c)
VUMEM_OBJ  := $(VUMEM_SRC:%.c=$(O)/obj/%.o)
VUMEM_HDRS := $(wildcard include/vlx/vumem/*.h)

$(foreach f,$(VUMEM_SRC:.c=),$(eval CFLAGS_$(subst /,_,$(f)) := -D_GNU_SOURCE -fPIC -pthread))

BINS += $(O)/lib/libvumem.so.1 $(O)/lib/libvumem.a

$(O)/lib/libvumem.so.1: $(VUMEM_OBJ) $(USERLIB_COMMON_OBJ) userlib/vumem/vumem.map
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -shared -pthread -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=userlib/vumem/vumem.map -o $@ $(VUMEM_OBJ) $(USERLIB_COMMON_OBJ)
	ln -sf $(@F) $(@D)/libvumem.so

$(O)/lib/libvumem.a: $(VUMEM_OBJ) $(USERLIB_COMMON_OBJ)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

INSTALLS += install-vumem
.PHONY: install-vumem
install-vumem: $(O)/lib/libvumem.so.1 $(O)/lib/libvumem.a install-nkern
	install -D -m 0644 $(O)/lib/libvumem.so.1 $(DESTDIR)$(LIBDIR)/libvumem.so.1
	ln -sf libvumem.so.1 $(DESTDIR)$(LIBDIR)/libvumem.so
	install -D -m 0644 $(O)/lib/libvumem.a $(DESTDIR)$(LIBDIR)/libvumem.a
	install -d $(DESTDIR)$(PREFIX)/include/vlx/vumem $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 0644 $(VUMEM_HDRS) $(DESTDIR)$(PREFIX)/include/vlx/vumem/
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' userlib/vumem/vumem.pc.in | \
		install -m 0644 /dev/stdin $(DESTDIR)$(LIBDIR)/pkgconfig/vumem.pc

# --- tests -------------------------------------------------------------------

VUMEM_TEST_SRC  := tests/unit/vumem_test.c $(VUMEM_SRC) $(USERLIB_COMMON_SRC)
VUMEM_TEST_DEPS := $(VUMEM_TEST_SRC) $(VUMEM_HDRS) $(wildcard userlib/vumem/*.h userlib/common/*.h) \
		   include/vlink/vumem_ioctl.h tests/unit/unit.h

$(call unit_test,check-vumem,$(O)/test/vumem_test)
$(call unit_test,check-vumem-tsan,$(O)/test/vumem_test_tsan)
check-vumem check-vumem-tsan:
	$<

$(O)/test/vumem_test: VUMEM_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
# ThreadSanitizer knows no fences; the library's only one is for the other domain.
$(O)/test/vumem_test_tsan: VUMEM_SANITIZERS := -fsanitize=thread -Wno-tsan
$(O)/test/vumem_test $(O)/test/vumem_test_tsan: $(VUMEM_TEST_DEPS)
	@mkdir -p $(@D)
	$(CC) -g -O1 $(VUMEM_SANITIZERS) $(VCFLAGS) -D_GNU_SOURCE -pthread -Wl,--wrap=ioctl -o $@ \
		$(VUMEM_TEST_SRC) -lcunit

# 32 bits need the kernel's headers only, as no C library is included.
VUMEM_HEADER_CC := $(CC)~-std=gnu11 $(CC)~-std=c99~-pedantic $(CC:gcc=g++)~-x~c++~-std=c++17~-pedantic
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine)),)
VUMEM_HEADER_CC += $(foreach c,$(VUMEM_HEADER_CC),$(c)~-m32~-isystem~/usr/include/x86_64-linux-gnu)
endif

$(call unit_test,check-vumem-headers,)
check-vumem-headers:
	@passed=0; for cc in $(VUMEM_HEADER_CC); do \
		$$(echo $$cc | tr '~' ' ') $(WARN) -Iinclude -fsyntax-only tests/unit/vumem_headers.c || \
			{ echo "vumem-headers: $$passed passed, 1 failed"; exit 1; }; \
		passed=$$((passed + 1)); \
	done; echo "vumem-headers: $$passed passed, 0 failed"
