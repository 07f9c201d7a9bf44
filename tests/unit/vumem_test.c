// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvumem on the host: ioctl() is the test's, which plays the drivers on an ordinary
 * file. What the library makes of its arguments, handles, threads and forks.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vlink/version.h>
#include <vlink/vumem_ioctl.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>

#include "said.h"
#include "unit.h"

#define PAGE	4096u

static char node[] = "/tmp/vumem_test.XXXXXX";

/* What the drivers were asked last, and what they are to say. */
static struct {
	unsigned int frees, registers, unregisters, destroys;
	int fail_with;			/* errno of all calls but the creating ones */
	struct vumem_alloc_args alloc;
	struct vumem_receive_args next;	/* request */
	struct vumem_respond_args response;
	uint32_t attr, ended;
	struct vlink_abi_args abi;
	unsigned long stuck_cmd;	/* the call that waits until this is another */
	bool stuck;			/* one does */
} driver = { .attr = VUMEM_ATTR_IS_MAPPABLE,
	     .abi = { VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST, "0.0test" } };

static pthread_mutex_t driver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t driver_moved = PTHREAD_COND_INITIALIZER;

static int new_memory(void)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	return fd < 0 || ftruncate(fd, PAGE) ? -1 : fd;
}

static int play(unsigned long cmd, void *args)
{
	struct vumem_alloc_args *alloc = args;

	switch (cmd) {
	case VUMEM_IOC_ABI:
		*(struct vlink_abi_args *)args = driver.abi;
		return 0;
	case VUMEM_IOC_SESSION_CREATE:
	case VUMEM_IOC_SERVER_CREATE:
		return 0;
	case VUMEM_IOC_ALLOC:
		driver.alloc = *alloc;
		alloc->fd = driver.fail_with ? -1 : new_memory();
		alloc->buffer = 17;
		alloc->bytes = PAGE;
		alloc->attr = driver.attr;
		break;
	case VUMEM_IOC_BUFFER:
		*(struct vumem_buffer_args *)args =
			(struct vumem_buffer_args){ 18, PAGE, driver.attr, driver.ended };
		break;
	case VUMEM_IOC_FREE: driver.frees++; break;
	case VUMEM_IOC_REGISTER: driver.registers++; break;
	case VUMEM_IOC_UNREGISTER: driver.unregisters++; break;
	case VUMEM_IOC_SERVER_DESTROY: driver.destroys++; break;
	case VUMEM_IOC_RECEIVE: *(struct vumem_receive_args *)args = driver.next; break;
	case VUMEM_IOC_RESPOND:
		((struct vumem_respond_args *)args)->cmd = driver.next.cmd;
		driver.response = *(struct vumem_respond_args *)args;
		break;
	case VUMEM_IOC_CTL: break;
	case VUMEM_IOC_STAT:
		for (unsigned int i = 0; i < 16; i++)
			((struct vumem_stat_args *)args)->stats[i] = 1ull << (2 * i + 3);
		break;
	default: return ENOTTY;
	}
	return driver.fail_with;
}

int __wrap_ioctl(int fd, unsigned long cmd, ...);
int __real_ioctl(int fd, unsigned long cmd, ...);

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name */
int __wrap_ioctl(int fd, unsigned long cmd, ...)
{
	va_list arguments;
	void *args;
	int err;

	va_start(arguments, cmd);
	args = va_arg(arguments, void *);
	va_end(arguments);
	if (_IOC_TYPE(cmd) != 'Q')
		return __real_ioctl(fd, cmd, args);
	if (fcntl(fd, F_GETFD) < 0)
		return -1;
	pthread_mutex_lock(&driver_lock);
	while (driver.stuck_cmd == cmd) {
		driver.stuck = true;
		pthread_cond_broadcast(&driver_moved);
		pthread_cond_wait(&driver_moved, &driver_lock);
	}
	err = play(cmd, args);
	pthread_mutex_unlock(&driver_lock);
	errno = err;
	return err ? -1 : 0;
}

/* The next call @cmd waits, until driver_release(). */
static void driver_hold(unsigned long cmd)
{
	driver.stuck_cmd = cmd;
	driver.stuck = false;
}

static void driver_await_stuck(void)
{
	pthread_mutex_lock(&driver_lock);
	while (!driver.stuck)
		pthread_cond_wait(&driver_moved, &driver_lock);
	pthread_mutex_unlock(&driver_lock);
}

