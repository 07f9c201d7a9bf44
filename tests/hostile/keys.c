/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys in xenstore that are absent, or that no driver would write. The victim
 * refuses the connection, and takes the next one.
 */
#include "hostile.h"

#include "../suites/asleep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct end end;

/* Longer than any number; xenstore takes not much more. */
static const char *endless(void)
{
	static char digits[1501];

	memset(digits, '9', sizeof(digits) - 1);
	return digits;
}

/* ---- as fast as the victim refuses ---- */

#define REFUSALS	25
#define REFUSE_SECONDS	11	/* more than a period of the limits below */

/*
 * What the victim's kernel may say in @seconds, with the rest of a period before
 * and one that has begun: 5 failed connections in a minute.
 */
static long reports_max(long long seconds)
{
	return 5 * (seconds / 60 + 2);
}

static void refused_again_and_again(void (*offer)(void))
{
	int log = agent_open(peer(), "/dev/kmsg", O_RDONLY | O_NONBLOCK);
	long long start = clock_us(), seconds;
	unsigned int rounds = 0;
	long reports;

	CU_ASSERT_FATAL(agent_count_records(peer(), log, end.link) >= 0);
	do {
		offer();
		expect_refused(&end);
		if (!(++rounds % 20))
			neighbour_works();
		seconds = (clock_us() - start) / 1000000;
	} while (rounds < REFUSALS || seconds < REFUSE_SECONDS);
	reports = agent_count_records(peer(), log, end.link);
	printf("# refused %u times in %lld s, %ld reports\n", rounds, seconds, reports);
	fflush(stdout);
	CU_ASSERT(reports <= reports_max(seconds));
	attack_end(&end);
}

/* ---- the client's keys ---- */

static void client_refused(const char *key, const char *value)
{
	attack_begin(&end);
	client_prepare(&end, 4096);
	client_key(&end, key, value);
	client_publish(&end);
	expect_refused(&end);
	attack_end_refused(&end);
}

#define CLIENT_KEYS(X)								\
	X(version_absent, "version", NULL)					\
	X(version_0, "version", "0")						\
	X(version_2, "version", "2")						\
	X(version_negative, "version", "-1")					\
	X(version_garbage, "version", "one")					\
	X(event_channel_absent, "event-channel", NULL)				\
	X(event_channel_0, "event-channel", "0")				\
	X(event_channel_negative, "event-channel", "-1")			\
	X(event_channel_nobodys, "event-channel", "3999")			\
	X(event_channel_beyond_any, "event-channel", "4294967295")		\
	X(event_channel_garbage, "event-channel", "\xff\xfe%s%n")		\
	X(ring_ref_absent, "ring-ref", NULL)					\
	X(ring_ref_0, "ring-ref", "0")						\
	X(ring_ref_negative, "ring-ref", "-5")					\
	X(ring_ref_nobodys, "ring-ref", "12345")				\
	X(ring_ref_beyond_any, "ring-ref", "4294967295")			\
	X(ring_ref_garbage, "ring-ref", "8 9")					\
	X(ring_pages_absent, "ring-pages", NULL)				\
	X(ring_pages_0, "ring-pages", "0")					\
	X(ring_pages_too_few, "ring-pages", "2")				\
	X(ring_pages_too_many, "ring-pages", "4")				\
	X(ring_pages_beyond_any, "ring-pages", "4294967295")			\
	X(ring_pages_negative, "ring-pages", "-3")				\
	X(ring_pages_endless, "ring-pages", endless())				\
	X(c2s_size_absent, "c2s-size", NULL)					\
	X(c2s_size_not_the_servers, "c2s-size", "8192")				\
	X(c2s_size_0, "c2s-size", "0")						\
	X(c2s_size_negative, "c2s-size", "-4096")				\
	X(c2s_size_overflows, "c2s-size", "4294971392")				\
	X(s2c_size_absent, "s2c-size", NULL)					\
	X(s2c_size_0, "s2c-size", "0")						\
	X(s2c_size_too_small, "s2c-size", "8")					\
	X(s2c_size_no_power, "s2c-size", "4095")				\
	X(s2c_size_too_large, "s2c-size", "33554432")				\
	X(s2c_size_larger_than_the_victims, "s2c-size", "2097152")		\
	X(s2c_size_beyond_any, "s2c-size", "2147483648")			\
	X(s2c_size_does_not_fit_pages, "s2c-size", "8192")			\
	X(s2c_size_negative, "s2c-size", "-16")					\
	X(s2c_size_garbage, "s2c-size", "4096 or so")				\
	X(s2c_size_endless, "s2c-size", endless())

#define CLIENT_TEST(name, key, value)						\
	static void client_##name(void) { client_refused(key, value); }
CLIENT_KEYS(CLIENT_TEST)

static void client_key_with_zero_byte(void)
{
	attack_begin(&end);
	client_prepare(&end, 4096);
	client_key_bytes(&end, "s2c-size", "4096\0" "1", 6);
	client_publish(&end);
	expect_refused(&end);
	attack_end_refused(&end);
}

/* A port that waits for another domain. */
static void client_event_channel_of_another(void)
{
	int port;

	attack_begin(&end);
	client_prepare(&end, 4096);
	port = xenevtchn_bind_unbound_port(end.events, 0);
	CU_ASSERT_FATAL(port > 0);
	client_key_number(&end, "event-channel", port);
	client_publish(&end);
	expect_refused(&end);
	attack_end_refused(&end);
}

