// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "alloc.h"

#define REPLACEMENT	"\xef\xbf\xbd"

/* So many digits as a double has for sure: 0.1 is no 0.10000000000000001. */
#define DIGITS	15

json_t *json_put(json_t *in, const char *key, json_t *value)
{
	if (key ? json_object_set_new(in, key, value) : json_array_append_new(in, value))
		alloc_failed();
	return value;
}

static json_t *ascii_of(const char *text)
{
	char *copy = alloc_zero(strlen(text) + 1, strlen(REPLACEMENT)), *at = copy;
	json_t *value;

	for (; *text; text++)
		if (*text & 0x80)
			at = stpcpy(at, REPLACEMENT);
		else
			*at++ = *text;
	value = json_string(copy);
	free(copy);
	return value;
}

void json_put_text(json_t *in, const char *key, const char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	if (text && !value)
		value = ascii_of(text);
	json_put(in, key, value);
}

void json_put_number(json_t *in, const char *key, uint64_t number)
{
	json_put(in, key, number <= INT64_MAX ? json_integer((json_int_t)number) :
						json_real((double)number));
}

void json_put_bool(json_t *in, const char *key, bool value)
{
	json_put(in, key, json_boolean(value));
}

void json_print(FILE *out, json_t *value, size_t layout)
{
	char *text = json_dumps(value, layout | JSON_REAL_PRECISION(DIGITS));

	if (!text)
		alloc_failed();
	fprintf(out, "%s\n", text);
	free(text);
	json_decref(value);
}
