/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocation: kinds and sizes of memory, the opaque request, errors. */
#include "vumem_suite.h"

/* Both ends see what the other writes, in all bytes of it. */
static void use_memory(VumemSessionHandle session, uint32_t kind, uint32_t size)
{
	VumemBufferHandle buffer;
	int64_t wrong = 0;
	VumemSize bytes;
	char *addr;
	int err = alloc(session, kind, size, &buffer);

	if (err == VU_UNAVAILABLE)
		suite_skip("the server's kernel has no such memory");
	SUITE_EQUAL(err, 0);
	if (err)
		return;
	SUITE_EQUAL(vumemBufferInfo(buffer, &bytes, NULL), 0);
	SUITE_EQUAL(bytes, (size + PAGE - 1) / PAGE * PAGE);
	SUITE_EQUAL(vumemBufferMap(buffer, (void **)&addr), 0);
	SUITE_EQUAL(pattern_check(addr, size, 1, 0), 0);
	pattern_fill(addr, size, 2, 0);
	SUITE_EQUAL(remote(buffer, VU_CHECK, 2, &wrong), 0);
	SUITE_EQUAL(wrong, 0);
	SUITE_EQUAL(remote(buffer, VU_FILL, 3, NULL), 0);
	SUITE_EQUAL(pattern_check(addr, size, 3, 0), 0);
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
}

static void use_kind(uint32_t kind)
{
	static const uint32_t sizes[] = { 1, PAGE, PAGE + 1, 50000, 200000 };
	VumemSessionHandle session;

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		use_memory(session, kind, sizes[i]);
	end_session(session);
}

static void library_memory_is_shared(void)
{
	use_kind(VU_LIBRARY);
}

static void malloced_memory_is_shared(void)
{
	use_kind(VU_MALLOC);
}

static void anonymous_memory_is_shared(void)
{
	use_kind(VU_ANONYMOUS);
}

static void shared_anonymous_memory_is_shared(void)
{
	use_kind(VU_SHARED);
}

static void memfd_memory_is_shared(void)
{
	use_kind(VU_MEMFD);
}

static void shm_memory_is_shared(void)
{
	use_kind(VU_SHM);
}

static void global_array_is_shared(void)
{
	use_kind(VU_GLOBAL);
}

static void huge_pages_are_shared(void)
{
	VumemSessionHandle session;

	start_server(1);
	session = new_session();
	/* A test that is skipped leaves its session to its end. */
	use_memory(session, VU_HUGE, 2 * MIB);
	end_session(session);
}

static void buffer_of_64_mib(void)
{
	VumemSessionHandle session;

	start_server(1);
	session = new_session();
	use_memory(session, VU_ANONYMOUS, 64 * MIB);
	end_session(session);
}

static void expect_refused(uint32_t kind, uint32_t size, int expected)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer = NULL;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc(session, kind, size, &buffer), expected);
	CU_ASSERT_PTR_NULL(buffer);
	/* The server got the same. */
	SUITE_EQUAL(command(VU_ENTRY, 0, 0).v[4], expected);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 0);
	end_session(session);
}

static void misaligned_memory_is_einval(void)
{
	expect_refused(VU_MISALIGNED, 2 * PAGE, EINVAL);
}

static void absent_memory_is_einval(void)
{
	expect_refused(VU_ABSENT, 2 * PAGE, EINVAL);
}

static void read_only_memory_is_einval(void)
{
	expect_refused(VU_READ_ONLY, 2 * PAGE, EINVAL);
}

static void device_memory_is_eopnotsupp(void)
{
	expect_refused(VU_DEVICE, PAGE, EOPNOTSUPP);
}

static void over_256_mib_is_emsgsize(void)
{
	expect_refused(VU_RESERVED, 257 * MIB, EMSGSIZE);
}

static void buffer_without_memory_is_a_handle(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemBufferAttr attr;
	VumemBufferId id = 0;
	VumemSize size;
	void *addr;
	int mappable = 1;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc(session, VU_NOWHERE, 5000, &buffer), 0);
	SUITE_EQUAL(vumemBufferInfo(buffer, &size, &attr), 0);
	SUITE_EQUAL(size, 5000);
	SUITE_EQUAL(attr & VUMEM_ATTR_IS_MAPPABLE, 0);
	SUITE_EQUAL(vumemBufferCtl(buffer, VUMEM_CTL_IS_MAPPABLE, &mappable, sizeof(int)), 0);
	SUITE_EQUAL(mappable, 0);
	SUITE_EQUAL(vumemBufferIdGet(buffer, &id), 0);
	CU_ASSERT(id > 0);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), EINVAL);
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	end_session(session);
}

