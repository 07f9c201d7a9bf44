// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prints the keys of infos, KEY|SERVICE|MIN|MAX|DEFAULT, for check-man to compare. */
#include <stdio.h>
#include <string.h>

#include <vlink/info.h>
#include <vlink/limits.h>

static const struct vlink_info_key keys[] = {
	VLINK_INFO_VRPQ_REQS, VLINK_INFO_VRPQ_PMEM, VLINK_INFO_VSOCK_RING,
	/* Whatever these say is taken. */
	VLINK_INFO_VUMEM_PDEV, VLINK_INFO_VUMEM_MEM, VLINK_INFO_VSOCK_FORWARD,
};

/* As a manual page has it. */
static void print_size(unsigned long long size)
{
	if (size && !(size & 0xfffff))
		printf("|%lluM", size >> 20);
	else if (size && !(size & 0x3ff))
		printf("|%lluK", size >> 10);
	else
		printf("|%llu", size);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		printf("%s|%s", keys[i].name, keys[i].service);
		if (i < 3) {
			print_size(keys[i].min);
			print_size(keys[i].max);
			print_size(keys[i].def);
		}
		putchar('\n');
	}
	printf("wakeup|vbpipe|0|%u\npoll|vbpipe|0|%u\nminor|vbpipe|%u\nfield|vbpipe|%u\nsize|vbpipe",
	       VBPIPE_WAKEUP_MAX, VBPIPE_POLL_MAX, VBPIPE_MINORS - 1, VBPIPE_FIELD_MAX);
	print_size(VBPIPE_RING_MAX);
	putchar('\n');
	printf("link|limit|%u\nclass|limit|%u\nservice|limit|%u\nname|limit|%u\ninfo|limit|%u\nunit|limit|%u\n",
	       VLINK_ID_MAX, VLINK_CLASS_MAX, VLINK_SERVICE_MAX, VLINK_NAME_MAX, VLINK_INFO_MAX,
	       VLINK_UNIT_MAX);
	printf("cid|limit|%u|%u|%u\n", VLINK_CID_MIN, VLINK_CID_MAX, VLINK_CID_HOST);
	return 0;
}
