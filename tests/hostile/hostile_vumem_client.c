/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile client of VUMEM against the kernel's server end: what it says, what it
 * maps, and what it does not give back.
 */
#include "vumem_hostile.h"

#include "../suites/asleep.h"

#include <stdlib.h>
#include <sys/mman.h>

#define THREADS		2
#define NOBODYS_REF	12345u

static struct box box;

/* ---- before and after ---- */

static void begin(void)
{
	neighbour_works();
	box_open(&box, "hm_evil", false);
}

/* The server is one of this connection: it begins when the link is up. */
static void begin_anew(void)
{
	box_connect(&box);
	start_server(THREADS);
	box_begin_session(&box);
}

static void begin_session(void)
{
	begin();
	begin_anew();
}

/* What the suite's server has made of the buffer's memory, as it says itself. */
static int64_t server_checks(const struct foreign *buffer, uint32_t seed)
{
	struct message message = box_request(&box, T_CTL, buffer->id);
	struct vu_ctl ctl = { .op = VU_CHECK, .seed = seed };

	message.words[M_OPAQUE_SIZE] = sizeof(ctl);
	memcpy(&message.words[M_OPAQUE], &ctl, sizeof(ctl));
	message = box_call(&box, message);
	SUITE_EQUAL(message.words[M_RET], 0);
	memcpy(&ctl, &message.words[M_OPAQUE], sizeof(ctl));
	return ctl.value;
}

static void link_works(void)
{
	struct foreign buffer = box_alloc(&box, 3 * PAGE);

	foreign_map(&box, &buffer);
	SUITE_EQUAL(pattern_check(buffer.pages.at, 3 * PAGE, 1, 0), 0);
	pattern_fill(buffer.pages.at, 3 * PAGE, 2, 0);
	SUITE_EQUAL(server_checks(&buffer, 2), 0);
	foreign_free(&box, &buffer);
}

static void end(void)
{
	neighbour_works();
	begin_anew();
	link_works();
	box_close(&box);
}

/* The victim ends the connection: its threads hear it. */
static void end_broken(void)
{
	SUITE_EQUAL(command_result(VU_AWAIT_BROKEN, THREADS, 0), 0);
	end();
}

static int64_t pinned(void)
{
	return command(VU_STAT, 0, 0).v[0];
}

static int64_t quarantined(void)
{
	return command(VU_STAT, 0, 0).v[1];
}

/* There is no event for it. */
static void await_number(int64_t (*number)(void), int64_t goal)
{
	for (int ms = suite_patience_ms(); ms > 0 && number() != goal; ms -= 20)
		sleep_ms(20);
	SUITE_EQUAL(number(), goal);
}

/* ---- as the protocol says ---- */

static void keeps_to_the_protocol(void)
{
	begin_session();
	for (unsigned int i = 0; i < 20; i++)
		link_works();
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 20);
	end();
}

/* ---- connecting ---- */

static void refused(uint32_t admin_ref, uint32_t admin_pages)
{
	box_publish(&box, admin_ref, admin_pages);
	expect_refused(&box.end);
	end();
}

static void mailbox_of_wrong_size(void)
{
	begin();
	box_prepare(&box);
	refused(box.end.dirs.refs[0], 4);
}

static void mailbox_of_nobody(void)
{
	begin();
	box_prepare(&box);
	refused(NOBODYS_REF, 3);
}

static void mailbox_page_of_nobody(void)
{
	begin();
	box_prepare(&box);
	*dir_word(&box.end, 0, 3) = NOBODYS_REF;
	refused(box.end.dirs.refs[0], 3);
}

/* ---- messages ---- */

static void bad_message(uint32_t type, uint32_t opaque_size)
{
	struct message message;

	begin_session();
	message = box_request(&box, type, 0);
	message.words[M_OPAQUE_SIZE] = opaque_size;
	box_send(&box, &message);
	end_broken();
}

static void message_of_type_0(void)
{
	bad_message(0, 0);
}

static void message_of_unknown_type(void)
{
	bad_message(T_CANCEL + 1, 0);
}

static void message_of_the_servers_type(void)
{
	bad_message(T_RESPONSE, 0);
}

static void message_of_type_beyond_any(void)
{
	bad_message(UINT32_MAX, 0);
}

static void opaque_of_129_bytes(void)
{
	bad_message(T_ALLOC, 129);
}

static void opaque_beyond_any(void)
{
	bad_message(T_CTL, UINT32_MAX);
}

