/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test data that either end can compute by itself: byte @offset of stream
 * @seed. Lost, doubled or swapped bytes show as a difference.
 */
#ifndef SUITES_PATTERN_H
#define SUITES_PATTERN_H

#include <stddef.h>
#include <stdint.h>

void pattern_fill(void *buffer, size_t length, uint64_t seed, uint64_t offset);

/* 0 when all bytes are right, else 1 + the stream offset of the first wrong one. */
uint64_t pattern_check(const void *buffer, size_t length, uint64_t seed, uint64_t offset);

/*
 * A sum over the records of PATTERN_RECORD bytes in @buffer that does not depend
 * on their order, but on each record's being whole. @length is a multiple.
 */
#define PATTERN_RECORD	16
uint64_t pattern_record_sum(const void *buffer, size_t length);

/* A small generator for sizes: a number from 1 to @max. */
size_t pattern_size(uint64_t *state, size_t max);

#endif
