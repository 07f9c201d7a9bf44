/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile domain beside a dom0 that forwards: what it sends to another domain, and what that
 * one answers, must cost itself only. Options (--set): prefix=P for the agent's pipe in
 * dom0, link=NAME of our link with dom0, cid=N of the other domain.
 *
 * There a server at NEIGHBOUR_PORT sends back what it gets. The neighbour is dom0's own
 * connection with it: over the link that what we send is forwarded to.
 */
#include "vsock_attack.h"
#include "vsock_peer.h"

#include "../suites/vsock_suite.h"

#include "../suites/pattern.h"

#include <stdlib.h>
#include <string.h>

#define NOBODYS_PORT	4711u
#define FLOOD		50000u
/* Kilobytes: what may wait for a domain that takes nothing, and no flood. */
#define NOTICEABLE	10000

static struct vs_end vs;
static uint32_t other_cid;
static uint32_t our_port = 5000;	/* another one for each connection */

/* ---- before and after ---- */

static void begin(void)
{
	other_cid = (uint32_t)strtoul(suite_option("cid", "50000"), NULL, 10);
	neighbour_connects(other_cid);
	vs_open(&vs, suite_option("link", "hf_evil"), false);
	vs_connect(&vs);
}

static struct vs_header to_other(uint16_t type, uint16_t op, uint32_t src_port, uint32_t dst_port)
{
	struct vs_header header = vs_header(&vs, type, op, src_port, dst_port);

	header.dst_cid = other_cid;
	return header;
}

static struct vs_header data(uint32_t len)
{
	struct vs_header header = to_other(VS_STREAM, VS_DATA, our_port, NEIGHBOUR_PORT);

	header.len = len;
	return header;
}

/* What is for another connection is thrown away. */
static struct vs_header next_record(void *payload)
{
	struct vs_header header;

	do {
		if (!vs_receive(&vs, &header, payload, 15000))
			suite_fail("nothing comes from the other domain");
	} while (header.src_cid != other_cid || header.src_port != NEIGHBOUR_PORT ||
		 header.dst_port != our_port || header.op == VS_CREDIT);
	return header;
}

static void establish(void)
{
	vs_send(&vs, to_other(VS_STREAM, VS_REQUEST, our_port, NEIGHBOUR_PORT), NULL);
	SUITE_EQUAL(next_record(NULL).op, VS_RESPONSE);
}

static void forwarding_works(void)
{
	char buffer[1000];
	struct vs_header header;

	our_port++;
	establish();
	pattern_fill(buffer, sizeof(buffer), 71, 0);
	vs_send(&vs, data(sizeof(buffer)), buffer);
	header = next_record(buffer);
	SUITE_EQUAL(header.op, VS_DATA);
	SUITE_EQUAL(header.len, sizeof(buffer));
	SUITE_EQUAL(pattern_check(buffer, sizeof(buffer), 71, 0), 0);
	vs_send(&vs, to_other(VS_STREAM, VS_RESET, our_port, NEIGHBOUR_PORT), NULL);
}

/* dom0's own connections with the other domain are as they were, and new ones can be made. */
static void end(void)
{
	neighbour_works();
	neighbour_connects(other_cid);
	vs_connect(&vs);
	forwarding_works();
	vs_close(&vs);
}

/* ---- what must cost nobody else anything ---- */

static void keeps_to_the_protocol(void)
{
	begin();
	for (unsigned int i = 0; i < 10; i++)
		forwarding_works();
	end();
}

static void answers_that_are_not_taken(void)
{
	struct vs_header header;
	long long before;

	begin();
	before = kernel_memory();
	header = to_other(VS_STREAM, VS_REQUEST, 1, NOBODYS_PORT);
	for (unsigned int i = 0; i < FLOOD; i++, header.src_port++)
		vs_send(&vs, header, NULL);
	takes_less_than(NOTICEABLE, before);
	end();
}

/* The other domain's server sends back all that it gets, as far as we say that we read. */
static void data_that_is_not_taken(void)
{
	struct vs_header header;
	long long before;

	begin();
	before = kernel_memory();
	for (uint32_t port = 10000; port < 10060; port++) {
		header = to_other(VS_STREAM, VS_REQUEST, port, NEIGHBOUR_PORT);
		vs_send(&vs, header, NULL);
		header.op = VS_DATA;
		header.len = 16000;
		for (uint32_t i = 0; i < 15; i++)
			vs_send(&vs, header, NULL);
	}
	takes_less_than(NOTICEABLE, before);
	end();
}

/* The other domain's ring holds 16 KiB, and takes datagrams of half of that. */
static void datagrams_that_never_fit(void)
{
	static const uint32_t sizes[] = { 65536, 16384, 16337, 8193 };
	struct vs_header header;

	begin();
	header = to_other(VS_DGRAM, VS_DATA, 1, 1);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		header.len = sizes[i];
		vs_send(&vs, header, NULL);
		neighbour_works();
	}
	end();
}

static void datagrams_without_end(void)
{
	struct vs_header header;
	long long before;

	begin();
	before = kernel_memory();
	header = to_other(VS_DGRAM, VS_DATA, 1, 1);
	for (unsigned int i = 0; i < FLOOD / 10; i++) {
		header.len = i % 2 ? 0 : 8000;
		vs_send(&vs, header, NULL);
	}
	takes_less_than(NOTICEABLE, before);
	end();
}

/* We die with answers waiting for us: the next of us has nothing to do with them. */
static void an_end_with_answers_waiting(void)
{
	struct vs_header header;

	begin();
	header = to_other(VS_STREAM, VS_REQUEST, 1, NOBODYS_PORT);
	for (unsigned int i = 0; i < FLOOD / 10; i++, header.src_port++)
		vs_send(&vs, header, NULL);
	vs_connect(&vs);
	CU_ASSERT(!vs_receive(&vs, &header, NULL, 100) || header.src_cid == other_cid);
	end();
}

static const struct suite_test forward_tests[] = {
	{ "keeps_to_the_protocol", keeps_to_the_protocol, 0 },
	{ "answers_that_are_not_taken", answers_that_are_not_taken, 0 },
	{ "data_that_is_not_taken", data_that_is_not_taken, 0 },
	{ "datagrams_that_never_fit", datagrams_that_never_fit, 0 },
	{ "datagrams_without_end", datagrams_without_end, 0 },
	{ "an_end_with_answers_waiting", an_end_with_answers_waiting, 0 },
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { forward_tests, NULL };

static const struct suite suite = {
	.name = "hostile_vsock_forward",
	.tables = tables,
	.finish = close_session,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
