// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit.h"
#include "main.h"
#include "mem.h"

#define HEADER	"# Written by dts2xl "

struct file {
	const struct vm *vm;
	const char *text;
	char *path;
	char *temporary;	/* NULL: not there */
	struct vlinkcfg_domain back;
};

/* What was said wrongly here cannot be the user's fault. */
#define INTERNAL	"internal error, nothing was written: "

static void remove_temporaries(struct file *files, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (files[i].temporary)
			unlink(files[i].temporary);
		files[i].temporary = NULL;
		vlinkcfg_domain_clear(&files[i].back);
	}
}

static void print_vlink(FILE *out, const struct vm *vm)
{
	char *text, *escaped;
	size_t i;

	fputs("vlink = [\n", out);
	for (i = 0; i < vm->nr_ends; i++) {
		text = vlinkcfg_end_format(&vm->ends[i].cfg);
		escaped = text ? vlinkcfg_escape(text) : NULL;
		if (!escaped)
			diag_fatal("out of memory");
		fprintf(out, "    \"%s\",\n", escaped);
		free(escaped);
		free(text);
	}
	fputs("]\n", out);
}

static const char *compose(const struct emission *emission, const struct vm *vm)
{
	char *buf = NULL, *text;
	size_t len;
	FILE *out = open_memstream(&buf, &len);

	if (!out)
		diag_fatal("out of memory");
	fprintf(out, HEADER "%s from %s; the next run replaces this file.\n",
		DTS2XL_VERSION, emission->inputs);
	fprintf(out, "name = \"%s\"\n", model_domain_name(vm->number));
	if (vm->number == VM_DOM0)
		fputs("# Never created: this file only holds Domain-0's ends of links.\n", out);
	else
		fputs(defaults_for(emission->defaults, vm), out);
	print_vlink(out, vm);
	if (fclose(out))
		diag_fatal("out of memory");
	text = mem_string(buf);
	free(buf);
	return text;
}

static bool is_ours(const char *path)
{
	char line[sizeof(HEADER)] = "";
	FILE *in = fopen(path, "re");

	if (!in)
		return errno == ENOENT || errno == ENOTDIR;
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	fclose(in);
	return !strcmp(line, HEADER);
}

static void check_targets(const struct emission *emission, const struct file *files, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!emission->force && !is_ours(files[i].path))
			diag_error((struct pos){ .file = files[i].path },
				   "exists and was not written by dts2xl: --force replaces it");
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t put;

	while (left) {
		put = write(fd, text, left);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text += put;
		left -= (size_t)put;
	}
	return !fsync(fd);
}

/* mkstemp() makes files that only their owner may read. */
static bool give_usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return !fchmod(fd, 0666 & ~mask);
}

static bool write_temporary(const struct emission *emission, struct file *file)
{
	char *path = mem_printf("%s/.vm%u.cfg.XXXXXX", emission->directory, file->vm->number);
	int fd = mkostemp(path, O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	file->temporary = path;
	done = write_all(fd, file->text) && give_usual_mode(fd);
	return !close(fd) && done;
}

static bool same_end(const struct end *end, const struct vlinkcfg_end *back)
{
	char *want = vlinkcfg_end_format(&end->cfg), *got = vlinkcfg_end_format(back);
	bool same = want && got && !strcmp(want, got);

	free(want);
	free(got);
	return same;
}

static void report_disagreement(void *arg, const char *text)
{
	(void)arg;
	diag_error((struct pos){ .file = "dts2xl" }, INTERNAL "%s", text);
}

/* Reads a file as vlinkd will, and compares it with what was meant. */
static void verify(struct file *file)
{
	char err[VLINKCFG_ERR_MAX];
	size_t i;

	if (vlinkcfg_domain_read(file->temporary, &file->back, err)) {
		diag_error((struct pos){ .file = file->path }, INTERNAL "%s", err);
		return;
	}
	if (strcmp(file->back.name, model_domain_name(file->vm->number)) ||
	    file->back.nr_ends != file->vm->nr_ends)
		diag_error((struct pos){ .file = file->path }, INTERNAL "it reads differently");
	for (i = 0; i < file->back.nr_ends && i < file->vm->nr_ends; i++)
		if (!same_end(&file->vm->ends[i], &file->back.ends[i]))
			diag_error((struct pos){ .file = file->path }, INTERNAL "link '%s' reads differently",
				   file->vm->ends[i].cfg.link);
}

static void verify_all(struct file *files, size_t nr)
{
	struct vlinkcfg_domain *doms = mem_alloc(nr * sizeof(*doms));
	size_t i;

	for (i = 0; i < nr && !diag_errors(); i++) {
		verify(&files[i]);
		doms[i] = files[i].back;
	}
	if (!diag_errors())
		vlinkcfg_check(doms, nr, report_disagreement, NULL);
}

static struct file *prepare(const struct emission *emission, const struct model *model)
{
	struct file *files = mem_alloc(model->nr_vms * sizeof(*files));
	size_t i;

	for (i = 0; i < model->nr_vms; i++) {
		files[i].vm = &model->vms[i];
		files[i].text = compose(emission, files[i].vm);
		files[i].path = mem_printf("%s/vm%u.cfg", emission->directory,
					   files[i].vm->number);
	}
	return files;
}

static void write_temporaries(const struct emission *emission, struct file *files, size_t nr)
{
	size_t i;
	int why;

	if (mkdir(emission->directory, 0777) && errno != EEXIST)
		diag_fatal("cannot make the directory %s: %s", emission->directory,
			   strerror(errno));
	for (i = 0; i < nr; i++) {
		if (write_temporary(emission, &files[i]))
			continue;
		why = errno;
		remove_temporaries(files, nr);
		diag_fatal("cannot write to %s: %s", emission->directory, strerror(why));
	}
}

static void rename_all(struct file *files, size_t nr)
{
	size_t i;
	int why;

	for (i = 0; i < nr; i++) {
		if (rename(files[i].temporary, files[i].path)) {
			why = errno;
			remove_temporaries(files, nr);
			diag_fatal("cannot write %s: %s", files[i].path, strerror(why));
		}
		files[i].temporary = NULL;
	}
}

void emit(const struct emission *emission, const struct model *model)
{
	struct file *files = prepare(emission, model);

	check_targets(emission, files, model->nr_vms);
	if (diag_errors())
		return;
	write_temporaries(emission, files, model->nr_vms);
	verify_all(files, model->nr_vms);
	if (!diag_errors())
		rename_all(files, model->nr_vms);
	remove_temporaries(files, model->nr_vms);
}
