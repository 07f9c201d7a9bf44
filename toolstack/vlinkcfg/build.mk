# SPDX-License-Identifier: LGPL-2.1-or-later
# The parser of vlink lists and of the class file; dts2xl and vlinkd link it
# together with toolstack/lib and $(VLINKCFG_LIBS).

VLINKCFG_SRC  := $(wildcard toolstack/vlinkcfg/*.c)
VLINKCFG_LIBS := -lxlutil -lxenlight

$(eval $(call vlink_lib,vlinkcfg,$(VLINKCFG_SRC)))

$(call unit_test,check-vlinkcfg,$(O)/asan/vlinkcfg_test)
check-vlinkcfg:
	$<

$(O)/asan/vlinkcfg_test: $(O)/asan/obj/tests/unit/vlinkcfg_test.o \
		$(call vlink_libs,$(O)/asan,vlinkcfg toolstack)
	$(CC) $(ASAN_CFLAGS) $(VLDFLAGS) -o $@ $^ -lcunit $(VLINKCFG_LIBS)
