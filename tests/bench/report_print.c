// SPDX-License-Identifier: LGPL-2.1-or-later
/* The three forms of a report: table, JSON and SVG. */
#include "report.h"

#include <math.h>
#include <string.h>

static void bar_text(const struct row *row, char *text, size_t size)
{
	if (row->bar == BAR_NONE)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%s %g", row->bar == BAR_AT_LEAST ? ">=" : "<=", row->limit);
}

static void spread_text(const struct spread *s, char *text, size_t size)
{
	if (s->n)
		snprintf(text, size, "%.4g (%.4g-%.4g)", s->median, s->low, s->high);
	else
		snprintf(text, size, "nothing");
}

static const char *verdict(const struct outcome *o)
{
	if (!o->complete)
		return o->ratio.n ? "INCOMPLETE" : "FAILED";
	if (o->row->bar == BAR_NONE)
		return "";
	return o->ok ? "met" : "not met";
}

static void print_text_row(FILE *out, const struct outcome *o)
{
	char value[64], peer[64] = "", ratio[64], bar[32];

	spread_text(&o->value, value, sizeof(value));
	if (o->peer_called)
		spread_text(&o->peer, peer, sizeof(peer));
	spread_text(&o->ratio, ratio, sizeof(ratio));
	bar_text(o->row, bar, sizeof(bar));
	fprintf(out, "%-20s %-22s %-5s %-14s %-22s %-22s %-7s %2zu  %s\n", o->row->id, value, o->unit,
		o->peer_called ? o->peer_called : "", peer, ratio, bar, o->ratio.n, verdict(o));
}

/* The first sample of an id stands for all of them. */
static bool is_first(const struct results *results, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (!strcmp(results->samples[i].id, results->samples[at].id))
			return false;
	return true;
}

void print_text(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr)
{
	size_t i;

	fprintf(out, "%s, %s guest, Xen %s, Linux %s, clock: %s; medians and (lowest-highest) of %u repetitions\n\n",
		results->arch, results->guest, results->xen, results->kernel, results->clock,
		results->reps);
	fprintf(out, "%-20s %-22s %-5s %-14s %-22s %-22s %-7s %2s\n", "row", "value", "", "against", "",
		"ratio", "bar", "n");
	for (i = 0; i < nr; i++)
		print_text_row(out, &outcomes[i]);
	fprintf(out, "\nall that was measured\n");
	for (i = 0; i < results->nr_samples; i++) {
		struct spread s;
		char text[64];

		if (!is_first(results, i))
			continue;
		s = samples_spread(results, results->samples[i].id);
		spread_text(&s, text, sizeof(text));
		fprintf(out, "%-30s %-28s %s\n", results->samples[i].id, text, results->samples[i].unit);
	}
}

