// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../userlib/vrpq/file.h"
#include "vrpq_fake.h"

#define FILES		4096
#define FIRST_FD	100000
#define MAPPINGS	64
#define SLEEPERS	128

enum end { CLIENT, SERVER };

/* A session or a channel, as one end sees it. */
struct side {
	u32 seq, status;
	int handles;
};

struct session {
	struct session *next;
	u32 port, app_id;
	bool accepted, refused;
	struct side sides[2];
	int memfd;
	u32 pages[VRPQ_ZONES], shared[VRPQ_ZONES];
	u32 acked[VRPQ_ZONES];		/* of pages, known to the server */
	u32 channels, channels_max;
	bool pressure;
	unsigned char info[VRPQ_INFO_MAX];
	u32 info_size;
	int refs;
};

struct chan {
	struct chan *next;
	struct session *session;
	bool accepted;
	struct side sides[2];
	u32 ctl_page;
	unsigned char info[VRPQ_INFO_MAX];
	u32 info_size;
};

struct file {
	bool used;
	enum end end;
	struct session *session;
	struct chan *chan;
};

struct mapping {
	unsigned char *base;
	size_t size;
	struct session *session;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct file files[FILES];
static struct session *sessions;
static struct chan *chans;
static struct mapping mappings[MAPPINGS];
static struct fake_counts counts;
static struct vrpq_geometry geometry;
static struct vlink_abi_args abi;
static u32 protocol;
static u32 budget_used[VRPQ_ZONES];	/* ring; parameters */
static bool protect = true;
static bool server_paused;
static u32 next_app_id = 4000;

static struct {
	pthread_t thread;
	bool used, interrupted;
} sleepers[SLEEPERS];

static void fail(const char *what)
{
	fprintf(stderr, "fake: %s\n", what);
	abort();
}

/* Not of what a test lets the library run short of. */
static void *new_object(size_t size)
{
	void *object = NULL;

	if (posix_memalign(&object, 64, size))
		fail("no memory");
	return memset(object, 0, size);
}

static size_t area_size(void)
{
	return ((size_t)geometry.ring_pages + geometry.param_pages + geometry.callback_pages) *
	       VRPQ_PAGE_SIZE;
}

static struct file *file_of(int fd)
{
	if (fd < FIRST_FD || fd >= FIRST_FD + FILES || !files[fd - FIRST_FD].used)
		fail("a descriptor that is not open");
	return &files[fd - FIRST_FD];
}

static void move(struct side *side)
{
	side->seq++;
	pthread_cond_broadcast(&changed);
}

static void move_chan(struct chan *chan, enum end end)
{
	move(&chan->sides[end]);
	move(&chan->session->sides[end]);
}

/* --- sleeping ------------------------------------------------------------------ */

static int begin_sleep(void)
{
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		if (!sleepers[i].used) {
			sleepers[i].used = true;
			sleepers[i].interrupted = false;
			sleepers[i].thread = pthread_self();
			pthread_cond_broadcast(&changed);
			return i;
		}
	}
	fail("too many sleepers");
	return -1;
}

/* One sleep of a thread; EINTR if it was interrupted. */
static int sleep_once(int sleeper, bool killable)
{
	pthread_cond_wait(&changed, &lock);
	if (sleepers[sleeper].interrupted && !killable)
		return EINTR;
	return 0;
}

static void end_sleep(int sleeper)
{
	sleepers[sleeper].used = false;
}

