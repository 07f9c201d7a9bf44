# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Fuzzing what reads input of others. As part of the unit tests each target runs for some
# seconds over a corpus and changes of it; 'make fuzz-dts2xl FUZZ_TIME=600' has libFuzzer
# (clang) look for that many seconds. Findings are left in $(O)/fuzz.

FUZZ_TIME    ?= 60
REPLAY_TIME  ?= 5
FUZZ_TARGETS := blob source base classes
FUZZ_SRC     := $(DTS2XL_PARTS) $(VLINKCFG_SRC) $(addprefix toolstack/lib/,alloc.c json.c likeness.c services.c)

$(foreach target,$(FUZZ_TARGETS),$(call unit_test,check-dts2xl-fuzz-$(target),$(O)/asan/fuzz-$(target) \
	$(O)/fuzz/corpus))
$(FUZZ_TARGETS:%=check-dts2xl-fuzz-%): check-dts2xl-fuzz-%:
	$< dts2xl-fuzz-$* $(REPLAY_TIME) $(O)/fuzz/corpus/$*

$(FUZZ_TARGETS:%=$(O)/asan/fuzz-%): $(O)/asan/fuzz-%: $(O)/asan/obj/tests/fuzz/dts2xl/fuzz_%.o \
	$(O)/asan/obj/tests/fuzz/dts2xl/replay.o $(O)/asan/obj/tests/fuzz/dts2xl/parts.o $(FUZZ_SRC:%.c=$(O)/asan/obj/%.o)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ $(DTS2XL_LIBS)

$(O)/fuzz/corpus: $(wildcard tests/fuzz/dts2xl/*/* tests/fuzz/dts2xl/corpus.sh tests/unit/dts2xl/*/*)
	rm -rf $@
	tests/fuzz/dts2xl/corpus.sh $@

FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all

$(O)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -std=gnu11 -Iinclude -Itoolstack -MMD -MP -c -o $@ $<

-include $(shell find $(O)/fuzz/obj -name '*.d' 2>/dev/null)

$(FUZZ_TARGETS:%=$(O)/fuzz/%): $(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/dts2xl/fuzz_%.o $(O)/fuzz/obj/tests/fuzz/dts2xl/parts.o \
	$(FUZZ_SRC:%.c=$(O)/fuzz/obj/%.o)
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(DTS2XL_LIBS)

# What was found stays in found-*, and inputs that reach new code in live-*.
.PHONY: fuzz-dts2xl $(FUZZ_TARGETS:%=fuzz-dts2xl-%)
fuzz-dts2xl: $(FUZZ_TARGETS:%=fuzz-dts2xl-%)
$(FUZZ_TARGETS:%=fuzz-dts2xl-%): fuzz-dts2xl-%: $(O)/fuzz/% $(O)/fuzz/corpus
	@mkdir -p $(O)/fuzz/live-$*
	$< -max_total_time=$(FUZZ_TIME) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=$(O)/fuzz/found-$*- $(O)/fuzz/live-$* $(O)/fuzz/corpus/$*