static void bad_index(uint32_t offset, uint32_t by)
{
	begin_session();
	end_store(&box.end, offset, end_load(&box.end, offset) + by);
	end_notify(&box.end);
	end_broken();
}

static void more_messages_than_fit(void)
{
	bad_index(BOX_C2S_PROD, MAILBOX_SLOTS + 1);
}

static void messages_taken_back(void)
{
	bad_index(BOX_C2S_PROD, UINT32_MAX);
}

static void answers_taken_that_were_not_sent(void)
{
	begin_session();
	end_store(&box.end, BOX_S2C_CONS, end_load(&box.end, BOX_S2C_CONS) + 5);
	/* Looked at when there is something to send. */
	box_send(&box, &(struct message){ { T_SESSION, 1 } });
	end_broken();
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();

	begin_session();
	while (rounds--) {
		link_works();
		box_send(&box, &(struct message){ { 0 } });
		expect_refused(&box.end);
		SUITE_EQUAL(command_result(VU_AWAIT_BROKEN, THREADS, 0), 0);
		begin_anew();
	}
	SUITE_EQUAL(quarantined(), 0);
	SUITE_EQUAL(pinned(), 0);
	end();
}

/* No answer is taken: as many requests as may be, and then one more. */
static void more_requests_than_may_be(void)
{
	struct message message;

	begin_session();
	for (unsigned int i = 0; i < 256 + MAILBOX_SLOTS + 1; i++) {
		message = box_request(&box, T_SESSION, 0);
		box_send(&box, &message);
	}
	end_broken();
}

static void unknown_buffers(void)
{
	static const uint32_t types[] = { T_FREE, T_REGISTER, T_UNREGISTER, T_CTL };
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, PAGE);
	for (unsigned int i = 0; i < 4; i++) {
		SUITE_EQUAL(box_call_ret(&box, types[i], 0), EINVAL);
		SUITE_EQUAL(box_call_ret(&box, types[i], buffer.id + 1), EINVAL);
		SUITE_EQUAL(box_call_ret(&box, types[i], UINT32_MAX), EINVAL);
	}
	/* The server has heard nothing of it. */
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_REGISTER), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_CTL), 0);
	foreign_free(&box, &buffer);
	end();
}

static void freed_twice(void)
{
	struct foreign buffer;
	uint32_t id;

	begin_session();
	buffer = box_alloc(&box, PAGE);
	id = buffer.id;
	foreign_free(&box, &buffer);
	SUITE_EQUAL(box_call_ret(&box, T_FREE, id), EINVAL);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	end();
}

/* Twice at once: the first waits for the pages, the second finds none to free. */
static void freed_twice_while_mapped(void)
{
	struct message first, message;
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, PAGE);
	foreign_map(&box, &buffer);
	first = box_request(&box, T_FREE, buffer.id);
	box_send(&box, &first);
	SUITE_EQUAL(box_call_ret(&box, T_FREE, buffer.id), EINVAL);
	SUITE_EQUAL(box_call_ret(&box, T_CTL, buffer.id), EINVAL);
	foreign_unmap(&box, &buffer);
	message = box_expect(&box, T_RESPONSE);
	SUITE_EQUAL(message.words[M_TAG], first.words[M_TAG]);
	SUITE_EQUAL(message.words[M_RET], 0);
	end();
}

static void sessions_of_other_servers(void)
{
	uint32_t epoch, ret;

	begin_session();
	epoch = box.epoch;
	for (uint32_t i = 1; i < 4; i++) {
		box.epoch = epoch + i * 0x40000000;
		ret = box_call_ret(&box, T_ALLOC, 0);
		SUITE_EQUAL(ret, EPIPE);
	}
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_ALLOC), 0);
	box.epoch = epoch;
	link_works();
	end();
}

/* The buffer is freed, whatever session the request claims to be of. */
static void freed_for_another_session(void)
{
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, PAGE);
	box.epoch += 1000;
	SUITE_EQUAL(box_call_ret(&box, T_FREE, buffer.id), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	SUITE_EQUAL(pinned(), 0);
	end();
}

static void cancels_of_nothing(void)
{
	struct message cancel;

	begin_session();
	for (uint32_t i = 0; i < 40; i++) {
		cancel = box_request(&box, T_CANCEL, i);
		box_send(&box, &cancel);
	}
	link_works();
	end();
}