bool fake_await_sleep(pthread_t thread)
{
	struct timespec until;
	bool found = false;
	int i, err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&lock);
	while (!found && !err) {
		for (i = 0; i < SLEEPERS; i++)
			if (sleepers[i].used && pthread_equal(sleepers[i].thread, thread))
				found = true;
		if (!found)
			err = pthread_cond_timedwait(&changed, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

void fake_interrupt(pthread_t thread)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < SLEEPERS; i++)
		if (sleepers[i].used && pthread_equal(sleepers[i].thread, thread))
			sleepers[i].interrupted = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* --- files ----------------------------------------------------------------------- */

static int new_file(const struct file *like)
{
	int i;

	for (i = 0; i < FILES; i++) {
		if (!files[i].used) {
			files[i] = *like;
			files[i].used = true;
			return FIRST_FD + i;
		}
	}
	return -EMFILE;
}

static bool opens_are_refused, nodes_are_gone;

void fake_refuse_opens(bool refuse)
{
	opens_are_refused = refuse;
}

void fake_renew_nodes(void)
{
	nodes_are_gone = true;
}

static int fake_open(const char *path)
{
	struct file file = { .used = true };
	int fd;

	if (!strcmp(path, FAKE_SERVER))
		file.end = SERVER;
	else if (strcmp(path, FAKE_CLIENT))
		return -ENOENT;
	pthread_mutex_lock(&lock);
	counts.opens++;
	fd = opens_are_refused && file.end == SERVER ? -EACCES : new_file(&file);
	if (fd >= 0)
		nodes_are_gone = false;
	pthread_mutex_unlock(&lock);
	return fd;
}

static int open_fresh_file(const struct file *like, struct vrpq_file_args *args)
{
	struct file file = { .used = true, .end = like->end };

	if (like->chan || like->session)
		return EINVAL;
	args->fd = new_file(&file);
	return args->fd < 0 ? -args->fd : 0;
}

static int open_chan_file(const struct file *session, struct vrpq_file_args *args)
{
	struct file file = { .used = true, .end = session->end };

	if (session->chan || !session->session)
		return EINVAL;
	args->fd = new_file(&file);
	return args->fd < 0 ? -args->fd : 0;
}

static void session_put(struct session *session)
{
	struct session **at;

	if (--session->refs)
		return;
	for (at = &sessions; *at != session; at = &(*at)->next)
		;
	*at = session->next;
	budget_used[VRPQ_ZONE_RING] -= session->shared[VRPQ_ZONE_RING];
	budget_used[VRPQ_ZONE_PARAM] -= session->shared[VRPQ_ZONE_PARAM] +
					session->shared[VRPQ_ZONE_CALLBACK];
	close(session->memfd);
	free(session);
}

static void chan_free(struct chan *chan)
{
	struct chan **at;

	for (at = &chans; *at != chan; at = &(*at)->next)
		;
	*at = chan->next;
	session_put(chan->session);
	free(chan);
}

/* One end is done with a channel, or never took it. */
static void chan_close(struct chan *chan, enum end end)
{
	enum end other = end == CLIENT ? SERVER : CLIENT;

	chan->sides[end].status |= 1u << 31;
	chan->sides[other].status |= VRPQ_WAIT_PEER_CLOSED;
	move_chan(chan, other);
	if (end == CLIENT)
		chan->session->channels--;
	if (end == CLIENT && !chan->accepted)
		chan->sides[SERVER].status |= 1u << 31;
	if (chan->sides[other].status >> 31)
		chan_free(chan);
}

static void session_close(struct session *session, enum end end)
{
	enum end other = end == CLIENT ? SERVER : CLIENT;
	struct chan *chan, *next;

	session->sides[other].status |= VRPQ_WAIT_PEER_CLOSED;
	move(&session->sides[other]);
	if (end == SERVER) {
		for (chan = chans; chan; chan = next) {
			next = chan->next;
			if (chan->session == session && !chan->accepted &&
			    !(chan->sides[SERVER].status >> 31))
				chan_close(chan, SERVER);
		}
	}
	/* Nobody has the other end of what was not accepted. */
	if (end == CLIENT && !session->accepted)
		session_put(session);
	session_put(session);
}

static void fake_close(int fd)
{
	struct file *file;

	pthread_mutex_lock(&lock);
	file = file_of(fd);
	if (file->chan) {
		if (--file->chan->sides[file->end].handles == 0)
			chan_close(file->chan, file->end);
	} else if (file->session) {
		if (--file->session->sides[file->end].handles == 0)
			session_close(file->session, file->end);
	}
	file->used = false;
	pthread_mutex_unlock(&lock);
}

/* --- creating and accepting ------------------------------------------------------ */

static void expose(struct session *session)
{
	const u32 first[VRPQ_ZONES] = { 0, geometry.ring_pages,
					geometry.ring_pages + geometry.param_pages };
	int i, z;

	for (i = 0; i < MAPPINGS; i++)
		for (z = 0; z < VRPQ_ZONES && mappings[i].session == session; z++)
			if (session->pages[z])
				mprotect(mappings[i].base + (size_t)first[z] * VRPQ_PAGE_SIZE,
					 (size_t)session->pages[z] * VRPQ_PAGE_SIZE,
					 PROT_READ | PROT_WRITE);
}

static struct session *session_new(const struct vrpq_session_args *args)
{
	struct session *session = new_object(sizeof(*session)), **at;

	session->port = args->port;
	session->app_id = next_app_id++;
	session->info_size = args->info_size;
	if (args->info_size)
		memcpy(session->info, (void *)(uintptr_t)args->info, args->info_size);
	session->memfd = memfd_create("vrpq", 0);
	if (session->memfd < 0 || ftruncate(session->memfd, (off_t)area_size()))
		fail("no memory for an area");
	session->pages[VRPQ_ZONE_RING] = 1;
	session->acked[VRPQ_ZONE_RING] = server_paused ? 0 : 1;
	session->refs = 2;
	session->sides[CLIENT].handles = 1;
	for (at = &sessions; *at; at = &(*at)->next)
		;
	*at = session;
	pthread_cond_broadcast(&changed);
	return session;
}

static int session_create(struct file *file, struct vrpq_session_args *args)
{
	struct session *session;
	int err = 0, sleeper;

	if (file->end != CLIENT)
		return ENOTTY;
	if (args->info_size > VRPQ_INFO_MAX)
		return EMSGSIZE;
	session = session_new(args);
	sleeper = begin_sleep();
	while (!session->accepted && !err)
		err = sleep_once(sleeper, false);
	end_sleep(sleeper);
	if (err && !session->accepted) {
		session_close(session, CLIENT);
		return err;
	}
	file->session = session;
	args->geometry = geometry;
	args->protocol = protocol;
	return 0;
}

static int session_accept(struct file *file, struct vrpq_session_args *args)
{
	struct session *session;
	int err = 0, sleeper;
	u32 n;

	if (file->end != SERVER)
		return ENOTTY;
	sleeper = begin_sleep();
	for (;;) {
		for (session = sessions; session; session = session->next)
			if (!session->accepted && session->port == args->port)
				break;
		if (session || err)
			break;
		err = sleep_once(sleeper, false);
	}
	end_sleep(sleeper);
	if (!session)
		return err;
	session->accepted = true;
	session->sides[SERVER].handles = 1;
	file->session = session;
	n = args->info_size < session->info_size ? args->info_size : session->info_size;
	if (n)
		memcpy((void *)(uintptr_t)args->info, session->info, n);
	args->info_size = session->info_size;
	args->vm_id = 7;
	args->app_id = session->app_id;
	args->geometry = geometry;
	args->protocol = protocol;
	pthread_cond_broadcast(&changed);
	return 0;
}

static struct chan *chan_new(struct session *session, const struct vrpq_chan_args *args)
{
	struct chan *chan = new_object(sizeof(*chan)), **at;

	chan->session = session;
	chan->ctl_page = args->ctl_page;
	chan->info_size = args->info_size;
	if (args->info_size)
		memcpy(chan->info, (void *)(uintptr_t)args->info, args->info_size);
	chan->sides[CLIENT].handles = 1;
	session->refs++;
	session->channels++;
	if (session->channels_max < session->channels)
		session->channels_max = session->channels;
	for (at = &chans; *at; at = &(*at)->next)
		;
	*at = chan;
	move(&session->sides[SERVER]);
	return chan;
}

static int chan_create(struct file *file, struct vrpq_chan_args *args)
{
	struct session *session = file_of(args->session_fd)->session;
	struct chan *chan;
	int err = 0, sleeper;

	if (file->end != CLIENT)
		return ENOTTY;
	if (session->sides[CLIENT].status)
		return EPIPE;
	if (args->ctl_page >= session->pages[VRPQ_ZONE_RING])
		return EINVAL;
	chan = chan_new(session, args);
	sleeper = begin_sleep();
	while (!chan->accepted && !err && !chan->sides[CLIENT].status)
		err = sleep_once(sleeper, false);
	end_sleep(sleeper);
	if (chan->accepted) {
		file->chan = chan;
		file->session = session;
		return 0;
	}
	chan_close(chan, CLIENT);
	return err ? err : EPIPE;
}

static int chan_accept(struct file *file, struct vrpq_chan_args *args)
{
	struct session *session = file_of(args->session_fd)->session;
	struct chan *chan;
	int err = 0, sleeper;
	u32 n;

	if (file->end != SERVER)
		return ENOTTY;
	sleeper = begin_sleep();
	for (;;) {
		for (chan = chans; chan; chan = chan->next)
			if (chan->session == session && !chan->accepted)
				break;
		if (!chan && session->sides[SERVER].status)
			err = EPIPE;
		if (chan || err)
			break;
		err = sleep_once(sleeper, false);
	}
	end_sleep(sleeper);
	if (!chan)
		return err;
	chan->accepted = true;
	chan->sides[SERVER].handles = 1;
	file->session = session;
	file->chan = chan;
	n = args->info_size < chan->info_size ? args->info_size : chan->info_size;
	if (n)
		memcpy((void *)(uintptr_t)args->info, chan->info, n);
	args->info_size = chan->info_size;
	args->ctl_page = chan->ctl_page;
	move(&chan->sides[CLIENT]);
	return 0;
}

/* --- pages ----------------------------------------------------------------------- */

static u32 floor_room(const struct session *session, u32 zone)
{
	u32 n = session->channels + 1 > session->channels_max ? session->channels + 1 :
								session->channels_max;
	u32 due = zone == VRPQ_ZONE_RING ? 1 + 2 * n : zone == VRPQ_ZONE_PARAM ? n : 1;
	u32 has = session->pages[zone] - session->shared[zone];

	return due > has ? due - has : 0;
}

static u32 zone_max(u32 zone)
{
	return zone == VRPQ_ZONE_RING ? geometry.ring_pages :
	       zone == VRPQ_ZONE_PARAM ? geometry.param_pages : geometry.callback_pages;
}

static u32 *used_of(u32 zone)
{
	return &budget_used[zone == VRPQ_ZONE_RING ? VRPQ_ZONE_RING : VRPQ_ZONE_PARAM];
}

static u32 limit_of(u32 zone)
{
	return zone == VRPQ_ZONE_RING ? VRPQ_SEGMENT_PAGES(geometry.reqs) : geometry.pmem_pages;
}

static void ask_others(const struct session *session)
{
	struct session *other;

	for (other = sessions; other; other = other->next) {
		if (other == session)
			continue;
		other->pressure = true;
		move(&other->sides[CLIENT]);
	}
}

/* Makes @min to @want pages more. */
static int make_pages(struct session *session, u32 zone, u32 want, u32 min)
{
	u32 from_floor = floor_room(session, zone);
	u32 room = from_floor + limit_of(zone) - *used_of(zone);
	u32 n = want > min ? want : min;

	if (n > zone_max(zone) - session->pages[zone])
		n = zone_max(zone) - session->pages[zone];
	if (min > n || min > from_floor + limit_of(zone))
		return EMSGSIZE;
	if (min > room) {
		ask_others(session);
		return EAGAIN;
	}
	n = n < room ? n : room;
	from_floor = n < from_floor ? n : from_floor;
	session->pages[zone] += n;
	session->shared[zone] += n - from_floor;
	*used_of(zone) += n - from_floor;
	if (!server_paused)
		session->acked[zone] = session->pages[zone];
	return 0;
}

static int grow(struct file *file, struct vrpq_grow_args *args)
{
	struct session *session = file->session;
	u32 zone = args->zone, target = args->pages + args->min;
	int err = 0;

	if (!session || zone >= VRPQ_ZONES ||
	    (zone == VRPQ_ZONE_CALLBACK) != (file->end == SERVER))
		return EINVAL;
	if (session->pages[zone] < target)
		err = make_pages(session, zone, args->pages + args->want - session->pages[zone],
				 target - session->pages[zone]);
	if (!err && session->acked[zone] < target)
		err = EINPROGRESS;
	if (err)
		return err;
	args->pages = session->acked[zone];
	expose(session);
	return 0;
}

static int trim(struct file *file, struct vrpq_trim_args *args)
{
	struct session *session = file->session, *other;
	u32 n, zone = args->zone;

	if (file->chan || file->end != CLIENT || zone >= VRPQ_ZONE_CALLBACK ||
	    args->pages > session->pages[zone])
		return EINVAL;
	session->pressure = false;
	if (session->acked[zone] != session->pages[zone])
		args->pages = session->acked[zone];
	if (args->pages == session->acked[zone])
		return 0;
	n = session->pages[zone] - args->pages;
	session->pages[zone] -= n;
	session->acked[zone] = session->pages[zone];
	n = n < session->shared[zone] ? n : session->shared[zone];
	session->shared[zone] -= n;
	*used_of(zone) -= n;
	for (other = sessions; other; other = other->next)
		move(&other->sides[CLIENT]);
	return 0;
}

void fake_pause_server(bool paused)
{
	struct session *session;
	int z;

	pthread_mutex_lock(&lock);
	server_paused = paused;
	for (session = sessions; session && !paused; session = session->next) {
		for (z = 0; z < VRPQ_ZONES; z++)
			session->acked[z] = session->pages[z];
		move(&session->sides[CLIENT]);
		move(&session->sides[SERVER]);
	}
	pthread_mutex_unlock(&lock);
}

void fake_take_pmem(int pages)
{
	struct session *session;

	pthread_mutex_lock(&lock);
	budget_used[VRPQ_ZONE_PARAM] += (u32)pages;
	for (session = sessions; session; session = session->next) {
		move(&session->sides[CLIENT]);
		move(&session->sides[SERVER]);
	}
	pthread_mutex_unlock(&lock);
}

uint32_t fake_pmem_used(void)
{
	u32 used;

	pthread_mutex_lock(&lock);
	used = budget_used[VRPQ_ZONE_PARAM];
	pthread_mutex_unlock(&lock);
	return used;
}

/* --- bells and sleep --------------------------------------------------------------- */

static int ring(struct file *file)
{
	enum end other = file->end == CLIENT ? SERVER : CLIENT;

	if (!file->chan)
		return EINVAL;
	counts.rings++;
	move_chan(file->chan, other);
	return file->chan->sides[file->end].status & VRPQ_WAIT_BROKEN ? EPIPE : 0;
}

static int wait(struct file *file, struct vrpq_wait_args *args)
{
	bool of_session = !file->chan || (args->flags & VRPQ_WAIT_SESSION);
	struct side *side = of_session ? &file->session->sides[file->end] :
					 &file->chan->sides[file->end];
	u32 ended = of_session ? VRPQ_WAIT_BROKEN : VRPQ_ENDED;
	struct timespec start, end;
	int err = 0, sleeper;

	counts.waits++;
	if (args->flags & VRPQ_WAIT_RING)
		ring(file);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!(args->flags & VRPQ_WAIT_NOT) && side->seq == args->seq && !(side->status & ended)) {
		counts.sleeps++;
		sleeper = begin_sleep();
		while (side->seq == args->seq && !(side->status & ended) && !err)
			err = sleep_once(sleeper, args->flags & VRPQ_WAIT_KILLABLE);
		end_sleep(sleeper);
	}
	if (err)
		return err;
	clock_gettime(CLOCK_MONOTONIC, &end);
	args->slept_us = (u32)((end.tv_sec - start.tv_sec) * 1000000 +
			       (end.tv_nsec - start.tv_nsec) / 1000);
	args->seq = side->seq;
	args->status = side->status & VRPQ_ENDED;
	if (file->session->pressure && file->end == CLIENT)
		args->status |= VRPQ_WAIT_PRESSURE;
	return 0;
}

