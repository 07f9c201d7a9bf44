// SPDX-License-Identifier: LGPL-2.1-or-later
/* The work of vlinkd, apart from how it is started and woken. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "daemon.h"
#include "lib/detached.h"
#include "records.h"

/* What is found out in one pass. */
struct view {
	struct domains domains;
	struct found_dirs dirs;
	struct cids cids;
	struct messages messages;
};

int daemon_start(struct daemon *daemon)
{
	daemon->config_stale = true;
	daemon->detached_stale = true;
	daemon->search_orphans = true;
	daemon->again_ms = CHOICE_NEVER;
	if (!xs_watch(daemon->xs, "@introduceDomain", "introduce") ||
	    !xs_watch(daemon->xs, "@releaseDomain", "release") ||
	    !xs_watch(daemon->xs, DETACHED_ROOT, "detached"))
		return errno ? -errno : -EIO;
	return 0;
}

void daemon_reload(struct daemon *daemon)
{
	daemon->config_stale = true;
	daemon->detached_stale = true;
	daemon->search_orphans = true;
	daemon->records.is_read = false;
	daemon->obey = true;
	published_forget_all(&daemon->published);
}

static void take_event(struct daemon *daemon, char **event)
{
	const char *token = event[XS_WATCH_TOKEN];
	unsigned int domid;

	/* Without inotify this is the latest moment for a new cfg to be seen. */
	if (!strcmp(token, "introduce"))
		daemon->config_stale = true;
	else if (!strcmp(token, "detached"))
		daemon->detached_stale = true;
	else if (!strcmp(token, "name") &&
		 domains_name_changed(&daemon->known, event[XS_WATCH_PATH], &domid))
		published_forget(&daemon->published, domid);
}

int daemon_take_events(struct daemon *daemon)
{
	int nr = 0;
	char **event;

	while ((event = xs_check_watch(daemon->xs))) {
		take_event(daemon, event);
		free(event);
		nr++;
	}
	return errno == EAGAIN ? nr : -errno;
}

static void clear_view(struct view *view)
{
	domains_clear(&view->domains);
	records_clear_dirs(&view->dirs);
	cids_clear(&view->cids);
	messages_clear(&view->messages);
}

static int look_at_records(struct daemon *daemon)
{
	int ret = daemon->records.is_read ? records_look(daemon->xs, &daemon->records) :
					    records_read(daemon->xs, &daemon->records);

	if (!ret)
		records_index(&daemon->records);
	return ret;
}

static int look_at_detached(struct daemon *daemon)
{
	int ret;

	if (!daemon->detached_stale)
		return 0;
	detached_clear(&daemon->detached);
	ret = detached_read(daemon->xs, &daemon->detached);
	daemon->detached_stale = ret != 0;
	return ret;
}

static int look(struct daemon *daemon, struct view *view)
{
	int ret;

	ret = domains_scan(daemon->xc, daemon->xs, &daemon->known, &view->domains);
	if (!ret)
		ret = published_update(daemon->xs, &daemon->published, &view->domains);
	if (!ret)
		ret = look_at_records(daemon);
	if (!ret)
		ret = look_at_detached(daemon);
	if (!ret && daemon->search_orphans && daemon->config.classes_usable)
		ret = records_find_dirs(daemon->xs, &view->domains, &daemon->config.classes,
					&view->dirs);
	return ret;
}

static bool leaves_orphans(const struct action *action)
{
	return action->kind == ACTION_REMOVE && !action->record->sound;
}

/* One action that fails does not keep the others from being done. */
static int act(struct daemon *daemon, struct applier *applier, const struct plan *plan,
	       struct messages *messages)
{
	int ret, result = 0;
	size_t i;

	for (i = 0; i < plan->nr; i++) {
		ret = apply_action(applier, &plan->list[i]);
		if (leaves_orphans(&plan->list[i])) {
			daemon->search_orphans = true;
			result = -EAGAIN;
		}
		daemon->nr_joined += !ret && plan->list[i].kind == ACTION_CONNECT;
		if (!ret)
			continue;
		if (xsh_is_fatal(ret))
			return ret;
		if (ret != -EAGAIN && ret != -ESTALE)
			messages_add(messages, apply_complaint(&plan->list[i], ret));
		result = -EAGAIN;
	}
	return result;
}

static int compare_and_repair(struct daemon *daemon, struct view *view)
{
	struct running running = {
		.domains = &view->domains, .published = &daemon->published,
		.now_ms = daemon->now_ms, .obey = daemon->obey,
	};
	struct situation now = {
		.config = &daemon->config, .domains = &view->domains,
		.published = &daemon->published, .records = &daemon->records,
		.dirs = &view->dirs, .detached = &daemon->detached, .cids = &view->cids,
	};
	struct applier applier = {
		.xs = daemon->xs, .now = &now, .withdrawn = &daemon->withdrawn,
	};
	bool searched = daemon->search_orphans;
	struct plan plan;
	int ret;

	daemon->again_ms = config_judge(&daemon->config, &running);
	cids_assign(&daemon->config, &running, &view->cids, &view->messages);
	plan_make(&now, &plan);
	daemon->nr_joined = plan.nr_joined;
	daemon->search_orphans = false;
	ret = act(daemon, &applier, &plan, &view->messages);
	if (ret && searched)
		daemon->search_orphans = true;
	if (!ret)
		daemon->obey = false;
	plan_clear(&plan);
	apply_clear(&applier);
	return ret;
}

/* For the status. */
static void count_links(struct daemon *daemon, const struct view *view)
{
	size_t i;

	daemon->nr_domains = view->domains.nr;
	daemon->nr_links = 0;
	for (i = 0; i < daemon->config.nr_ends; i++)
		daemon->nr_links += daemon->config.ends[i].end->role == VLINKCFG_CLIENT;
}

/* A failure that lasts is told of once, not at each attempt; and that it is over. */
static void say(struct daemon *daemon, struct messages *now, int ret)
{
	bool over = daemon->said.nr && !now->nr && !ret;

	/* A pass that others got in the way of says nothing about what it did not reach. */
	if (!now->nr && ret)
		return;
	messages_say_new(&daemon->said, now, LOG_LEVEL_WARNING);
	if (over)
		log_info("what failed before is done now");
}

int daemon_pass(struct daemon *daemon)
{
	struct view view = { 0 };
	int ret;

	if (daemon->config_stale)
		config_reload(&daemon->config);
	daemon->config_stale = false;
	withdrawn_expire(&daemon->withdrawn, daemon->now_ms);
	ret = look(daemon, &view);
	if (!ret) {
		ret = compare_and_repair(daemon, &view);
		count_links(daemon, &view);
	} else if (!xsh_is_fatal(ret) && ret != -EAGAIN) {
		messages_add(&view.messages,
			     alloc_printf("looking at the domains and at xenstore failed: %s; trying again",
					  strerror(-ret)));
		ret = -EAGAIN;
	}
	say(daemon, &view.messages, ret);
	clear_view(&view);
	return ret;
}

void daemon_clear(struct daemon *daemon)
{
	config_clear(&daemon->config);
	published_clear(&daemon->published);
	domains_known_clear(&daemon->known);
	records_clear(&daemon->records);
	detached_clear(&daemon->detached);
	withdrawn_clear(&daemon->withdrawn);
	messages_clear(&daemon->said);
}
