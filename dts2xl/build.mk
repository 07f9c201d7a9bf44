# SPDX-License-Identifier: LGPL-2.1-or-later

DTS2XL_SRC  := $(wildcard dts2xl/*.c)
DTS2XL_LIBS := -lfdt -ljansson $(VLINKCFG_LIBS)
BINS        += $(O)/bin/dts2xl

$(O)/bin/dts2xl: $(DTS2XL_SRC:%.c=$(O)/obj/%.o) $(call vlink_libs,$(O),vlinkcfg toolstack)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VLDFLAGS) -o $@ $^ $(DTS2XL_LIBS)

$(O)/asan/dts2xl: $(DTS2XL_SRC:%.c=$(O)/asan/obj/%.o) $(call vlink_libs,$(O)/asan,vlinkcfg toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ $(DTS2XL_LIBS)

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

DTS2XL_PARTS := $(filter-out dts2xl/main.c,$(DTS2XL_SRC))

$(O)/asan/trees: $(O)/asan/obj/tests/unit/dts2xl/trees.o $(DTS2XL_PARTS:%.c=$(O)/asan/obj/%.o) \
		$(call vlink_libs,$(O)/asan,vlinkcfg toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ $(DTS2XL_LIBS)

INSTALLS += install-dts2xl
.PHONY: install-dts2xl
install-dts2xl: $(O)/bin/dts2xl
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/dts2xl
	ln -sf dts2xl $(DESTDIR)$(PREFIX)/bin/xl2dts
	$(call install_man,dts2xl.1 xl2dts.1 vlink-config.5)
