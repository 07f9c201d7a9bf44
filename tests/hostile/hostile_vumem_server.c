/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile server of VUMEM against the kernel's client end: what it answers, which
 * memory it offers, and what it never says. The process at the victim gets an error, or
 * can be killed.
 */
#include "vumem_hostile.h"
#include "vumem_victim.h"

#include "../suites/transfer.h"

#include <fcntl.h>
#include <unistd.h>

#define EPOCH		5u
#define BUFFER		77u
#define PAGES		3u
#define NOBODYS_REF	12345u
#define PAUSE_MS	300

static struct box box;
static struct pages memory, dirs;
static int control_fd = -1;

/* ---- the victim's process ---- */

static void order(uint32_t op, uint32_t arg)
{
	struct victim_order message = { op, arg };

	if (!transfer_whole(control_fd, &message, sizeof(message), true))
		suite_fail("the victim is lost");
}

static struct victim_report report(void)
{
	struct victim_report message;

	if (!transfer_whole(control_fd, &message, sizeof(message), false))
		suite_fail("the victim is lost");
	return message;
}

/* For what needs no answer of ours. */
static int victim(uint32_t op)
{
	order(op, 0);
	return report().result;
}

static uint32_t victim_value(uint32_t op, uint32_t arg)
{
	order(op, arg);
	return report().value;
}

static void close_victim(void)
{
	if (control_fd >= 0)
		close(control_fd);
}

/* ---- as the protocol says ---- */

static struct message asked(uint32_t op, uint32_t type)
{
	order(op, 0);
	return box_expect(&box, type);
}

static void answer(struct message *request, uint32_t ret)
{
	struct message response = box_response(request, ret);

	box_send(&box, &response);
}

static void begin_victims_session(void)
{
	struct message request = asked(VICTIM_SESSION, T_SESSION);

	request.words[M_EPOCH] = EPOCH;
	answer(&request, 0);
	SUITE_EQUAL(report().result, 0);
}

/* Memory of ours, pattern 1, and a directory of it. */
static void make_memory(void)
{
	uint32_t *words;

	memory = share_pages(&box.memory, PAGES, true);
	dirs = share_pages(&box.memory, 1, true);
	pattern_fill(memory.at, PAGES * PEER_PAGE, 1, 0);
	words = (uint32_t *)(void *)dirs.at;
	words[0] = 0;
	for (uint32_t i = 0; i < PAGES; i++)
		words[1 + i] = memory.refs[i];
}

static void drop_memory(void)
{
	unshare_pages(&box.memory, &memory);
	unshare_pages(&box.memory, &dirs);
}

static uint32_t *dir(uint32_t word)
{
	return (uint32_t *)(void *)dirs.at + word;
}

