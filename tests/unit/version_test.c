// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which version of a service's protocol two ends of a link agree on, and what is said when
 * there is none: xen-common/vlink/version.c over stand-ins for the kernel.
 */
#include <limits.h>
#include <stdarg.h>

#include "unit.h"

#include "kernel_stand_ins.h"

/* ---- the kernel ---- */

#define U32_MAX		UINT32_MAX
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define XBT_NIL		0

enum vlink_role { VLINK_SERVER, VLINK_CLIENT };

struct vlink_versions {
	unsigned int oldest, newest;
};

struct vlink_driver {
	const char *service;
	enum vlink_role role;
	struct vlink_versions versions;
};

struct xenbus_device {
	const char *nodename, *otherend;
};

struct vlink {
	struct vlink_driver *drv;
	struct xenbus_device *xdev;
	unsigned int version;
};

/* What the peer has written, NULL: nothing; what was offered to it, and the failure. */
static const char *peer_key;
static char offered[100], failure[128];

static int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n < (int)size ? n : (int)size - 1;
}

static int kstrtouint(const char *text, unsigned int base, unsigned int *value)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	number = strtoull(text, &end, (int)base);
	if (*end || number > UINT_MAX)
		return -ERANGE;
	*value = (unsigned int)number;
	return 0;
}

static char *vlink_read_text(const char *dir, const char *key, size_t limit)
{
	CU_ASSERT_STRING_EQUAL(dir, "peer");
	CU_ASSERT_STRING_EQUAL(key, "versions");
	if (!peer_key || strlen(peer_key) > limit)
		return ERR_PTR(-ENOENT);
	return strdup(peer_key);
}

__attribute__((format(printf, 2, 3)))
static void vlink_fail(struct vlink *link, const char *fmt, ...)
{
	va_list args;

	(void)link;
	va_start(args, fmt);
	vsnprintf(failure, sizeof(failure), fmt, args);
	va_end(args);
}

static int vlink_peer_u32(struct vlink *link, const char *key, u32 low, u32 high, u32 *value)
{
	(void)link;
	CU_ASSERT_STRING_EQUAL(key, "version");
	if (kstrtouint(peer_key, 10, value) || *value < low || *value > high)
		return -EPROTO;
	return 0;
}

static int xenbus_write(int xbt, const char *dir, const char *key, const char *text)
{
	(void)xbt;
	CU_ASSERT_STRING_EQUAL(dir, "own");
	CU_ASSERT_STRING_EQUAL(key, "versions");
	snprintf(offered, sizeof(offered), "%s", text);
	return 0;
}

bool vlink_versions_are_good(const struct vlink_versions *versions);
int vlink_versions_offer(struct vlink *link);
int vlink_version_choose(struct vlink *link);
int vlink_version_check(struct vlink *link);

#include "kernel/version.c"

/* ---- tests ---- */

static struct vlink_driver drv = { .service = "vrpq" };
static struct xenbus_device xdev = { "own", "peer" };
static struct vlink link_ = { .drv = &drv, .xdev = &xdev };

static void begin(enum vlink_role role, unsigned int oldest, unsigned int newest)
{
	drv.role = role;
	drv.versions = (struct vlink_versions){ oldest, newest };
	link_.version = 0;
	*failure = '\0';
}

/* What a client of these versions chooses; 0: the connection fails. */
static unsigned int choose(unsigned int oldest, unsigned int newest, const char *versions)
{
	int err;

	begin(VLINK_CLIENT, oldest, newest);
	peer_key = versions;
	err = vlink_version_choose(&link_);
	CU_ASSERT_EQUAL(err, link_.version ? 0 : -EPROTO);
	CU_ASSERT_EQUAL(!*failure, !err);
	return link_.version;
}

static void newest_common_version_is_chosen(void)
{
	CU_ASSERT_EQUAL(choose(1, 1, "1"), 1);
	CU_ASSERT_EQUAL(choose(1, 1, "1 2 3"), 1);
	CU_ASSERT_EQUAL(choose(1, 3, "1"), 1);
	CU_ASSERT_EQUAL(choose(2, 4, "3 4 5"), 4);
	CU_ASSERT_EQUAL(choose(2, 4, "5 4 3"), 4);
	CU_ASSERT_EQUAL(choose(2, 5, "1 2 9"), 2);
}

