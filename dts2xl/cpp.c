// SPDX-License-Identifier: LGPL-2.1-or-later
/* Runs source through the C preprocessor, as kernels do with theirs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "process.h"
#include "source.h"

#define TIMEOUT_MS	20000
#define OUTPUT_MAX	(64u << 20)

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* #clone and the like are properties: only the preprocessor's own words count. */
static bool is_directive(const char *line)
{
	static const char *const words[] = {
		"include", "define", "undef", "if", "ifdef", "ifndef", "else", "elif",
		"endif", "error", "pragma", "warning",
	};
	size_t i, len;

	line = skip_blanks(line);
	if (*line != '#')
		return false;
	line = skip_blanks(line + 1);
	len = strspn(line, "abcdefghijklmnopqrstuvwxyz");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len == strlen(words[i]) && !strncmp(line, words[i], len))
			return !strchr("=;,._+*#?@-", line[len]) || !line[len];
	return false;
}

static bool has_directives(const char *text)
{
	const char *line;

	for (line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (is_directive(line))
			return true;
	return false;
}

static char **arguments(const struct cpp *cpp, const char *path)
{
	static const char *const fixed[] = {
		"-nostdinc", "-undef", "-D__DTS__", "-C", "-fno-diagnostics-show-caret",
		"-x", "assembler-with-cpp",
	};
	char **argv = NULL;
	size_t nr = 0, i;

	*MEM_APPEND(argv, nr) = mem_string(cpp->program);
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		*MEM_APPEND(argv, nr) = mem_string(fixed[i]);
	for (i = 0; i < cpp->nr_arguments; i++)
		*MEM_APPEND(argv, nr) = cpp->arguments[i];
	/* A path must not be taken for an option. */
	*MEM_APPEND(argv, nr) = mem_printf("%s%s", *path == '-' && path[1] ? "./" : "", path);
	*MEM_APPEND(argv, nr) = NULL;
	return argv;
}

/* FILE:LINE:COLUMN: [fatal ]error|warning: what */
static bool report_line(char *line)
{
	char *kind = strstr(line, ": error: "), *text, *colon;
	struct pos pos = { .file = line };
	bool warning = false;

	if (!kind)
		kind = strstr(line, ": fatal error: ");
	if (!kind) {
		kind = strstr(line, ": warning: ");
		warning = true;
	}
	if (!kind)
		return false;
	text = strstr(kind + 2, ": ") + 2;
	*kind = '\0';
	colon = strchr(line, ':');
	if (colon && isdigit((unsigned char)colon[1])) {
		*colon = '\0';
		pos.line = (unsigned int)strtoul(colon + 1, &colon, 10);
		pos.column = *colon == ':' ? (unsigned int)strtoul(colon + 1, NULL, 10) : 0;
	}
	if (warning)
		diag_warning(CODE_PREPROCESSOR, pos, "%s", text);
	else
		diag_error(CODE_PREPROCESSOR, pos, "%s", text);
	return true;
}

static void report(const char *path, char *text, int status)
{
	unsigned int before = diag_errors();
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		report_line(line);
	if (status && diag_errors() == before)
		diag_error(CODE_PREPROCESSOR, diag_whole(path), "the preprocessor failed");
}

/* Files are named in the line markers of what was included. */
static void add_inputs(struct source *source, const char *text)
{
	const char *line, *name, *end;

	for (line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (line[0] != '#' || line[1] != ' ')
			continue;
		name = strchr(line, '"');
		end = name ? strpbrk(name + 1, "\"\n") : NULL;
		/* 1: a file is entered here */
		if (end && !strncmp(end, "\" 1", 3) && name[1] != '<')
			source_add_input(source, mem_copy(name + 1, (size_t)(end - name - 1)));
	}
}

const char *cpp_run(const struct cpp *cpp, const char *path, const char *text,
		    struct source *source)
{
	struct process process = { .timeout_ms = TIMEOUT_MS, .output_max = OUTPUT_MAX };

	if (!cpp->program || (!cpp->nr_arguments && !has_directives(text)))
		return text;
	process.argv = arguments(cpp, path);
	process.input = strcmp(path, "-") ? "" : text;
	process.input_len = strlen(process.input);
	switch (process_run(&process)) {
	case PROCESS_NOT_FOUND:
		diag_fatal("the program '%s' is not installed: it is part of the package cpp",
			   cpp->program);
	case PROCESS_FAILED:
		diag_error(CODE_PREPROCESSOR, diag_whole(path), "the preprocessor failed: %s",
			   process.why);
		return NULL;
	case PROCESS_EXITED:
		break;
	}
	report(path, process.err.data, process.status);
	if (strlen(process.out.data) != process.out.len) {
		diag_error(CODE_FILE, diag_whole(path), "what it includes contains a NUL byte");
		return NULL;
	}
	add_inputs(source, process.out.data);
	return process.status ? NULL : process.out.data;
}