/* The neighbour's, which is bound already. */
static void client_event_channel_of_neighbour(void)
{
	struct end neighbour;
	unsigned int length;
	char path[200], *port;

	attack_begin(&end);
	client_prepare(&end, 4096);
	neighbour = end;
	end_find(&neighbour, link_id("near"));
	snprintf(path, sizeof(path), "%s/event-channel", neighbour.own);
	port = xs_read(end.xs, XBT_NULL, path, &length);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	client_key(&end, "event-channel", port);
	free(port);
	client_publish(&end);
	expect_refused(&end);
	attack_end_refused(&end);
}

static void client_of_a_later_release(void)
{
	attack_begin(&end);
	client_prepare(&end, 4096);
	client_key(&end, "version", "3");
	client_publish(&end);
	expect_refused_for(&end, "vbpipe protocol versions: client 3, server 1: upgrade the server's modules");
	attack_end_refused(&end);
}

/* What changes after the server has read it does not count. */
static void client_keys_change_when_connected(void)
{
	static const char *const names[] = { "version", "event-channel", "ring-ref",
					     "ring-pages", "c2s-size", "s2c-size" };
	int fd = attack_open(&end);

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		end_write(&end, names[i], "77777777", 8);
	link_works(&end, fd);
	attack_end(&end);
}

static void client_offers_no_ring(void)
{
	end_reset(&end);
	end_set_state(&end, XenbusStateInitialised);
}

static void client_refused_again_and_again(void)
{
	attack_begin(&end);
	client_prepare(&end, 4096);
	client_key(&end, "ring-ref", NULL);
	client_publish(&end);
	expect_refused(&end);
	refused_again_and_again(client_offers_no_ring);
}

#define CLIENT_ENTRY(name, key, value) { "key_" #name, client_##name, 0 },
const struct suite_test client_key_tests[] = {
	CLIENT_KEYS(CLIENT_ENTRY)
	{ "key_version_of_a_later_release", client_of_a_later_release, 0 },
	{ "key_with_zero_byte", client_key_with_zero_byte, 0 },
	{ "key_event_channel_of_another", client_event_channel_of_another, 0 },
	{ "key_event_channel_of_neighbour", client_event_channel_of_neighbour, 0 },
	{ "key_all_change_when_connected", client_keys_change_when_connected, 0 },
	{ "key_refusals_are_reported_rarely", client_refused_again_and_again, 600 },
	{ NULL, NULL, 0 },
};

/* ---- the server's keys ---- */

static void server_refused(const char *versions, const char *rx_size)
{
	attack_begin(&end);
	server_offer(&end, versions, rx_size);
	expect_refused(&end);
	attack_end_refused(&end);
}

#define SERVER_KEYS(X)								\
	X(versions_absent, NULL, "4096")					\
	X(versions_empty, "", "4096")						\
	X(versions_others, "0 2 3 11", "4096")					\
	X(versions_negative, "-1", "4096")					\
	X(versions_garbage, "\xff,1;1", "4096")					\
	X(versions_endless, endless(), "4096")					\
	X(rx_size_absent, "1", NULL)						\
	X(rx_size_empty, "1", "")						\
	X(rx_size_0, "1", "0")							\
	X(rx_size_too_small, "1", "8")						\
	X(rx_size_no_power, "1", "4095")					\
	X(rx_size_too_large, "1", "33554432")					\
	X(rx_size_larger_than_the_victims, "1", "2097152")			\
	X(rx_size_beyond_any, "1", "2147483648")				\
	X(rx_size_overflows, "1", "4294971392")					\
	X(rx_size_negative, "1", "-4096")					\
	X(rx_size_garbage, "1", "%s%n\x01")					\
	X(rx_size_endless, "1", endless())

#define SERVER_TEST(name, versions, rx_size)					\
	static void server_##name(void) { server_refused(versions, rx_size); }
SERVER_KEYS(SERVER_TEST)

static void server_of_a_later_release(void)
{
	attack_begin(&end);
	server_offer(&end, "2 3", "4096");
	expect_refused_for(&end, "vbpipe protocol versions: client 1, server 2 to 3: upgrade the client's modules");
	attack_end_refused(&end);
}

/* One that speaks earlier versions as well. */
static void server_of_a_later_release_that_knows_ours(void)
{
	attack_begin(&end);
	server_offer(&end, "1 2 3", "4096");
	end_await(&end, XenbusStateInitialised);
	server_take(&end);
	server_finish(&end);
	link_works(&end, victim_open(&end));
	attack_end(&end);
}

static void server_keys_change_when_connected(void)
{
	int fd = attack_open(&end);

	end_write(&end, "versions", "9", 1);
	end_write(&end, "rx-size", "16", 2);
	link_works(&end, fd);
	attack_end(&end);
}

static void server_offers_no_version(void)
{
	server_offer(&end, "0", "4096");
}

static void server_refused_again_and_again(void)
{
	attack_begin(&end);
	refused_again_and_again(server_offers_no_version);
}

#define SERVER_ENTRY(name, versions, rx_size) { "key_" #name, server_##name, 0 },
const struct suite_test server_key_tests[] = {
	SERVER_KEYS(SERVER_ENTRY)
	{ "key_versions_of_a_later_release", server_of_a_later_release, 0 },
	{ "key_versions_of_ours_and_later_ones", server_of_a_later_release_that_knows_ours, 0 },
	{ "key_all_change_when_connected", server_keys_change_when_connected, 0 },
	{ "key_refusals_are_reported_rarely", server_refused_again_and_again, 600 },
	{ NULL, NULL, 0 },
};
