# SPDX-License-Identifier: LGPL-2.1-or-later
#
# excess.awk BEFORE AFTER: prints "NAME COUNT BEFORE" for what there is more of afterwards
# than is due to the system itself.

# What may come and go without anybody's leak.
function margin(name)
{
	# The kernel keeps these for later use, and gives them back when memory is short.
	if (name ~ /^slab\/(dentry|lsm_inode_cache|buffer_head|.*inode_cache)$/)
		return 1000000
	# Areas of vmalloc that were given back and wait until their addresses are purged. The
	# areas themselves are counted under vmalloc.
	if (name == "slab/vmap_area")
		return 1000000
	# What a kernel with checks of its own keeps of the objects that it watches.
	if (name == "slab/debug_objects_cache")
		return 1000000
	# Closed files stay here until RCU gives them back, slabs at a time, and counting itself
	# closes hundreds. Those that are open are counted under files.
	if (name == "slab/filp")
		return 1000000
	if (name == "files/open")
		return 64
	# Small objects of all kinds, of which the kernel's own come and go by slabs.
	if (name ~ /^slab\/kmalloc-(8|16|32|64|96|128)$/)
		return 512
	# RCU, and processes that come and go; of large caches, slabs that are filled in part.
	if (name ~ /^slab\//)
		return before[name] > 1280 ? before[name] / 20 : 64
	# Places for pages of others, which vlink keeps for its next connections where they
	# cost the domain memory. What is mapped there is counted under grants-mapped.
	if (name == "pages/ballooned-out")
		return 1000000
	# Tables for the areas that vmalloc has made so far; lists of free pages.
	if (name == "pages/of-drivers")
		return 64
	if (name == "pages/percpu")
		return 16
	# Modules that were loaded meanwhile.
	if (name ~ /^vmalloc\/(load_module|bpf_.*|pcpu_.*)$/)
		return 1000000
	# Threads' stacks, of which the kernel keeps some.
	if (name ~ /^vmalloc\/(kernel_clone|dup_task_struct|create_io_thread)$/)
		return 16
	return 0
}

# Not NR == FNR: the first may be empty.
FILENAME == ARGV[1] {
	before[$1] += $2
	next
}

{
	after[$1] += $2
	slack[$1] = $3
}

END {
	for (name in after) {
		if (after[name] > before[name] + slack[name] + margin(name))
			print name, after[name], before[name] + 0
	}
}
