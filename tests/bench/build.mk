# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The benchmark programs that run inside domains, the report, and 'make bench'.
# One more program is one more line of BENCH_PROGRAMS and BENCH_LIBS_<program>;
# docs/benchmarks.md says how a row is added.

BENCH_PROGRAMS := bench-vbpipe bench-vchan bench-tcp bench-evtchn bench-memcpy bench-kevent \
                  bench-meet bench-vrpq bench-vumem bench-gnttab bench-vsock

# What each program needs besides bench.o
BENCH_OBJS_bench-vbpipe := channel
BENCH_OBJS_bench-vchan  := channel meet
BENCH_LIBS_bench-vchan  := -lxenvchan -lxenevtchn -lxenstore -ldl -rdynamic
BENCH_OBJS_bench-tcp    := channel meet
BENCH_LIBS_bench-tcp    := -lxenstore
BENCH_OBJS_bench-evtchn := meet
BENCH_LIBS_bench-evtchn := -lxenevtchn -lxenstore
BENCH_OBJS_bench-kevent := meet
BENCH_LIBS_bench-kevent := -lxenstore
BENCH_OBJS_bench-meet   := meet
BENCH_LIBS_bench-meet   := -lxenstore
BENCH_OBJS_bench-vrpq   := vrpq-server syscalls
BENCH_OBJS_bench-vsock  := channel meet
BENCH_LIBS_bench-vsock  := -lxenstore
BENCH_LIBS_bench-vrpq   := -L$(O)/lib -lvrpq -pthread
BENCH_OBJS_bench-vumem  := pages
BENCH_LIBS_bench-vumem  := -L$(O)/lib -lvumem -pthread
BENCH_OBJS_bench-gnttab := meet pages
BENCH_LIBS_bench-gnttab := -lxengnttab -lxenstore

$(foreach s,bench meet channel pages vrpq-server syscalls $(BENCH_PROGRAMS) report report_read report_sum report_print,\
  $(eval CFLAGS_tests_bench_$(s) := -D_GNU_SOURCE))

bench_objs = $(patsubst %,$(O)/obj/tests/bench/%.o,$(1) bench $(BENCH_OBJS_$(1)))

define bench_program
$(O)/bin/$(1): $$(call bench_objs,$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $$(VLDFLAGS) -o $$@ $$^ $$(BENCH_LIBS_$(1))
BENCH_BINS += $(O)/bin/$(1)
endef
BENCH_BINS :=
$(foreach p,$(BENCH_PROGRAMS),$(eval $(call bench_program,$(p))))
$(O)/bin/bench-vrpq: | $(O)/lib/libvrpq.so.1
$(O)/bin/bench-vumem: | $(O)/lib/libvumem.so.1

BENCH_REPORT_SRCS := $(addprefix tests/bench/,report.c report_read.c report_sum.c report_print.c)

$(O)/bin/bench-report: $(BENCH_REPORT_SRCS:%.c=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -lm

# The same with the sanitizers, for its test
$(O)/test/bench-report: $(BENCH_REPORT_SRCS) tests/bench/report.h
	@mkdir -p $(@D)
	$(CC) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(VCFLAGS) -D_GNU_SOURCE \
		-o $@ $(BENCH_REPORT_SRCS) -lm

$(call unit_test,unit-bench-report,$(O)/test/bench-report)
unit-bench-report:
	tests/bench/test-report $<


.PHONY: bench bench-programs
bench-programs: $(BENCH_BINS)

# ROWS: beginnings of row names, all rows without; more in docs/benchmarks.md
bench: packages-lab $(O)/bin/bench-report
	tests/bench/run --report $(O)/bin/bench-report $(if $(ROWS),--rows "$(ROWS)") $(BENCHFLAGS)

# The module that bench-kevent loads; as in xen-common/build.mk.
BENCH_MODTREE := $(O)/bench-modules
$(BENCH_MODTREE)/bench-event.ko: tests/bench/kmod/Kbuild tests/bench/kmod/bench-event.c
	@mkdir -p $(BENCH_MODTREE)
	@ln -sf $(foreach f,$^,$(abspath $f)) $(BENCH_MODTREE)/
	env -u MAKEFLAGS -u MAKEOVERRIDES make -C $(KDIR) M=$(abspath $(BENCH_MODTREE)) \
	    $(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) modules

BENCH_DIR := /usr/lib/xen-vlink/bench

.PHONY: install-benches install-bench-module install-tests
install-benches: $(BENCH_BINS) $(O)/bin/bench-report
	install -d $(DESTDIR)$(BENCH_DIR) $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(BENCH_BINS) $(O)/bin/bench-report tests/bench/bench-side $(DESTDIR)$(BENCH_DIR)/
	install -m 644 tests/bench/rows.table $(DESTDIR)$(BENCH_DIR)/
	$(call install_command,tests/bench/vlink-bench)
	$(call install_man,vlink-bench.1)
	ln -sf vrpqstat $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vlink-bench

# For the lab alone
install-bench-module: $(BENCH_MODTREE)/bench-event.ko
	install -D -m 644 $< $(DESTDIR)$(MODDIR)/$(KVER)/updates/bench-event.ko
install-tests: install-benches install-bench-module
