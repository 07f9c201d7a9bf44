/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile end of a vsock link against the kernel's at the other end: forged records,
 * lies about credit, floods. Options (--set): prefix=P for the agent's pipe in the victim,
 * link=NAME of the attacked link, server=1 if ours is the server's end of it.
 *
 * The neighbour is a connection of the victim with dom0, over another link: it is made
 * before each attack, and carries right data before and after it.
 */
#include "vsock_attack.h"
#include "vsock_peer.h"

#include "../suites/vsock_suite.h"

#include "../suites/asleep.h"
#include "../suites/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEIGHBOUR_CID	2u
#define OUR_PORT	5000u
#define FLOOD		50000u

static struct vs_end vs;
/* The victim's side of a connection with us. */
static struct {
	int listener, fd;
	uint32_t port;
} victim;

/* ---- before and after ---- */

static void begin(void)
{
	neighbour_connects(NEIGHBOUR_CID);
	vs_open(&vs, suite_option("link", "hv_evil"), suite_option("server", NULL));
	vs_connect(&vs);
}

/* The next record of the connection that counts; what is left of others is thrown away. */
static struct vs_header next_of(uint32_t port, void *payload)
{
	struct vs_header header;

	do {
		if (!vs_receive(&vs, &header, payload, 15000))
			suite_fail("nothing comes from port %u", port);
	} while (header.src_port != port || header.op == VS_CREDIT);
	return header;
}

/* The victim accepts a connection that we asked for. */
static void establish_type(uint16_t type)
{
	victim.listener = agent_listener(peer(), type == VS_STREAM ? SOCK_STREAM : SOCK_SEQPACKET,
					 VMADDR_PORT_ANY, 8);
	victim.port = agent_port(peer(), victim.listener);
	vs_send(&vs, vs_header(&vs, type, VS_REQUEST, OUR_PORT, victim.port), NULL);
	SUITE_EQUAL(next_of(victim.port, NULL).op, VS_RESPONSE);
	victim.fd = agent_accept(peer(), victim.listener);
	CU_ASSERT_FATAL(victim.fd >= 0);
}

static void establish(void)
{
	establish_type(VS_STREAM);
}

static struct vs_header data(uint32_t len)
{
	struct vs_header header = vs_header(&vs, VS_STREAM, VS_DATA, OUR_PORT, victim.port);

	header.len = len;
	return header;
}

static void link_works(void)
{
	char buffer[1000];
	struct vs_header header;

	establish();
	pattern_fill(buffer, sizeof(buffer), 51, 0);
	vs_send(&vs, data(sizeof(buffer)), buffer);
	SUITE_EQUAL(agent_read(peer(), victim.fd, sizeof(buffer), 51, 0), sizeof(buffer));
	SUITE_EQUAL(agent_write(peer(), victim.fd, sizeof(buffer), 52, 0), sizeof(buffer));
	header = next_of(victim.port, buffer);
	SUITE_EQUAL(header.op, VS_DATA);
	SUITE_EQUAL(header.len, sizeof(buffer));
	SUITE_EQUAL(pattern_check(buffer, sizeof(buffer), 52, 0), 0);
	vs_send(&vs, vs_header(&vs, VS_STREAM, VS_RESET, OUR_PORT, victim.port), NULL);
	SUITE_EQUAL(agent_read(peer(), victim.fd, 1, 0, 0), 0);
	agent_close(peer(), victim.fd);
	agent_close(peer(), victim.listener);
}

static void end(void)
{
	neighbour_works();
	vs_connect(&vs);
	link_works();
	vs_close(&vs);
}

/* ---- how large rings are ---- */

#define LARGEST_RING	(16u << 20)	/* of the protocol */
#define VICTIMS_RING	(1u << 20)	/* as it has no config of its own */

static void wants_large_rings_of_a_server(void)
{
	vs_publish(&vs);
	expect_refused(&vs.end);
}

