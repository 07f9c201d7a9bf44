// SPDX-License-Identifier: LGPL-2.1-or-later
/* vrpqstat: what follows from samples, and how it is shown. */
#include <string.h>

#include "lib/sample.h"
#include "../../toolstack/vrpqstat/show.h"
#include "unit.h"

static const struct device client = { .fd = -1, .path = "/dev/vrpq-clt-\"vogl0\"" };
static const struct device server = { .fd = -1, .path = "/dev/vrpq-srv-vogl0", .server = true };

/* A busy link: 3 posts a call, 2 a notify and the notifying ones, 6 alone. */
static struct sample busy(void)
{
	struct sample s = {
		.time = 12.5,
		.nr_procs = 3,
		.procs = { { VRPQ_PROC_ID(2, 1), 10 }, { VRPQ_PROC_ID(1, 5), 700 },
			   { VRPQ_PROC_ID(1, 4), 10 } },
		.stat = {
			.sessions = 1, .sessions_max = 2, .sessions_total = 9,
			.channels = 4, .channels_max = 8, .channels_total = 20,
			.reqs_now = 100, .reqs_max = 4000, .reqs_limit = 131072,
			.pmem_now = 256, .pmem_max = 512, .pmem_limit = 512,
			.ring_now = 13, .ring_max = 1100, .ring_limit = 1033,
			.bells_rung = 77, .bells_heard = 66,
			.events_sent = 55, .events_received = 44,
			.wakeups = 33,
		},
	};

	s.stat.counters[VRPQ_PROF_NOTIFY] = 5;
	s.stat.counters[VRPQ_PROF_POST_MULTI_CALL] = 10;
	s.stat.counters[VRPQ_PROF_POSTS_PER_CALL] = 30;
	s.stat.counters[VRPQ_PROF_POST_MULTI_NOTIFY] = 4;
	s.stat.counters[VRPQ_PROF_POSTS_PER_NOTIFY] = 8;
	s.stat.counters[VRPQ_PROF_GROUPED_POSTS] = 6;
	s.stat.counters[VRPQ_PROF_REQ_RING_FULL] = 1;
	s.stat.counters[VRPQ_PROF_PARAM_RING_FULL] = 2;
	return s;
}

/* The same two seconds earlier, when nothing had been done. */
static struct sample idle(void)
{
	struct sample s = busy();

	s.time = 10.5;
	s.nr_procs = 0;
	memset(s.stat.counters, 0, sizeof(s.stat.counters));
	s.stat.wakeups = 0;
	s.stat.bells_rung = 7;
	s.stat.bells_heard = 6;
	s.stat.events_sent = 5;
	s.stat.events_received = 4;
	return s;
}

/* What a form prints, into a buffer that the next use overwrites. */
static char text[16384];
static FILE *out;

static FILE *begin(void)
{
	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text), "w");
	if (!out)
		abort();
	return out;
}

static const char *printed(void)
{
	fclose(out);
	return text;
}

static void expect(const char *part)
{
	if (!strstr(text, part))
		printf("\nlacks '%s':\n%s\n", part, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, part));
}

static void totals_add_up(void)
{
	struct sample s = busy();
	struct activity all = activity_total(&s);

	CU_ASSERT_EQUAL(all.posts, 30 + 8 + 4 + 6);
	CU_ASSERT_EQUAL(all.calls, 10);
	CU_ASSERT_EQUAL(all.notifies, 9);
	CU_ASSERT_EQUAL(all.waits, 3);
	CU_ASSERT_EQUAL(all.wakeups, 33);
	CU_ASSERT_EQUAL(all.bells, 77);
	CU_ASSERT_EQUAL(all.events, 55);
}

static void rates_are_per_second(void)
{
	struct sample before = idle(), after = busy();
	struct activity now = activity_per_second(&before, &after);

	CU_ASSERT_EQUAL(now.posts, 24);
	CU_ASSERT_EQUAL(now.bells, 35);
	CU_ASSERT_EQUAL(now.wakeups, 16.5);
}

