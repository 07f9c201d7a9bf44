// SPDX-License-Identifier: GPL-2.0
/*
 * What the processes of a user make this domain map of others' pages and grant to
 * others, counted per user and kind, so that no user takes all that Xen gives the domain.
 *
 * The bounds stand here and nowhere else. Memory of the kernel is not counted here:
 * what is allocated for a process is charged to its cgroup (GFP_KERNEL_ACCOUNT), and what
 * is pinned counts against RLIMIT_MEMLOCK.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include <xen/grant_table.h>

#include "internal.h"

/*
 * Of what Xen gives the domain, a user may have five eighths, all users together seven:
 * the rest is left to the domain's other drivers. Five, since one buffer of 64 MiB has to
 * fit into the default grant table. CAP_SYS_RESOURCE lifts the bound of the user, but not
 * that of all.
 */
#define EIGHTHS_USER	5
#define EIGHTHS_ALL	7

#define MAPTRACK_PER_FRAME	(XEN_PAGE_SIZE / 16)
#define GRANTS_PER_FRAME	(XEN_PAGE_SIZE / sizeof(struct grant_entry_v1))

/* A domain cannot ask Xen for this one. */
static unsigned int maptrack_frames = 1024;
module_param(maptrack_frames, uint, 0444);
MODULE_PARM_DESC(maptrack_frames, "max_maptrack_frames of this domain (1024, as Xen's default)");

/* One for a user's processes with CAP_SYS_RESOURCE, one for those without. */
struct vlink_account {
	struct hlist_node node;
	unsigned int refs;
	kuid_t uid;
	bool unlimited;
	unsigned long charged[VLINK_CHARGE_KINDS];
};

static const char *const kind_names[VLINK_CHARGE_KINDS] = {
	[VLINK_CHARGE_MAPPED] = "mapped",
	[VLINK_CHARGE_GRANTED] = "granted",
};

/* Guards all below, and the accounts. */
static DEFINE_SPINLOCK(accounts_lock);
static DEFINE_HASHTABLE(accounts, 5);
static unsigned long charged_all[VLINK_CHARGE_KINDS];

static unsigned long given_by_xen(enum vlink_charge_kind kind)
{
	if (kind == VLINK_CHARGE_MAPPED)
		return maptrack_frames * MAPTRACK_PER_FRAME;
	return gnttab_max_grant_frames() * GRANTS_PER_FRAME;
}

static unsigned long most(enum vlink_charge_kind kind, unsigned int eighths)
{
	return given_by_xen(kind) / 8 * eighths;
}

static struct vlink_account *account_find(kuid_t uid, bool unlimited)
{
	struct vlink_account *account;

	hash_for_each_possible(accounts, account, node, __kuid_val(uid))
		if (uid_eq(account->uid, uid) && account->unlimited == unlimited)
			return account;
	return NULL;
}

struct vlink_account *vlink_account_get(void)
{
	struct vlink_account *account, *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);

	if (!fresh)
		return ERR_PTR(-ENOMEM);
	fresh->uid = current_uid();
	fresh->unlimited = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);

	spin_lock(&accounts_lock);
	account = account_find(fresh->uid, fresh->unlimited);
	if (!account) {
		account = fresh;
		fresh = NULL;
		hash_add(accounts, &account->node, __kuid_val(account->uid));
	}
	account->refs++;
	spin_unlock(&accounts_lock);
	kfree(fresh);
	return account;
}
EXPORT_SYMBOL_GPL(vlink_account_get);

void vlink_account_hold(struct vlink_account *account)
{
	spin_lock(&accounts_lock);
	account->refs++;
	spin_unlock(&accounts_lock);
}
EXPORT_SYMBOL_GPL(vlink_account_hold);

void vlink_account_put(struct vlink_account *account)
{
	bool last;

	spin_lock(&accounts_lock);
	last = !--account->refs;
	if (last)
		hash_del(&account->node);
	spin_unlock(&accounts_lock);
	if (last)
		kfree(account);
}
EXPORT_SYMBOL_GPL(vlink_account_put);

/* Whether @nr more keep @now within @max. */
static bool fits(unsigned long now, unsigned long nr, unsigned long max)
{
	return now <= max && nr <= max - now;
}

int vlink_charge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr)
{
	bool user_fits, all_fit;

	spin_lock(&accounts_lock);
	user_fits = account->unlimited ||
		    fits(account->charged[kind], nr, most(kind, EIGHTHS_USER));
	all_fit = fits(charged_all[kind], nr, most(kind, EIGHTHS_ALL));
	if (user_fits && all_fit) {
		account->charged[kind] += nr;
		charged_all[kind] += nr;
	}
	spin_unlock(&accounts_lock);
	if (user_fits && all_fit)
		return 0;
	pr_info_ratelimited("no more pages are %s for user %u: %s may have %lu\n",
			    kind_names[kind], __kuid_val(account->uid),
			    user_fits ? "all users together" : "one user",
			    most(kind, user_fits ? EIGHTHS_ALL : EIGHTHS_USER));
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(vlink_charge);

void vlink_uncharge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr)
{
	spin_lock(&accounts_lock);
	account->charged[kind] -= nr;
	charged_all[kind] -= nr;
	spin_unlock(&accounts_lock);
}
EXPORT_SYMBOL_GPL(vlink_uncharge);

void vlink_charges_show(struct seq_file *m)
{
	enum vlink_charge_kind kind;

	for (kind = 0; kind < VLINK_CHARGE_KINDS; kind++)
		seq_printf(m, "%-8s %8lu of %lu, a user %lu\n", kind_names[kind],
			   READ_ONCE(charged_all[kind]), most(kind, EIGHTHS_ALL),
			   most(kind, EIGHTHS_USER));
}