static void memory_over_the_limit_is_enomem(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer, other;

	SUITE_EQUAL(command_result(VU_START, 1, MIB), 0);
	session = new_session();
	SUITE_EQUAL(alloc(session, VU_ANONYMOUS, MIB / 2, &buffer), 0);
	SUITE_EQUAL(alloc(session, VU_ANONYMOUS, MIB / 2 + 1, &other), ENOMEM);
	SUITE_EQUAL(command(VU_ENTRY, 1, 0).v[4], ENOMEM);
	/* The limit is named, once. */
	SUITE_EQUAL(command(VU_WARNINGS, 0, 0).v[0], 2);
	SUITE_EQUAL(alloc(session, VU_ANONYMOUS, MIB, &other), ENOMEM);
	SUITE_EQUAL(command(VU_WARNINGS, 0, 0).v[0], 2);
	/* What is freed counts no more. */
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(alloc(session, VU_ANONYMOUS, MIB, &other), 0);
	end_session(session);
}

static void visible_tail_is_warned_of_once(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc(session, VU_LIBRARY, 100, &buffer), 0);
	SUITE_EQUAL(alloc(session, VU_MALLOC, PAGE, &buffer), 0);
	command(VU_ENTRY, 1, 0);
	SUITE_EQUAL(command(VU_WARNINGS, 0, 0).v[0], 0);
	SUITE_EQUAL(alloc(session, VU_MALLOC, 100, &buffer), 0);
	SUITE_EQUAL(alloc(session, VU_MALLOC, 200, &buffer), 0);
	command(VU_ENTRY, 3, 0);
	SUITE_EQUAL(command(VU_WARNINGS, 0, 0).v[0], 1);
	end_session(session);
}

static void tail_of_library_memory_is_zero(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	char *addr;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(remote(buffer, VU_PLANT, 0xa5, NULL), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	for (unsigned int i = 0; i < 20; i++) {
		buffer = new_buffer(session, 5 * PAGE + 100, (void **)&addr);
		SUITE_EQUAL(pattern_check(addr, 5 * PAGE + 100, 1, 0), 0);
		CU_ASSERT(is_zero(addr + 5 * PAGE + 100, PAGE - 100));
		SUITE_EQUAL(vumemBufferFree(buffer), 0);
	}
	end_session(session);
}

static void opaque_request_travels_both_ways(void)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE };
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < 20; i++)
		order.echo[i] = i * 0x01234567;
	SUITE_EQUAL(alloc_order(session, &order, &buffer), 0);
	for (unsigned int i = 0; i < 20; i++)
		SUITE_EQUAL(order.echo[i], ~(i * 0x01234567));
	end_session(session);
}

static void opaque_request_has_at_most_128_bytes(void)
{
	char request[256] = "";
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(vumemBufferAlloc(session, request, 129, &buffer), EINVAL);
	SUITE_EQUAL(vumemBufferAlloc(session, NULL, 4, &buffer), EINVAL);
	SUITE_EQUAL(vumemBufferAlloc(session, request, 4, NULL), EINVAL);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_ALLOC), 0);
	/* The server's memory for who wants nothing particular. */
	memset(request, 0x55, sizeof(request));
	SUITE_EQUAL(vumemBufferAlloc(session, request, 128, &buffer), 0);
	CU_ASSERT(request[128] == 0x55 && request[255] == 0x55);
	SUITE_EQUAL(vumemBufferAlloc(session, NULL, 0, &buffer), 0);
	end_session(session);
}

static void errno_of_the_server_is_returned(void)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE };
	static const uint32_t values[] = { 1, ENOTTY, 4095 };
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < 3; i++) {
		order.ret = values[i];
		SUITE_EQUAL(alloc_order(session, &order, &buffer), values[i]);
		/* The server's respond was all right. */
		SUITE_EQUAL(command(VU_ENTRY, i, 0).v[4], 0);
	}
	end_session(session);
}

static void wrong_response_is_einval_for_both(uint32_t flags)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE, .flags = flags };
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc_order(session, &order, &buffer), EINVAL);
	SUITE_EQUAL(command(VU_ENTRY, 0, 0).v[4], EINVAL);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 0);
	end_session(session);
}

static void wrong_id_is_einval_for_both(void)
{
	wrong_response_is_einval_for_both(VU_WRONG_ID);
}

