// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs a fuzz target without a fuzzer: over the files of a corpus, and for some seconds over
 * random changes of them. The changes are the same in every run.
 *
 *     replay NAME SECONDS CORPUS
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

#define INPUT_MAX	65536

struct input {
	uint8_t bytes[INPUT_MAX];
	size_t size;
};

static uint32_t random_state = 2463534242u;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return limit ? random_state % limit : 0;
}

static struct input *read_input(const char *directory, const char *name)
{
	struct input *input = calloc(1, sizeof(*input));
	char path[4096];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	in = fopen(path, "re");
	if (!in || !input) {
		perror(path);
		exit(2);
	}
	input->size = fread(input->bytes, 1, INPUT_MAX, in);
	fclose(in);
	return input;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A bit, a byte, a word of the format, a cut, or a piece copied elsewhere. */
static void change(struct input *input)
{
	uint32_t size = (uint32_t)input->size, at = random_below(size), from, len;

	if (!size)
		return;
	switch (random_below(6)) {
	case 0:
		input->bytes[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 1:
		input->bytes[at] = (uint8_t)random_below(256);
		break;
	case 2:
		input->bytes[at] = (uint8_t)"{};=<>\"&/*\n\0"[random_below(12)];
		break;
	case 3:
		input->size = random_below(8) ? input->size : at;
		break;
	default:
		from = random_below(size);
		len = random_below(16);
		if (at + len <= size && from + len <= size)
			memmove(input->bytes + at, input->bytes + from, len);
	}
}

static void try(const struct input *input)
{
	LLVMFuzzerTestOneInput(input->bytes, input->size);
}

static unsigned long try_changes(struct input *const *inputs, uint32_t nr, long seconds)
{
	struct input changed;
	unsigned long tried = 0;
	time_t end = time(NULL) + seconds;
	uint32_t i;

	while (nr && time(NULL) < end) {
		changed = *inputs[random_below(nr)];
		for (i = random_below(8) + 1; i; i--)
			change(&changed);
		try(&changed);
		tried++;
	}
	return tried;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	struct input **inputs;
	unsigned long tried;
	int nr, i;

	nr = argc == 4 ? scandir(argv[3], &entries, is_file, alphasort) : 0;
	if (nr <= 0) {
		fprintf(stderr, "usage: replay NAME SECONDS CORPUS, which has files\n");
		return 2;
	}
	inputs = calloc((size_t)nr, sizeof(struct input *));
	for (i = 0; inputs && i < nr; i++) {
		inputs[i] = read_input(argv[3], entries[i]->d_name);
		try(inputs[i]);
		free(entries[i]);
	}
	tried = inputs ? try_changes(inputs, (uint32_t)nr, strtol(argv[2], NULL, 10)) : 0;
	for (i = 0; inputs && i < nr; i++)
		free(inputs[i]);
	free(inputs);
	free(entries);
	printf("%s: %d inputs and %lu changes of them\n", argv[1], nr, tried);
	printf("%s: %d passed, %d failed\n", argv[1], nr + (tried > 0), tried == 0);
	return !tried;
}
