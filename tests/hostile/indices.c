/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring indices and state words that no correct end would write. The victim's end
 * of the pipe ends; nothing else does.
 */
#include "hostile.h"

#include "../suites/asleep.h"

#include <poll.h>
#include <stdio.h>

static struct end end;
static int fd;

static void begin(void)
{
	fd = attack_open(&end);
}

/* The victim is blocked in a read when @prod appears. */
static void prod_breaks_reader(uint32_t prod)
{
	uint32_t ticket = victim_blocks(agent_request_read(fd, 4096, 0, 0));
	struct agent_reply reply;

	end_store(&end, end.out.mine, prod);
	end_notify(&end);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, 0);
	victim_sees_end(fd);
	attack_end(&end);
}

static void prod_beyond_size(void)
{
	begin();
	prod_breaks_reader(4097);
}

static void prod_half_around(void)
{
	begin();
	prod_breaks_reader(1u << 31);
}

static void prod_behind_zero(void)
{
	begin();
	prod_breaks_reader(UINT32_MAX);
}

static void prod_goes_back(void)
{
	begin();
	end_send(&end, 100, 0, 0);
	SUITE_EQUAL(agent_read(peer(), fd, 100, 0, 0), 100);
	prod_breaks_reader(99);
}

/* Data that were announced are taken back before they are read. */
static void prod_takes_data_back(void)
{
	begin();
	end_send(&end, 100, 0, 0);
	SUITE_EQUAL(agent_readable(peer(), fd), 100);
	end_store(&end, end.out.mine, 50);
	SUITE_EQUAL(agent_readable(peer(), fd), 0);
	victim_sees_end(fd);
	attack_end(&end);
}

static void cons_breaks_writer(uint32_t cons, size_t count)
{
	struct agent_reply reply;

	end_store(&end, end.in.mine, cons);
	end_notify(&end);
	reply = agent_call(peer(), agent_request_write(fd, count, 0, 0));
	SUITE_EQUAL(reply.value, -1);
	SUITE_EQUAL(reply.error, EPIPE);
	victim_sees_end(fd);
	attack_end(&end);
}

static void cons_beyond_prod(void)
{
	begin();
	cons_breaks_writer(1, 1);
}

static void cons_half_around(void)
{
	begin();
	cons_breaks_writer(1u << 31, 100);
}

static void cons_goes_back(void)
{
	begin();
	SUITE_EQUAL(agent_write(peer(), fd, 100, 0, 0), 100);
	end_receive(&end, 100, 0, 0);
	SUITE_EQUAL(agent_write(peer(), fd, 100, 0, 100), 100);
	cons_breaks_writer(99, 100);
}

/* The writer sleeps for room when the index breaks. */
static void cons_breaks_sleeping_writer(void)
{
	struct agent_reply reply;
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_write(fd, 10000, 0, 0));
	end_store(&end, end.in.mine, 5000);
	end_notify(&end);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, 4096);
	victim_sees_end(fd);
	attack_end(&end);
}

/* Broken while the victim waits in poll. */
static void prod_breaks_poll(void)
{
	struct agent_reply reply;
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_poll(fd, POLLIN, -1));
	end_store(&end, end.out.mine, 1u << 30);
	end_notify(&end);
	reply = agent_finish(peer(), ticket);
	CU_ASSERT(reply.value & POLLHUP);
	victim_sees_end(fd);
	attack_end(&end);
}

static void never_reads(void)
{
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_write(fd, 10000, 0, 0));
	neighbour_works();
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 4096);
	attack_end(&end);
}

static void never_writes(void)
{
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_read(fd, 100, 0, 0));
	neighbour_works();
	victim_interruptible(ticket);
	attack_end(&end);
}

/* Wishes to be notified that cannot be met, at any moment. */
static void events_of_lines_scribbled(struct end *e, uint64_t *random)
{
	end_store(e, e->out.mine + EVENT_OF_LINE, random_below(random, UINT32_MAX));
	end_store(e, e->in.mine + EVENT_OF_LINE, random_below(random, UINT32_MAX));
}

static void wishes_scribbled(void)
{
	uint32_t ticket;

	begin();
	ticket = agent_start(peer(), agent_request_write_stream(fd, 50000, 21, 900));
	noise_start(&end, events_of_lines_scribbled);
	/* We poll, since what we wish for is overwritten. */
	for (uint32_t done = 0; done < 50000;) {
		uint32_t n = end_load(&end, end.in.theirs) - end.in.index;

		CU_ASSERT_FATAL(n <= end.in.size);
		if (n)
			end_receive(&end, n, 21, done);
		done += n;
	}
	noise_stop();
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 50000);
	attack_end(&end);
}