static void negative_errno_is_einval_for_both(void)
{
	wrong_response_is_einval_for_both(VU_BAD_RETVAL);
}

/* ERESTARTSYS and the like are the kernel's own. */
static void errno_of_the_kernel_is_einval_for_both(void)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE };
	static const uint32_t values[] = { 512, 516, 531 };
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < 3; i++) {
		order.ret = values[i];
		SUITE_EQUAL(alloc_order(session, &order, &buffer), EINVAL);
		SUITE_EQUAL(command(VU_ENTRY, i, 0).v[4], EINVAL);
	}
	end_session(session);
}

static void ids_are_the_servers(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffers[8];
	VumemBufferId ids[8];

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < 8; i++) {
		buffers[i] = new_buffer(session, PAGE, NULL);
		SUITE_EQUAL(vumemBufferIdGet(buffers[i], &ids[i]), 0);
		SUITE_EQUAL(command(VU_ENTRY, i, 0).v[3], ids[i]);
		CU_ASSERT(ids[i] >= 1);
		for (unsigned int j = 0; j < i; j++)
			CU_ASSERT(ids[i] != ids[j]);
	}
	end_session(session);
}

static void request_names_its_process(void)
{
	VumemSessionHandle session;
	struct vu_reply entry;
	struct peer peer;

	start_server(1);
	session = new_session();
	peer = peer_start(peer_alloc);
	SUITE_EQUAL(hear(peer.sock), 0);
	tell(peer.sock, 0);
	SUITE_EQUAL(hear(peer.sock), 0);
	entry = command(VU_ENTRY, 0, 0);
	SUITE_EQUAL(entry.v[0], VUMEM_CMD_BUFFER_ALLOC);
	SUITE_EQUAL(entry.v[2], peer.pid);
	/* The domain of a client is never dom0, nor the hypervisor. */
	CU_ASSERT(entry.v[1] > 0);
	tell(peer.sock, 0);
	SUITE_EQUAL(peer_wait(&peer), 0);
	end_session(session);
}

const struct suite_test vumem_alloc_tests[] = {
	{ "library_memory_is_shared", library_memory_is_shared, 0 },
	{ "malloced_memory_is_shared", malloced_memory_is_shared, 0 },
	{ "anonymous_memory_is_shared", anonymous_memory_is_shared, 0 },
	{ "shared_anonymous_memory_is_shared", shared_anonymous_memory_is_shared, 0 },
	{ "memfd_memory_is_shared", memfd_memory_is_shared, 0 },
	{ "shm_memory_is_shared", shm_memory_is_shared, 0 },
	{ "global_array_is_shared", global_array_is_shared, 0 },
	{ "huge_pages_are_shared", huge_pages_are_shared, 0 },
	{ "buffer_of_64_mib", buffer_of_64_mib, 0 },
	{ "misaligned_memory_is_einval", misaligned_memory_is_einval, 0 },
	{ "absent_memory_is_einval", absent_memory_is_einval, 0 },
	{ "read_only_memory_is_einval", read_only_memory_is_einval, 0 },
	{ "device_memory_is_eopnotsupp", device_memory_is_eopnotsupp, 0 },
	{ "over_256_mib_is_emsgsize", over_256_mib_is_emsgsize, 0 },
	{ "buffer_without_memory_is_a_handle", buffer_without_memory_is_a_handle, 0 },
	{ "memory_over_the_limit_is_enomem", memory_over_the_limit_is_enomem, 0 },
	{ "visible_tail_is_warned_of_once", visible_tail_is_warned_of_once, 0 },
	{ "tail_of_library_memory_is_zero", tail_of_library_memory_is_zero, 0 },
	{ "opaque_request_travels_both_ways", opaque_request_travels_both_ways, 0 },
	{ "opaque_request_has_at_most_128_bytes", opaque_request_has_at_most_128_bytes, 0 },
	{ "errno_of_the_server_is_returned", errno_of_the_server_is_returned, 0 },
	{ "wrong_id_is_einval_for_both", wrong_id_is_einval_for_both, 0 },
	{ "negative_errno_is_einval_for_both", negative_errno_is_einval_for_both, 0 },
	{ "errno_of_the_kernel_is_einval_for_both", errno_of_the_kernel_is_einval_for_both, 0 },
	{ "ids_are_the_servers", ids_are_the_servers, 0 },
	{ "request_names_its_process", request_names_its_process, 0 },
	{ NULL, NULL, 0 },
};
