// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The client's end of VUMEM, message by message: what of a process's calls meets what the
 * server says, and the ends of files, servers and links.
 */
#include "vumem_link.h"

#define EPOCH	5u
#define BUFFER	77u
#define PAGES	3u

static int session_fd;

/* An allocation on its way; the server has its request. */
struct alloc {
	struct call call;
	struct vumem_alloc_args args;
	struct vumem_msg request;
};

static void alloc_start(struct alloc *alloc)
{
	alloc->args = (struct vumem_alloc_args){ .fd = -1 };
	call_until_asleep(&alloc->call, session_fd, VUMEM_IOC_ALLOC, &alloc->args);
	alloc->request = peer_expect(VUMEM_ALLOC);
}

static void alloc_answer(struct alloc *alloc)
{
	struct vumem_msg response = alloc->request;

	response.buffer = BUFFER;
	response.pages = PAGES;
	response.bytes = PAGES * PAGE_SIZE;
	response.dir_ref = 9;
	peer_answer(&response, 0);
}

static void reset(u32 epoch)
{
	peer_send(&(struct vumem_msg){ .type = VUMEM_RESET, .epoch = epoch });
	run();
}

static int map(int fd)
{
	struct vm_area_struct vma = { .vm_end = PAGES * PAGE_SIZE, .vm_flags = VM_SHARED };

	return kernel_mmap(fd, &vma);
}

/* A buffer of a process that goes on. */
static int new_buffer(void)
{
	struct alloc alloc;

	alloc_start(&alloc);
	alloc_answer(&alloc);
	CU_ASSERT_EQUAL(call_end(&alloc.call), 0);
	return alloc.args.fd;
}

static int new_session(u32 epoch)
{
	struct vumem_session_args args = { 0 };
	int fd = open_node();
	struct vumem_msg request;
	struct call call;

	call_until_asleep(&call, fd, VUMEM_IOC_SESSION_CREATE, &args);
	request = peer_expect(VUMEM_SESSION);
	CU_ASSERT_EQUAL(request.app_id, call.task.tgid);
	request.epoch = epoch;
	peer_answer(&request, 0);
	CU_ASSERT_EQUAL(call_end(&call), 0);
	return fd;
}

static void begin(void)
{
	link_up(VLINK_CLIENT);
	session_fd = new_session(EPOCH);
}

static void end(void)
{
	kernel_close(session_fd);
	link_down();
}

static void expect_free(u32 app_id)
{
	struct vumem_msg request = peer_expect(VUMEM_FREE);

	CU_ASSERT_EQUAL(request.buffer, BUFFER);
	CU_ASSERT_EQUAL(request.epoch, EPOCH);
	CU_ASSERT_EQUAL(request.app_id, app_id);
	peer_answer(&request, 0);
}

/* --- what is under way when something ends ---------------------------------------- */

static void session_that_closes_takes_along_what_is_being_allocated(void)
{
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	kernel_close(session_fd);
	alloc_answer(&alloc);
	call_end(&alloc.call);
	run();
	expect_free(alloc.call.task.tgid);
	CU_ASSERT_EQUAL(map(alloc.args.fd), -EPIPE);
	kernel_close(alloc.args.fd);
	link_down();
}

static void session_that_closes_takes_along_what_is_being_registered(void)
{
	struct vumem_msg request;
	struct call call;
	s32 other;
	int buffer;

	begin();
	buffer = new_buffer();
	other = new_session(EPOCH);
	call_until_asleep(&call, buffer, VUMEM_IOC_REGISTER, &other);
	request = peer_expect(VUMEM_REGISTER);
	kernel_close(other);
	peer_answer(&request, 0);
	call_end(&call);
	run();
	request = peer_expect(VUMEM_UNREGISTER);
	CU_ASSERT_EQUAL(request.app_id, call.task.tgid);
	CU_ASSERT_EQUAL(request.buffer, BUFFER);
	kernel_close(buffer);
	end();
}

static void reset_finds_what_is_being_allocated(void)
{
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	reset(EPOCH);
	alloc_answer(&alloc);
	CU_ASSERT_EQUAL(call_end(&alloc.call), -EPIPE);
	peer_expect_nothing();
	end();
}

