// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which versions of the drivers' calls go together, and what is said of those that do not. */
#include <errno.h>
#include <string.h>
#include <vlink/version.h>

#include "../../userlib/common/abi.h"
#include "unit.h"

static struct vlink_abi own = { .name = "libtest", .package = "libtest1", .oldest = 3, .newest = 5 };
static char text[256];

static int compare(uint32_t oldest, uint32_t newest)
{
	struct vlink_abi_args driver = { oldest, newest, "2.7" };

	*text = '\0';
	return vlink_abi_compare(&own, &driver, text, sizeof(text));
}

static void any_common_version_will_do(void)
{
	static const uint32_t good[][2] = { { 1, 3 }, { 3, 3 }, { 4, 4 }, { 5, 5 }, { 5, 9 }, { 1, 9 } };
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(compare(good[i][0], good[i][1]), 0);
		CU_ASSERT_STRING_EQUAL(text, "");
	}
}

#define OWN	"libtest " XEN_VLINK_VERSION " speaks versions 3 to 5 of the driver's calls, "

static void older_driver_is_to_be_upgraded(void)
{
	CU_ASSERT_EQUAL(compare(1, 2), EPROTONOSUPPORT);
	CU_ASSERT_STRING_EQUAL(text, OWN "the driver of xen-vlink 2.7 versions 1 to 2: upgrade xen-vlink-dkms, and load its modules anew");
}

static void older_library_is_to_be_upgraded(void)
{
	CU_ASSERT_EQUAL(compare(6, 6), EPROTONOSUPPORT);
	CU_ASSERT_STRING_EQUAL(text, OWN "the driver of xen-vlink 2.7 version 6: upgrade libtest1");
}

static void release_need_not_end(void)
{
	struct vlink_abi_args driver = { .oldest = 6, .newest = 6 };

	memset(driver.release, 'x', sizeof(driver.release));
	CU_ASSERT_EQUAL(vlink_abi_compare(&own, &driver, text, sizeof(text)), EPROTONOSUPPORT);
	CU_ASSERT_STRING_EQUAL(text, OWN "the driver of xen-vlink xxxxxxxxxxxxxxxxxxxxxxxx version 6: upgrade libtest1");
}

static void files_of_other_drivers_are_EINVAL(void)
{
	FILE *file = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(vlink_abi_check_node(&own, fileno(file)), EINVAL);
	CU_ASSERT_EQUAL(vlink_abi_check_node(&own, -1), EBADF);
	fclose(file);
}

static const struct unit_test tests[] = {
	{ "any_common_version_will_do", any_common_version_will_do },
	{ "older_driver_is_to_be_upgraded", older_driver_is_to_be_upgraded },
	{ "older_library_is_to_be_upgraded", older_library_is_to_be_upgraded },
	{ "release_need_not_end", release_need_not_end },
	{ "files_of_other_drivers_are_EINVAL", files_of_other_drivers_are_EINVAL },
};

int main(void)
{
	UNIT_ADD("abi", tests);
	return unit_run("abi");
}
