# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What of the lab itself is built for its domains: the program that counts what a domain
# holds, and a module that selftest has hold too much.

CFLAGS_tests_lab_counts := -D_GNU_SOURCE

$(O)/lab/counts: $(O)/obj/tests/lab/counts.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^

LAB_MODTREE := $(O)/lab-modules
$(LAB_MODTREE)/lab-leak.ko: tests/lab/kmod/Kbuild tests/lab/kmod/lab-leak.c
	@mkdir -p $(@D)
	@ln -sf $(addprefix $(abspath .)/,$^) $(@D)/
	+env -u MAKEFLAGS -u MAKEOVERRIDES $(MAKE) -C $(KDIR) M=$(abspath $(@D)) \
	    $(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) modules

.PHONY: install-lab
install-lab: $(O)/lab/counts $(LAB_MODTREE)/lab-leak.ko
	install -D -m 755 $(O)/lab/counts $(DESTDIR)/usr/lib/xenlab/counts
	install -D -m 644 $(LAB_MODTREE)/lab-leak.ko $(DESTDIR)/usr/lib/xenlab/lab-leak.ko
install-tests: install-lab
