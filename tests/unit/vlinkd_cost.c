// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What it costs to choose the links of a board: strings that are compared, which
 * are the same number on every machine.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../toolstack/vlinkd/config.h"
#include "../../toolstack/vlinkd/log.h"
#include "unit.h"

static char dir[] = "/tmp/vlinkd-cost-XXXXXX";
static unsigned long compared;

int counted_strcmp(const char *a, const char *b)
{
	compared++;
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

void log_message(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void write_cfg(const char *name, const char *links)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.cfg", dir, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "name = \"%s\"\nvlink = [ %s ]\n", name, links);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static bool remove_cfgs(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -f %s/*.cfg", dir);
	return !system(command);
}

/* A server domain with a link to each of @nr others; one of ten has no such end. */
static void one_server(unsigned int nr)
{
	char *links = NULL, name[16], link[128];
	size_t size;
	FILE *out = open_memstream(&links, &size);
	unsigned int i;

	CU_ASSERT_TRUE_FATAL(remove_cfgs());
	for (i = 0; i < nr; i++) {
		fprintf(out, "\"link=l%u,class=vrpq,role=server,peer=c%u,unit=%u\", ", i, i, i);
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(link, sizeof(link), "\"link=l%u,class=vrpq,role=client,peer=server,unit=0\"",
			 i % 10 ? i : i + nr);
		write_cfg(name, link);
	}
	fclose(out);
	write_cfg("server", links);
	free(links);
}

static unsigned long cost_of(unsigned int nr)
{
	const char *const dirs[] = { dir };
	struct config config = { .dirs = dirs, .nr_dirs = 1 };

	one_server(nr);
	config_reload(&config);
	compared = 0;
	config_judge(&config, NULL);
	CU_ASSERT_EQUAL(config.nr_ends, 2 * (nr - nr / 10));
	config_clear(&config);
	return compared;
}

/* Sorting is the most of it: twice as much costs little more than twice. */
static void choosing_is_near_linear(void)
{
	unsigned long small = cost_of(250), large = cost_of(2000);

	printf("[comparisons: 250 domains %lu, 2000 domains %lu] ", small, large);
	CU_ASSERT_TRUE(small > 250);
	CU_ASSERT_TRUE(large < 8 * small * 2);
}

static const struct unit_test tests[] = {
	{ "choosing links is near linear", choosing_is_near_linear },
};

int main(void)
{
	int status;

	if (!mkdtemp(dir))
		return 2;
	UNIT_ADD("vlinkd-cost", tests);
	status = unit_run("vlinkd-cost");
	return !remove_cfgs() || rmdir(dir) ? 2 : status;
}
