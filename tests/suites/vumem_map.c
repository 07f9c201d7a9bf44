/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping, caches, and what is asked of buffers. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vumem_suite.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void mapping_twice_is_ebusy_with_the_address(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	void *addr, *again = NULL;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, &addr);
	SUITE_EQUAL(vumemBufferMap(buffer, &again), EBUSY);
	CU_ASSERT_PTR_EQUAL(again, addr);
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vumemBufferUnmap(buffer), EINVAL);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	SUITE_EQUAL(pattern_check(addr, PAGE, 1, 0), 0);
	SUITE_EQUAL(vumemBufferMap(buffer, NULL), EINVAL);
	end_session(session);
}

/* Dies of the access or ends with 0. */
static int try_access(volatile char *addr)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		(void)*addr;
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void mapping_is_not_inherited(void)
{
	VumemSessionHandle session;
	char *addr;
	int status;

	start_server(1);
	session = new_session();
	new_buffer(session, PAGE, (void **)&addr);
	status = try_access(addr);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	SUITE_EQUAL(pattern_check(addr, PAGE, 1, 0), 0);
	end_session(session);
}

static VumemBufferHandle inherited_buffer;

/* The handle of a forked child is not mapped there, and not the allocator's. */
static void use_inherited(int sock)
{
	int allocator = 1;
	char *addr = NULL;

	tell(sock, vumemBufferCacheCtl(inherited_buffer, VUMEM_CACHE_SYNC_MEMORY));
	tell(sock, vumemBufferMap(inherited_buffer, (void **)&addr));
	tell(sock, addr ? (int)pattern_check(addr, PAGE, 1, 0) : -1);
	tell(sock, vumemBufferCtl(inherited_buffer, VUMEM_CTL_IS_ALLOCATOR, &allocator,
				  sizeof(allocator)));
	tell(sock, allocator);
	if (addr)
		pattern_fill(addr, PAGE, 9, 0);
	tell(sock, vumemBufferFree(inherited_buffer));
}

static void forked_child_maps_for_itself(void)
{
	static const int expected[] = { EINVAL, 0, 0, 0, 0, 0 };
	VumemSessionHandle session;
	struct peer peer;
	char *addr;

	start_server(1);
	session = new_session();
	inherited_buffer = new_buffer(session, PAGE, (void **)&addr);
	peer = peer_start(use_inherited);
	for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		SUITE_EQUAL(hear(peer.sock), expected[i]);
	SUITE_EQUAL(peer_wait(&peer), 0);
	/* What the child did to its handle, the parent's does not feel. */
	SUITE_EQUAL(pattern_check(addr, PAGE, 9, 0), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 0);
	SUITE_EQUAL(vumemBufferFree(inherited_buffer), 0);
	end_session(session);
}

static void mapping_cannot_be_split_moved_or_executed(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	char *addr;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, 4 * PAGE, (void **)&addr);
	CU_ASSERT(munmap(addr + PAGE, PAGE) == -1 && errno == EINVAL);
	CU_ASSERT_PTR_EQUAL(mremap(addr, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	CU_ASSERT(mprotect(addr, 4 * PAGE, PROT_READ | PROT_EXEC) == -1);
	SUITE_EQUAL(pattern_check(addr, 4 * PAGE, 1, 0), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	end_session(session);
}

static void mapping_is_of_the_whole_buffer(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	int fd = -1;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, 4 * PAGE, NULL);
	SUITE_EQUAL(vumemBufferFd(buffer, &fd), 0);
	CU_ASSERT(mmap(NULL, PAGE, rw, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
	CU_ASSERT(mmap(NULL, PAGE, rw, MAP_SHARED, fd, PAGE) == MAP_FAILED && errno == EINVAL);
	CU_ASSERT(mmap(NULL, 8 * PAGE, rw, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
	CU_ASSERT(mmap(NULL, 4 * PAGE, rw, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL);
	end_session(session);
}

/* System calls reach the memory too: the kernel copies to and from it. */
static void system_calls_read_and_write_it(void)
{
	VumemSessionHandle session;
	char *addr, copy[PAGE];
	int fds[2];

	start_server(1);
	session = new_session();
	new_buffer(session, 2 * PAGE, (void **)&addr);
	SUITE_EQUAL(pipe(fds), 0);
	SUITE_EQUAL(write(fds[1], addr, PAGE), PAGE);
	SUITE_EQUAL(read(fds[0], copy, PAGE), PAGE);
	SUITE_EQUAL(pattern_check(copy, PAGE, 1, 0), 0);
	SUITE_EQUAL(write(fds[1], copy, PAGE), PAGE);
	SUITE_EQUAL(read(fds[0], addr + PAGE, PAGE), PAGE);
	SUITE_EQUAL(pattern_check(addr + PAGE, PAGE, 1, 0), 0);
	close(fds[0]);
	close(fds[1]);
	end_session(session);
}

static void caches_are_kept_only_where_mapped(void)
{
	static const VumemCacheOp good[] = { 1, 2, 3, 4, 8, 12, 15, 16 | 3 };
	static const VumemCacheOp bad[] = { 0, 16, 32 | 1, 0x80000001 };
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	void *addr;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_MEMORY), EINVAL);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		SUITE_EQUAL(vumemBufferCacheCtl(buffer, good[i]), 0);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		SUITE_EQUAL(vumemBufferCacheCtl(buffer, bad[i]), EINVAL);
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_MEMORY), EINVAL);
	end_session(session);
}

static void attributes_say_what_it_is(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemBufferAttr attr;
	int yes = 0;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferInfo(buffer, NULL, &attr), 0);
	CU_ASSERT(attr & VUMEM_ATTR_IS_MAPPABLE);
	SUITE_EQUAL(VUMEM_ATTR_CACHE_POLICY_GET(attr), VUMEM_CACHE_WRITEBACK);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_IS_MAPPABLE, &yes, sizeof(yes)), 0);
	SUITE_EQUAL(yes, 1);
	yes = 0;
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_IS_ALLOCATOR, &yes, sizeof(yes)), 0);
	SUITE_EQUAL(yes, 1);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_IS_ALLOCATOR, &yes, 1), EINVAL);
	SUITE_EQUAL(vumemBufferCtl(buffer, 6, &yes, sizeof(yes)), EINVAL);
	SUITE_EQUAL(vumemBufferCtl(buffer, 0, &yes, sizeof(yes)), EINVAL);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_IS_MAPPABLE, NULL, sizeof(yes)), EINVAL);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_CTL), 0);
	end_session(session);
}

