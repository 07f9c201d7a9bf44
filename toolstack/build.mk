# SPDX-License-Identifier: LGPL-2.1-or-later

VLINKD_SRC   := $(wildcard toolstack/vlinkd/*.c)
# Not libvlinkcfg: guests shall not need the toolstack's libraries.
VLINKCTL_SRC := $(wildcard toolstack/vlinkctl/*.c) userlib/common/abi.c

BINS += $(O)/toolstack/vlinkd $(O)/toolstack/vlinkctl

CFLAGS_toolstack_vlinkctl_board = -DVLINKD_PATH='"$(PREFIX)/sbin/vlinkd"'

$(O)/toolstack/vlinkd: $(VLINKD_SRC:%.c=$(O)/obj/%.o) $(call vlink_libs,$(O),vlinkcfg toolstack)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ $(VLINKCFG_LIBS) -lxenctrl -lxenstore

$(O)/toolstack/vlinkctl: $(VLINKCTL_SRC:%.c=$(O)/obj/%.o) $(call vlink_libs,$(O),toolstack)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -lxenstore -ljansson

# All of it but the start of the program runs against a xenstore in memory.
VLINKD_TEST_SRC := tests/unit/vlinkd_test.c tests/unit/fake_xen.c \
	$(filter-out toolstack/vlinkd/main.c toolstack/vlinkd/log.c toolstack/vlinkd/lifeline.c,$(VLINKD_SRC)) \
	toolstack/vlinkctl/links.c

$(call unit_test,check-vlinkd,$(O)/asan/vlinkd_test)
check-vlinkd:
	$<

$(O)/asan/vlinkd_test: $(VLINKD_TEST_SRC:%.c=$(O)/asan/obj/%.o) \
		$(call vlink_libs,$(O)/asan,vlinkcfg toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit $(VLINKCFG_LIBS)

# What the choice of links costs, counted in comparisons of strings.
$(call unit_test,check-vlinkd-cost,$(O)/test/vlinkd_cost)
check-vlinkd-cost:
	$<

VLINKD_COST_SRC := tests/unit/vlinkd_cost.c $(VLINKCFG_SRC) $(addprefix toolstack/lib/,alloc.c likeness.c xs.c) \
	$(addprefix toolstack/vlinkd/,accept.c choice.c config.c domains.c map.c messages.c published.c)

$(O)/test/vlinkd_cost: $(VLINKD_COST_SRC) $(wildcard toolstack/*/*.h) $(O)/.settings
	@mkdir -p $(@D)
	$(CC) -O1 -g $(VCFLAGS) -fno-builtin-strcmp -Dstrcmp=counted_strcmp \
		-include tests/unit/counted.h -o $@ $(VLINKD_COST_SRC) -lcunit $(VLINKCFG_LIBS) \
		-lxenctrl -lxenstore

# vlinkd over the real xenstored, and a stand-in for the hypervisor.
XENSTORED_TEST := $(O)/asan/xenstored_test $(O)/test/fake_hypervisor.so $(O)/asan/vlinkd
$(call unit_test,check-xenstored,$(XENSTORED_TEST))
check-xenstored:
	tests/unit/xenstored.sh $(O)/xenstored $(XENSTORED_TEST)