/* The process has not run since, but its buffer is one. */
static void reset_finds_what_was_just_allocated(void)
{
	struct vumem_msg response;
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	response = alloc.request;
	response.type = VUMEM_RESPONSE;
	response.buffer = BUFFER;
	peer_send(&response);
	reset(EPOCH);
	CU_ASSERT_EQUAL(call_end(&alloc.call), 0);
	CU_ASSERT_EQUAL(map(alloc.args.fd), -EINVAL);
	CU_ASSERT_EQUAL(kernel_ioctl(alloc.args.fd, VUMEM_IOC_FREE, NULL), -EPIPE);
	kernel_close(alloc.args.fd);
	peer_expect_nothing();
	end();
}

static void reset_finds_a_session_that_has_just_begun(void)
{
	struct vumem_session_args args = { 0 };
	struct vumem_alloc_args alloc = { 0 };
	struct vumem_msg response;
	struct call call;

	link_up(VLINK_CLIENT);
	session_fd = open_node();
	call_until_asleep(&call, session_fd, VUMEM_IOC_SESSION_CREATE, &args);
	response = peer_expect(VUMEM_SESSION);
	response.type = VUMEM_RESPONSE;
	response.epoch = EPOCH;
	peer_send(&response);
	reset(EPOCH);
	CU_ASSERT_EQUAL(call_end(&call), 0);
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, &alloc), -EPIPE);
	peer_expect_nothing();
	end();
}

static void link_end_finds_what_is_being_allocated(void)
{
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	link_disconnect();
	CU_ASSERT_EQUAL(call_end(&alloc.call), -EPIPE);
	end();
}

static void session_waits_for_the_next_connection(void)
{
	struct vumem_session_args args = { 0 };
	struct vumem_msg request;
	struct call call;

	link_up(VLINK_CLIENT);
	session_fd = open_node();
	call_until_asleep(&call, session_fd, VUMEM_IOC_SESSION_CREATE, &args);
	peer_expect(VUMEM_SESSION);
	link_disconnect();
	link_connect();
	run();
	kernel_await_asleep(&call.task);
	while (!peer_receive(&request))
		;
	CU_ASSERT_EQUAL(request.type, VUMEM_SESSION);
	peer_answer(&request, 0);
	CU_ASSERT_EQUAL(call_end(&call), 0);
	end();
}

/* --- in whose name ------------------------------------------------------------------ */

static void allocation_of_a_dead_process_is_freed_in_its_name(void)
{
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	kernel_signal(&alloc.call.task, true);
	CU_ASSERT_EQUAL(call_end(&alloc.call), -ERESTARTSYS);
	CU_ASSERT_EQUAL(peer_expect(VUMEM_CANCEL).tag, alloc.request.tag);
	alloc_answer(&alloc);
	expect_free(alloc.call.task.tgid);
	peer_expect_nothing();
	end();
}

static void registration_of_a_dead_process_ends_in_its_name(void)
{
	struct vumem_msg request;
	struct call call;
	s32 other;
	int buffer;

	begin();
	buffer = new_buffer();
	other = new_session(EPOCH);
	call_until_asleep(&call, buffer, VUMEM_IOC_REGISTER, &other);
	request = peer_expect(VUMEM_REGISTER);
	kernel_signal(&call.task, true);
	CU_ASSERT_EQUAL(call_end(&call), -ERESTARTSYS);
	peer_expect(VUMEM_CANCEL);
	peer_answer(&request, 0);
	request = peer_expect(VUMEM_UNREGISTER);
	CU_ASSERT_EQUAL(request.app_id, call.task.tgid);
	CU_ASSERT_EQUAL(request.buffer, BUFFER);
	kernel_close(other);
	kernel_close(buffer);
	end();
}