static void wants_large_rings_of_a_client(void)
{
	vs_connect(&vs);
	CU_ASSERT_EQUAL(vs.end.c2s_size, VICTIMS_RING);
	CU_ASSERT_EQUAL(vs.end.s2c_size, VICTIMS_RING);
	link_works();
}

/* How much of its memory is shared the victim's config says, not its peer. */
static void rings_larger_than_the_victims(void)
{
	begin();
	vs.ring = LARGEST_RING;
	vs.end.server ? wants_large_rings_of_a_client() : wants_large_rings_of_a_server();
	vs_close(&vs);
	begin();
	end();
}

/* ---- what breaks the link ---- */

/* The victim has a connection with us, and waits for data in it; the next thing breaks it. */
static uint32_t victim_waits(void)
{
	uint32_t ticket;

	establish();
	ticket = agent_start(peer(), agent_request_read(victim.fd, 1, 0, 0));
	CU_ASSERT_FATAL(!agent_wait_asleep(peer(), ticket));
	return ticket;
}

static uint32_t begin_cut(void)
{
	begin();
	return victim_waits();
}

static void end_cut(uint32_t ticket)
{
	int fd = agent_socket(peer(), SOCK_STREAM);

	SUITE_EQUAL(agent_finish(peer(), ticket).error, ECONNRESET);
	SUITE_EQUAL(agent_socket_connect(peer(), fd, vs.own_cid, 1), -1);
	SUITE_EQUAL(errno, EHOSTUNREACH);
	end();
}

static void cut_by(struct vs_header header)
{
	vs_send(&vs, header, NULL);
}

#define CUT(name, change)					\
static void name(void)						\
{								\
	uint32_t ticket = begin_cut();				\
	struct vs_header h = data(0);				\
								\
	h.op = VS_CREDIT;					\
	change;							\
	cut_by(h);						\
	end_cut(ticket);					\
}

CUT(too_long_a_payload, (h.op = VS_DATA, h.len = VS_PAYLOAD_MAX + 1))
CUT(payload_with_a_request, (h.op = VS_REQUEST, h.len = 8))
CUT(data_without_payload, h.op = VS_DATA)
CUT(an_unknown_type, h.type = 7)
CUT(no_type, h.type = 0)
CUT(an_unknown_operation, h.op = 8)
CUT(no_operation, h.op = 0)
CUT(an_unknown_datagram, (h.type = VS_DGRAM, h.op = VS_REQUEST))
CUT(the_reserved_word, h.zero = 1)
CUT(in_the_name_of_dom0, h.src_cid = 2)
CUT(in_the_name_of_the_victim, h.src_cid = vs.victim_cid)
CUT(in_the_name_of_nobody, h.src_cid = 0xffffffffu)
CUT(in_a_name_of_64_bits, h.src_cid |= 1ull << 32)
CUT(control_of_who_does_not_forward, (h.type = VS_CONTROL, h.op = 1))

/* Only dom0 forwards, whatever others say. */
static void in_a_foreign_name_forwarded(void)
{
	uint32_t ticket;
	struct vs_header header;

	begin();
	vs.forwards = 1;
	vs_connect(&vs);
	ticket = victim_waits();
	header = data(0);
	header.op = VS_CREDIT;
	header.src_cid = vs.own_cid + 1000;
	cut_by(header);
	end_cut(ticket);
}

static void a_payload_that_is_not_there(void)
{
	uint32_t ticket = begin_cut();
	struct vs_header header = data(1000);

	vs_put(&vs, &header, sizeof(header));
	end_cut(ticket);
}

static void half_a_header(void)
{
	uint32_t ticket = begin_cut();
	struct vs_header header = data(0);

	vs_put(&vs, &header, 24);
	end_cut(ticket);
}

static void a_length_that_wraps(void)
{
	uint32_t ticket = begin_cut();
	struct vs_header header = data(0xfffffff0u);

	vs_put(&vs, &header, sizeof(header));
	end_cut(ticket);
}