static void driver_release(void)
{
	pthread_mutex_lock(&driver_lock);
	driver.stuck_cmd = 0;
	pthread_cond_broadcast(&driver_moved);
	pthread_mutex_unlock(&driver_lock);
}

static VumemSessionHandle new_session(void)
{
	VumemSessionHandle session = NULL;

	CU_ASSERT_EQUAL(vumemSessionCreate(node, &session), 0);
	return session;
}

static VumemBufferHandle new_buffer(VumemSessionHandle session)
{
	VumemBufferHandle buffer = NULL;

	CU_ASSERT_EQUAL(vumemBufferAlloc(session, NULL, 0, &buffer), 0);
	return buffer;
}

static void handles_end_once(void)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer = new_buffer(session);
	VumemBufferId id = 0;

	CU_ASSERT_EQUAL(vumemBufferIdGet(buffer, &id), 0);
	CU_ASSERT_EQUAL(id, 17);
	CU_ASSERT_EQUAL(vumemBufferIdGet(session, &id), EBADF);
	CU_ASSERT_EQUAL(vumemReceive(session, &(VumemReq){ 0 }), EBADF);
	driver.frees = 0;
	CU_ASSERT_EQUAL(vumemBufferFree(buffer), 0);
	CU_ASSERT_EQUAL(vumemBufferFree(buffer), EBADF);
	CU_ASSERT_EQUAL(driver.frees, 1);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), EBADF);
	CU_ASSERT_EQUAL(vumemSessionDestroy((char *)session + 1), EBADF);
}

static void session_end_frees_buffers_but_not_adopted_ones(void)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle first = new_buffer(session), adopted = NULL;
	void *addr;
	int fd = -1;

	new_buffer(session);
	CU_ASSERT_EQUAL(vumemBufferFd(first, &fd), 0);
	CU_ASSERT_EQUAL(vumemBufferFromFd(fd, &adopted), 0);
	CU_ASSERT_EQUAL(vumemBufferMap(first, &addr), 0);
	driver.frees = 0;
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
	CU_ASSERT_EQUAL(driver.frees, 2);
	CU_ASSERT_EQUAL(vumemBufferUnmap(first), EBADF);
	CU_ASSERT_EQUAL(vumemBufferFree(adopted), 0);
	CU_ASSERT_EQUAL(driver.frees, 2);
}

static void mapping_has_its_states(void)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer = new_buffer(session);
	void *addr = NULL, *again = NULL;

	CU_ASSERT_EQUAL(vumemBufferUnmap(buffer), EINVAL);
	CU_ASSERT_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_DEVICE), EINVAL);
	CU_ASSERT_EQUAL(vumemBufferMap(buffer, &addr), 0);
	CU_ASSERT_EQUAL(vumemBufferMap(buffer, &again), EBUSY);
	CU_ASSERT_PTR_EQUAL(addr, again);
	CU_ASSERT_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_DEVICE), 0);
	CU_ASSERT_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_LOCAL), EINVAL);
	driver.ended = EPIPE;
	CU_ASSERT_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_DEVICE), EPIPE);
	driver.ended = 0;
	CU_ASSERT_EQUAL(vumemBufferUnmap(buffer), 0);
	driver.attr = 0;
	buffer = new_buffer(session);
	CU_ASSERT_EQUAL(vumemBufferMap(buffer, &addr), EINVAL);
	driver.attr = VUMEM_ATTR_IS_MAPPABLE;
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

