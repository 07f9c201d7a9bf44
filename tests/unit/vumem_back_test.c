// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The server's end of VUMEM, message by message: requests on their way to threads of the
 * server process, and what memory that process may show.
 */
#include <linux/magic.h>

#include "vumem_link.h"

#define MEMORY	0x10000u	/* where the server's memory lies */
#define PAGES	3u

static struct mm_struct mm;
static int server_fd;
static u32 epoch, next_tag;

static void create_server(void)
{
	server_fd = open_node();
	CU_ASSERT_EQUAL(kernel_ioctl(server_fd, VUMEM_IOC_SERVER_CREATE, NULL), 0);
	epoch++;
}

static void begin(void)
{
	mm = (struct mm_struct){ .memlock = 1000 * PAGE_SIZE };
	current->mm = &mm;
	epoch = 0;
	link_up(VLINK_SERVER);
	create_server();
}

static void end(void)
{
	kernel_close(server_fd);
	link_down();
	CU_ASSERT_EQUAL(atomic64_read(&mm.pinned_vm), 0);
}

static struct vumem_msg request(u32 type, u32 buffer)
{
	struct vumem_msg msg = { .type = type, .tag = ++next_tag, .epoch = epoch, .app_id = 44,
				 .buffer = buffer };

	peer_send(&msg);
	run();
	return msg;
}

static u32 answer_of(const struct vumem_msg *asked)
{
	struct vumem_msg msg = peer_expect(VUMEM_RESPONSE);

	CU_ASSERT_EQUAL(msg.tag, asked->tag);
	return msg.ret;
}

static struct vumem_receive_args receive(void)
{
	struct vumem_receive_args args = { 0 };

	CU_ASSERT_EQUAL(kernel_ioctl(server_fd, VUMEM_IOC_RECEIVE, &args), 0);
	return args;
}

static long respond_memory(u32 buffer, u32 ret)
{
	struct vumem_respond_args args = { .ret = ret, .buffer = buffer, .vaddr = MEMORY,
					   .bytes = PAGES * PAGE_SIZE };

	return kernel_ioctl(server_fd, VUMEM_IOC_RESPOND, &args);
}

/* An allocation, as the server's thread answers it; its error. */
static long allocate(u32 *buffer)
{
	struct vumem_msg asked = request(VUMEM_ALLOC, 0);
	long err;

	*buffer = receive().buffer;
	err = respond_memory(*buffer, 0);
	CU_ASSERT_EQUAL(answer_of(&asked), -err);
	return err;
}

static void free_buffer(u32 buffer)
{
	struct vumem_msg asked = request(VUMEM_FREE, buffer);

	CU_ASSERT_EQUAL(receive().buffer, buffer);
	CU_ASSERT_EQUAL(respond_memory(0, 0), 0);
	CU_ASSERT_EQUAL(answer_of(&asked), 0);
}

/* --- requests ------------------------------------------------------------------------ */

static void expect_answers(void)
{
	u32 buffer;

	CU_ASSERT_EQUAL(allocate(&buffer), 0);
	CU_ASSERT_EQUAL(pinned_now, PAGES);
	/* One of the directory. */
	CU_ASSERT_EQUAL(charged_now, PAGES + 1);
	CU_ASSERT_EQUAL(atomic64_read(&mm.pinned_vm), PAGES);
	free_buffer(buffer);
	CU_ASSERT_EQUAL(pinned_now, 0);
	CU_ASSERT_EQUAL(charged_now, 0);
}

static void requests_are_answered(void)
{
	begin();
	expect_answers();
	end();
}

/* Nothing that a client asks is lost, or ends the link, for lack of memory. */
static void requests_need_no_memory(void)
{
	struct vumem_msg asked;

	begin();
	for (unsigned int i = 0; i < 4; i++) {
		kernel_allocs_left = 0;
		asked = request(VUMEM_CTL, 12345);
		kernel_allocs_left = -1;
		CU_ASSERT_EQUAL(answer_of(&asked), EINVAL);
	}
	kernel_allocs_left = 0;
	asked = request(VUMEM_ALLOC, 0);
	kernel_allocs_left = -1;
	CU_ASSERT_EQUAL(receive().cmd, 1);
	CU_ASSERT_EQUAL(respond_memory(0, ENOSPC), 0);
	CU_ASSERT_EQUAL(answer_of(&asked), ENOSPC);
	CU_ASSERT(!link_failed());
	end();
}