/* Bytes without end, as fast as the victim takes them. */
static void flood(struct end *e, uint64_t *random)
{
	uint32_t full = end_load(e, e->out.theirs) + e->out.size;
	uint32_t wish = end_load(e, e->out.theirs + EVENT_OF_LINE);

	(void)random;
	end_store(e, e->out.mine, full);
	if (full - wish < e->out.size)
		end_notify(e);
}

static void flooded_reader(void)
{
	uint32_t ticket;

	begin();
	noise_start(&end, flood);
	ticket = agent_start(peer(), agent_request_read(fd, 8 << 20, 0, 0));
	neighbour_works();
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 8 << 20);
	noise_stop();
	attack_end(&end);
}

/*
 * Room for a few bytes, always at once, with a notification wanted for each: the
 * victim's write never sleeps and gets on slowly. Others need its CPU.
 */
static void drain(struct end *e, uint64_t *random)
{
	uint32_t prod = end_load(e, e->in.theirs);
	uint32_t moved = prod - e->in.index;

	(void)random;
	end_store(e, e->in.mine + EVENT_OF_LINE, prod + 1);
	end_store(e, e->in.mine, prod);
	e->in.index = prod;
	if (prod - end_load(e, e->in.theirs + EVENT_OF_LINE) < moved)
		end_notify(e);
}

static void slow_writer_leaves_cpu(void)
{
	uint32_t ticket, amount = 32 << 20;

	attack_begin(&end);
	end_connect(&end, 16);
	fd = victim_open(&end);
	noise_start(&end, drain);
	ticket = agent_start(peer(), agent_request_write(fd, amount, 0, 0));
	CU_ASSERT_FATAL(ticket > 0);
	/* Until it is at work: its bytes come. */
	while (end_load(&end, end.in.theirs) < 1 << 16)
		sleep_ms(1);
	for (unsigned int round = 0; round < 3; round++)
		neighbour_works();
	/* All that while the write still is at work. */
	printf("# the neighbour had its turns by byte %u\n", end_load(&end, end.in.theirs));
	fflush(stdout);
	CU_ASSERT(end_load(&end, end.in.theirs) < amount);
	/* Killable: its session ends, and the next one begins. */
	victim_starts_anew();
	noise_stop();
	attack_end(&end);
}

/* ---- everything in the control page, the victim's own words too ---- */

static void scribble_control(struct end *e, uint64_t *random)
{
	end_store(e, 4 * random_below(random, 0x180 / 4), random_below(random, UINT32_MAX));
	if (!random_below(random, 16))
		end_notify(e);
}

/* A call under noise ends, or it sleeps and a signal ends it. */
static struct agent_reply ended_anyway(uint32_t ticket)
{
	while (!agent_done(peer(), ticket, 200))
		agent_interrupt(peer(), ticket, false);
	return agent_finish(peer(), ticket);
}

static void scribbled_under(struct agent_request (*request)(int, size_t, uint64_t, uint64_t))
{
	attack_begin(&end);
	for (unsigned int round = 0; round < 5; round++) {
		uint32_t ticket;

		end_connect(&end, 4096);
		fd = victim_open(&end);
		ticket = agent_start(peer(), request(fd, 1 << 20, 0, 0));
		noise_start(&end, scribble_control);
		ended_anyway(ticket);
		noise_stop();
		SUITE_EQUAL(agent_close(peer(), fd), 0);
	}
	attack_end(&end);
}

static void control_scribbled_under_reader(void)
{
	scribbled_under(agent_request_read);
}

static void control_scribbled_under_writer(void)
{
	scribbled_under(agent_request_write);
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();

	begin();
	while (rounds--) {
		link_works(&end, fd);
		end_store(&end, end.out.mine, end.out.index + 4097);
		end_notify(&end);
		victim_sees_end(fd);
		expect_refused(&end);
		SUITE_EQUAL(agent_close(peer(), fd), 0);
		end_connect(&end, 4096);
		fd = victim_open(&end);
	}
	attack_end(&end);
}

const struct suite_test index_tests[] = {
	{ "index_broken_again_and_again", broken_again_and_again, 0 },
	{ "index_prod_beyond_size", prod_beyond_size, 0 },
	{ "index_prod_half_around", prod_half_around, 0 },
	{ "index_prod_behind_zero", prod_behind_zero, 0 },
	{ "index_prod_goes_back", prod_goes_back, 0 },
	{ "index_prod_takes_data_back", prod_takes_data_back, 0 },
	{ "index_prod_breaks_poll", prod_breaks_poll, 0 },
	{ "index_cons_beyond_prod", cons_beyond_prod, 0 },
	{ "index_cons_half_around", cons_half_around, 0 },
	{ "index_cons_goes_back", cons_goes_back, 0 },
	{ "index_cons_breaks_sleeping_writer", cons_breaks_sleeping_writer, 0 },
	{ "index_never_reads", never_reads, 0 },
	{ "index_never_writes", never_writes, 0 },
	{ "index_wishes_scribbled", wishes_scribbled, 0 },
	{ "index_flooded_reader", flooded_reader, 0 },
	{ "index_slow_writer_leaves_cpu", slow_writer_leaves_cpu, 0 },
	{ "index_control_scribbled_under_reader", control_scribbled_under_reader, 0 },
	{ "index_control_scribbled_under_writer", control_scribbled_under_writer, 0 },
	{ NULL, NULL, 0 },
};

