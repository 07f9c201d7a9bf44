/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pattern.h"

#include <string.h>

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t word_at(uint64_t seed, uint64_t index)
{
	return mix(seed * 0x9e3779b97f4a7c15u + index);
}

static uint8_t byte_of(uint64_t word, uint64_t offset)
{
	return (uint8_t)(word >> (8 * (offset & 7)));
}

void pattern_fill(void *buffer, size_t length, uint64_t seed, uint64_t offset)
{
	uint64_t word = word_at(seed, offset >> 3);
	uint8_t *bytes = buffer;

	for (size_t i = 0; i < length; i++, offset++) {
		if (!(offset & 7))
			word = word_at(seed, offset >> 3);
		bytes[i] = byte_of(word, offset);
	}
}

uint64_t pattern_check(const void *buffer, size_t length, uint64_t seed, uint64_t offset)
{
	uint64_t word = word_at(seed, offset >> 3);
	const uint8_t *bytes = buffer;

	for (size_t i = 0; i < length; i++, offset++) {
		if (!(offset & 7))
			word = word_at(seed, offset >> 3);
		if (bytes[i] != byte_of(word, offset))
			return offset + 1;
	}
	return 0;
}

size_t pattern_size(uint64_t *state, size_t max)
{
	return 1 + mix(++*state) % max;
}

uint64_t pattern_record_sum(const void *buffer, size_t length)
{
	const char *bytes = buffer;
	uint64_t sum = 0, words[2];

	for (size_t at = 0; at + PATTERN_RECORD <= length; at += PATTERN_RECORD) {
		memcpy(words, bytes + at, sizeof(words));
		sum += mix(mix(words[0]) + words[1]);
	}
	return sum;
}