static void as_many_requests_as_may_be(void)
{
	begin();
	for (unsigned int i = 0; i < VUMEM_REQUESTS_MAX; i++)
		request(VUMEM_ALLOC, 0);
	CU_ASSERT(!link_failed());
	request(VUMEM_ALLOC, 0);
	CU_ASSERT(link_failed());
	end();
}

static unsigned int cancels_left;

static void refill(void)
{
	struct vumem_msg msg = { .type = VUMEM_CANCEL };

	while (cancels_left && peer_has_room()) {
		cancels_left--;
		peer_send(&msg);
	}
}

static void endless_messages_leave_the_lock_to_others(void)
{
	begin();
	cancels_left = 1000;
	on_notify = refill;
	refill();
	CU_ASSERT(kernel_run_one());
	CU_ASSERT(cancels_left > 900);
	run();
	on_notify = NULL;
	CU_ASSERT_EQUAL(cancels_left, 0);
	end();
}

static void protocol_errors_fail_the_link(void)
{
	struct vumem_receive_args args;

	begin();
	request(VUMEM_RESPONSE, 0);
	CU_ASSERT(link_failed());
	CU_ASSERT_EQUAL(kernel_ioctl(server_fd, VUMEM_IOC_RECEIVE, &args), -EPIPE);
	kernel_close(server_fd);
	/* As the link layer does then. */
	link_disconnect();
	link_connect();
	run();
	CU_ASSERT(!link_failed());
	create_server();
	expect_answers();
	end();
}

/* A thread that could not be told its request leaves it to others, which may be waiting. */
static void request_that_cannot_be_told_is_for_another_thread(void)
{
	struct vumem_receive_args args;
	struct vumem_msg asked;
	struct call call;

	begin();
	asked = request(VUMEM_ALLOC, 0);
	call_start(&call, server_fd, VUMEM_IOC_RECEIVE, NULL);
	CU_ASSERT_EQUAL(call_end(&call), -EFAULT);
	call_start(&call, server_fd, VUMEM_IOC_RECEIVE, &args);
	CU_ASSERT_EQUAL(call_end(&call), 0);
	CU_ASSERT_EQUAL(args.cmd, 1);
	kernel_close(server_fd);
	CU_ASSERT_EQUAL(answer_of(&asked), EPIPE);
	peer_expect(VUMEM_RESET);
	link_down();
}

static void unknown_errors_are_einval_for_both(void)
{
	static const u32 bad[] = { 512, 516, 531, 1023, 4096, UINT32_MAX };
	struct vumem_msg asked;

	begin();
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		asked = request(VUMEM_ALLOC, 0);
		receive();
		CU_ASSERT_EQUAL(respond_memory(0, bad[i]), -EINVAL);
		CU_ASSERT_EQUAL(answer_of(&asked), EINVAL);
	}
	end();
}

/* --- the server's end ------------------------------------------------------------------ */

static void server_end_takes_along_what_is_being_answered(void)
{
	struct vumem_msg asked;
	u32 buffer, first;

	begin();
	CU_ASSERT_EQUAL(allocate(&first), 0);
	asked = request(VUMEM_ALLOC, 0);
	buffer = receive().buffer;
	CU_ASSERT_EQUAL(kernel_ioctl(server_fd, VUMEM_IOC_SERVER_DESTROY, NULL), 0);
	CU_ASSERT_EQUAL(answer_of(&asked), EPIPE);
	CU_ASSERT_EQUAL(peer_expect(VUMEM_RESET).epoch, epoch);
	CU_ASSERT_EQUAL(respond_memory(buffer, 0), -EPIPE);
	CU_ASSERT_EQUAL(pinned_now, 0);
	CU_ASSERT_EQUAL(charged_now, 0);
	end();
}

/* --- memory ---------------------------------------------------------------------------- */

static void memory_beyond_the_limit_is_refused(void)
{
	u32 buffer;

	begin();
	mm.memlock = PAGES * PAGE_SIZE - 1;
	CU_ASSERT_EQUAL(allocate(&buffer), -ENOMEM);
	mm.ipc_lock = true;
	CU_ASSERT_EQUAL(allocate(&buffer), 0);
	free_buffer(buffer);
	end();
}