/* Nor rights to it: the session's descriptor is enough. */
static void buffers_do_not_need_the_node(void)
{
	VumemSessionHandle session = new_session();
	char away[sizeof(node) + 5];

	snprintf(away, sizeof(away), "%s.away", node);
	CU_ASSERT_EQUAL(rename(node, away), 0);
	CU_ASSERT_PTR_NOT_NULL(new_buffer(session));
	CU_ASSERT_EQUAL(rename(away, node), 0);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

static int alloc_result;

static void *alloc_in_session(void *session)
{
	VumemBufferHandle buffer = NULL;

	alloc_result = vumemBufferAlloc(session, NULL, 0, &buffer);
	return buffer;
}

static void destroyed_session_gets_no_buffer(void)
{
	VumemSessionHandle session = new_session(), other;
	pthread_t thread;
	void *buffer;

	driver_hold(VUMEM_IOC_ALLOC);
	CU_ASSERT_EQUAL(pthread_create(&thread, NULL, alloc_in_session, session), 0);
	driver_await_stuck();
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
	driver_release();
	pthread_join(thread, &buffer);
	CU_ASSERT_EQUAL(alloc_result, EBADF);
	CU_ASSERT_PTR_NULL(buffer);
	/* Whatever has its place in memory by now. */
	driver.frees = 0;
	other = new_session();
	CU_ASSERT_EQUAL(vumemSessionDestroy(other), 0);
	CU_ASSERT_EQUAL(driver.frees, 0);
}

static void errors_are_the_drivers(void)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer = new_buffer(session), other = NULL;
	char opaque[129] = "";

	driver.fail_with = ENOTTY;
	CU_ASSERT_EQUAL(vumemBufferAlloc(session, opaque, 128, &other), ENOTTY);
	CU_ASSERT_EQUAL(driver.alloc.size, 128);
	CU_ASSERT_EQUAL(vumemBufferAlloc(session, opaque, 129, &other), EINVAL);
	CU_ASSERT_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, opaque, 128), ENOTTY);
	CU_ASSERT_EQUAL(vumemBufferRegister(session, buffer), ENOTTY);
	CU_ASSERT_EQUAL(vumemBufferUnregister(buffer), EINVAL);
	CU_ASSERT_EQUAL(vumemBufferFree(buffer), ENOTTY);
	driver.fail_with = 0;
	CU_ASSERT_EQUAL(vumemBufferFree(buffer), EBADF);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
	CU_ASSERT_PTR_NULL(other);
}

static void other_releases(uint32_t oldest, uint32_t newest)
{
	driver.abi.oldest = oldest;
	driver.abi.newest = newest;
}

