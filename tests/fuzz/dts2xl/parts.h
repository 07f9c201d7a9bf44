/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reads hostile text, each by itself. */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include <stddef.h>
#include <stdint.h>

/* Device tree source, as far as it is read before dtc does. */
void fuzz_blocks(const char *text);
void fuzz_info(const char *text);
/* A class file. */
void fuzz_classes(const char *text);
/* A string of a vlink list. */
void fuzz_end_of_link(const char *text);
/* A config for --base. */
void fuzz_base(const char *text);

/* One of them, over all of an input. Returns 0. */
int fuzz_text(void (*parse)(const char *text), const uint8_t *data, size_t size);

#endif
