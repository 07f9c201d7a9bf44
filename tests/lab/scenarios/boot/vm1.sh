#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
set -e
grep -q control_d /proc/xen/capabilities
xl list