static void one_tag_for_all(void)
{
	struct message message;

	begin_session();
	for (unsigned int i = 0; i < 8; i++) {
		message = box_request(&box, T_SESSION, 0);
		message.words[M_TAG] = 7;
		box_send(&box, &message);
	}
	for (unsigned int i = 0; i < 8; i++)
		SUITE_EQUAL(box_expect(&box, T_RESPONSE).words[M_TAG], 7);
	end();
}

static void random_messages(void)
{
	uint64_t random = 4711;
	struct message message;

	begin_session();
	for (unsigned int round = 0; round < 300; round++) {
		message = box_request(&box, (uint32_t)pattern_size(&random, 7),
				      (uint32_t)pattern_size(&random, 30));
		message.words[M_EPOCH] -= pattern_size(&random, 4) == 1;
		message.words[M_OPAQUE_SIZE] = (uint32_t)pattern_size(&random, 128);
		box_send(&box, &message);
		while (box_receive(&box, &message, 0))
			;
		if (round % 100 == 50)
			neighbour_works();
	}
	end();
}

/* ---- memory ---- */

static bool can_map(uint32_t ref, int access)
{
	struct pages pages = try_map_pages(&box.memory, &ref, 1, access);
	bool can = pages.at;

	unshare_pages(&box.memory, &pages);
	return can;
}

static void directory_is_read_only(void)
{
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 2 * PAGE);
	CU_ASSERT(can_map(buffer.dir, PROT_READ));
	CU_ASSERT(!can_map(buffer.dir, PROT_READ | PROT_WRITE));
	foreign_free(&box, &buffer);
	end();
}

static void nothing_is_mapped_after_the_free(void)
{
	uint32_t refs[4], dir;
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 4 * PAGE);
	memcpy(refs, buffer.refs, sizeof(refs));
	dir = buffer.dir;
	CU_ASSERT(can_map(refs[3], PROT_READ));
	foreign_free(&box, &buffer);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT(!can_map(refs[i], PROT_READ));
	CU_ASSERT(!can_map(dir, PROT_READ));
	end();
}

/* The server does not hear of a free while its memory is mapped: it would use it anew. */
static void free_waits_for_the_last_page(void)
{
	struct message request;
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 5 * PAGE);
	foreign_map(&box, &buffer);
	request = box_request(&box, T_FREE, buffer.id);
	box_send(&box, &request);
	neighbour_works();
	link_works();
	/* That of link_works(). */
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	SUITE_EQUAL(pinned(), 5);
	foreign_unmap(&box, &buffer);
	SUITE_EQUAL(box_expect(&box, T_RESPONSE).words[M_RET], 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 2);
	SUITE_EQUAL(pinned(), 0);
	end();
}

/* Pages that the client keeps when the server ends are nobody's. */
static void kept_pages_are_nobodys(void)
{
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 16 * PAGE);
	foreign_map(&box, &buffer);
	SUITE_EQUAL(command_result(VU_KILL, 0, 0), 0);
	SUITE_EQUAL(box_expect(&box, T_RESET).words[M_EPOCH], box.epoch);
	SUITE_EQUAL(pinned(), 0);
	SUITE_EQUAL(quarantined(), 16);
	memset(buffer.pages.at, 0xa5, 16 * PAGE);
	start_server(THREADS);
	box_begin_session(&box);
	link_works();
	neighbour_works();
	SUITE_EQUAL(quarantined(), 16);
	foreign_unmap(&box, &buffer);
	await_number(quarantined, 0);
	end();
}

#define KEEP_ROUNDS	4
#define KEEP_PAGES	2048
#define KEEP_MAX	8192	/* pages of one link in quarantine; then it gets no more */

static void keep(struct foreign *kept)
{
	box_begin_session(&box);
	*kept = box_alloc(&box, KEEP_PAGES * PAGE);
	foreign_map(&box, kept);
	SUITE_EQUAL(command_result(VU_KILL, 0, 0), 0);
	box_expect(&box, T_RESET);
	start_server(THREADS);
}

static void never_unmaps(void)
{
	struct foreign kept[KEEP_ROUNDS];

	begin();
	box_connect(&box);
	start_server(THREADS);
	for (unsigned int i = 0; i < KEEP_ROUNDS; i++) {
		keep(&kept[i]);
		SUITE_EQUAL(quarantined(), (i + 1) * KEEP_PAGES);
	}
	SUITE_EQUAL(quarantined(), KEEP_MAX);
	box_begin_session(&box);
	SUITE_EQUAL(box_call_ret(&box, T_ALLOC, 0), EBUSY);
	SUITE_EQUAL(pinned(), 0);
	neighbour_works();
	for (unsigned int i = 0; i < KEEP_ROUNDS; i++)
		foreign_unmap(&box, &kept[i]);
	await_number(quarantined, 0);
	link_works();
	end();
}

