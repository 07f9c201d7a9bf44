// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The nodes at which this process accepts sessions. Each stays open from the first accept on,
 * so that a server which gives up its rights after that goes on accepting.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

struct listener {
	struct listener *next;
	struct vrpq_file file;		/* fresh, and stays that */
	unsigned int users;		/* threads that open another one by it */
	bool gone;			/* its link was removed; not in the list */
	char path[];
};

static pthread_mutex_t listeners_lock = PTHREAD_MUTEX_INITIALIZER;
static struct listener *listeners;

void vrpq_listeners_lock(void)
{
	pthread_mutex_lock(&listeners_lock);
}

void vrpq_listeners_unlock(void)
{
	pthread_mutex_unlock(&listeners_lock);
}

void vrpq_listeners_forget_users(void)
{
	struct listener *listener;

	for (listener = listeners; listener; listener = listener->next)
		listener->users = 0;
}

static void listener_free(struct listener *listener)
{
	vrpq_file_close(&listener->file);
	free(listener);
}

static struct listener *find(const char *path)
{
	struct listener *listener = listeners;

	while (listener && strcmp(listener->path, path))
		listener = listener->next;
	return listener;
}

static int listener_new(const char *path, struct listener **listener)
{
	size_t size = strlen(path) + 1;
	struct listener *new = malloc(sizeof(*new) + size);
	int err;

	if (!new)
		return ENOMEM;
	*new = (struct listener) { .next = listeners };
	memcpy(new->path, path, size);
	err = vrpq_file_open(&new->file, path);
	if (err) {
		free(new);
		return err;
	}
	listeners = new;
	*listener = new;
	return 0;
}

static int hold(const char *path, struct listener **listener)
{
	int err = 0;

	pthread_mutex_lock(&listeners_lock);
	*listener = find(path);
	if (!*listener)
		err = listener_new(path, listener);
	if (!err)
		(*listener)->users++;
	pthread_mutex_unlock(&listeners_lock);
	return err;
}

static void unlist(struct listener *listener)
{
	struct listener **at;

	for (at = &listeners; *at != listener; at = &(*at)->next)
		;
	*at = listener->next;
	listener->gone = true;
}

static void release(struct listener *listener, bool gone)
{
	pthread_mutex_lock(&listeners_lock);
	if (gone && !listener->gone)
		unlist(listener);
	if (!--listener->users && listener->gone)
		listener_free(listener);
	pthread_mutex_unlock(&listeners_lock);
}

int vrpq_file_open_to_accept(struct vrpq_file *file, const char *path)
{
	struct listener *listener;
	int err;

	do {
		err = hold(path, &listener);
		if (err)
			return err;
		err = vrpq_file_open_like(file, &listener->file);
		/* What is no server's node is not kept. */
		release(listener, err == ENODEV || err == ENOTTY);
		/* There may be another link by that name. */
	} while (err == ENODEV);
	return err == ENOTTY ? EINVAL : err;
}

/* For who unloads the library. */
__attribute__((destructor)) void vrpq_listeners_close(void)
{
	struct listener *listener;

	while ((listener = listeners)) {
		listeners = listener->next;
		listener_free(listener);
	}
}