static void more_than_the_ring_holds(void)
{
	uint32_t ticket = begin_cut();

	vs_set_prod(&vs, vs.end.out.index + vs.end.out.size + 8);
	end_cut(ticket);
}

static void an_index_that_goes_back(void)
{
	uint32_t ticket = begin_cut();

	vs_set_prod(&vs, vs.end.out.index - 48);
	end_cut(ticket);
}

/* More was taken than was sent: the victim finds out when it has to look. */
static void more_taken_than_sent(void)
{
	uint32_t ticket = begin_cut();

	vs_set_cons(&vs, vs.end.in.index + (1u << 28));
	agent_start(peer(), agent_request_write_stream(victim.fd, 1 << 20, 1, 65536));
	end_cut(ticket);
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();
	struct vs_header header;

	begin();
	while (rounds--) {
		link_works();
		header = data(0);
		header.type = 7;
		cut_by(header);
		expect_refused(&vs.end);
		vs_connect(&vs);
	}
	end();
}

static const struct suite_test cut_tests[] = {
	{ "rings_larger_than_the_victims", rings_larger_than_the_victims, 0 },
	{ "broken_again_and_again", broken_again_and_again, 0 },
	{ "too_long_a_payload", too_long_a_payload, 0 },
	{ "payload_with_a_request", payload_with_a_request, 0 },
	{ "data_without_payload", data_without_payload, 0 },
	{ "an_unknown_type", an_unknown_type, 0 },
	{ "no_type", no_type, 0 },
	{ "an_unknown_operation", an_unknown_operation, 0 },
	{ "no_operation", no_operation, 0 },
	{ "an_unknown_datagram", an_unknown_datagram, 0 },
	{ "the_reserved_word", the_reserved_word, 0 },
	{ "in_the_name_of_dom0", in_the_name_of_dom0, 0 },
	{ "in_the_name_of_the_victim", in_the_name_of_the_victim, 0 },
	{ "in_the_name_of_nobody", in_the_name_of_nobody, 0 },
	{ "in_a_name_of_64_bits", in_a_name_of_64_bits, 0 },
	{ "control_of_who_does_not_forward", control_of_who_does_not_forward, 0 },
	{ "in_a_foreign_name_forwarded", in_a_foreign_name_forwarded, 0 },
	{ "a_payload_that_is_not_there", a_payload_that_is_not_there, 0 },
	{ "half_a_header", half_a_header, 0 },
	{ "a_length_that_wraps", a_length_that_wraps, 0 },
	{ "more_than_the_ring_holds", more_than_the_ring_holds, 0 },
	{ "an_index_that_goes_back", an_index_that_goes_back, 0 },
	{ "more_taken_than_sent", more_taken_than_sent, 0 },
	{ NULL, NULL, 0 },
};

/* ---- what does not ---- */

static void keeps_to_the_protocol(void)
{
	begin();
	for (unsigned int i = 0; i < 20; i++)
		link_works();
	end();
}

static void refused_with_a_reset(struct vs_header header)
{
	struct vs_header answer;

	vs_send(&vs, header, NULL);
	answer = next_of(header.dst_port, NULL);
	SUITE_EQUAL(answer.op, VS_RESET);
	SUITE_EQUAL(answer.src_cid, header.dst_cid);
	SUITE_EQUAL(answer.src_port, header.dst_port);
	SUITE_EQUAL(answer.dst_port, header.src_port);
	link_works();
	end();
}

/* A guest does not forward, to whomever. */
static void to_another_domain(void)
{
	struct vs_header header;

	begin();
	header = vs_header(&vs, VS_STREAM, VS_REQUEST, OUR_PORT, NEIGHBOUR_PORT);
	header.dst_cid = NEIGHBOUR_CID;
	refused_with_a_reset(header);
}

