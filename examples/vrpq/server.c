// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vrpq-server [-c] [-n SESSIONS] [-p PORT] [DEVICE]
 *
 * Keeps canvases for clients (sketch.h). Each session is served by a process of its own,
 * so that whatever a client does to the memory of its session is no other's affair,
 * and each channel by a thread. -c: copies each request to private memory before it looks at
 * it. Ends after so many sessions, never by default.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "painter.h"

#define BATCH	8

static const char *device = "/dev/vrpq-srv-vogl0";
static bool copying;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int running;
} threads = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Whole lines: several processes and threads print. */
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	char line[256];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length < 0 || length >= (int)sizeof(line))
		length = (int)sizeof(line) - 1;
	printf("vrpq-server: %.*s\n", length, line);
	fflush(stdout);
}

static int failed(const char *what, int err)
{
	fprintf(stderr, "vrpq-server: %s: %s\n", what, strerror(err));
	return err;
}

/* Names come from clients: nothing but text goes to the terminal. */
static void make_printable(char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			*name = '?';
}

/* The info of a session or channel is a name without NUL. */
static void end_name(char *name, VrpqSize length)
{
	name[length < SKETCH_NAME_MAX ? length : SKETCH_NAME_MAX - 1] = '\0';
	make_printable(name);
}

/* --- a channel --------------------------------------------------------------- */

/* The parameters as they lie in shared memory. */
static void handle_in_place(struct painter *painter, const VrpqProcReq *request)
{
	painter_handle(painter, request->procId, vrpqParamInGet(request, painter->shm),
		       vrpqParamOutGet(request, painter->shm));
}

/* Copies of the requests of a batch; they are needed until the next receive. */
struct copies {
	void *buffers[2 * BATCH];
	int count;
};

static void free_copies(struct copies *copies)
{
	while (copies->count)
		free(copies->buffers[--copies->count]);
}

/* NULL for no bytes, and when there is no memory. */
static void *new_copy(struct copies *copies, VrpqSize size)
{
	void *buffer = size ? malloc(size) : NULL;

	if (buffer)
		copies->buffers[copies->count++] = buffer;
	return buffer;
}

/* The same with parameters that the client cannot change any more. */
static int handle_copy(struct painter *painter, struct copies *copies)
{
	VrpqSize in_size, out_size;
	VrpqProcReq request;
	void *in, *out;
	int err = vrpqLocalBufInfo(painter->chan, &in_size, &out_size);

	if (err)
		return err;
	in = new_copy(copies, in_size);
	out = new_copy(copies, out_size);
	if ((in_size && !in) || (out_size && !out))
		return ENOMEM;
	err = vrpqLocalBufReceive(painter->chan, &request, in, out);
	if (!err)
		painter_handle(painter, request.procId, in, out);
	return err;
}

static int handle_batch(struct painter *painter, VrpqProcReq **requests, int count,
			struct copies *copies)
{
	int i, err = 0;

	for (i = 0; i < count && !err; i++) {
		if (painter->copying)
			err = handle_copy(painter, copies);
		else
			handle_in_place(painter, requests[i]);
	}
	return err;
}

/* Until the client closes the channel. Each receive answers the call before it. */
static int serve_requests(struct painter *painter)
{
	VrpqProcReq *requests[BATCH];
	struct copies copies = { .count = 0 };
	int count, err;

	do {
		err = vrpqReceive(painter->chan, requests, BATCH, &count);
		if (err == EINTR)
			continue;
		free_copies(&copies);
		if (!err)
			err = handle_batch(painter, requests, count, &copies);
	} while (!err || err == EINTR);
	if (err == ECHANBROKEN)
		err = 0;
	/* What was delivered is answered here, with the copies still there. */
	vrpqChanDestroy(painter->chan);
	free_copies(&copies);
	return err;
}

static void *serve_channel(void *argument)
{
	struct painter *painter = argument;
	int err = serve_requests(painter);

	make_printable(painter->name);
	if (err)
		failed(painter->name, err);
	say("\"%s\" is closed: %u posts, %u calls, %u pictures, %u glyphs", painter->name,
	    painter->totals.posts, painter->totals.calls, painter->totals.pictures,
	    painter->totals.glyphs);
	free(painter);
	pthread_mutex_lock(&threads.lock);
	threads.running--;
	pthread_cond_signal(&threads.changed);
	pthread_mutex_unlock(&threads.lock);
	return NULL;
}

/* --- a session, in a process of its own --------------------------------------- */

