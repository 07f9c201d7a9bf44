// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/json.h"
#include "show.h"

#include <inttypes.h>
#include <string.h>

const char *brief_number(double value, char text[8])
{
	static const char suffixes[] = "KMGTP";
	int i = -1;

	/* 99999.5 would become six digits. */
	while (value >= (i < 0 ? 99999.5 : 9999.5) && i < 4) {
		value /= 1000;
		i++;
	}
	if (value >= 99999.5)
		snprintf(text, 8, "many");
	else if (i < 0)
		snprintf(text, 8, "%.0f", value);
	else
		snprintf(text, 8, "%.0f%c", value, suffixes[i]);
	return text;
}

/* --- report ------------------------------------------------------------------ */

static void report_use(FILE *out, const char *what, uint32_t now, uint32_t max, uint32_t limit,
		       const char *key)
{
	fprintf(out, "%-16s %u now (%u%%), %u at most (%u%%), %s allows %u\n", what, now,
		percent(now, limit), max, percent(max, limit), key, limit);
}

static void report_counters(FILE *out, const struct sample *sample)
{
	unsigned int id;

	for (id = 0; id < sizeof(sample->stat.counters) / sizeof(sample->stat.counters[0]); id++)
		if (counter_name(id))
			fprintf(out, "  %-22s %" PRIu64 "\n", counter_name(id),
				(uint64_t)sample->stat.counters[id]);
}

static void report_procs(FILE *out, const struct sample *sample)
{
	struct sample_proc ranked[SAMPLE_PROCS];
	size_t i, n = sample_rank_procs(NULL, sample, ranked);

	for (i = 0; i < n; i++)
		fprintf(out, "  %u.%-20u %u\n", VRPQ_PROC_ID_GRP_GET(ranked[i].id),
			VRPQ_PROC_ID_FUNC_GET(ranked[i].id), ranked[i].count);
}

static void report_client(FILE *out, const struct sample *sample)
{
	const struct vrpq_stat_args *stat = &sample->stat;
	struct activity all = activity_total(sample);

	report_use(out, "requests", stat->reqs_now, stat->reqs_max, stat->reqs_limit, "vrpq-reqs");
	report_use(out, "ring pages", stat->ring_now, stat->ring_max, stat->ring_limit,
		   "vrpq-reqs");
	report_use(out, "parameter pages", stat->pmem_now, stat->pmem_max, stat->pmem_limit,
		   "vrpq-pmem");
	fprintf(out, "%-16s %.0f\n%-16s %.0f\n%-16s %.0f\n%-16s %.0f\n%-16s %.0f\n", "posts",
		all.posts, "calls", all.calls, "notifies", all.notifies, "waits for room",
		all.waits, "wake-ups", all.wakeups);
	fprintf(out, "counters\n");
	report_counters(out, sample);
	fprintf(out, "procedures (group.function)\n");
	report_procs(out, sample);
}

void show_report(FILE *out, const struct device *device, const struct sample *sample)
{
	const struct vrpq_stat_args *stat = &sample->stat;

	fprintf(out, "%s, the %s's end\n", device->path, device->server ? "server" : "client");
	fprintf(out, "%-16s %u now, %u at most, %" PRIu64 " in all\n", "sessions", stat->sessions,
		stat->sessions_max, (uint64_t)stat->sessions_total);
	fprintf(out, "%-16s %u now, %u at most, %" PRIu64 " in all\n", "channels", stat->channels,
		stat->channels_max, (uint64_t)stat->channels_total);
	fprintf(out, "%-16s %" PRIu64 " rung, %" PRIu64 " heard\n", "bells",
		(uint64_t)stat->bells_rung, (uint64_t)stat->bells_heard);
	fprintf(out, "%-16s %" PRIu64 " sent, %" PRIu64 " received\n", "events",
		(uint64_t)stat->events_sent, (uint64_t)stat->events_received);
	if (stat->quarantined)
		fprintf(out, "%-16s %u, which a former peer still maps\n", "withheld pages",
			stat->quarantined);
	if (!device->server)
		report_client(out, sample);
}

/* --- table ------------------------------------------------------------------- */