static void data_of_no_connection(void)
{
	begin();
	victim.port = 4711;
	refused_with_a_reset(data(8));
}

static void a_response_that_nobody_asked_for(void)
{
	begin();
	refused_with_a_reset(vs_header(&vs, VS_STREAM, VS_RESPONSE, OUR_PORT, 4711));
}

/* A connection of another: the sender's CID is ours, so that it is not found. */
static void the_neighbours_connection(void)
{
	begin();
	refused_with_a_reset(vs_header(&vs, VS_STREAM, VS_SHUTDOWN, NEIGHBOUR_PORT,
				       neighbour_port()));
}

static void a_connection_that_is_never_answered(void)
{
	int fd;
	struct agent_reply reply;
	uint32_t ticket;

	begin();
	fd = agent_socket(peer(), SOCK_STREAM);
	ticket = agent_start(peer(), agent_request_connect(fd, vs.own_cid, 1));
	vs_expect(&vs, VS_REQUEST);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.error, ETIMEDOUT);
	CU_ASSERT(reply.elapsed_us > 1500000);
	end();
}

/* More than the victim's buffer has room for: that connection ends. */
static void more_than_there_is_credit_for(void)
{
	begin();
	establish();
	for (unsigned int i = 0; i < 2 * BUFFER_DEFAULT / VS_PAYLOAD_MAX; i++)
		vs_send(&vs, data(VS_PAYLOAD_MAX), NULL);
	SUITE_EQUAL(next_of(victim.port, NULL).op, VS_RESET);
	link_works();
	end();
}

/* It says that all was read, and reads nothing: the victim's writer must not go on for ever. */
static void read_without_reading(void)
{
	struct vs_header header;
	uint32_t ticket;

	begin();
	establish();
	ticket = agent_start(peer(), agent_request_write_stream(victim.fd, 1ull << 30, 1, 65536));
	for (unsigned int i = 0; i < 3000; i++) {
		header = data(0);
		header.op = VS_CREDIT;
		header.buffer = 0xffffffffu;
		/* Exactly what it may have sent, were this the truth. */
		header.forwarded = i * 4096;
		vs_send(&vs, header, NULL);
	}
	CU_ASSERT(!agent_wait_asleep(peer(), ticket));
	CU_ASSERT(!agent_done(peer(), ticket, 500));
	end();
}

static void credit_of_any_kind(void)
{
	uint64_t random = 1;
	struct vs_header header;

	begin();
	establish();
	agent_start(peer(), agent_request_write_stream(victim.fd, 1 << 20, 1, 65536));
	for (unsigned int i = 0; i < 5000; i++) {
		header = data(0);
		header.op = VS_CREDIT;
		header.buffer = (uint32_t)pattern_size(&random, 0xffffffffu);
		header.forwarded = (uint32_t)pattern_size(&random, 0xffffffffu);
		vs_send(&vs, header, NULL);
	}
	end();
}

static const struct suite_test lie_tests[] = {
	{ "keeps_to_the_protocol", keeps_to_the_protocol, 0 },
	{ "to_another_domain", to_another_domain, 0 },
	{ "data_of_no_connection", data_of_no_connection, 0 },
	{ "a_response_that_nobody_asked_for", a_response_that_nobody_asked_for, 0 },
	{ "the_neighbours_connection", the_neighbours_connection, 0 },
	{ "a_connection_that_is_never_answered", a_connection_that_is_never_answered, 0 },
	{ "more_than_there_is_credit_for", more_than_there_is_credit_for, 0 },
	{ "read_without_reading", read_without_reading, 0 },
	{ "credit_of_any_kind", credit_of_any_kind, 0 },
	{ NULL, NULL, 0 },
};

/* ---- floods ---- */

/* Without taking any answer. */
static void flood(struct vs_header header, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		vs_send(&vs, header, NULL);
		header.src_port++;
	}
}

static void requests_to_nobody(void)
{
	begin();
	flood(vs_header(&vs, VS_STREAM, VS_REQUEST, 1, 4711), FLOOD);
	end();
}