/* The last descriptor may be another process's, which closes it. */
static void closing_speaks_for_who_allocated_and_registered(void)
{
	struct vumem_msg request;
	struct alloc alloc;
	struct call call;
	s32 other;

	begin();
	alloc_start(&alloc);
	alloc_answer(&alloc);
	CU_ASSERT_EQUAL(call_end(&alloc.call), 0);
	other = new_session(EPOCH);
	call_until_asleep(&call, alloc.args.fd, VUMEM_IOC_REGISTER, &other);
	request = peer_expect(VUMEM_REGISTER);
	peer_answer(&request, 0);
	CU_ASSERT_EQUAL(call_end(&call), 0);

	kernel_close(other);
	request = peer_expect(VUMEM_UNREGISTER);
	CU_ASSERT_EQUAL(request.app_id, call.task.tgid);
	peer_answer(&request, 0);
	kernel_close(alloc.args.fd);
	expect_free(alloc.call.task.tgid);
	end();
}

/* --- what a server says ---------------------------------------------------------------- */

static long answered(u32 ret)
{
	struct alloc alloc;
	bool zero = !ret;

	alloc_start(&alloc);
	if (zero)
		alloc_answer(&alloc);
	else
		peer_answer(&alloc.request, ret);
	return call_end(&alloc.call);
}

static void processes_see_errors_that_they_know(void)
{
	static const u32 good[] = { 511, 1024, 4095 }, bad[] = { 4096, 1u << 31, UINT32_MAX };

	begin();
	for (u32 ret = 1; ret <= 133; ret++)
		CU_ASSERT_EQUAL(answered(ret), -(long)ret);
	for (u32 ret = 512; ret < 1024; ret++)
		CU_ASSERT_EQUAL(answered(ret), -EINVAL);
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++)
		CU_ASSERT_EQUAL(answered(good[i]), -(long)good[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CU_ASSERT_EQUAL(answered(bad[i]), -EINVAL);
	peer_expect_nothing();
	end();
}

static void server_may_refuse_registrations(void)
{
	static const u32 errors[] = { EPERM, EEXIST, EBUSY, EPROTO };
	struct vumem_msg request;
	struct call call;
	s32 other;
	int buffer;

	begin();
	buffer = new_buffer();
	other = new_session(EPOCH);
	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
		call_until_asleep(&call, buffer, VUMEM_IOC_REGISTER, &other);
		request = peer_expect(VUMEM_REGISTER);
		peer_answer(&request, errors[i]);
		CU_ASSERT_EQUAL(call_end(&call), -(long)errors[i]);
	}
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_UNREGISTER, &other), -EINVAL);
	kernel_close(other);
	peer_expect_nothing();
	kernel_close(buffer);
	end();
}

static unsigned int resets_left;

/* As the peer's processor would, which is as fast. */
static void refill(void)
{
	struct vumem_msg msg = { .type = VUMEM_RESET };

	while (resets_left && peer_has_room()) {
		resets_left--;
		peer_send(&msg);
	}
}

static void endless_messages_leave_the_lock_to_others(void)
{
	begin();
	resets_left = 1000;
	on_notify = refill;
	refill();
	CU_ASSERT(kernel_run_one());
	CU_ASSERT(resets_left > 900);
	/* And they are all received in the end. */
	run();
	on_notify = NULL;
	CU_ASSERT_EQUAL(resets_left, 0);
	CU_ASSERT(!link_failed());
	end();
}

static void answers_to_nobody_fail_the_link(void)
{
	begin();
	peer_answer(&(struct vumem_msg){ .tag = 4711 }, 0);
	CU_ASSERT(link_failed());
	end();
}

/* --- calls --------------------------------------------------------------------------- */

static void server_is_not_asked_for_what_cannot_be_handed_out(void)
{
	struct vumem_alloc_args args = { 0 };
	int fds[8192], nr = 0;

	begin();
	while ((fds[nr] = get_unused_fd_flags(0)) >= 0)
		nr++;
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, &args), -EMFILE);
	while (nr--)
		put_unused_fd(fds[nr]);
	for (int left = 0; left < 4; left++) {
		kernel_allocs_left = left;
		CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, &args), -ENOMEM);
	}
	kernel_allocs_left = -1;
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, NULL), -EFAULT);
	args.size = 1;
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, &args), -EFAULT);
	args.size = VUMEM_OPAQUE_MAX + 1;
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_ALLOC, &args), -EINVAL);
	peer_expect_nothing();
	end();
}