void show_table_head(FILE *out, const struct device *device)
{
	if (device->server) {
		fputs("---- now ----  --------- per second ---------\n", out);
		fputs("sess chan       bells heard  sent  received\n", out);
		return;
	}
	fputs("--- now --  - requests -   --- ring pages --   parameter pages -"
	      "   ----------- per second ------------\n", out);
	fputs("sess  chan    now   peak     now  peak   use     now  peak   use"
	      "   posts calls notif waits wakes bells\n", out);
}

static void server_line(FILE *out, const struct sample *before, const struct sample *after)
{
	struct activity now = activity_per_second(before, after);
	double seconds = after->time > before->time ? after->time - before->time : 1;
	char text[4][8];

	fprintf(out, "%4u %4u       %5s %5s %5s  %8s\n", after->stat.sessions,
		after->stat.channels, brief_number(now.bells, text[0]),
		brief_number((double)(after->stat.bells_heard - before->stat.bells_heard) / seconds,
			     text[1]),
		brief_number(now.events, text[2]),
		brief_number((double)(after->stat.events_received -
				      before->stat.events_received) / seconds, text[3]));
}

static void pages_columns(FILE *out, uint32_t now, uint32_t max, uint32_t limit)
{
	char text[2][8];

	fprintf(out, "   %5s %5s %4u%%", brief_number(now, text[0]), brief_number(max, text[1]),
		percent(now, limit));
}

void show_table_line(FILE *out, const struct device *device, const struct sample *before,
		     const struct sample *after)
{
	struct activity now = activity_per_second(before, after);
	const struct vrpq_stat_args *stat = &after->stat;
	char text[6][8];

	if (device->server) {
		server_line(out, before, after);
		return;
	}
	fprintf(out, "%4u  %4u  %5s  %5s", stat->sessions, stat->channels,
		brief_number(stat->reqs_now, text[0]), brief_number(stat->reqs_max, text[1]));
	pages_columns(out, stat->ring_now, stat->ring_max, stat->ring_limit);
	pages_columns(out, stat->pmem_now, stat->pmem_max, stat->pmem_limit);
	fprintf(out, "   %5s %5s %5s %5s %5s %5s\n", brief_number(now.posts, text[0]),
		brief_number(now.calls, text[1]), brief_number(now.notifies, text[2]),
		brief_number(now.waits, text[3]), brief_number(now.wakeups, text[4]),
		brief_number(now.bells, text[5]));
}

/* --- procedures -------------------------------------------------------------- */

void show_procs_head(FILE *out)
{
	fputs("    time  group function  requests\n", out);
}

void show_procs(FILE *out, double start, const struct sample *before, const struct sample *after)
{
	struct sample_proc ranked[SAMPLE_PROCS];
	size_t i, n = sample_rank_procs(before, after, ranked);

	for (i = 0; i < n; i++)
		fprintf(out, "%8.1f  %5u %8u  %8u\n", after->time - start,
			VRPQ_PROC_ID_GRP_GET(ranked[i].id), VRPQ_PROC_ID_FUNC_GET(ranked[i].id),
			ranked[i].count);
	if (!n)
		fprintf(out, "%8.1f      -        -         -\n", after->time - start);
}

/* --- plot -------------------------------------------------------------------- */

#define PLOT_WIDTH	25	/* 4 % a character */

/* '#' to what is in use, '|' at the peak, '>' where there is more than the link's limit. */
static void plot_bar(FILE *out, uint32_t now, uint32_t max, uint32_t limit)
{
	char bar[PLOT_WIDTH + 2];
	unsigned int used = percent(now, limit), peak = percent(max, limit);
	unsigned int length = (used * PLOT_WIDTH + 99) / 100, at = (peak * PLOT_WIDTH + 99) / 100;

	memset(bar, ' ', sizeof(bar));
	bar[PLOT_WIDTH + 1] = '\0';
	if (at > length && at <= PLOT_WIDTH)
		bar[at - 1] = '|';
	memset(bar, '#', length < PLOT_WIDTH ? length : PLOT_WIDTH);
	if (used > 100 || peak > 100)
		bar[PLOT_WIDTH] = '>';
	fprintf(out, "[%s] %3u%%", bar, used);
}