/* Someone cleared the counters: what there is now is what came since. */
static void rates_survive_a_reset(void)
{
	struct sample before = busy(), after = idle();
	struct activity now;

	after.time = before.time + 2;
	after.stat.counters[VRPQ_PROF_POST_MULTI_CALL] = 4;
	now = activity_per_second(&before, &after);
	CU_ASSERT_EQUAL(now.calls, 2);
	CU_ASSERT_EQUAL(now.posts, 0);
}

static void rates_without_time(void)
{
	struct sample before = idle(), after = busy();

	after.time = before.time;
	CU_ASSERT_EQUAL(activity_per_second(&before, &after).calls, 10);
}

static void procs_are_ranked(void)
{
	struct sample s = busy();
	struct sample_proc ranked[SAMPLE_PROCS];

	CU_ASSERT_EQUAL_FATAL(sample_rank_procs(NULL, &s, ranked), 3);
	CU_ASSERT_EQUAL(ranked[0].id, VRPQ_PROC_ID(1, 5));
	CU_ASSERT_EQUAL(ranked[1].id, VRPQ_PROC_ID(1, 4));
	CU_ASSERT_EQUAL(ranked[2].id, VRPQ_PROC_ID(2, 1));
}

static void procs_of_an_interval(void)
{
	struct sample before = busy(), after = busy();
	struct sample_proc ranked[SAMPLE_PROCS];

	after.procs[0].count = 13;	/* three more */
	after.procs[1].count = 2;	/* cleared meanwhile */
	CU_ASSERT_EQUAL_FATAL(sample_rank_procs(&before, &after, ranked), 2);
	CU_ASSERT_EQUAL(ranked[0].count, 3);
	CU_ASSERT_EQUAL(ranked[0].id, VRPQ_PROC_ID(2, 1));
	CU_ASSERT_EQUAL(ranked[1].count, 2);
	CU_ASSERT_EQUAL(sample_rank_procs(&after, &after, ranked), 0);
}

static void percents(void)
{
	CU_ASSERT_EQUAL(percent(0, 0), 0);
	CU_ASSERT_EQUAL(percent(1, 0), 0);
	CU_ASSERT_EQUAL(percent(1, 3), 33);
	CU_ASSERT_EQUAL(percent(2, 3), 67);
	CU_ASSERT_EQUAL(percent(3, 2), 150);
	CU_ASSERT_EQUAL(percent(UINT32_MAX, UINT32_MAX), 100);
}

static void numbers_stay_short(void)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 0.4, "0" }, { 99999, "99999" }, { 99999.4, "99999" },
		{ 99999.6, "100K" }, { 1234567, "1235K" }, { 9999499, "9999K" },
		{ 9999500, "10M" }, { 18446744073709551615.0, "18447P" }, { 1e30, "many" },
	};
	char brief[8];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(brief_number(cases[i].value, brief), cases[i].text);
}

static void report(void)
{
	struct sample s = busy();

	show_report(begin(), &client, &s);
	printed();
	expect("the client's end\n");
	expect("sessions         1 now, 2 at most, 9 in all\n");
	expect("requests         100 now (0%), 4000 at most (3%), vrpq-reqs allows 131072\n");
	expect("parameter pages  256 now (50%), 512 at most (100%), vrpq-pmem allows 512\n");
	expect("posts            48\n");
	expect("  param_ring_full        2\n");
	expect("  1.5                    700\n");
	CU_ASSERT_PTR_NULL(strstr(text, "withheld"));

	s.stat.quarantined = 3;
	show_report(begin(), &server, &s);
	printed();
	expect("the server's end\n");
	expect("bells            77 rung, 66 heard\n");
	expect("withheld pages   3, which");
	CU_ASSERT_PTR_NULL(strstr(text, "vrpq-pmem"));
}