static int stat(struct file *file, struct vrpq_stat_args *args)
{
	struct session *session;
	u32 i, n = 0, room = args->proc_count;

	if (file->session)
		return EINVAL;
	*args = (struct vrpq_stat_args) { .procs = args->procs, .pmem_now = budget_used[1] };
	for (session = sessions; session; session = session->next) {
		struct vrpq_counters *c = mmap(NULL, VRPQ_PAGE_SIZE, PROT_READ, MAP_SHARED,
					       session->memfd, 0);

		if (c == MAP_FAILED)
			fail("no counters");
		args->sessions++;
		args->sessions_total++;
		for (i = 0; i < VRPQ_COUNTERS; i++)
			args->counters[i] += c->stats[i];
		args->wakeups += c->wakeups;
		for (i = 0; i < VRPQ_PROC_COUNTERS; i++)
			if (c->procs[i].count && n < room)
				((struct vrpq_proc_counter *)(uintptr_t)args->procs)[n++] = c->procs[i];
		munmap(c, VRPQ_PAGE_SIZE);
	}
	args->proc_count = n;
	return 0;
}

static int control(struct file *file, unsigned long cmd, void *args)
{
	switch (cmd) {
	case VRPQ_IOC_ABI:
		*(struct vlink_abi_args *)args = abi;
		return 0;
	case VRPQ_IOC_SESSION_CREATE:
		return session_create(file, args);
	case VRPQ_IOC_SESSION_ACCEPT:
		return session_accept(file, args);
	case VRPQ_IOC_CHAN_CREATE:
		return chan_create(file, args);
	case VRPQ_IOC_CHAN_ACCEPT:
		return chan_accept(file, args);
	case VRPQ_IOC_GROW:
		counts.grows++;
		return grow(file, args);
	case VRPQ_IOC_TRIM:
		counts.trims++;
		return trim(file, args);
	case VRPQ_IOC_RING:
		return ring(file);
	case VRPQ_IOC_WAIT:
		return wait(file, args);
	case VRPQ_IOC_KICK:
		counts.kicks++;
		move(&file->session->sides[file->end]);
		return 0;
	case VRPQ_IOC_CHAN_FILE:
		return open_chan_file(file, args);
	case VRPQ_IOC_FRESH_FILE:
		if (file->end != SERVER)
			return ENOTTY;
		return nodes_are_gone ? ENODEV : open_fresh_file(file, args);
	case VRPQ_IOC_STAT:
		return file->end == CLIENT ? stat(file, args) : ENOTTY;
	}
	fail("an unknown call");
	return ENOTTY;
}

