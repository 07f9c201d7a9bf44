// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes JSON. */
#include <assert.h>
#include <inttypes.h>

#include "json.h"

void json_quote(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* What stands before a value. */
static void lead(struct json *json, const char *key)
{
	if (json->filled[json->depth])
		fputc(',', json->out);
	json->filled[json->depth] = true;
	if (!key)
		return;
	json_quote(json->out, key);
	fputc(':', json->out);
}

static void begin(struct json *json, const char *key, const char *brackets)
{
	assert(json->depth < JSON_DEPTH_MAX);
	lead(json, key);
	fputc(brackets[0], json->out);
	json->depth++;
	json->filled[json->depth] = false;
	json->ends[json->depth] = brackets[1];
}

void json_object(struct json *json, const char *key)
{
	begin(json, key, "{}");
}

void json_array(struct json *json, const char *key)
{
	begin(json, key, "[]");
}

void json_end(struct json *json)
{
	assert(json->depth);
	fputc(json->ends[json->depth--], json->out);
	if (json->depth)
		return;
	fputc('\n', json->out);
	json->filled[0] = false;
}

void json_string(struct json *json, const char *key, const char *text)
{
	lead(json, key);
	if (text)
		json_quote(json->out, text);
	else
		fputs("null", json->out);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	lead(json, key);
	fprintf(json->out, "%" PRIu64, number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	lead(json, key);
	fputs(value ? "true" : "false", json->out);
}