static void later_server_is_told_from_an_earlier_one(void)
{
	CU_ASSERT_EQUAL(choose(1, 1, "2 3"), 0);
	CU_ASSERT_STRING_EQUAL(failure, "vrpq protocol versions: client 1, server 2 to 3: upgrade the client's modules");
	CU_ASSERT_EQUAL(choose(4, 5, "2 3"), 0);
	CU_ASSERT_STRING_EQUAL(failure, "vrpq protocol versions: client 4 to 5, server 2 to 3: upgrade the server's modules");
}

static void what_is_no_version_is_none(void)
{
	static const char *const lists[] = { "", " ", "0", "-1", "one", "0 00", "4294967296", "1;2" };

	for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		CU_ASSERT_EQUAL(choose(1, 1, lists[i]), 0);
		CU_ASSERT_STRING_EQUAL(failure, "the server's key \"versions\" has no version");
	}
	CU_ASSERT_EQUAL(choose(1, 1, NULL), 0);
	CU_ASSERT_STRING_EQUAL(failure, "the server's key \"versions\" cannot be read: error -2");
	CU_ASSERT_EQUAL(choose(1, 1, "zero 1 two"), 1);
}

static int check(unsigned int oldest, unsigned int newest, const char *version)
{
	begin(VLINK_SERVER, oldest, newest);
	peer_key = version;
	return vlink_version_check(&link_);
}

static void server_speaks_what_the_client_chose(void)
{
	CU_ASSERT_EQUAL(check(1, 3, "1"), 0);
	CU_ASSERT_EQUAL(link_.version, 1);
	CU_ASSERT_EQUAL(check(1, 3, "3"), 0);
	CU_ASSERT_EQUAL(link_.version, 3);
}

static void client_may_choose_nothing_else(void)
{
	CU_ASSERT_EQUAL(check(2, 3, "1"), -EPROTO);
	CU_ASSERT_STRING_EQUAL(failure, "vrpq protocol versions: client 1, server 2 to 3: upgrade the client's modules");
	CU_ASSERT_EQUAL(check(2, 3, "4"), -EPROTO);
	CU_ASSERT_STRING_EQUAL(failure, "vrpq protocol versions: client 4, server 2 to 3: upgrade the server's modules");
	CU_ASSERT_EQUAL(check(1, 1, "0"), -EPROTO);
	CU_ASSERT_EQUAL(check(1, 1, "1 "), -EPROTO);
}

static void all_versions_are_offered(void)
{
	begin(VLINK_SERVER, 1, 1);
	CU_ASSERT_EQUAL(vlink_versions_offer(&link_), 0);
	CU_ASSERT_STRING_EQUAL(offered, "1");
	begin(VLINK_SERVER, 9, 11);
	CU_ASSERT_EQUAL(vlink_versions_offer(&link_), 0);
	CU_ASSERT_STRING_EQUAL(offered, "9 10 11");
}

/* The longest list that a driver may have is one that its peer reads. */
static void longest_list_is_read(void)
{
	begin(VLINK_SERVER, 984, 999);
	CU_ASSERT_TRUE(vlink_versions_are_good(&drv.versions));
	CU_ASSERT_EQUAL(vlink_versions_offer(&link_), 0);
	CU_ASSERT_EQUAL(choose(999, 999, offered), 999);
}

static void drivers_have_versions(void)
{
	static const struct vlink_versions bad[] = { { 0, 0 }, { 0, 1 }, { 2, 1 }, { 1, 17 },
						     { 999, 1000 }, { 1, UINT_MAX } };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(vlink_versions_are_good(&bad[i]));
	CU_ASSERT_TRUE(vlink_versions_are_good(&(struct vlink_versions){ 1, 1 }));
	CU_ASSERT_TRUE(vlink_versions_are_good(&(struct vlink_versions){ 1, 16 }));
}

static const struct unit_test tests[] = {
	{ "newest_common_version_is_chosen", newest_common_version_is_chosen },
	{ "later_server_is_told_from_an_earlier_one", later_server_is_told_from_an_earlier_one },
	{ "what_is_no_version_is_none", what_is_no_version_is_none },
	{ "server_speaks_what_the_client_chose", server_speaks_what_the_client_chose },
	{ "client_may_choose_nothing_else", client_may_choose_nothing_else },
	{ "all_versions_are_offered", all_versions_are_offered },
	{ "longest_list_is_read", longest_list_is_read },
	{ "drivers_have_versions", drivers_have_versions },
};

int main(void)
{
	UNIT_ADD("version", tests);
	return unit_run("version");
}
