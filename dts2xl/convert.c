// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amend.h"
#include "blob.h"
#include "cid.h"
#include "convert.h"
#include "dtc.h"
#include "mem.h"
#include "number.h"
#include "resolve.h"
#include "tree.h"
#include "vlinkcfg/private.h"
#include "vm.h"

static const unsigned char blob_magic[] = { 0xd0, 0x0d, 0xfe, 0xed };

/* The size of a blob's file, or 0, with a message. */
static size_t blob_size(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		diag_error(CODE_FILE, diag_whole("dts2xl"), "%s: %s", path, strerror(errno));
	else if (st.st_size > BLOB_SIZE_MAX)
		diag_error(CODE_BLOB_LIMIT, diag_whole(path), "larger than %u bytes", BLOB_SIZE_MAX);
	else
		return (size_t)st.st_size;
	return 0;
}

/* True if the file is a blob, by its first bytes or its name. */
static bool is_blob(int fd, const char *path)
{
	unsigned char begin[sizeof(blob_magic)] = { 0 };
	const char *dot = strrchr(path, '.');

	if (pread(fd, begin, sizeof(begin), 0) == sizeof(begin) &&
	    !memcmp(begin, blob_magic, sizeof(begin)))
		return true;
	return dot && (!strcmp(dot, ".dtb") || !strcmp(dot, ".dtbo"));
}

static void read_blob(struct conversion *conversion, int fd, const char *path)
{
	size_t size = blob_size(fd, path);
	ssize_t len;
	char *fdt;

	if (diag_errors() && !size)
		return;
	fdt = mem_alloc(size + 1);
	len = vlinkcfg_read_up_to(fd, fdt, size);
	if (len < 0) {
		diag_error(CODE_FILE, diag_whole("dts2xl"), "%s: %s", path, strerror(errno));
		return;
	}
	source_add_input(&conversion->source, path);
	convert_blob(conversion, path, fdt, (size_t)len);
}

#define STDIN_NAME	"<stdin>"

/* Its size is not known before. */
static void read_stdin(struct conversion *conversion)
{
	const size_t max = BLOB_SIZE_MAX;
	char *data = mem_alloc(max + 2);
	ssize_t len = vlinkcfg_read_up_to(STDIN_FILENO, data, max + 1);

	if (len < 0)
		diag_error(CODE_FILE, diag_whole(STDIN_NAME), "%s", strerror(errno));
	else if ((size_t)len > max)
		diag_error(CODE_BLOB_LIMIT, diag_whole(STDIN_NAME), "larger than %u bytes", BLOB_SIZE_MAX);
	else if ((size_t)len >= sizeof(blob_magic) && !memcmp(data, blob_magic, sizeof(blob_magic)))
		convert_blob(conversion, STDIN_NAME, data, (size_t)len);
	else
		source_read_stdin(&conversion->source, &conversion->cpp, data, (size_t)len, STDIN_NAME);
}

void convert_read(struct conversion *conversion, const char *path)
{
	/* O_NONBLOCK: a FIFO without a writer must not stop us. */
	int fd = -1;
	struct stat st;

	if (!strcmp(path, "-")) {
		read_stdin(conversion);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && is_blob(fd, path))
		read_blob(conversion, fd, path);
	else
		source_read(&conversion->source, &conversion->cpp, path);
	if (fd >= 0)
		close(fd);
}

void convert_blob(struct conversion *conversion, const char *name, const void *fdt, size_t size)
{
	tree_read(&conversion->model, NULL, name, fdt, size);
	conversion->nr_blobs++;
}

static void compile(struct conversion *conversion)
{
	struct unit *units, *unit;
	const void *fdt;
	size_t nr, size;

	units = units_of(&conversion->source, conversion->nr_blobs, &nr);
	FOR_EACH(unit, units, nr) {
		/* Also after an error: all that dtc has to say is to be seen at once. */
		fdt = dtc_compile(conversion->dtc, unit, &size);
		if (fdt && !diag_errors())
			tree_read(&conversion->model, unit, NULL, fdt, size);
	}
}

/* Fragments alone define no VM; where a board file does, others may be slips. */
static void check_defined(const struct model *model)
{
	bool any = false;
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		any = any || model->vms[i].defined;
	for (i = 0; any && i < model->nr_vms; i++)
		if (!model->vms[i].defined && model->vms[i].number != VM_DOM0)
			diag_warning(CODE_UNDEFINED_VM, model->vms[i].pos,
				     "vm%u is defined by no tree of the input, though others are",
				     model->vms[i].number);
}

static void check_input(struct conversion *conversion)
{
	size_t i;

	check_defined(&conversion->model);
	amend_all(&conversion->model);
	model_drop_disabled(&conversion->model);
	vms_check(&conversion->model);
	for (i = 0; i < conversion->model.nr_trees; i++)
		tree_check_strays(conversion->model.trees[i]);
	if (!conversion->model.nr_vms && !diag_errors())
		diag_error(CODE_EMPTY_INPUT, diag_whole("dts2xl"),
			   "no &vmN_vdevs { } block in the input");
}

static void settle(struct conversion *conversion)
{
	struct model *model = &conversion->model;

	bases_settle(&conversion->bases, conversion->emission.force);
	domains_settle(model, &conversion->mappings, &conversion->bases);
	if (!diag_errors())
		resolve(model);
	if (!diag_errors())
		number_ends(model);
	check_cids(model);
	if (diag_errors())
		return;
	defaults_check(&conversion->defaults, model);
	bases_check(&conversion->bases, model);
}

void convert_finish(struct conversion *conversion)
{
	conversion->model.source = &conversion->source;
	compile(conversion);
	if (!diag_errors())
		check_input(conversion);
	if (!diag_errors())
		settle(conversion);
	if (diag_errors())
		return;
	conversion->configs = compose(&conversion->emission, &conversion->model);
	if (!diag_errors())
		verify_texts(&conversion->configs, conversion->model.classes);
}
