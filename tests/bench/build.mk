# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The benchmark programs that run inside domains, the report, and 'make bench'.
# One more program is one more line of BENCH_PROGRAMS and BENCH_LIBS_<program>;
# docs/benchmarks.md says how a row is added.

BENCH_PROGRAMS := bench-vbpipe bench-vchan bench-tcp bench-evtchn bench-memcpy

# What each program needs besides bench.o
BENCH_OBJS_bench-vbpipe := channel
BENCH_OBJS_bench-vchan  := channel meet
BENCH_LIBS_bench-vchan  := -lxenvchan -lxenevtchn -lxenstore -ldl -rdynamic
BENCH_OBJS_bench-tcp    := channel meet
BENCH_LIBS_bench-tcp    := -lxenstore
BENCH_OBJS_bench-evtchn := meet
BENCH_LIBS_bench-evtchn := -lxenevtchn -lxenstore

$(foreach s,bench meet channel $(BENCH_PROGRAMS),\
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

$(O)/bin/bench-report: $(O)/obj/tests/bench/report.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(VLDFLAGS) -o $@ $^ -lm

BINS += $(BENCH_BINS) $(O)/bin/bench-report

.PHONY: bench bench-programs
bench-programs: $(BENCH_BINS)

# ROWS: beginnings of row names, all rows without; more in docs/benchmarks.md
bench: $(O)/bin/bench-report
	tests/bench/run --report $(O)/bin/bench-report $(if $(ROWS),--rows "$(ROWS)") $(BENCHFLAGS)
