# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What Xen and Linux need under QEMU's emulation, and what neither may say there. To be sourced.
#
# shellcheck disable=SC2034 # of those who source this

# What is switched off breaks page faults of PV domains (smap, smep) or
# PVH guests (the others) in QEMU's emulation.
# Without erms kernels copy by words: QEMU takes 'rep movsb' byte by byte.
X86_CPU=max,-smap,-smep,-erms,-rdtscp,-xsave,-avx,-avx2

# Under emulation the time stamp counter differs from the time of Xen so much that kernels
# would change their clock in between.
X86_CLOCK="clocksource=xen tsc=nowatchdog"

# With the usual buffer (16 KiB) the line loses what dom0 says while Xen dumps tables.
XEN_OPTIONS="bootscrub=0 conring_size=2M serial_tx_buffer=1M loglvl=warning guest_loglvl=warning"

# What no kernel and no hypervisor may say. Case counts: harmless lines such as
# "unhandled word write" differ from this in nothing else.
LOG_RULE='BUG|WARNING|Oops|Unhandled|KASAN|KCSAN|UBSAN|kmemleak|possible (circular|recursive)|inconsistent lock state|suspicious RCU|Call [Tt]race|general protection|unable to handle|Unable to handle|Kernel panic|blocked for more than|soft lockup|hard LOCKUP|hung task|rcu.*(stall|starved)|bad page|Bad page|scheduling while atomic|sleeping function called|refcount_t|page allocation failure|Out of memory|oom-kill|DEBUG:|Panic on CPU|Assertion .* failed|Xen BUG|Xen call trace|nobody cared|still in use!|grant.*(leak|still)'

# kernels_complaints LOG...: prints the lines that break the log rule, with file and line. Only what
# the kernel says counts: scripts may print what they like.
kernels_complaints()
{
	grep -HnE "\\[ *[0-9]+\\.[0-9]{6}\\].*($LOG_RULE)" -- "$@"
}

# xens_complaints LOG...: the hypervisor's; it dislikes what it is asked for on arm64
xens_complaints()
{
	grep -HnE "$LOG_RULE" -- "$@" | grep -v 'WARNING: SILO mode is not enabled'
}