static void private_pointer_is_the_handles(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer, other;
	void *pointer = &session, *found = &session;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	other = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_PRIVATE_GET, &found, sizeof(found)), 0);
	CU_ASSERT_PTR_NULL(found);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_PRIVATE_SET, &pointer, sizeof(pointer)), 0);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_PRIVATE_GET, &found, sizeof(found)), 0);
	CU_ASSERT_PTR_EQUAL(found, &session);
	SUITE_EQUAL(vumemBufferCtl(other, VUMEM_CTL_PRIVATE_GET, &found, sizeof(found)), 0);
	CU_ASSERT_PTR_NULL(found);
	SUITE_EQUAL(vumemBufferCtl(other, VUMEM_CTL_PRIVATE_GET, &found, 4), EINVAL);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_CTL), 0);
	end_session(session);
}

static void ctl_is_opaque_both_ways(void)
{
	struct vu_ctl ctl = { .op = VU_ECHO };
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	struct vu_reply entry;
	VumemBufferId id;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	for (unsigned int i = 0; i < 28; i++)
		ctl.echo[i] = i * 0x01234567;
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, &ctl, sizeof(ctl)), 0);
	for (unsigned int i = 0; i < 28; i++)
		SUITE_EQUAL(ctl.echo[i], ~(i * 0x01234567));
	entry = command(VU_ENTRY, 1, 0);
	SUITE_EQUAL(entry.v[0], VUMEM_CMD_BUFFER_CTL);
	SUITE_EQUAL(vumemBufferIdGet(buffer, &id), 0);
	SUITE_EQUAL(entry.v[3], id);
	SUITE_EQUAL(entry.v[2], getpid());
	end_session(session);
}

static void ctl_has_its_errors(void)
{
	int64_t error = EXDEV;
	char request[256] = "";
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, request, 129), EINVAL);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, NULL, 0), 0);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, NULL, 5), EINVAL);
	SUITE_EQUAL(remote(buffer, VU_FAIL, 0, &error), EXDEV);
	error = -3;
	SUITE_EQUAL(remote(buffer, VU_FAIL, 0, &error), EINVAL);
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), 0);
	end_session(session);
}

const struct suite_test vumem_map_tests[] = {
	{ "mapping_twice_is_ebusy_with_the_address", mapping_twice_is_ebusy_with_the_address, 0 },
	{ "mapping_is_not_inherited", mapping_is_not_inherited, 0 },
	{ "forked_child_maps_for_itself", forked_child_maps_for_itself, 0 },
	{ "mapping_cannot_be_split_moved_or_executed", mapping_cannot_be_split_moved_or_executed, 0 },
	{ "mapping_is_of_the_whole_buffer", mapping_is_of_the_whole_buffer, 0 },
	{ "system_calls_read_and_write_it", system_calls_read_and_write_it, 0 },
	{ "caches_are_kept_only_where_mapped", caches_are_kept_only_where_mapped, 0 },
	{ "attributes_say_what_it_is", attributes_say_what_it_is, 0 },
	{ "private_pointer_is_the_handles", private_pointer_is_the_handles, 0 },
	{ "ctl_is_opaque_both_ways", ctl_is_opaque_both_ways, 0 },
	{ "ctl_has_its_errors", ctl_has_its_errors, 0 },
	{ NULL, NULL, 0 },
};
