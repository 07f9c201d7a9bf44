/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of JSON, by libjansson, for programs that end when memory is short. Text is UTF-8;
 * of text that is not, each byte beyond ASCII becomes the character U+FFFD.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * A new member of an object, or with @key NULL the next item of an array. @value is @in's from
 * now on, and returned.
 */
json_t *json_put(json_t *in, const char *key, json_t *value);
/* @text NULL: null */
void json_put_text(json_t *in, const char *key, const char *text);
void json_put_number(json_t *in, const char *key, uint64_t number);
void json_put_bool(json_t *in, const char *key, bool value);

/* Prints @value and a newline, and frees it. @layout: JSON_COMPACT or JSON_INDENT(). */
void json_print(FILE *out, json_t *value, size_t layout);

#endif
