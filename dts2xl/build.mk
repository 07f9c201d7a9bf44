# SPDX-License-Identifier: LGPL-2.1-or-later

# The parser of vlink lists and of the class file; dts2xl and vlinkd link it
# together with $(VLINKCFG_LIBS).
VLINKCFG_LIB  := $(O)/lib/libvlinkcfg.a
VLINKCFG_LIBS := -lxlutil -lxenlight

VLINKCFG_SRC := $(wildcard toolstack/vlinkcfg*.c)

$(VLINKCFG_LIB): $(VLINKCFG_SRC:%.c=$(O)/obj/%.o)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcsD $@ $^

# Host unit tests are built with the sanitizers.
ASAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

$(O)/asan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -Itests/unit -MMD -MP -c -o $@ $<

-include $(shell find $(O)/asan/obj -name '*.d' 2>/dev/null)

$(call unit_test,check-vlinkcfg,$(O)/asan/vlinkcfg_test)
check-vlinkcfg:
	$<

$(O)/asan/vlinkcfg_test: $(O)/asan/obj/tests/unit/vlinkcfg_test.o $(VLINKCFG_SRC:%.c=$(O)/asan/obj/%.o)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit $(VLINKCFG_LIBS)

DTS2XL_SRC := $(wildcard dts2xl/*.c) toolstack/json.c toolstack/vlinkd/alloc.c
BINS       += $(O)/bin/dts2xl

$(O)/bin/dts2xl: $(DTS2XL_SRC:%.c=$(O)/obj/%.o) $(VLINKCFG_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VLDFLAGS) -o $@ $^ -lfdt -ljansson $(VLINKCFG_LIBS)

$(O)/asan/dts2xl: $(DTS2XL_SRC:%.c=$(O)/asan/obj/%.o) $(VLINKCFG_SRC:%.c=$(O)/asan/obj/%.o)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lfdt -ljansson $(VLINKCFG_LIBS)

$(call unit_test,check-dts2xl,$(O)/asan/dts2xl $(O)/asan/mkblob)
check-dts2xl:
	tests/unit/dts2xl/run.sh $^

$(O)/asan/mkblob: tests/unit/dts2xl/mkblob.c
	@mkdir -p $(@D)
	$(CC) $(ASAN_CFLAGS) $(VCFLAGS) -o $@ $< -lfdt

# Random trees: as source, as blobs, and there and back.
TREES_SEED  ?= 1
TREES_COUNT ?= 300
$(call unit_test,check-dts2xl-trees,$(O)/asan/trees)
check-dts2xl-trees:
	$< dtc $(TREES_SEED) $(TREES_COUNT)

DTS2XL_PARTS := $(filter-out dts2xl/main.c,$(DTS2XL_SRC)) $(VLINKCFG_SRC)

$(O)/asan/trees: $(O)/asan/obj/tests/unit/dts2xl/trees.o $(DTS2XL_PARTS:%.c=$(O)/asan/obj/%.o)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lfdt -ljansson $(VLINKCFG_LIBS)

INSTALLS += install-dts2xl
.PHONY: install-dts2xl
install-dts2xl: $(O)/bin/dts2xl
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/dts2xl
	ln -sf dts2xl $(DESTDIR)$(PREFIX)/bin/xl2dts
	install -D -m 644 docs/man/xl2dts.1 $(DESTDIR)$(PREFIX)/share/man/man1/xl2dts.1
	install -D -m 644 docs/man/dts2xl.1 $(DESTDIR)$(PREFIX)/share/man/man1/dts2xl.1
	install -D -m 644 docs/man/vlink-config.5 $(DESTDIR)$(PREFIX)/share/man/man5/vlink-config.5
