// SPDX-License-Identifier: LGPL-2.1-or-later
/* The links that the administrator has detached. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detached.h"

static const struct xsh_access dom0_only;

struct setting {
	const char *link;
	bool is_detached;
};

int detached_read(struct xs_handle *xs, struct detached *detached)
{
	*detached = (struct detached){ 0 };
	detached->links = xsh_directory(xs, XBT_NULL, DETACHED_ROOT, &detached->nr);
	return detached->links ? 0 : -errno;
}

void detached_clear(struct detached *detached)
{
	free(detached->links);
	*detached = (struct detached){ 0 };
}

bool detached_has(const struct detached *detached, const char *link)
{
	unsigned int i;

	for (i = 0; i < detached->nr; i++)
		if (!strcmp(detached->links[i], link))
			return true;
	return false;
}

static int set_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	const struct setting *setting = arg;
	struct xsh_path path = xsh_path(DETACHED_ROOT "/%s", setting->link);
	int ret;

	if (!setting->is_detached) {
		ret = xsh_remove(xs, t, path.s);
		return ret ? ret : xsh_remove_empty(xs, t, DETACHED_ROOT);
	}
	ret = xsh_mkdir(xs, t, RECORDS_ROOT, dom0_only);
	if (!ret)
		ret = xsh_mkdir(xs, t, DETACHED_ROOT, dom0_only);
	return ret ? ret : xsh_mkdir(xs, t, path.s, dom0_only);
}

int detached_set(struct xs_handle *xs, const char *link, bool is_detached)
{
	struct setting setting = { .link = link, .is_detached = is_detached };

	return xsh_transaction(xs, set_body, &setting);
}