/* Reconnecting does not make room either: the pages are the link's. */
static void reconnects_with_kept_pages(void)
{
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 64 * PAGE);
	foreign_map(&box, &buffer);
	end_set_state(&box.end, XenbusStateClosed);
	SUITE_EQUAL(command_result(VU_AWAIT_BROKEN, THREADS, 0), 0);
	begin_anew();
	SUITE_EQUAL(quarantined(), 64);
	link_works();
	foreign_unmap(&box, &buffer);
	await_number(quarantined, 0);
	end();
}

/* Gone without a word, with a request at the server and memory mapped. */
static void vanishes_with_everything(void)
{
	struct message request;
	struct foreign buffer;

	begin_session();
	buffer = box_alloc(&box, 64 * PAGE);
	foreign_map(&box, &buffer);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(CTL), 0), 0);
	request = box_request(&box, T_CTL, buffer.id);
	box_send(&box, &request);
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	end_drop(&box.memory);
	end_set_state(&box.end, XenbusStateClosed);
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	SUITE_EQUAL(command_result(VU_AWAIT_BROKEN, THREADS, 0), 0);
	await_number(pinned, 0);
	await_number(quarantined, 0);
	end_drop(&box.end);
	box_open(&box, "hm_evil", false);
	end();
}

static const struct suite_test tests[] = {
	{ "vumem_keeps_to_the_protocol", keeps_to_the_protocol, 0 },
	{ "vumem_mailbox_of_wrong_size", mailbox_of_wrong_size, 0 },
	{ "vumem_mailbox_of_nobody", mailbox_of_nobody, 0 },
	{ "vumem_mailbox_page_of_nobody", mailbox_page_of_nobody, 0 },
	{ "vumem_message_of_type_0", message_of_type_0, 0 },
	{ "vumem_message_of_unknown_type", message_of_unknown_type, 0 },
	{ "vumem_message_of_the_servers_type", message_of_the_servers_type, 0 },
	{ "vumem_message_of_type_beyond_any", message_of_type_beyond_any, 0 },
	{ "vumem_opaque_of_129_bytes", opaque_of_129_bytes, 0 },
	{ "vumem_opaque_beyond_any", opaque_beyond_any, 0 },
	{ "vumem_broken_again_and_again", broken_again_and_again, 0 },
	{ "vumem_more_messages_than_fit", more_messages_than_fit, 0 },
	{ "vumem_messages_taken_back", messages_taken_back, 0 },
	{ "vumem_answers_taken_that_were_not_sent", answers_taken_that_were_not_sent, 0 },
	{ "vumem_more_requests_than_may_be", more_requests_than_may_be, 0 },
	{ "vumem_unknown_buffers", unknown_buffers, 0 },
	{ "vumem_freed_twice", freed_twice, 0 },
	{ "vumem_freed_twice_while_mapped", freed_twice_while_mapped, 0 },
	{ "vumem_sessions_of_other_servers", sessions_of_other_servers, 0 },
	{ "vumem_freed_for_another_session", freed_for_another_session, 0 },
	{ "vumem_cancels_of_nothing", cancels_of_nothing, 0 },
	{ "vumem_one_tag_for_all", one_tag_for_all, 0 },
	{ "vumem_random_messages", random_messages, 0 },
	{ "vumem_directory_is_read_only", directory_is_read_only, 0 },
	{ "vumem_nothing_is_mapped_after_the_free", nothing_is_mapped_after_the_free, 0 },
	{ "vumem_free_waits_for_the_last_page", free_waits_for_the_last_page, 0 },
	{ "vumem_kept_pages_are_nobodys", kept_pages_are_nobodys, 0 },
	{ "vumem_never_unmaps", never_unmaps, 0 },
	{ "vumem_reconnects_with_kept_pages", reconnects_with_kept_pages, 0 },
	{ "vumem_vanishes_with_everything", vanishes_with_everything, 0 },
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { tests, NULL };

static const struct suite suite = {
	.name = "hostile_vumem_client",
	.tables = tables,
	.finish = close_control,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