static int fake_control(int fd, unsigned long cmd, void *args)
{
	int err;

	pthread_mutex_lock(&lock);
	counts.calls++;
	err = control(file_of(fd), cmd, args);
	pthread_mutex_unlock(&lock);
	return err;
}

/* --- memory ---------------------------------------------------------------------- */

static void *fake_map(int fd, void *at, size_t size)
{
	struct session *session;
	void *base = NULL;
	int i;

	pthread_mutex_lock(&lock);
	counts.maps++;
	session = file_of(fd)->session;
	if (size != area_size())
		fail("a mapping of another size than the area's");
	base = mmap(at, size, protect ? PROT_NONE : PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, session->memfd, 0);
	if (base == MAP_FAILED)
		fail("cannot map");
	for (i = 0; mappings[i].base && mappings[i].base != at; i++)
		;
	mappings[i] = (struct mapping) { base, size, session };
	expose(session);
	pthread_mutex_unlock(&lock);
	return base;
}

static void fake_unmap(void *at, size_t size)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < MAPPINGS && mappings[i].base != at; i++)
		;
	if (i == MAPPINGS || mappings[i].size != size)
		fail("unmaps what it did not map");
	mappings[i] = (struct mapping) { NULL, 0, NULL };
	pthread_mutex_unlock(&lock);
}