/* Of all three kinds of files; said once in the life of the process. */
static void drivers_that_speak_no_common_version_are_refused(void)
{
	VumemSessionHandle session = new_session(), other = NULL;
	VumemBufferHandle buffer = new_buffer(session), adopted = NULL;
	VumemServerHandle server = NULL;
	VumemStat stat = { .id = VUMEM_PROF_SESSIONS };
	const char *said;
	int fd = -1;

	CU_ASSERT_EQUAL(vumemBufferFd(buffer, &fd), 0);
	other_releases(VUMEM_ABI_NEWEST + 1, VUMEM_ABI_NEWEST + 2);
	said_begin();
	CU_ASSERT_EQUAL(vumemSessionCreate(node, &other), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(vumemServerCreate(node, &server), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(vumemProf(node, VUMEM_PROF_GEN_STAT_GET, &stat, 1), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(vumemBufferFromFd(fd, &adopted), EPROTONOSUPPORT);
	said = said_end();
	CU_ASSERT_STRING_EQUAL(said, "libvumem " XEN_VLINK_VERSION " speaks version 1 of the driver's calls, the driver of xen-vlink 0.0test versions 2 to 3: upgrade libvumem1\n");
	CU_ASSERT_TRUE(!other && !server && !adopted);
	other_releases(VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

static void drivers_of_later_releases_are_used(void)
{
	other_releases(VUMEM_ABI_NEWEST, VUMEM_ABI_NEWEST + 5);
	CU_ASSERT_EQUAL(vumemSessionDestroy(new_session()), 0);
	other_releases(VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST);
}

static void registration_ends_with_its_session(void)
{
	VumemSessionHandle session = new_session(), other = new_session();
	VumemBufferHandle buffer = new_buffer(session);

	driver.unregisters = 0;
	CU_ASSERT_EQUAL(vumemBufferRegister(other, buffer), 0);
	CU_ASSERT_EQUAL(vumemBufferUnregister(buffer), 0);
	CU_ASSERT_EQUAL(driver.unregisters, 1);
	CU_ASSERT_EQUAL(vumemBufferRegister(other, buffer), 0);
	CU_ASSERT_EQUAL(vumemSessionDestroy(other), 0);
	CU_ASSERT_EQUAL(vumemBufferUnregister(buffer), EINVAL);
	CU_ASSERT_EQUAL(driver.unregisters, 1);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

static void statistics_are_cut_to_32_bits(void)
{
	VumemStat stats[] = { { .id = 15 }, { .id = 1 } };

	CU_ASSERT_EQUAL(vumemProf(node, VUMEM_PROF_GEN_STAT_GET, stats, 2), 0);
	CU_ASSERT_EQUAL(stats[0].val, UINT32_MAX);
	CU_ASSERT_EQUAL(stats[1].val, 32);
}

/* Ends the child with the number of the first thing that is wrong. */
static int child_of_fork(VumemSessionHandle session, VumemBufferHandle buffer)
{
	int allocator = 1;
	void *addr;

	if (vumemBufferUnmap(buffer) != EINVAL || vumemBufferMap(buffer, &addr))
		return 1;
	if (vumemBufferCtl(buffer, VUMEM_CTL_IS_ALLOCATOR, &allocator, sizeof(int)) || allocator)
		return 2;
	driver.frees = 0;
	if (vumemSessionDestroy(session) || vumemBufferFree(buffer) || driver.frees)
		return 3;
	return 0;
}

static void forked_child_is_not_the_allocator(void)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer = new_buffer(session);
	int status = -1;
	void *addr;
	pid_t pid;

	CU_ASSERT_EQUAL(vumemBufferMap(buffer, &addr), 0);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(child_of_fork(session, buffer));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(vumemBufferUnmap(buffer), 0);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

/* Of the node: files that programs inherit are nobody's business. */
static int open_nodes(void)
{
	char link[64], path[64];
	int nodes = 0;
	ssize_t length;

	for (int fd = 0; fd < 256; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, path, sizeof(path));
		nodes += length == (ssize_t)strlen(node) && !memcmp(path, node, (size_t)length);
	}
	return nodes;
}

static void *create_session(void *unused)
{
	(void)unused;
	return new_session();
}

/* In the child nobody would end what a thread of the parent was about to make. */
static void forked_child_closes_what_others_were_making(void)
{
	int status = -1;
	void *session;
	pthread_t thread;
	pid_t pid;

	driver_hold(VUMEM_IOC_SESSION_CREATE);
	CU_ASSERT_EQUAL(pthread_create(&thread, NULL, create_session, NULL), 0);
	driver_await_stuck();
	CU_ASSERT_EQUAL(open_nodes(), 1);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(open_nodes());
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	driver_release();
	pthread_join(thread, &session);
	CU_ASSERT_EQUAL(vumemSessionDestroy(session), 0);
}

/* ---- servers ---- */

static VumemServerHandle new_server(void)
{
	VumemServerHandle server = NULL;

	CU_ASSERT_EQUAL(vumemServerCreate(node, &server), 0);
	return server;
}

static void receive(VumemServerHandle server, VumemCmd cmd, VumemReq *req)
{
	driver.next = (struct vumem_receive_args){ .cmd = cmd, .vm_id = 3, .app_id = 44,
						   .buffer = 5, .size = 6, .opaque = "hello" };
	CU_ASSERT_EQUAL(vumemReceive(server, req), 0);
	CU_ASSERT_EQUAL(req->header.cmd, cmd);
	CU_ASSERT_EQUAL(req->header.clId.vmId, 3);
	CU_ASSERT_EQUAL(req->header.clId.appId, 44);
}

static void requests_and_responses_have_their_members(void)
{
	VumemServerHandle server = new_server();
	VumemResp resp = { 0 };
	VumemReq req;
	void *memory = NULL;

	receive(server, VUMEM_CMD_BUFFER_ALLOC, &req);
	CU_ASSERT(req.bufferAlloc.bufferId == 5 && req.bufferAlloc.size == 6);
	CU_ASSERT_STRING_EQUAL(req.bufferAlloc.alloc, "hello");
	CU_ASSERT_EQUAL(vumemServerMemAlloc(2 * PAGE, &memory), 0);
	resp.bufferAlloc.bufferId = 5;
	resp.bufferAlloc.map.vaddr = memory;
	resp.bufferAlloc.map.size = 2 * PAGE;
	memcpy(resp.bufferAlloc.alloc, "alloc", 6);
	CU_ASSERT_EQUAL(vumemRespond(server, &resp), 0);
	CU_ASSERT(driver.response.buffer == 5 && driver.response.bytes == 2 * PAGE);
	CU_ASSERT_EQUAL(driver.response.vaddr, (uintptr_t)memory);
	CU_ASSERT_STRING_EQUAL(driver.response.alloc, "alloc");

	resp.bufferAlloc.map.vaddr = VUMEM_BUFFER_NO_VADDR;
	CU_ASSERT_EQUAL(vumemRespond(server, &resp), 0);
	CU_ASSERT_EQUAL(driver.response.vaddr, UINT64_MAX);

	receive(server, VUMEM_CMD_BUFFER_CTL, &req);
	CU_ASSERT_STRING_EQUAL(req.bufferCtl.ctl, "hello");
	memcpy(resp.bufferCtl.ctl, "control", 8);
	resp.retVal = ENOSPC;
	CU_ASSERT_EQUAL(vumemRespond(server, &resp), 0);
	CU_ASSERT_STRING_EQUAL(driver.response.ctl, "control");
	CU_ASSERT_EQUAL(driver.response.ret, ENOSPC);

	receive(server, VUMEM_CMD_BUFFER_FREE, &req);
	CU_ASSERT_EQUAL(req.bufferFree.bufferId, 5);
	CU_ASSERT_EQUAL(vumemServerMemFree(memory), 0);
	CU_ASSERT_EQUAL(vumemServerDestroy(server), 0);
	CU_ASSERT_EQUAL(vumemServerDestroy(server), EBADF);
	CU_ASSERT_EQUAL(driver.destroys, 1);
}

/* Lines on standard error while @respond runs. */
static unsigned int warnings(int (*respond)(VumemServerHandle), VumemServerHandle server)
{
	char text[1024] = "";
	unsigned int lines = 0;
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t length;

	CU_ASSERT_EQUAL(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	respond(server);
	dup2(saved, STDERR_FILENO);
	length = read(fds[0], text, sizeof(text) - 1);
	for (ssize_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	close(saved);
	close(fds[0]);
	close(fds[1]);
	return lines;
}

static int respond_odd_size(VumemServerHandle server)
{
	static char memory[2 * PAGE] __attribute__((aligned(4096)));
	VumemResp resp = { 0 };

	resp.bufferAlloc.bufferId = 5;
	resp.bufferAlloc.map.vaddr = memory;
	resp.bufferAlloc.map.size = PAGE + 1;
	return vumemRespond(server, &resp);
}

static void warnings_are_given_once(void)
{
	VumemServerHandle server = new_server();
	struct rlimit limit = { 65536, 65536 }, old;
	VumemReq req;

	getrlimit(RLIMIT_MEMLOCK, &old);
	limit.rlim_max = old.rlim_max;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	receive(server, VUMEM_CMD_BUFFER_ALLOC, &req);
	CU_ASSERT_EQUAL(warnings(respond_odd_size, server), 1);
	CU_ASSERT_EQUAL(warnings(respond_odd_size, server), 0);
	driver.fail_with = ENOMEM;
	CU_ASSERT_EQUAL(warnings(respond_odd_size, server), 1);
	CU_ASSERT_EQUAL(warnings(respond_odd_size, server), 0);
	driver.fail_with = 0;
	setrlimit(RLIMIT_MEMLOCK, &old);
	CU_ASSERT_EQUAL(vumemServerDestroy(server), 0);
}

static void server_memory_is_zero_and_aligned(void)
{
	unsigned char *first, *second;

	CU_ASSERT_EQUAL(vumemServerMemAlloc(0, (void **)&first), 0);
	CU_ASSERT_EQUAL(vumemServerMemAlloc(PAGE + 1, (void **)&second), 0);
	CU_ASSERT(!((uintptr_t)first % PAGE) && !((uintptr_t)second % PAGE));
	CU_ASSERT(!first[PAGE - 1] && !second[2 * PAGE - 1]);
	CU_ASSERT_EQUAL(vumemServerMemFree(second + PAGE), EINVAL);
	CU_ASSERT_EQUAL(vumemServerMemFree(second), 0);
	CU_ASSERT_EQUAL(vumemServerMemFree(second), EINVAL);
	CU_ASSERT_EQUAL(vumemServerMemFree(first), 0);
	CU_ASSERT_EQUAL(vumemServerMemAlloc(PAGE, NULL), EINVAL);
}

/* What lies at the parent's address is another thing in the child. */
static int child_with_memory(void *memory)
{
	char *own = mmap(memory, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (own != memory)
		return 1;
	own[0] = 1;
	if (vumemServerMemFree(memory) != EINVAL)
		return 2;
	return own[0] != 1;
}

static void forked_child_cannot_free_server_memory(void)
{
	void *memory = NULL;
	int status = -1;
	pid_t pid;

	CU_ASSERT_EQUAL(vumemServerMemAlloc(PAGE, &memory), 0);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(child_with_memory(memory));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(vumemServerMemFree(memory), 0);
}

static bool churn_is_over;

static void *churn_memory(void *unused)
{
	void *memory;

	while (!__atomic_load_n(&churn_is_over, __ATOMIC_RELAXED)) {
		if (vumemServerMemAlloc(PAGE, &memory) || vumemServerMemFree(memory))
			return &churn_is_over;
	}
	return unused;
}

static int child_of_threads(void)
{
	void *memory;

	/* Ends a child that hangs. */
	alarm(60);
	return vumemServerMemAlloc(PAGE, &memory) || vumemServerMemFree(memory);
}

static void forked_child_of_threads_has_memory(void)
{
	pthread_t thread;
	int status = -1;
	void *wrong;

	churn_is_over = false;
	CU_ASSERT_EQUAL(pthread_create(&thread, NULL, churn_memory, NULL), 0);
	fflush(stdout);
	for (unsigned int i = 0; i < 300; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(child_of_threads());
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_EQUAL(status, 0);
		if (status)
			break;
	}
	__atomic_store_n(&churn_is_over, true, __ATOMIC_RELAXED);
	pthread_join(thread, &wrong);
	CU_ASSERT_PTR_NULL(wrong);
}

/* ---- threads ---- */

static VumemSessionHandle shared_session;

static void *churn(void *unused)
{
	VumemBufferHandle buffer;
	uintptr_t wrong = 0;
	void *addr;

	for (unsigned int i = 0; i < 2000; i++) {
		wrong += vumemBufferAlloc(shared_session, NULL, 0, &buffer) != 0;
		wrong += vumemBufferMap(buffer, &addr) != 0;
		wrong += vumemBufferFree(buffer) != 0;
	}
	(void)unused;
	return (void *)wrong;
}

static void threads_share_a_session(void)
{
	pthread_t threads[4];
	void *wrong;

	shared_session = new_session();
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	CU_ASSERT_EQUAL(vumemSessionDestroy(shared_session), 0);
}

static const struct unit_test tests[] = {
	{ "handles_end_once", handles_end_once },
	{ "session_end_frees_buffers_but_not_adopted_ones",
	  session_end_frees_buffers_but_not_adopted_ones },
	{ "mapping_has_its_states", mapping_has_its_states },
	{ "buffers_do_not_need_the_node", buffers_do_not_need_the_node },
	{ "destroyed_session_gets_no_buffer", destroyed_session_gets_no_buffer },
	{ "errors_are_the_drivers", errors_are_the_drivers },
	{ "drivers_that_speak_no_common_version_are_refused",
	  drivers_that_speak_no_common_version_are_refused },
	{ "drivers_of_later_releases_are_used", drivers_of_later_releases_are_used },
	{ "registration_ends_with_its_session", registration_ends_with_its_session },
	{ "statistics_are_cut_to_32_bits", statistics_are_cut_to_32_bits },
	{ "forked_child_is_not_the_allocator", forked_child_is_not_the_allocator },
	{ "forked_child_closes_what_others_were_making",
	  forked_child_closes_what_others_were_making },
	{ "requests_and_responses_have_their_members", requests_and_responses_have_their_members },
	{ "warnings_are_given_once", warnings_are_given_once },
	{ "server_memory_is_zero_and_aligned", server_memory_is_zero_and_aligned },
	{ "forked_child_cannot_free_server_memory", forked_child_cannot_free_server_memory },
	{ "forked_child_of_threads_has_memory", forked_child_of_threads_has_memory },
	{ "threads_share_a_session", threads_share_a_session },
};

int main(void)
{
	int status, fd = mkstemp(node);

	if (fd < 0 || ftruncate(fd, PAGE))
		return 2;
	close(fd);
	UNIT_ADD("vumem", tests);
	status = unit_run("vumem");
	unlink(node);
	return status;
}
