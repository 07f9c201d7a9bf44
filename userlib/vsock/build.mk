# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vmci_sockets.h, which is all that programs need for sockets, and what keeps another
# transport out of the way.

INSTALLS += install-vsock
.PHONY: install-vsock
install-vsock:
	install -D -m 0644 include/vmci_sockets.h $(DESTDIR)$(PREFIX)/include/vmci_sockets.h
	install -D -m 0644 include/vmci/vmci_sockets.h $(DESTDIR)$(PREFIX)/include/vmci/vmci_sockets.h
	install -D -m 0644 userlib/vsock/vlink-vsock.conf $(DESTDIR)$(PREFIX)/lib/modprobe.d/vlink-vsock.conf
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' userlib/vsock/vmci-sockets.pc.in | \
		install -m 0644 /dev/stdin $(DESTDIR)$(PREFIX)/share/pkgconfig/vmci-sockets.pc

# The header in every language it may be included from, by both of its names, and as it is
# installed: as a system's header
VSOCK_HEADER_CC := $(CC)~-std=c89~-pedantic $(CC)~-std=c99~-pedantic $(CC)~-std=gnu99 $(CC)~-std=gnu11 \
		   $(CC)~-std=c11~-pedantic $(CC:gcc=g++)~-x~c++~-std=c++17~-pedantic
VSOCK_HEADER_WAYS := -Iinclude -isystem~include -isystem~include~-DOWN_UINT64 \
		     -isystem~include~-DOWN_UINT64~-DVMCI_SOCKETS_NO_SHORT_TYPES

$(call unit_test,check-vsock-headers,)
check-vsock-headers:
	@passed=0; for cc in $(VSOCK_HEADER_CC); do for way in $(VSOCK_HEADER_WAYS); do \
		$$(echo $$cc $$way | tr '~' ' ') $(WARN) -fsyntax-only tests/unit/vsock_headers.c || \
			{ echo "vsock-headers: $$passed passed, 1 failed: $$cc $$way"; exit 1; }; \
		passed=$$((passed + 1)); \
	done; done; echo "vsock-headers: $$passed passed, 0 failed"
