// SPDX-License-Identifier: GPL-2.0
/* The version of the service's protocol that both ends of a link speak (xen/io/vlink.h). */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Room for the peer's list, and for ours. */
#define LIST_MAX	64

/* "1", or "2 to 3" */
static void range_print(char *buf, size_t size, const struct vlink_versions *range)
{
	if (range->oldest == range->newest)
		scnprintf(buf, size, "%u", range->oldest);
	else
		scnprintf(buf, size, "%u to %u", range->oldest, range->newest);
}

static const char *older_end(const struct vlink *link, const struct vlink_versions *peer)
{
	bool peer_is_older = peer->newest < link->drv->versions.oldest;

	return (link->drv->role == VLINK_SERVER) == peer_is_older ? "client" : "server";
}

/* Text that is the same at both ends, which may be either's administrator's. */
static void fail_for(struct vlink *link, const struct vlink_versions *peer)
{
	bool is_client = link->drv->role == VLINK_CLIENT;
	char own_text[24], peer_text[24];

	range_print(own_text, sizeof(own_text), &link->drv->versions);
	range_print(peer_text, sizeof(peer_text), peer);
	vlink_fail(link, "%s protocol versions: client %s, server %s: upgrade the %s's modules",
		   link->drv->service, is_client ? own_text : peer_text,
		   is_client ? peer_text : own_text, older_end(link, peer));
}

static bool speaks(const struct vlink *link, unsigned int version)
{
	return version >= link->drv->versions.oldest && version <= link->drv->versions.newest;
}

/* The newest of @list that we speak, 0: none; and what there is in it. */
static unsigned int newest_common(const struct vlink *link, char *list,
				  struct vlink_versions *peer)
{
	unsigned int version, best = 0;
	char *item;

	*peer = (struct vlink_versions){ .oldest = UINT_MAX };
	while ((item = strsep(&list, " "))) {
		if (kstrtouint(item, 10, &version) || !version)
			continue;
		peer->oldest = min(peer->oldest, version);
		peer->newest = max(peer->newest, version);
		if (speaks(link, version))
			best = max(best, version);
	}
	return best;
}

int vlink_version_choose(struct vlink *link)
{
	char *untrusted_list = vlink_read_text(link->xdev->otherend, "versions", LIST_MAX);
	struct vlink_versions peer;

	if (IS_ERR(untrusted_list)) {
		vlink_fail(link, "the server's key \"versions\" cannot be read: error %ld",
			   PTR_ERR(untrusted_list));
		return -EPROTO;
	}
	link->version = newest_common(link, untrusted_list, &peer);
	kfree(untrusted_list);
	if (link->version)
		return 0;
	if (peer.newest)
		fail_for(link, &peer);
	else
		vlink_fail(link, "the server's key \"versions\" has no version");
	return -EPROTO;
}

int vlink_version_check(struct vlink *link)
{
	struct vlink_versions peer;
	u32 version;
	int err = vlink_peer_u32(link, "version", 1, U32_MAX, &version);

	if (err)
		return err;
	link->version = version;
	if (speaks(link, version))
		return 0;
	peer = (struct vlink_versions){ version, version };
	fail_for(link, &peer);
	return -EPROTO;
}

int vlink_versions_offer(struct vlink *link)
{
	unsigned int version;
	char list[LIST_MAX];
	int len = 0;

	for (version = link->drv->versions.oldest; version <= link->drv->versions.newest; version++)
		len += scnprintf(list + len, sizeof(list) - len, "%s%u", len ? " " : "", version);
	return xenbus_write(XBT_NIL, link->xdev->nodename, "versions", list);
}

bool vlink_versions_are_good(const struct vlink_versions *versions)
{
	/* So many, of so many digits, that the list has room. */
	return versions->oldest && versions->oldest <= versions->newest &&
	       versions->newest <= 999 && versions->newest - versions->oldest < LIST_MAX / 4;
}