void *fake_memory(size_t *size)
{
	void *base;

	pthread_mutex_lock(&lock);
	*size = area_size();
	base = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, sessions->memfd, 0);
	pthread_mutex_unlock(&lock);
	if (base == MAP_FAILED)
		fail("cannot map");
	return base;
}

void fake_break_link(void)
{
	struct session *session;
	struct chan *chan;
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < MAPPINGS; i++)
		if (mappings[i].base &&
		    mmap(mappings[i].base, mappings[i].size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			fail("cannot break");
	for (session = sessions; session; session = session->next)
		for (i = 0; i < 2; i++) {
			session->sides[i].status |= VRPQ_WAIT_BROKEN;
			move(&session->sides[i]);
		}
	for (chan = chans; chan; chan = chan->next)
		for (i = 0; i < 2; i++) {
			chan->sides[i].status |= VRPQ_WAIT_BROKEN;
			move(&chan->sides[i]);
		}
	pthread_mutex_unlock(&lock);
}

/* --- start and stop ---------------------------------------------------------------- */

static const struct vrpq_kernel fake_kernel = {
	.open_node = fake_open,
	.close_file = fake_close,
	.control = fake_control,
	.map = fake_map,
	.unmap = fake_unmap,
};

static void lock_for_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void unlock_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Those that sleep are the parent's. */
static void unlock_in_child(void)
{
	changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	memset(sleepers, 0, sizeof(sleepers));
	pthread_mutex_unlock(&lock);
}

/* Before the library does, whose locks are taken first then. */
static void watch_forks(void)
{
	pthread_atfork(lock_for_fork, unlock_after_fork, unlock_in_child);
}

void fake_release(uint32_t abi_oldest, uint32_t abi_newest, uint32_t protocol_of_link)
{
	abi = (struct vlink_abi_args){ abi_oldest, abi_newest, "0.0test" };
	protocol = protocol_of_link;
}

void fake_start(uint32_t reqs, uint32_t pmem_pages)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch_forks);
	geometry = (struct vrpq_geometry) {
		.reqs = reqs,
		.pmem_pages = pmem_pages,
		.ring_pages = VRPQ_RING_PAGES(reqs),
		.param_pages = VRPQ_PARAM_PAGES(pmem_pages),
		.callback_pages = VRPQ_CALLBACK_PAGES(pmem_pages),
	};
	memset(&counts, 0, sizeof(counts));
	memset(budget_used, 0, sizeof(budget_used));
	protect = true;
	server_paused = false;
	fake_release(VRPQ_ABI_OLDEST, VRPQ_ABI_NEWEST, VRPQ_PROTOCOL_NEWEST);
	vrpq_kernel = &fake_kernel;
}

bool fake_stop(void)
{
	int i, left = 0;

	vrpq_listeners_close();
	for (i = 0; i < FILES; i++)
		left += files[i].used;
	for (i = 0; i < MAPPINGS; i++)
		left += mappings[i].base != NULL;
	return !left && !sessions && !chans;
}

void fake_unprotect(void)
{
	protect = false;
}

struct fake_counts fake_counts(void)
{
	struct fake_counts copy;

	pthread_mutex_lock(&lock);
	copy = counts;
	pthread_mutex_unlock(&lock);
	return copy;
}
