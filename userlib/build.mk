# SPDX-License-Identifier: LGPL-2.1-or-later
include $(sort $(wildcard userlib/*/build.mk))