static void begin(void)
{
	neighbour_works();
	control_fd = open(suite_option("victim", "/dev/hn_ctl"), O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		suite_fail("the control pipe: %s", strerror(errno));
	box_open(&box, "hn_evil", true);
	box_connect(&box);
	begin_victims_session();
	make_memory();
}

/* The response to the victim's allocation, as it should be. */
static struct message good_buffer(void)
{
	struct message response = asked(VICTIM_ALLOC, T_ALLOC);

	response = box_response(&response, 0);
	response.words[M_BUFFER] = BUFFER;
	response.words[M_PAGES] = PAGES;
	response.words[M_BYTES] = PAGES * PEER_PAGE;
	response.words[M_ATTR] = 1;
	response.words[M_DIR] = dirs.refs[0];
	return response;
}

static void give_buffer(void)
{
	struct message response = good_buffer();

	box_send(&box, &response);
	SUITE_EQUAL(report().result, 0);
}

static void take_buffer(uint32_t ret)
{
	struct message request = asked(VICTIM_FREE, T_FREE);

	SUITE_EQUAL(request.words[M_BUFFER], BUFFER);
	answer(&request, ret);
	SUITE_EQUAL(report().result, ret);
}

static void link_works(void)
{
	give_buffer();
	SUITE_EQUAL(victim(VICTIM_MAP), 0);
	SUITE_EQUAL(victim_value(VICTIM_CHECK, 1), 0);
	victim_value(VICTIM_FILL, 2);
	SUITE_EQUAL(pattern_check(memory.at, PAGES * PEER_PAGE, 2, 0), 0);
	take_buffer(0);
	pattern_fill(memory.at, PAGES * PEER_PAGE, 1, 0);
}

/* Another process, another connection: all works when both keep to the protocol. */
static void end(void)
{
	neighbour_works();
	SUITE_EQUAL(victim(VICTIM_KILL), 0);
	box_connect(&box);
	begin_victims_session();
	link_works();
	SUITE_EQUAL(victim(VICTIM_END), 0);
	drop_memory();
	box_close(&box);
}

/* The victim's kernel ends the connection: its process hears it at the next call. */
static void end_broken(void)
{
	order(VICTIM_ALLOC, 0);
	SUITE_EQUAL(report().result, EPIPE);
	end();
}

static void keeps_to_the_protocol(void)
{
	begin();
	for (unsigned int i = 0; i < 20; i++)
		link_works();
	end();
}

/* ---- answers ---- */

static void bad_word(unsigned int word, uint32_t value)
{
	struct message response;

	begin();
	response = good_buffer();
	response.words[word] = value;
	box_send(&box, &response);
	SUITE_EQUAL(report().result, EPIPE);
	end_broken();
}

static void buffer_of_too_many_pages(void)
{
	bad_word(M_PAGES, NR_PAGES_MAX + 1);
}

static void buffer_of_pages_beyond_any(void)
{
	bad_word(M_PAGES, UINT32_MAX);
}

static void buffer_of_other_size_than_its_pages(void)
{
	bad_word(M_BYTES, PAGES * PEER_PAGE + 1);
}

static void buffer_without_directory(void)
{
	bad_word(M_DIR, 0);
}

static void error_beyond_any(void)
{
	struct message request;

	begin();
	for (uint32_t ret = 4096; ret >= 4096; ret *= 16) {
		request = asked(VICTIM_ALLOC, T_ALLOC);
		answer(&request, ret);
		SUITE_EQUAL(report().result, EINVAL);
	}
	request = asked(VICTIM_ALLOC, T_ALLOC);
	answer(&request, UINT32_MAX);
	SUITE_EQUAL(report().result, EINVAL);
	end();
}

/* ERESTARTSYS and its kin would make the victim's kernel begin the call anew. */
static void error_of_the_kernels_own(void)
{
	struct message request;

	begin();
	for (uint32_t ret = 512; ret <= 531; ret++) {
		request = asked(VICTIM_ALLOC, T_ALLOC);
		answer(&request, ret);
		SUITE_EQUAL(report().result, EINVAL);
	}
	end();
}

/* Whatever is said after it, the buffer is none of the new session's. */
static void allocates_after_a_reset(void)
{
	struct message message = { { T_RESET } }, response;

	begin();
	response = good_buffer();
	message.words[M_EPOCH] = EPOCH;
	box_send(&box, &message);
	box_send(&box, &response);
	SUITE_EQUAL(report().result, EPIPE);
	end();
}

static void answer_to_nobody(void)
{
	struct message message = { { T_RESPONSE, 4711 } };

	begin();
	box_send(&box, &message);
	end_broken();
}

static void answered_twice(void)
{
	struct message response;

	begin();
	response = good_buffer();
	box_send(&box, &response);
	box_send(&box, &response);
	/* The first is good, if the process is faster than the second. */
	(void)report();
	end_broken();
}

static void bad_message(uint32_t type)
{
	struct message message = { { type } };

	begin();
	box_send(&box, &message);
	end_broken();
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();

	begin();
	while (rounds--) {
		link_works();
		box_send(&box, &(struct message){ { 0 } });
		expect_refused(&box.end);
		SUITE_EQUAL(victim(VICTIM_KILL), 0);
		box_connect(&box);
		begin_victims_session();
	}
	end();
}

static void message_of_type_0(void)
{
	bad_message(0);
}

static void message_of_the_clients_type(void)
{
	bad_message(T_ALLOC);
}

static void message_of_type_beyond_any(void)
{
	bad_message(UINT32_MAX);
}

static void bad_index(uint32_t offset, uint32_t by)
{
	begin();
	end_store(&box.end, offset, end_load(&box.end, offset) + by);
	end_notify(&box.end);
	end_broken();
}

static void more_messages_than_fit(void)
{
	bad_index(BOX_S2C_PROD, MAILBOX_SLOTS + 1);
}

static void messages_taken_back(void)
{
	bad_index(BOX_S2C_PROD, UINT32_MAX);
}

static void requests_taken_that_were_not_sent(void)
{
	bad_index(BOX_C2S_CONS, 3);
}

static void resets_of_all_epochs(void)
{
	struct message message = { { T_RESET } };

	begin();
	/* Of servers before this session's: nobody's affair. */
	message.words[M_EPOCH] = EPOCH - 1;
	box_send(&box, &message);
	link_works();
	give_buffer();
	SUITE_EQUAL(victim(VICTIM_MAP), 0);
	SUITE_EQUAL(victim_value(VICTIM_ZERO, 0), 0);
	message.words[M_EPOCH] = EPOCH + 100;
	box_send(&box, &message);
	order(VICTIM_ALLOC, 0);
	SUITE_EQUAL(report().result, EPIPE);
	SUITE_EQUAL(victim_value(VICTIM_ZERO, 0), 1);
	end();
}

static void one_id_for_all_buffers(void)
{
	begin();
	give_buffer();
	give_buffer();
	take_buffer(0);
	end();
}

/* The process frees what it has, whatever the server says to that. */
static void error_at_the_free(void)
{
	begin();
	give_buffer();
	SUITE_EQUAL(victim(VICTIM_MAP), 0);
	take_buffer(EPERM);
	link_works();
	end();
}

static void handle_that_claims_to_be_memory(void)
{
	struct message response;

	begin();
	response = good_buffer();
	response.words[M_PAGES] = 0;
	response.words[M_BYTES] = UINT32_MAX;
	response.words[M_ATTR] = UINT32_MAX;
	box_send(&box, &response);
	SUITE_EQUAL(report().result, 0);
	CU_ASSERT(victim(VICTIM_MAP));
	take_buffer(0);
	end();
}

/* ---- grants ---- */

/*
 * Pages that cannot be had: the process gets an error, or memory of its own that has
 * nothing in it, and the buffer ends like any other.
 */
static void map_what_is_not_there(void)
{
	if (!victim(VICTIM_MAP))
		victim_value(VICTIM_ZERO, 0);
	take_buffer(0);
	link_works();
}

static void directory_of_nobody(void)
{
	struct message response;

	begin();
	response = good_buffer();
	response.words[M_DIR] = NOBODYS_REF;
	box_send(&box, &response);
	SUITE_EQUAL(report().result, 0);
	CU_ASSERT(victim(VICTIM_MAP));
	take_buffer(0);
	end();
}

static void bad_page(uint32_t ref)
{
	begin();
	*dir(2) = ref;
	give_buffer();
	order(VICTIM_MAP, 0);
	if (!report().result)
		victim_value(VICTIM_ZERO, 0);
	take_buffer(0);
	*dir(2) = memory.refs[1];
	end();
}

static void page_of_nobody(void)
{
	bad_page(NOBODYS_REF);
}

static void page_0(void)
{
	bad_page(0);
}

static void page_beyond_any(void)
{
	bad_page(UINT32_MAX);
}

/* 3000 pages of a directory page that is its own successor. */
static void directory_in_a_circle(void)
{
	struct message response;

	begin();
	*dir(0) = dirs.refs[0];
	response = good_buffer();
	response.words[M_PAGES] = 3000;
	response.words[M_BYTES] = 3000 * PEER_PAGE;
	box_send(&box, &response);
	SUITE_EQUAL(report().result, 0);
	*dir(0) = 0;
	map_what_is_not_there();
	end();
}

static void pages_that_are_read_only(void)
{
	struct pages read_only;

	begin();
	read_only = share_pages(&box.memory, PAGES, false);
	for (uint32_t i = 0; i < PAGES; i++)
		*dir(1 + i) = read_only.refs[i];
	give_buffer();
	if (!victim(VICTIM_MAP))
		victim_value(VICTIM_FILL, 3);
	take_buffer(0);
	for (uint32_t i = 0; i < PAGES; i++)
		*dir(1 + i) = memory.refs[i];
	link_works();
	unshare_pages(&box.memory, &read_only);
	end();
}

/* ---- what is never said ---- */

static void never_answers(void)
{
	struct message request;
	uint32_t app;

	begin();
	request = asked(VICTIM_ALLOC, T_ALLOC);
	neighbour_works();
	/* It can be killed, and says so. */
	SUITE_EQUAL(victim(VICTIM_KILL), 0);
	SUITE_EQUAL(box_expect(&box, T_CANCEL).words[M_TAG], request.words[M_TAG]);
	/* An answer after that is freed again, in the name that the victim knows. */
	app = request.words[M_APP];
	request.words[M_BUFFER] = BUFFER;
	request.words[M_APP] = 0;
	answer(&request, 0);
	request = box_expect(&box, T_FREE);
	SUITE_EQUAL(request.words[M_BUFFER], BUFFER);
	SUITE_EQUAL(request.words[M_APP], app);
	end();
}

static void vanishes_under_a_request(void)
{
	begin();
	asked(VICTIM_ALLOC, T_ALLOC);
	end_set_state(&box.end, XenbusStateClosed);
	SUITE_EQUAL(report().result, EPIPE);
	end();
}

static void vanishes_under_a_mapping(void)
{
	begin();
	give_buffer();
	SUITE_EQUAL(victim(VICTIM_MAP), 0);
	end_close(&box.end);
	SUITE_EQUAL(victim_value(VICTIM_ZERO, 0), 1);
	order(VICTIM_CTL, 0);
	SUITE_EQUAL(report().result, EPIPE);
	end();
}

static const struct suite_test tests[] = {
	{ "vumem_keeps_to_the_protocol", keeps_to_the_protocol, 0 },
	{ "vumem_buffer_of_too_many_pages", buffer_of_too_many_pages, 0 },
	{ "vumem_buffer_of_pages_beyond_any", buffer_of_pages_beyond_any, 0 },
	{ "vumem_buffer_of_other_size_than_its_pages", buffer_of_other_size_than_its_pages, 0 },
	{ "vumem_buffer_without_directory", buffer_without_directory, 0 },
	{ "vumem_error_beyond_any", error_beyond_any, 0 },
	{ "vumem_error_of_the_kernels_own", error_of_the_kernels_own, 0 },
	{ "vumem_allocates_after_a_reset", allocates_after_a_reset, 0 },
	{ "vumem_answer_to_nobody", answer_to_nobody, 0 },
	{ "vumem_answered_twice", answered_twice, 0 },
	{ "vumem_broken_again_and_again", broken_again_and_again, 0 },
	{ "vumem_message_of_type_0", message_of_type_0, 0 },
	{ "vumem_message_of_the_clients_type", message_of_the_clients_type, 0 },
	{ "vumem_message_of_type_beyond_any", message_of_type_beyond_any, 0 },
	{ "vumem_more_messages_than_fit", more_messages_than_fit, 0 },
	{ "vumem_messages_taken_back", messages_taken_back, 0 },
	{ "vumem_requests_taken_that_were_not_sent", requests_taken_that_were_not_sent, 0 },
	{ "vumem_resets_of_all_epochs", resets_of_all_epochs, 0 },
	{ "vumem_one_id_for_all_buffers", one_id_for_all_buffers, 0 },
	{ "vumem_error_at_the_free", error_at_the_free, 0 },
	{ "vumem_handle_that_claims_to_be_memory", handle_that_claims_to_be_memory, 0 },
	{ "vumem_directory_of_nobody", directory_of_nobody, 0 },
	{ "vumem_page_of_nobody", page_of_nobody, 0 },
	{ "vumem_page_0", page_0, 0 },
	{ "vumem_page_beyond_any", page_beyond_any, 0 },
	{ "vumem_directory_in_a_circle", directory_in_a_circle, 0 },
	{ "vumem_pages_that_are_read_only", pages_that_are_read_only, 0 },
	{ "vumem_never_answers", never_answers, 0 },
	{ "vumem_vanishes_under_a_request", vanishes_under_a_request, 0 },
	{ "vumem_vanishes_under_a_mapping", vanishes_under_a_mapping, 0 },
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { tests, NULL };

static const struct suite suite = {
	.name = "hostile_vumem_server",
	.tables = tables,
	.finish = close_victim,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
