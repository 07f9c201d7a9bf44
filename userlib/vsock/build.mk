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
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|' userlib/vsock/vmci-sockets.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/vmci-sockets.pc

# The header in every language it may be included from, by both of its names
VSOCK_HEADER_CC := $(CC)~-std=gnu11 $(CC)~-std=c99~-pedantic $(CC:gcc=g++)~-x~c++~-std=c++17~-pedantic

$(call unit_test,check-vsock-headers,)
check-vsock-headers:
	@passed=0; for cc in $(VSOCK_HEADER_CC); do \
		$$(echo $$cc | tr '~' ' ') $(WARN) -Iinclude -fsyntax-only tests/unit/vsock_headers.c || \
			{ echo "vsock-headers: $$passed passed, 1 failed"; exit 1; }; \
		passed=$$((passed + 1)); \
	done; echo "vsock-headers: $$passed passed, 0 failed"
