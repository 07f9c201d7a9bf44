// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads that use the services as they are meant, so that there is something to attack: the
 * attackers in both domains serve each other.
 */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vlink/vrpq_ioctl.h>
#include <vlink/vumem_ioctl.h>

static int open_of(const struct node *node)
{
	int flags = O_RDWR | (chance(50) ? O_CLOEXEC : 0);
	int fd = (int)CALL(openat, AT_FDCWD, node->path, flags);

	/* Too many are open: some are closed as others are kept. */
	if (fd < 0)
		usleep(20000);
	return fd;
}

/* ---- VRPQ ---- */

static void make_channel(const struct node *node, int session, unsigned int nr)
{
	struct vrpq_chan_args chan = { .session_fd = session, .ctl_page = nr };
	int fd = open_of(node);
	long err;

	if (node->role == VRPQ_CLT)
		err = ASK(fd, VRPQ_IOC_CHAN_CREATE, &chan);
	else
		err = ASK(fd, VRPQ_IOC_CHAN_ACCEPT, &chan);
	keep_fd(fd, err ? VRPQ_FRESH : VRPQ_CHAN, node);
}

static void grow(int session, uint32_t zone, uint32_t pages)
{
	struct vrpq_grow_args args = { .zone = zone, .want = pages, .min = 1 };

	ASK(session, VRPQ_IOC_GROW, &args);
}

static void make_session(const struct node *node)
{
	struct vrpq_session_args args = { .port = ATTACK_PORT };
	struct vrpq_geometry *geometry = &args.geometry;
	unsigned int channels = below(4);
	int fd = open_of(node);
	long err;

	if (node->role == VRPQ_CLT)
		err = ASK(fd, VRPQ_IOC_SESSION_CREATE, &args);
	else
		err = ASK(fd, VRPQ_IOC_SESSION_ACCEPT, &args);
	keep_fd(fd, err ? VRPQ_FRESH : VRPQ_SESSION, node);
	if (err)
		return;
	if (node->role == VRPQ_CLT)
		for (uint32_t zone = 0; zone < 2; zone++)
			grow(fd, zone, 4 + below(12));
	else
		grow(fd, 2, 1 + below(4));
	map_window(fd, (size_t)(geometry->ring_pages + geometry->param_pages +
				geometry->callback_pages) * ATTACK_PAGE);
	for (unsigned int i = 0; i < channels; i++)
		make_channel(node, fd, i);
}

void make_vrpq(void)
{
	const struct node *node;

	for (;;) {
		node = node_of(chance(50) ? VRPQ_CLT : VRPQ_SRV);
		if (node)
			make_session(node);
		else
			usleep(20000);
	}
}

/* ---- VUMEM ---- */

static void make_buffer(const struct node *node, int session)
{
	char opaque[VUMEM_IOC_OPAQUE_MAX] = "attack";
	struct vumem_alloc_args args = { .opaque = (uintptr_t)opaque, .size = sizeof(opaque) };

	if (ASK(session, VUMEM_IOC_ALLOC, &args))
		return;
	map_window(args.fd, args.bytes);
	keep_fd(args.fd, VUMEM_BUFFER, node);
}

void make_vumem_client(void)
{
	struct vumem_session_args args = { 0 };
	const struct node *node;
	int fd;

	for (;;) {
		node = node_of(VUMEM_CLT);
		fd = node ? open_of(node) : -1;
		if (fd < 0) {
			usleep(20000);
			continue;
		}
		if (ASK(fd, VUMEM_IOC_SESSION_CREATE, &args)) {
			close(fd);
			continue;
		}
		for (unsigned int i = 1 + below(30); i; i--)
			make_buffer(node, fd);
		keep_fd(fd, VUMEM_SESSION, node);
	}
}

/* What is given to clients, by the number of the buffer. */
#define SERVED	128u

static struct served {
	uint32_t buffer;
	char *addr;
	size_t len;
} served[SERVED];

static struct served *served_slot(uint32_t buffer)
{
	for (unsigned int i = 0; i < SERVED; i++)
		if (buffer ? served[i].addr && served[i].buffer == buffer : !served[i].addr)
			return &served[i];
	return NULL;
}

static void fill_words(void *arg)
{
	const struct range *range = arg;

	for (size_t i = 0; i < range->len; i += ATTACK_PAGE)
		*(volatile uint64_t *)(void *)(range->addr + i) = SECRET_FREED;
}

static void forget_served(struct served *slot)
{
	if (slot->addr)
		CALL(munmap, slot->addr, slot->len);
	slot->addr = NULL;
}

/* The client's kernel has promised that nobody there sees it any more. */
static void take_back(uint32_t buffer)
{
	struct served *slot = buffer ? served_slot(buffer) : NULL;
	struct range range;

	if (!slot)
		return;
	range = (struct range){ slot->addr, slot->len };
	guarded(fill_words, &range);
	/* Is looked at by the client for a while. */
	if (chance(50))
		usleep(1000 * below(20));
	forget_served(slot);
}

static void give_good(struct vumem_respond_args *args)
{
	struct served *slot = served_slot(0);
	size_t len = (1 + below(chance(90) ? 16 : 128)) * ATTACK_PAGE;
	void *addr;

	args->ret = ENOMEM;
	if (!slot)
		return;
	addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
		    MAP_ANONYMOUS | (chance(50) ? MAP_PRIVATE : MAP_SHARED), -1, 0);
	if (addr == MAP_FAILED)
		return;
	slot->addr = addr;
	slot->len = len;
	slot->buffer = args->buffer;
	args->vaddr = (uintptr_t)addr;
	args->bytes = (uint32_t)len;
	args->ret = 0;
}

static void give_anything(struct vumem_respond_args *args)
{
	struct range part = pick_part();

	args->vaddr = chance(20) ? odd_number() : (uintptr_t)part.addr;
	args->bytes = chance(20) ? (uint32_t)odd_number() : (uint32_t)part.len;
	if (chance(20))
		args->ret = (uint32_t)odd_number();
}

static void serve_request(int fd)
{
	struct vumem_receive_args request = { 0 };
	struct vumem_respond_args response = { 0 };

	if (ASK(fd, VUMEM_IOC_RECEIVE, &request))
		return;
	response.buffer = request.buffer;
	/* VUMEM_CMD_BUFFER_ALLOC, _FREE */
	if (request.cmd == 1 && chance(85))
		give_good(&response);
	else if (request.cmd == 1)
		give_anything(&response);
	else if (request.cmd == 2)
		take_back(request.buffer);
	board->asked += request.cmd == 1;
	if (!ASK(fd, VUMEM_IOC_RESPOND, &response))
		board->given += request.cmd == 1 && !response.ret;
}

void serve_vumem(void)
{
	const struct node *node;
	int fd;

	for (;;) {
		node = node_of(VUMEM_SRV);
		/* Honest clients need an honest server. */
		fd = node && !node->near ? open_of(node) : -1;
		if (fd < 0 || ASK(fd, VUMEM_IOC_SERVER_CREATE, NULL)) {
			close(fd);
			usleep(20000);
			continue;
		}
		for (unsigned int i = below(chance(80) ? 2000 : 30); i; i--)
			serve_request(fd);
		keep_fd(fd, VUMEM_SERVER, node);
		/* What clients see of them now is not promised. */
		for (unsigned int i = 0; i < SERVED; i++)
			forget_served(&served[i]);
	}
}