$(O)/asan/xenstored_test: $(O)/asan/obj/tests/unit/xenstored_test.o $(call vlink_libs,$(O)/asan,toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit -lxenstore

$(O)/test/fake_hypervisor.so: tests/unit/fake_hypervisor.c
	@mkdir -p $(@D)
	$(CC) -shared -fPIC $(CFLAGS) $(VCFLAGS) -DFAKE_PROC_XEN -o $@ $<

$(O)/asan/vlinkd: $(patsubst %.c,$(O)/asan/obj/%.o,$(VLINKD_SRC) tests/unit/fake_hypervisor.c) \
		$(call vlink_libs,$(O)/asan,vlinkcfg toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ $(VLINKCFG_LIBS) -lxenstore

$(call unit_test,check-vlinkctl,$(O)/asan/vlinkctl_test $(O)/asan/vlinkctl)
check-vlinkctl:
	tests/unit/vlinkctl.sh $^ toolstack

VLINKCTL_TEST_SRC := tests/unit/vlinkctl_test.c tests/unit/fake_xen.c toolstack/vlinkd/map.c \
	$(filter-out %/main.c,$(VLINKCTL_SRC))

$(O)/asan/vlinkctl_test: $(VLINKCTL_TEST_SRC:%.c=$(O)/asan/obj/%.o) $(call vlink_libs,$(O)/asan,toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit -ljansson

$(O)/asan/vlinkctl: $(VLINKCTL_SRC:%.c=$(O)/asan/obj/%.o) $(call vlink_libs,$(O)/asan,toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lxenstore -ljansson

# Runs a program as the unit of vlinkd would; for the lab, which has no systemd.
$(O)/toolstack/confined: $(O)/obj/tests/suites/confined.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^

.PHONY: install-confined install-tests
install-confined: $(O)/toolstack/confined
	install -D -m 755 $< $(DESTDIR)/usr/lib/xen-vlink/tests/confined
install-tests: install-confined

# Configuration is the operator's: what is there stays.
install_config = [ -e $(DESTDIR)$2 ] || install -D -m 0644 $1 $(DESTDIR)$2

INSTALLS += install-toolstack
.PHONY: install-toolstack
install-toolstack: $(O)/toolstack/vlinkd $(O)/toolstack/vlinkctl
	install -D -m 0755 $(O)/toolstack/vlinkd $(DESTDIR)$(PREFIX)/sbin/vlinkd
	install -D -m 0755 $(O)/toolstack/vlinkctl $(DESTDIR)$(PREFIX)/bin/vlinkctl
	install -D -m 0644 toolstack/vlink.modules-load.conf $(DESTDIR)$(PREFIX)/lib/modules-load.d/vlink.conf
	install -D -m 0644 toolstack/vlink.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/70-vlink.rules
	install -D -m 0644 toolstack/vlink.sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/vlink.conf
	install -D -m 0644 toolstack/vlinkctl.bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vlinkctl
	install -D -m 0644 toolstack/dts2xl.bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dts2xl
	ln -sf dts2xl $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xl2dts
	install -D -m 0644 toolstack/vrpqstat.bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vrpqstat
	ln -sf vrpqstat $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vlinkd
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/sbin/|$(PREFIX)/sbin/|' toolstack/vlinkd.service | \
		install -m 0644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/vlinkd.service
	$(call install_config,toolstack/classes.conf,/etc/vlink/classes.conf)
	$(call install_config,toolstack/vlinkd.default,/etc/default/vlinkd)
	$(call install_man,vlinkd.8 vlinkctl.1)

# vrpqstat, and its forms with figures that are known
VRPQSTAT_SRC := $(wildcard toolstack/vrpqstat/*.c) userlib/common/abi.c
VRPQSTAT_TEST_SRC := tests/unit/vrpqstat_test.c $(filter-out %/main.c,$(VRPQSTAT_SRC))

BINS += $(O)/toolstack/vrpqstat/vrpqstat
$(O)/toolstack/vrpqstat/vrpqstat: $(VRPQSTAT_SRC:%.c=$(O)/obj/%.o) $(call vlink_libs,$(O),toolstack)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -ljansson

$(call unit_test,check-vrpqstat,$(O)/asan/vrpqstat_test $(O)/asan/vrpqstat)
check-vrpqstat:
	tests/unit/vrpqstat.sh $^

$(O)/asan/vrpqstat_test: $(VRPQSTAT_TEST_SRC:%.c=$(O)/asan/obj/%.o) $(call vlink_libs,$(O)/asan,toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit -ljansson

$(O)/asan/vrpqstat: $(VRPQSTAT_SRC:%.c=$(O)/asan/obj/%.o) $(call vlink_libs,$(O)/asan,toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -ljansson

INSTALLS += install-vrpqstat
.PHONY: install-vrpqstat
install-vrpqstat: $(O)/toolstack/vrpqstat/vrpqstat
	install -D -m 0755 $< $(DESTDIR)$(PREFIX)/bin/vrpqstat
	$(call install_man,vrpqstat.1)
