// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who may have how much: xen-common/vlink/charge.c over stand-ins for the kernel. */
#include "unit.h"

#include "kernel_stand_ins.h"

/* ---- the kernel ---- */

typedef struct {
	unsigned int val;
} kuid_t;

struct hlist_node {
	struct hlist_node *next;
};

struct grant_entry_v1 {
	uint64_t bits;
};

struct seq_file {
	char text[512];
};

enum vlink_charge_kind { VLINK_CHARGE_MAPPED, VLINK_CHARGE_GRANTED, VLINK_CHARGE_KINDS };

static unsigned int user;
static bool privileged;
static unsigned int grant_frames = 64;

#define current_uid()			((kuid_t){ user })
#define uid_eq(a, b)			((a).val == (b).val)
#define __kuid_val(uid)			((uid).val)
#define init_user_ns			user
#define CAP_SYS_RESOURCE		24
#define ns_capable_noaudit(ns, cap)	((void)(ns), (void)(cap), privileged)
#define gnttab_max_grant_frames()	grant_frames
#define module_param(...)		_Static_assert(1, "")
#define MODULE_PARM_DESC(...)		_Static_assert(1, "")
#define seq_printf(m, ...) \
	snprintf((m)->text + strlen((m)->text), sizeof((m)->text) - strlen((m)->text), __VA_ARGS__)

/* One chain serves for all. */
#define DEFINE_HASHTABLE(name, bits)	struct hlist_node *name
#define hash_add(table, node_, key)	((void)(key), (node_)->next = (table), (table) = (node_))
#define hash_for_each_possible(table, obj, member, key)					\
	for (struct hlist_node *at_ = ((void)(key), (table));				\
	     at_ && ((obj) = container_of(at_, __typeof__(*(obj)), member), 1);		\
	     at_ = at_->next)

static void hash_del(struct hlist_node *node);

#include "kernel/charge.c"

static void hash_del(struct hlist_node *node)
{
	struct hlist_node **at;

	for (at = &accounts; *at != node; at = &(*at)->next)
		;
	*at = node->next;
}

/* ---- tests ---- */

#define FRAMES		1024ul
#define OF_USER		(FRAMES * 256 / 8 * 5)
#define OF_ALL		(FRAMES * 256 / 8 * 7)

static struct vlink_account *account_of(unsigned int uid, bool may_all)
{
	struct vlink_account *account;

	user = uid;
	privileged = may_all;
	account = vlink_account_get();
	CU_ASSERT_FATAL(!IS_ERR(account));
	return account;
}

static int take(struct vlink_account *account, unsigned long nr)
{
	return vlink_charge(account, VLINK_CHARGE_MAPPED, nr);
}

static void give(struct vlink_account *account, unsigned long nr)
{
	vlink_uncharge(account, VLINK_CHARGE_MAPPED, nr);
}

static void users_share_is_exact(void)
{
	struct vlink_account *account = account_of(7, false);

	CU_ASSERT_EQUAL(take(account, OF_USER + 1), -ENOMEM);
	CU_ASSERT_EQUAL(take(account, ~0ul), -ENOMEM);
	CU_ASSERT_EQUAL(take(account, OF_USER), 0);
	CU_ASSERT_EQUAL(take(account, 1), -ENOMEM);
	CU_ASSERT_EQUAL(take(account, 0), 0);
	give(account, 1);
	CU_ASSERT_EQUAL(take(account, 2), -ENOMEM);
	CU_ASSERT_EQUAL(take(account, 1), 0);
	give(account, OF_USER);
	vlink_account_put(account);
}

static void processes_of_a_user_have_one_account(void)
{
	struct vlink_account *first = account_of(7, false), *second = account_of(7, false);
	struct vlink_account *other = account_of(8, false);

	CU_ASSERT_PTR_EQUAL(first, second);
	CU_ASSERT_PTR_NOT_EQUAL(first, other);
	CU_ASSERT_EQUAL(take(first, OF_USER), 0);
	CU_ASSERT_EQUAL(take(second, 1), -ENOMEM);
	CU_ASSERT_EQUAL(take(other, OF_ALL - OF_USER), 0);
	give(first, OF_USER);
	give(other, OF_ALL - OF_USER);
	vlink_account_put(first);
	vlink_account_put(second);
	vlink_account_put(other);
	CU_ASSERT_PTR_NULL(accounts);
}

static void an_eighth_is_left_even_by_root(void)
{
	struct vlink_account *root = account_of(0, true), *plain = account_of(0, false);

	CU_ASSERT_PTR_NOT_EQUAL(root, plain);
	CU_ASSERT_EQUAL(take(root, OF_USER + 1), 0);
	CU_ASSERT_EQUAL(take(root, OF_ALL - OF_USER - 1), 0);
	CU_ASSERT_EQUAL(take(root, 1), -ENOMEM);
	CU_ASSERT_EQUAL(take(plain, 1), -ENOMEM);
	give(root, OF_ALL);
	CU_ASSERT_EQUAL(take(plain, OF_USER + 1), -ENOMEM);
	vlink_account_put(root);
	vlink_account_put(plain);
}

static void kinds_are_counted_apart(void)
{
	struct vlink_account *account = account_of(7, false);

	CU_ASSERT_EQUAL(take(account, OF_USER), 0);
	CU_ASSERT_EQUAL(vlink_charge(account, VLINK_CHARGE_GRANTED, 20480), 0);
	CU_ASSERT_EQUAL(vlink_charge(account, VLINK_CHARGE_GRANTED, 1), -ENOMEM);
	/* The grant table's size is known. */
	grant_frames = 128;
	CU_ASSERT_EQUAL(vlink_charge(account, VLINK_CHARGE_GRANTED, 20480), 0);
	grant_frames = 64;
	CU_ASSERT_EQUAL(vlink_charge(account, VLINK_CHARGE_GRANTED, 1), -ENOMEM);
	vlink_uncharge(account, VLINK_CHARGE_GRANTED, 40960);
	give(account, OF_USER);
	vlink_account_put(account);
}

static void account_lives_as_long_as_it_is_held(void)
{
	struct vlink_account *account = account_of(7, false);

	vlink_account_hold(account);
	vlink_account_put(account);
	CU_ASSERT_EQUAL(take(account, 1), 0);
	give(account, 1);
	vlink_account_put(account);
	CU_ASSERT_PTR_NULL(accounts);
}

static void present_numbers_are_shown(void)
{
	struct vlink_account *account = account_of(7, false);
	struct seq_file file = { "" };

	CU_ASSERT_EQUAL(take(account, 5), 0);
	vlink_charges_show(&file);
	CU_ASSERT_STRING_EQUAL(file.text, "mapped          5 of 229376, a user 163840\n"
					  "granted         0 of 28672, a user 20480\n");
	give(account, 5);
	vlink_account_put(account);
	CU_ASSERT_EQUAL(locks_held, 0);
}

static const struct unit_test tests[] = {
	{ "users_share_is_exact", users_share_is_exact },
	{ "processes_of_a_user_have_one_account", processes_of_a_user_have_one_account },
	{ "an_eighth_is_left_even_by_root", an_eighth_is_left_even_by_root },
	{ "kinds_are_counted_apart", kinds_are_counted_apart },
	{ "account_lives_as_long_as_it_is_held", account_lives_as_long_as_it_is_held },
	{ "present_numbers_are_shown", present_numbers_are_shown },
};

int main(void)
{
	UNIT_ADD("charge", tests);
	return unit_run("charge");
}