void show_plot_head(FILE *out)
{
	fprintf(out, "%8s  %-33s  %-33s  %s\n", "time", " ring pages", " parameter pages", "requests");
}

void show_plot_line(FILE *out, double start, const struct sample *sample)
{
	const struct vrpq_stat_args *stat = &sample->stat;

	fprintf(out, "%8.1f  ", sample->time - start);
	plot_bar(out, stat->ring_now, stat->ring_max, stat->ring_limit);
	fputs("  ", out);
	plot_bar(out, stat->pmem_now, stat->pmem_max, stat->pmem_limit);
	fprintf(out, "  %u\n", stat->reqs_now);
}

/* --- JSON -------------------------------------------------------------------- */

static void put_use(json_t *json, const char *what, uint32_t now, uint32_t max, uint32_t limit)
{
	json_t *use = json_put(json, what, json_object());

	json_put_number(use, "now", now);
	json_put_number(use, "max", max);
	json_put_number(use, "limit", limit);
}

static void put_objects(json_t *json, const char *what, uint32_t now, uint32_t max, uint64_t total)
{
	json_t *objects = json_put(json, what, json_object());

	json_put_number(objects, "now", now);
	json_put_number(objects, "max", max);
	json_put_number(objects, "total", total);
}

static void put_pair(json_t *json, const char *what, const char *name_a, uint64_t a,
		     const char *name_b, uint64_t b)
{
	json_t *pair = json_put(json, what, json_object());

	json_put_number(pair, name_a, a);
	json_put_number(pair, name_b, b);
}

static void put_counters(json_t *counters, const struct sample *sample)
{
	unsigned int id;

	for (id = 0; id < sizeof(sample->stat.counters) / sizeof(sample->stat.counters[0]); id++)
		if (counter_name(id))
			json_put_number(counters, counter_name(id), sample->stat.counters[id]);
}

static void put_procs(json_t *procs, const struct sample *sample)
{
	struct sample_proc ranked[SAMPLE_PROCS];
	size_t i, n = sample_rank_procs(NULL, sample, ranked);

	for (i = 0; i < n; i++) {
		json_t *proc = json_put(procs, NULL, json_object());

		json_put_number(proc, "group", VRPQ_PROC_ID_GRP_GET(ranked[i].id));
		json_put_number(proc, "function", VRPQ_PROC_ID_FUNC_GET(ranked[i].id));
		json_put_number(proc, "count", ranked[i].count);
	}
}

static void put_client(json_t *json, const struct sample *sample)
{
	const struct vrpq_stat_args *stat = &sample->stat;

	put_use(json, "requests", stat->reqs_now, stat->reqs_max, stat->reqs_limit);
	put_use(json, "ring_pages", stat->ring_now, stat->ring_max, stat->ring_limit);
	put_use(json, "parameter_pages", stat->pmem_now, stat->pmem_max, stat->pmem_limit);
	json_put_number(json, "wakeups", stat->wakeups);
	put_counters(json_put(json, "counters", json_object()), sample);
	put_procs(json_put(json, "procedures", json_array()), sample);
}

/* To milliseconds. */
static double rounded(double seconds)
{
	return (double)(long long)(seconds * 1000 + 0.5) / 1000;
}

void show_json(FILE *out, const struct device *device, double start, const struct sample *sample)
{
	const struct vrpq_stat_args *stat = &sample->stat;
	json_t *json = json_object();

	json_put_text(json, "device", device->path);
	json_put_text(json, "role", device->server ? "server" : "client");
	json_put(json, "time", json_real(rounded(sample->time - start)));
	put_objects(json, "sessions", stat->sessions, stat->sessions_max, stat->sessions_total);
	put_objects(json, "channels", stat->channels, stat->channels_max, stat->channels_total);
	put_pair(json, "bells", "rung", stat->bells_rung, "heard", stat->bells_heard);
	put_pair(json, "events", "sent", stat->events_sent, "received", stat->events_received);
	json_put_number(json, "withheld_pages", stat->quarantined);
	if (!device->server)
		put_client(json, sample);
	json_print(out, json, JSON_COMPACT);
}