/* The columns of a head stand over those of the lines. */
static void table_is_aligned(void)
{
	struct sample before = idle(), after = busy();
	const char *lines[3];

	show_table_head(begin(), &client);
	show_table_line(out, &client, &before, &after);
	printed();
	lines[0] = text;
	lines[1] = strchr(lines[0], '\n') + 1;
	lines[2] = strchr(lines[1], '\n') + 1;
	CU_ASSERT_EQUAL(lines[2] - lines[1], (ptrdiff_t)strlen(lines[2]));
	CU_ASSERT_EQUAL(lines[1] - lines[0], lines[2] - lines[1]);
	CU_ASSERT_STRING_EQUAL(lines[2],
			       "   1     4    100   4000      13  1100    1%     256   512   50%"
			       "      24     5     4     2    16    35\n");
}

static void table_of_a_server(void)
{
	struct sample before = idle(), after = busy();

	show_table_head(begin(), &server);
	show_table_line(out, &server, &before, &after);
	printed();
	expect("sess chan       bells heard  sent  received\n"
	       "   1    4          35    30    25        20\n");
}

static void procs(void)
{
	struct sample before = idle(), after = busy();

	show_procs_head(begin());
	show_procs(out, 10.5, &before, &after);
	show_procs(out, 10.5, &after, &after);
	printed();
	expect("    time  group function  requests\n"
	       "     2.0      1        5       700\n");
	expect("     2.0      -        -         -\n");
}

static void plot(void)
{
	struct sample s = busy();

	s.stat.pmem_max = 400;
	show_plot_head(begin());
	show_plot_line(out, 10.5, &s);
	printed();
	/* 1 % is a mark; half of 25 is 13, rounded up; 78 % is the 20th. */
	expect("     2.0  [#                        >]   1%  "
	       "[#############      |      ]  50%  100\n");

	s.stat.ring_now = s.stat.ring_limit;
	s.stat.ring_max = s.stat.ring_limit;
	s.stat.pmem_now = 0;
	s.stat.pmem_max = 0;
	show_plot_line(begin(), 10.5, &s);
	printed();
	expect("[######################### ] 100%  [                          ]   0%");
}

static void json(void)
{
	struct sample s = busy();

	show_json(begin(), &client, 10, &s);
	printed();
	expect("{\"device\":\"/dev/vrpq-clt-\\\"vogl0\\\"\",\"role\":\"client\",\"time\":2.5,");
	expect("\"sessions\":{\"now\":1,\"max\":2,\"total\":9}");
	expect("\"parameter_pages\":{\"now\":256,\"max\":512,\"limit\":512}");
	expect("\"counters\":{\"notify\":5,\"post_multi_call\":10,");
	expect("\"procedures\":[{\"group\":1,\"function\":5,\"count\":700},");
	expect("}]}\n");
	show_json(begin(), &server, 10, &s);
	printed();
	expect("\"role\":\"server\"");
	CU_ASSERT_PTR_NULL(strstr(text, "counters"));
	expect("\"withheld_pages\":0}\n");
}

int main(void)
{
	static const struct unit_test samples[] = {
		{ "totals add up", totals_add_up },
		{ "rates are per second", rates_are_per_second },
		{ "rates survive a reset", rates_survive_a_reset },
		{ "rates without time", rates_without_time },
		{ "procedures are ranked", procs_are_ranked },
		{ "procedures of an interval", procs_of_an_interval },
		{ "percents", percents },
		{ "numbers stay short", numbers_stay_short },
	};
	static const struct unit_test forms[] = {
		{ "report", report },
		{ "table is aligned", table_is_aligned },
		{ "table of a server", table_of_a_server },
		{ "procedures", procs },
		{ "plot", plot },
		{ "JSON", json },
	};

	UNIT_ADD("samples", samples);
	UNIT_ADD("forms", forms);
	return unit_run("vrpqstat");
}
