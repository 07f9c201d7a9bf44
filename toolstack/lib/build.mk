# SPDX-License-Identifier: LGPL-2.1-or-later
# What vlinkd, vlinkctl, vrpqstat and dts2xl share. Who uses xs.c links -lxenstore, who uses
# json.c -ljansson.

TOOLSTACK_LIB_SRC := $(wildcard toolstack/lib/*.c)

$(eval $(call vlink_lib,toolstack,$(TOOLSTACK_LIB_SRC)))
