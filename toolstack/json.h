/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes JSON. Strings may be any bytes: what is not printable ASCII is escaped, byte
 * by byte as Latin-1, since what is printed here is ASCII unless somebody cheats.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX	8

/* All zero but @out to begin with. */
struct json {
	FILE *out;
	unsigned int depth;
	bool filled[JSON_DEPTH_MAX + 1];	/* something stands at this depth */
	char ends[JSON_DEPTH_MAX + 1];		/* what closes it */
};

/* @key is NULL for the members of an array, and for the outermost value. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
/* Ends the innermost object or array; the outermost with a newline. */
void json_end(struct json *json);

/* @text NULL: null */
void json_string(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_bool(struct json *json, const char *key, bool value);

/* A string with its quotes alone. */
void json_quote(FILE *out, const char *text);

#endif