static void all_files_say_their_versions(void)
{
	int buffer;

	begin();
	buffer = new_buffer();
	says_versions(session_fd);
	says_versions(buffer);
	reset(EPOCH);
	kernel_close(buffer);
	end();
}

static void calls_belong_to_their_kind_of_file(void)
{
	struct vumem_buffer_args info;
	int fresh, buffer;
	s32 fd;

	begin();
	buffer = new_buffer();
	fresh = open_node();
	CU_ASSERT_EQUAL(kernel_ioctl(fresh, VUMEM_IOC_ALLOC, NULL), -EINVAL);
	CU_ASSERT_EQUAL(kernel_ioctl(fresh, VUMEM_IOC_BUFFER, &info), -EINVAL);
	CU_ASSERT_EQUAL(kernel_ioctl(session_fd, VUMEM_IOC_FREE, NULL), -EINVAL);
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_ALLOC, NULL), -EINVAL);
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_BUFFER, &info), 0);
	CU_ASSERT(info.buffer == BUFFER && info.bytes == PAGES * PAGE_SIZE && !info.ended);
	fd = fresh;
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_REGISTER, &fd), -EINVAL);
	fd = buffer;
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_REGISTER, &fd), -EINVAL);
	fd = -1;
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_REGISTER, &fd), -EBADF);
	fd = session_fd;
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_REGISTER, &fd), 0);
	kernel_close(fresh);
	reset(EPOCH);
	CU_ASSERT_EQUAL(kernel_ioctl(buffer, VUMEM_IOC_BUFFER, &info), 0);
	CU_ASSERT_EQUAL(info.ended, EPIPE);
	kernel_close(buffer);
	end();
}

/* Domains are saved while their processes are frozen. */
static void waiting_processes_can_be_frozen(void)
{
	struct alloc alloc;

	begin();
	alloc_start(&alloc);
	CU_ASSERT(alloc.call.task.wait_state & TASK_FREEZABLE);
	alloc_answer(&alloc);
	CU_ASSERT_EQUAL(call_end(&alloc.call), 0);
	kernel_close(alloc.args.fd);
	end();
}

static void mappings_end_with_the_buffer(void)
{
	int buffer;

	begin();
	buffer = new_buffer();
	CU_ASSERT_EQUAL(map(buffer), 0);
	CU_ASSERT_EQUAL(windows_now, 1);
	reset(EPOCH - 1);
	CU_ASSERT_EQUAL(windows_now, 1);
	reset(EPOCH);
	CU_ASSERT_EQUAL(windows_now, 0);
	CU_ASSERT_EQUAL(regions_now, 0);
	CU_ASSERT_EQUAL(map(buffer), -EPIPE);
	kernel_close(buffer);
	end();
}

#define TEST(name)	{ #name, name }
static const struct unit_test tests[] = {
	TEST(all_files_say_their_versions),
	TEST(session_that_closes_takes_along_what_is_being_allocated),
	TEST(session_that_closes_takes_along_what_is_being_registered),
	TEST(reset_finds_what_is_being_allocated),
	TEST(reset_finds_what_was_just_allocated),
	TEST(reset_finds_a_session_that_has_just_begun),
	TEST(link_end_finds_what_is_being_allocated),
	TEST(session_waits_for_the_next_connection),
	TEST(allocation_of_a_dead_process_is_freed_in_its_name),
	TEST(registration_of_a_dead_process_ends_in_its_name),
	TEST(closing_speaks_for_who_allocated_and_registered),
	TEST(processes_see_errors_that_they_know),
	TEST(server_may_refuse_registrations),
	TEST(endless_messages_leave_the_lock_to_others),
	TEST(answers_to_nobody_fail_the_link),
	TEST(server_is_not_asked_for_what_cannot_be_handed_out),
	TEST(calls_belong_to_their_kind_of_file),
	TEST(waiting_processes_can_be_frozen),
	TEST(mappings_end_with_the_buffer),
};

int main(void)
{
	UNIT_ADD("vumem_front", tests);
	return unit_run("vumem_front");
}