static int start_thread(struct painter *painter)
{
	pthread_t thread;
	int err;

	pthread_mutex_lock(&threads.lock);
	threads.running++;
	pthread_mutex_unlock(&threads.lock);
	err = pthread_create(&thread, NULL, serve_channel, painter);
	if (!err)
		return pthread_detach(thread);
	pthread_mutex_lock(&threads.lock);
	threads.running--;
	pthread_mutex_unlock(&threads.lock);
	return err;
}

static void await_threads(void)
{
	pthread_mutex_lock(&threads.lock);
	while (threads.running)
		pthread_cond_wait(&threads.changed, &threads.lock);
	pthread_mutex_unlock(&threads.lock);
}

/* Waits for the next channel and starts its thread. */
static int accept_channel(VrpqSessionHandle session, void *shm)
{
	struct painter *painter = calloc(1, sizeof(*painter));
	VrpqSize length = SKETCH_NAME_MAX - 1;
	int err;

	if (!painter)
		return ENOMEM;
	painter->shm = shm;
	painter->copying = copying;
	canvas_init(&painter->canvas, 1, 1);
	err = vrpqChanAccept(session, painter->name, &length, &painter->chan);
	if (err) {
		free(painter);
		return err;
	}
	end_name(painter->name, length);
	say("a channel for \"%s\"", painter->name);
	err = start_thread(painter);
	if (err) {
		vrpqChanDestroy(painter->chan);
		free(painter);
	}
	return err;
}

static int serve_session(VrpqSessionHandle session)
{
	void *shm;
	int err = vrpqShmMap(session, &shm);

	while (!err || err == EINTR)
		err = accept_channel(session, shm);
	await_threads();
	vrpqSessionDestroy(session);
	if (err != ESESSIONBROKEN)
		return failed("session", err);
	say("the session is over");
	return 0;
}

static int fork_session(VrpqSessionHandle session, const char *name)
{
	VrpqClientId client;
	pid_t child;
	int err = vrpqClientIdGet(session, &client);

	if (!err) {
		say("a session for \"%s\", process %u of domain %u", name, client.appId,
		    client.vmId);
		child = fork();
		if (!child)
			_exit(serve_session(session) ? 1 : 0);
		if (child < 0)
			err = errno;
	}
	/* The child has the session now. */
	vrpqSessionDestroy(session);
	return err;
}

/* --- the daemon --------------------------------------------------------------- */

/* Collects the processes that have ended; with @all waits for the rest. */
static bool reap(bool all)
{
	bool good = true;
	int status;
	pid_t child;

	while ((child = waitpid(-1, &status, all ? 0 : WNOHANG)) > 0 ||
	       (child < 0 && errno == EINTR))
		if (child > 0 && (!WIFEXITED(status) || WEXITSTATUS(status))) {
			fprintf(stderr, "vrpq-server: process %d failed\n", (int)child);
			good = false;
		}
	return good;
}

static int accept_session(nku32_f port)
{
	char name[SKETCH_NAME_MAX];
	VrpqSize length = sizeof(name) - 1;
	VrpqSessionHandle session;
	int err;

	do {
		err = vrpqSessionAccept(device, port, name, &length, &session);
	} while (err == EINTR);
	if (err)
		return failed(device, err);
	end_name(name, length);
	err = fork_session(session, name);
	return err ? failed("fork", err) : 0;
}

static bool serve(nku32_f port, unsigned long wanted)
{
	bool good = true;
	unsigned long done;

	say("%s, port %u%s", device, port, copying ? ", copying requests" : "");
	for (done = 0; good && (!wanted || done < wanted); done++) {
		good = !accept_session(port);
		/* A client that harmed its own session is no reason to end, but to tell. */
		if (!wanted)
			reap(false);
	}
	return reap(true) && good;
}

static int usage(void)
{
	fputs("usage: vrpq-server [-c] [-n SESSIONS] [-p PORT] [DEVICE]\n", stderr);
	return 2;
}

static bool number(const char *text, unsigned long *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtoul(text, &end, 0);
	return !errno && end != text && !*end && *text != '-' && *value <= 0xffffffffUL;
}

int main(int argc, char **argv)
{
	unsigned long wanted = 0, port = SKETCH_PORT;
	int option;

	while ((option = getopt(argc, argv, "cn:p:")) != -1) {
		if (option == 'c')
			copying = true;
		else if (option == 'n' && number(optarg, &wanted) && wanted)
			continue;
		else if (option != 'p' || !number(optarg, &port))
			return usage();
	}
	if (optind < argc - 1)
		return usage();
	if (optind < argc)
		device = argv[optind];
	return serve((nku32_f)port, wanted) ? 0 : 1;
}
