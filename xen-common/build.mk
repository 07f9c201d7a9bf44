# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernel modules, built against the headers in $(KDIR) in a tree of links to the
# sources, since Kbuild puts objects beside them. Kbuild must not see our own
# variables: an O= of its own means something else to it.

KDIR    ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
                       $(shell ls -d /usr/src/linux-headers-*-$(DEBARCH) 2>/dev/null | \
                               grep -vE -- '-(rt|cloud)-' | sort -V | tail -n 1))
# Where kmod looks; /lib is a link to it in Debian.
MODDIR   ?= /usr/lib/modules
DEBARCH  := $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(ARCH)))
# What uname -r will say; Debian's kernel.release is another name.
KVER     = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODTREE := $(O)/modules
KCONFIG := CONFIG_VLINK=m CONFIG_VBPIPE=m CONFIG_VRPQ=m CONFIG_VUMEM=m CONFIG_VLINK_VSOCK=m

KSOURCES := Kbuild $(shell find include xen-common xen-frontends xen-backends \
                    -name '*.[ch]' -o -name Kbuild)

modules: $(MODTREE)/.built

# Headers of another kernel, or of the next version of it
$(MODTREE)/.settings: export SETTINGS = $(KDIR) $(KVER) $(CROSS_COMPILE) $(KFLAGS)

$(MODTREE)/.built: $(KSOURCES) $(MODTREE)/.settings $(wildcard $(KDIR)/Module.symvers)
	@test -n "$(KDIR)" || { echo "no kernel headers found: set KDIR or install the package linux-headers-$(DEBARCH)" >&2; exit 1; }
	@mkdir -p $(MODTREE)
	@find $(MODTREE) -type l -delete
	@for f in $(KSOURCES); do mkdir -p $(MODTREE)/$$(dirname $$f) && \
	    ln -sf $(abspath .)/$$f $(MODTREE)/$$f || exit 1; done
	+env -u MAKEFLAGS -u MAKEOVERRIDES $(MAKE) -j$$(nproc) -C $(KDIR) M=$(abspath $(MODTREE)) $(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) $(KCONFIG) \
	    $(KFLAGS) modules
	@touch $@

# The headers and symbols that a driver of one's own is built against.
ifneq ($(MODULES),no)
INSTALLS += install-modules install-headers
endif
.PHONY: modules install-modules install-headers
install-modules: modules
	install -d $(DESTDIR)$(MODDIR)/$(KVER)/updates
	install -m 644 $$(find $(MODTREE) -name '*.ko') $(DESTDIR)$(MODDIR)/$(KVER)/updates/
	install -d $(DESTDIR)$(PREFIX)/src/xen-vlink
	install -m 644 $(MODTREE)/Module.symvers $(DESTDIR)$(PREFIX)/src/xen-vlink/
install-headers:
	install -d $(DESTDIR)$(PREFIX)/src/xen-vlink/include
	for f in $$(find include/linux include/vlink include/xen -type f); do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/src/xen-vlink/$$f || exit 1; \
	done
