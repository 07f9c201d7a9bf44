# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What several libraries have in common, part of each.

USERLIB_COMMON_SRC := $(wildcard userlib/common/*.c)
USERLIB_COMMON_OBJ := $(USERLIB_COMMON_SRC:%.c=$(O)/obj/%.o)

$(foreach f,$(USERLIB_COMMON_SRC:.c=),$(eval CFLAGS_$(subst /,_,$(f)) := -D_GNU_SOURCE -fPIC))

$(call unit_test,check-node,$(O)/test/node_test)
$(call unit_test,check-abi,$(O)/test/abi_test)
check-node check-abi:
	$<

$(O)/test/node_test $(O)/test/abi_test: $(O)/test/%: tests/unit/%.c tests/unit/unit.h $(USERLIB_COMMON_SRC) $(wildcard userlib/common/*.h)
	@mkdir -p $(@D)
	$(CC) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(VCFLAGS) -D_GNU_SOURCE \
		-o $@ $< $(USERLIB_COMMON_SRC) -lcunit
