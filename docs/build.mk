# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manual pages of the services. Whatever else the NAME section of a page of section 3
# names is installed as a page that refers to it.

MANDIR    := $(DESTDIR)$(PREFIX)/share/man
LIB_MAN3  := $(wildcard docs/man/vrpq*.3 docs/man/vumem*.3 docs/man/vmci*.3)

INSTALLS += install-man-libs
.PHONY: install-man-libs
install-man-libs:
	$(call install_man,vbpipe.4 vrpq.4 vumem.4 vrpq.7 vumem.7 vsock-xen.7 $(notdir $(LIB_MAN3)))
	for page in $(notdir $(LIB_MAN3)); do \
		for name in $$(sed -n '/^\.SH NAME/{n;s/ *\\-.*//;s/,//g;p;q}' docs/man/$$page); do \
			[ "$$name.3" = "$$page" ] || \
				echo ".so man3/$$page" | \
					install -m 0644 /dev/stdin $(MANDIR)/man3/$$name.3 || exit 1; \
		done; \
	done

# Pages that groff or mandoc have something to say about do not pass.
$(call unit_test,check-man,$(O)/test/info_keys)
check-man:
	tests/unit/man.sh docs/man $<

$(O)/test/info_keys: tests/unit/info_keys.c include/vlink/info.h include/vlink/limits.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VCFLAGS) -o $@ $<