static void json_string(FILE *out, const char *text)
{
	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void json_number(FILE *out, const struct spread *s, double value)
{
	if (s->n)
		fprintf(out, "%.6g", value);
	else
		fputs("null", out);
}

static void json_row(FILE *out, const struct outcome *o)
{
	char bar[32];

	bar_text(o->row, bar, sizeof(bar));
	fputs("{\"id\":", out);
	json_string(out, o->row->id);
	fputs(",\"value\":", out);
	json_number(out, &o->value, o->value.median);
	fputs(",\"unit\":", out);
	json_string(out, o->unit);
	fputs(",\"peer\":", out);
	json_string(out, o->peer_called);
	fputs(",\"peer_value\":", out);
	json_number(out, &o->peer, o->peer.median);
	fputs(",\"ratio\":", out);
	json_number(out, &o->ratio, o->ratio.median);
	fputs(",\"low\":", out);
	json_number(out, &o->ratio, o->ratio.low);
	fputs(",\"high\":", out);
	json_number(out, &o->ratio, o->ratio.high);
	fprintf(out, ",\"n\":%zu,\"bar\":", o->ratio.n);
	json_string(out, bar);
	fprintf(out, ",\"ok\":%s}", o->ok && o->complete ? "true" : "false");
}

/* Rows without a bar are for the reader of the table only. */
void print_json(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr)
{
	const char *separator = "";
	size_t i;

	fputs("{\"arch\":", out);
	json_string(out, results->arch);
	fputs(",\"guest\":", out);
	json_string(out, results->guest);
	fputs(",\"clock\":", out);
	json_string(out, results->clock);
	fputs(",\"xen\":", out);
	json_string(out, results->xen);
	fputs(",\"kernel\":", out);
	json_string(out, results->kernel);
	fputs(",\"rows\":[", out);
	for (i = 0; i < nr; i++) {
		if (outcomes[i].row->bar == BAR_NONE)
			continue;
		fprintf(out, "%s\n  ", separator);
		json_row(out, &outcomes[i]);
		separator = ",";
	}
	fputs("\n]}\n", out);
}

#define SVG_LEFT	190	/* of the plot area, beside the names */
#define SVG_WIDTH	480
#define SVG_LINE	34
#define SVG_TOP		48
#define SVG_DECADES	2	/* the axis goes from 1/10 to 10 times the bar */

/* How far a ratio is beyond its bar, as a factor: above 1 is better. */
static double beyond_bar(const struct row *row, double ratio)
{
	if (!(ratio > 0))
		return 0;
	return row->bar == BAR_AT_LEAST ? ratio / row->limit : row->limit / ratio;
}

static double svg_x(double factor)
{
	double part = factor > 0 ? (log10(factor) + 1) / SVG_DECADES : 0;

	if (part < 0)
		part = 0;
	if (part > 1)
		part = 1;
	return SVG_LEFT + part * SVG_WIDTH;
}

static void svg_row(FILE *out, const struct outcome *o, double y)
{
	double at = svg_x(beyond_bar(o->row, o->ratio.median));
	double one = svg_x(1), low = svg_x(beyond_bar(o->row, o->ratio.low));
	double high = svg_x(beyond_bar(o->row, o->ratio.high));
	fprintf(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n", SVG_LEFT - 8, y + 14,
		o->row->id);
	if (!o->ratio.n) {
		fprintf(out, "<text x=\"%.1f\" y=\"%.0f\">failed</text>\n", one + 6, y + 14);
		return;
	}
	fprintf(out, "<rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>\n",
		fmin(at, one), y, fmax(fabs(at - one), 1), o->ok ? "#4a9" : "#c64");
	fprintf(out, "<path d=\"M%.1f %.0fH%.1f\" stroke=\"black\"/>\n", fmin(low, high), y + 9,
		fmax(low, high));
	fprintf(out, "<text x=\"%d\" y=\"%.0f\">%.3g (%s %g)</text>\n", SVG_LEFT + SVG_WIDTH + 8, y + 14,
		o->ratio.median, o->row->bar == BAR_AT_LEAST ? "&gt;=" : "&lt;=", o->row->limit);
}

static void svg_axis(FILE *out, double bottom)
{
	static const double ticks[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10 };
	size_t i;

	for (i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		double x = svg_x(ticks[i]);

		fprintf(out, "<path d=\"M%.1f %dV%.0f\" stroke=\"%s\"/>", x, SVG_TOP - 8, bottom,
			ticks[i] == 1 ? "black" : "#ccc");
		fprintf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%g</text>\n", x, bottom + 14,
			ticks[i]);
	}
}

void print_svg(FILE *out, const struct results *results, const struct outcome *outcomes, size_t nr)
{
	size_t i, rows = 0;
	double bottom;

	for (i = 0; i < nr; i++)
		rows += outcomes[i].row->bar != BAR_NONE;
	bottom = SVG_TOP + (double)rows * SVG_LINE;
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\">\n",
		SVG_LEFT + SVG_WIDTH + 130, bottom + 24);
	fprintf(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n");
	fprintf(out, "<text x=\"8\" y=\"20\">How far each row is beyond its bar, as a factor: %s, %s guest, clock: %s, median and spread of %u</text>\n",
		results->arch, results->guest, results->clock, results->reps);
	svg_axis(out, bottom);
	rows = 0;
	for (i = 0; i < nr; i++)
		if (outcomes[i].row->bar != BAR_NONE)
			svg_row(out, &outcomes[i], SVG_TOP + (double)rows++ * SVG_LINE);
	fputs("</svg>\n", out);
}