static void requests_that_are_accepted(void)
{
	begin();
	establish();
	flood(vs_header(&vs, VS_STREAM, VS_REQUEST, 1, victim.port), FLOOD);
	end();
}

static void questions_for_credit(void)
{
	struct vs_header header;

	begin();
	establish();
	for (unsigned int i = 0; i < FLOOD; i++) {
		header = data(0);
		header.op = VS_WANTS_CREDIT;
		vs_send(&vs, header, NULL);
	}
	end();
}

/* Each takes some hundred bytes of memory in the victim, until it is read. */
static void messages_of_one_byte(void)
{
	struct vs_header header;

	begin();
	establish_type(VS_SEQPACKET);
	header = data(1);
	header.type = VS_SEQPACKET;
	header.flags = 1;
	for (unsigned int i = 0; i < 4 * FLOOD; i++)
		vs_send(&vs, header, NULL);
	end();
}

static void datagrams_to_whoever(void)
{
	struct vs_header header;
	int fd;

	begin();
	fd = agent_socket(peer(), SOCK_DGRAM);
	SUITE_EQUAL(agent_bind(peer(), fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
	header = vs_header(&vs, VS_DGRAM, VS_DATA, 1, agent_port(peer(), fd));
	for (unsigned int i = 0; i < FLOOD; i++) {
		header.len = i % 500;
		vs_send(&vs, header, NULL);
	}
	end();
}

#define HOARDERS	60u	/* with more unread than the victim allows (unread_max) */

static void send_much(uint32_t from_port, uint32_t to_port)
{
	struct vs_header header = vs_header(&vs, VS_STREAM, VS_REQUEST, from_port, to_port);

	vs_send(&vs, header, NULL);
	header.op = VS_DATA;
	header.len = VS_PAYLOAD_MAX;
	for (unsigned int i = 0; i < BUFFER_DEFAULT / VS_PAYLOAD_MAX; i++)
		vs_send(&vs, header, NULL);
}

static unsigned int resets_from(uint32_t port)
{
	struct vs_header header;
	unsigned int resets = 0;

	while (vs_receive(&vs, &header, NULL, 0))
		resets += header.src_port == port && header.op == VS_RESET;
	return resets;
}

/* Who reads what comes is not to suffer from those who do not. */
static void sockets_that_hoard(void)
{
	uint32_t listener, port;
	unsigned int resets = 0;
	char buffer[1000];

	begin();
	establish();
	listener = (uint32_t)agent_listener(peer(), SOCK_STREAM, VMADDR_PORT_ANY, HOARDERS);
	port = agent_port(peer(), (int)listener);
	for (uint32_t i = 0; i < HOARDERS; i++) {
		send_much(OUR_PORT + 1 + i, port);
		resets += resets_from(port);
		pattern_fill(buffer, sizeof(buffer), i, 0);
		vs_send(&vs, data(sizeof(buffer)), buffer);
		SUITE_EQUAL(agent_read(peer(), victim.fd, sizeof(buffer), i, 0), sizeof(buffer));
	}
	printf("# %u of %u connections were reset\n", resets, HOARDERS);
	CU_ASSERT(resets > 0);
	end();
}

/* Headers of random content in which one thing or another may be right. */
static void random_records(void)
{
	uint64_t random = 1;

	begin();
	establish();
	for (unsigned int i = 0; i < 300; i++) {
		struct vs_header header = data(0);
		unsigned char *bytes = (unsigned char *)&header;
		size_t changes = pattern_size(&random, 4);

		header.op = (uint16_t)(pattern_size(&random, 8) - 1);
		header.len = header.op == VS_DATA ? 100 : 0;
		while (changes--)
			bytes[16 + pattern_size(&random, 32) - 1] =
				(unsigned char)pattern_size(&random, 256);
		if (header.len > VS_PAYLOAD_MAX)
			vs_put(&vs, &header, sizeof(header));
		else
			vs_send(&vs, header, NULL);
		/* Wherever it was cut off: once more. */
		if (i % 10 == 9)
			vs_connect(&vs);
	}
	end();
}

/* For how long Linux kept our events off, as it tells of a back end. */
static long long delayed(void)
{
	char path[128];
	unsigned int length;
	char *domid = xs_read(vs.end.xs, XBT_NULL, "domid", &length);

	snprintf(path, sizeof(path),
		 "/sys/bus/xen-backend/devices/vsock-%s-%u/xenbus/jiffies_eoi_delayed",
		 domid ? domid : "?", vs.end.id);
	free(domid);
	return agent_number(peer(), path);
}

/* Each with another index, but the victim has asked for none of them. */
static void events_with_false_news(void)
{
	long long before;
	uint32_t taken;

	if (suite_option("server", NULL))
		suite_skip("Linux tells of back ends only");
	begin();
	establish();
	before = delayed();
	taken = vs.end.in.index;
	for (unsigned int i = 0; i < FLOOD; i++)
		vs_set_cons(&vs, taken - i % 2 * 48);
	CU_ASSERT(delayed() > before);
	end();
}

static const struct suite_test flood_tests[] = {
	{ "requests_to_nobody", requests_to_nobody, 0 },
	{ "requests_that_are_accepted", requests_that_are_accepted, 0 },
	{ "questions_for_credit", questions_for_credit, 0 },
	{ "messages_of_one_byte", messages_of_one_byte, 0 },
	{ "datagrams_to_whoever", datagrams_to_whoever, 0 },
	{ "sockets_that_hoard", sockets_that_hoard, 0 },
	{ "random_records", random_records, 0 },
	{ "events_with_false_news", events_with_false_news, 0 },
	{ NULL, NULL, 0 },
};

/* ---- what the victim sends, and we do not take ---- */

#define OFTEN		20000u
/* Kilobytes: far less than OFTEN packets take, far more than what else goes on. */
#define NOTICEABLE	6000

/* Whoever reads what comes byte by byte has news for the writer after every byte. */
static void credit_for_every_byte(void)
{
	long long before;
	uint32_t ticket;
	char byte;

	begin();
	establish();
	before = kernel_memory();
	ticket = agent_start(peer(), agent_request_read_stream(victim.fd, OFTEN, 61, 1));
	for (unsigned int i = 0; i < OFTEN; i++) {
		pattern_fill(&byte, 1, 61, i);
		vs_send(&vs, data(1), &byte);
	}
	SUITE_EQUAL(agent_finish(peer(), ticket).value, OFTEN);
	takes_less_than(NOTICEABLE, before);
	end();
}

static void sizes_that_change_all_the_time(void)
{
	long long before;

	begin();
	establish();
	before = kernel_memory();
	SUITE_EQUAL(agent_resize(peer(), victim.fd, OFTEN), OFTEN);
	takes_less_than(NOTICEABLE, before);
	end();
}

static void ends_that_are_told_again(void)
{
	long long before;

	begin();
	establish();
	before = kernel_memory();
	SUITE_EQUAL(agent_shut_often(peer(), victim.fd, OFTEN), OFTEN);
	takes_less_than(NOTICEABLE, before);
	end();
}

static void requests_that_are_given_up(void)
{
	long long before, hang = clock_us() + 60000000;

	begin();
	before = kernel_memory();
	CU_ASSERT(agent_connect_often(peer(), vs.own_cid, 1, OFTEN) > 0);
	/* Linux keeps a socket for as long as its connecting might take, two seconds. */
	while (kernel_memory() - before >= NOTICEABLE && clock_us() < hang)
		neighbour_works();
	takes_less_than(NOTICEABLE, before);
	end();
}

/* Writers whose packets take a hundred times what they carry. */
static void bytes_that_are_written_one_by_one(void)
{
	long long before;

	begin();
	establish();
	before = kernel_memory();
	agent_start(peer(), agent_request_write_stream(victim.fd, 1u << 20, 1, 1));
	/* It gets nowhere, after a while: seen from here the ring stays full. */
	for (int i = 0; i < 50; i++)
		kernel_memory();
	takes_less_than(NOTICEABLE, before);
	end();
}

/* What was sent before the link broke is there, and then it is said that it broke. */
static void messages_before_the_end(void)
{
	struct vs_header header, broken;
	char buffer[100];

	begin();
	establish_type(VS_SEQPACKET);
	pattern_fill(buffer, sizeof(buffer), 62, 0);
	header = data(100);
	header.type = VS_SEQPACKET;
	header.flags = 1;
	for (unsigned int i = 0; i < 3; i++)
		vs_send(&vs, header, buffer);
	broken = data(0);
	broken.zero = 1;
	vs_send(&vs, broken, NULL);
	/* When nobody is to be reached over it the link is cut off. */
	for (int fd = agent_socket(peer(), SOCK_STREAM), i = 0; i < 100; i++)
		if (agent_socket_connect(peer(), fd, vs.own_cid, 1) && errno == EHOSTUNREACH)
			break;
	for (unsigned int i = 0; i < 3; i++)
		SUITE_EQUAL(agent_read(peer(), victim.fd, 1000, 62, 0), 100);
	SUITE_EQUAL(agent_read(peer(), victim.fd, 1000, 0, 0), -1);
	SUITE_EQUAL(errno, ECONNRESET);
	end();
}

/* close() waits for a peer that is no more. */
static void an_end_under_who_lingers(void)
{
	uint32_t ticket;

	begin();
	establish();
	ticket = agent_start(peer(), agent_request_linger(victim.fd, 10000));
	CU_ASSERT_FATAL(!agent_wait_asleep(peer(), ticket));
	vs_connect(&vs);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 0);
	end();
}

/* The next connection with the same addresses is none of an old one's business. */
static void an_old_connection_that_is_closed_late(void)
{
	struct vs_header header;
	char buffer[16];
	int old;

	begin();
	establish();
	old = victim.fd;
	vs_connect(&vs);
	vs_send(&vs, vs_header(&vs, VS_STREAM, VS_REQUEST, OUR_PORT, victim.port), NULL);
	SUITE_EQUAL(next_of(victim.port, NULL).op, VS_RESPONSE);
	victim.fd = agent_accept(peer(), victim.listener);
	CU_ASSERT_FATAL(victim.fd >= 0);
	SUITE_EQUAL(agent_read(peer(), old, 1, 0, 0), -1);
	agent_close(peer(), old);
	SUITE_EQUAL(agent_write(peer(), victim.fd, 10, 1, 0), 10);
	header = next_of(victim.port, buffer);
	SUITE_EQUAL(header.op, VS_DATA);
	SUITE_EQUAL(header.len, 10);
	end();
}

static const struct suite_test sending_tests[] = {
	{ "credit_for_every_byte", credit_for_every_byte, 0 },
	{ "sizes_that_change_all_the_time", sizes_that_change_all_the_time, 0 },
	{ "ends_that_are_told_again", ends_that_are_told_again, 0 },
	{ "requests_that_are_given_up", requests_that_are_given_up, 0 },
	{ "bytes_that_are_written_one_by_one", bytes_that_are_written_one_by_one, 0 },
	{ "messages_before_the_end", messages_before_the_end, 0 },
	{ "an_end_under_who_lingers", an_end_under_who_lingers, 0 },
	{ "an_old_connection_that_is_closed_late", an_old_connection_that_is_closed_late, 0 },
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { lie_tests, cut_tests, flood_tests, sending_tests,
						   NULL };

static const struct suite suite = {
	.name = "hostile_vsock",
	.tables = tables,
	.finish = close_session,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