static void grants_beyond_the_users_share_are_refused(void)
{
	u32 first, second;

	begin();
	charge_max = PAGES + 1;
	CU_ASSERT_EQUAL(allocate(&first), 0);
	CU_ASSERT_EQUAL(allocate(&second), -ENOSPC);
	CU_ASSERT_EQUAL(pinned_now, PAGES);
	CU_ASSERT_EQUAL(atomic64_read(&mm.pinned_vm), PAGES);
	free_buffer(first);
	CU_ASSERT_EQUAL(allocate(&second), 0);
	free_buffer(second);
	charge_max = 1000000;
	end();
}

static void grants_that_fail_leave_nothing(void)
{
	u32 buffer;

	begin();
	region_error = -ENOSPC;
	CU_ASSERT_EQUAL(allocate(&buffer), -ENOSPC);
	region_error = 0;
	CU_ASSERT_EQUAL(pinned_now, 0);
	CU_ASSERT_EQUAL(charged_now, 0);
	CU_ASSERT_EQUAL(atomic64_read(&mm.pinned_vm), 0);
	for (int left = 0; left < 3; left++) {
		struct vumem_msg asked = request(VUMEM_ALLOC, 0);

		buffer = receive().buffer;
		kernel_allocs_left = left;
		CU_ASSERT_EQUAL(respond_memory(buffer, 0), -ENOMEM);
		kernel_allocs_left = -1;
		CU_ASSERT_EQUAL(answer_of(&asked), ENOMEM);
	}
	end();
}

static long allocate_of_page(bool owner_priv, bool mapping, bool compound)
{
	u32 buffer;
	long err;

	pin_page = (struct page){ .owner_priv = owner_priv, .compound = compound,
				  .mapping = mapping ? (void *)&pin_page : NULL };
	err = allocate(&buffer);
	if (!err)
		free_buffer(buffer);
	pin_page = (struct page){ 0 };
	return err;
}

/* The kernel has one flag for pages that are another domain's and for the swap cache. */
static void memory_that_was_swapped_out_is_taken(void)
{
	begin();
	CU_ASSERT_EQUAL(allocate_of_page(false, true, false), 0);
	CU_ASSERT_EQUAL(allocate_of_page(true, true, false), 0);
	CU_ASSERT_EQUAL(allocate_of_page(true, true, true), 0);
	CU_ASSERT_EQUAL(allocate_of_page(true, false, false), -EOPNOTSUPP);
	end();
}

static long allocate_of_vma(unsigned long flags, unsigned long magic)
{
	struct super_block sb = { .s_magic = magic };
	struct inode inode = { .i_sb = &sb };
	struct file file = { .inode = &inode };
	struct vm_area_struct vma = { .vm_start = MEMORY, .vm_flags = flags,
				      .vm_file = magic ? &file : NULL };
	u32 buffer;
	long err;

	mm.vma = &vma;
	pin_result = -EFAULT;
	err = allocate(&buffer);
	pin_result = 0;
	mm.vma = NULL;
	return err;
}

static void memory_that_cannot_be_shared_is_told_from_what_is_not_there(void)
{
	u32 buffer;

	begin();
	CU_ASSERT_EQUAL(allocate_of_vma(VM_PFNMAP, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(allocate_of_vma(VM_IO, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(allocate_of_vma(0, SECRETMEM_MAGIC), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(allocate_of_vma(0, TMPFS_MAGIC), -EINVAL);
	CU_ASSERT_EQUAL(allocate_of_vma(0, 0), -EINVAL);
	pin_result = -EFAULT;
	CU_ASSERT_EQUAL(allocate(&buffer), -EINVAL);
	pin_result = 0;
	end();
}

#define TEST(name)	{ #name, name }
static void files_say_their_versions(void)
{
	begin();
	says_versions(server_fd);
	end();
}

static const struct unit_test tests[] = {
	TEST(files_say_their_versions),
	TEST(requests_are_answered),
	TEST(requests_need_no_memory),
	TEST(as_many_requests_as_may_be),
	TEST(endless_messages_leave_the_lock_to_others),
	TEST(protocol_errors_fail_the_link),
	TEST(request_that_cannot_be_told_is_for_another_thread),
	TEST(unknown_errors_are_einval_for_both),
	TEST(server_end_takes_along_what_is_being_answered),
	TEST(memory_beyond_the_limit_is_refused),
	TEST(grants_beyond_the_users_share_are_refused),
	TEST(grants_that_fail_leave_nothing),
	TEST(memory_that_was_swapped_out_is_taken),
	TEST(memory_that_cannot_be_shared_is_told_from_what_is_not_there),
};

int main(void)
{
	UNIT_ADD("vumem_back", tests);
	return unit_run("vumem_back");
}