/* ---- state words ---- */

static void set_their_view(uint32_t word)
{
	end_store(&end, end.my_word, word);
	end_notify(&end);
}

static void word_breaks_reader(uint32_t word)
{
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));
	set_their_view(word);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 0);
	victim_sees_end(fd);
	attack_end(&end);
}

static void word_off_under_reader(void)
{
	word_breaks_reader(WORD_OFF | 77 << 2);
}

static void word_reset_under_reader(void)
{
	word_breaks_reader(WORD_RESET);
}

static void word_leaves_reader(uint32_t word)
{
	uint32_t ticket;

	begin();
	ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));
	set_their_view(word);
	neighbour_works();
	victim_interruptible(ticket);
	attack_end(&end);
}

/* A client may be about to come back from there; a server never is there. */
static void word_leaving_under_reader(void)
{
	if (hostile_server)
		word_breaks_reader(UINT32_MAX);
	else
		word_leaves_reader(UINT32_MAX);
}

static void word_count_changes_under_reader(void)
{
	word_leaves_reader(WORD_ON | 12345 << 2);
}

static void never_opens(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	neighbour_works();
	victim_interruptible(ticket);
	attack_end(&end);
}

/* As if it had been open all the time: the victim must not come in. */
static void on_without_rendezvous(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	set_their_view(WORD_ON | 1 << 2);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	victim_interruptible(ticket);
	attack_end(&end);
}

/*
 * One that waits to be found ON, and never is: interrupted or not, the victim can be
 * killed (which is how the end of an attack ends its processes).
 */
static void on_without_answer(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	set_their_view(WORD_RESET);
	ticket = agent_start(peer(), agent_request_open(node("evil"), O_RDWR));
	end_await_word(&end, WORD_ON);
	set_their_view(hostile_server ? WORD_ON : WORD_RESET);
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	end_await_word(&end, hostile_server ? WORD_LEAVING : WORD_OFF);
	CU_ASSERT(peer_call_lasts(ticket) == hostile_server);
	attack_end(&end);
}

static void scribble_word(struct end *e, uint64_t *random)
{
	end_store(e, e->my_word, random_below(random, 16));
	end_notify(e);
}

/* Opens under noise: each succeeds or sleeps; what it opened can be used and closed. */
static void words_scribbled_under_open(void)
{
	unsigned int opened = 0;

	attack_begin(&end);
	end_connect(&end, 4096);
	noise_start(&end, scribble_word);
	for (unsigned int round = 0; round < 20; round++) {
		uint32_t ticket = agent_start(peer(), agent_request_open(node("evil"), O_RDWR));
		struct agent_reply reply = ended_anyway(ticket);

		if (reply.value < 0)
			continue;
		opened++;
		ended_anyway(agent_start(peer(), agent_request_read((int)reply.value, 10, 0, 0)));
		SUITE_EQUAL(agent_close(peer(), (int)reply.value), 0);
	}
	neighbour_works();
	noise_stop();
	CU_ASSERT(opened > 0);
	attack_end(&end);
}

static void words_scribbled_at_rest(void)
{
	attack_begin(&end);
	end_connect(&end, 4096);
	noise_start(&end, scribble_word);
	for (unsigned int round = 0; round < 20; round++)
		neighbour_works();
	noise_stop();
	attack_end(&end);
}

const struct suite_test word_tests[] = {
	{ "word_off_under_reader", word_off_under_reader, 0 },
	{ "word_reset_under_reader", word_reset_under_reader, 0 },
	{ "word_leaving_under_reader", word_leaving_under_reader, 0 },
	{ "word_count_changes_under_reader", word_count_changes_under_reader, 0 },
	{ "word_never_opens", never_opens, 0 },
	{ "word_on_without_rendezvous", on_without_rendezvous, 0 },
	{ "word_on_without_answer", on_without_answer, 0 },
	{ "word_scribbled_under_open", words_scribbled_under_open, 0 },
	{ "word_scribbled_at_rest", words_scribbled_at_rest, 0 },
	{ NULL, NULL, 0 },
};
