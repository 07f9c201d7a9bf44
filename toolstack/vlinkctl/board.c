// SPDX-License-Identifier: LGPL-2.1-or-later
/* What vlinkd makes of the configs, and whether it runs. */
#define _GNU_SOURCE	/* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/pidfile.h"
#include "board.h"

#ifndef VLINKD_PATH
#define VLINKD_PATH	"/usr/sbin/vlinkd"
#endif

#define ARGS_MAX	(2 * DIRS_MAX + 6)

extern char **environ;

bool board_vlinkd_runs(void)
{
	int fd = open(PIDFILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	bool runs;

	if (fd < 0)
		return false;
	/* Asks only: a lock, however short, might meet the start of the daemon. */
	runs = !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
	close(fd);
	return runs;
}

static void add_link(struct board *board, char *text)
{
	struct board_link link;
	char *save, *words[4];
	size_t i;

	for (i = 0; i < 4; i++)
		words[i] = strtok_r(i ? NULL : text, " ", &save);
	if (!words[3])
		return;
	link = (struct board_link){
		alloc_string(words[0]), alloc_string(words[1]), alloc_string(words[2]),
		alloc_string(words[3]),
	};
	board->links = alloc_grow(board->links, board->nr_links, sizeof(*board->links));
	board->links[board->nr_links++] = link;
}

void board_parse(struct board *board, char *line)
{
	static const char problem[] = "problem: ", link[] = "link ";

	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, link, strlen(link))) {
		add_link(board, line + strlen(link));
	} else if (!strncmp(line, problem, strlen(problem))) {
		board->problems = alloc_grow(board->problems, board->nr_problems,
					     sizeof(*board->problems));
		board->problems[board->nr_problems++] = alloc_string(line + strlen(problem));
	}
}

static void fill_args(const struct context *ctx, const char *args[ARGS_MAX])
{
	size_t i, nr = 0;

	args[nr++] = "vlinkd";
	args[nr++] = "--check";
	for (i = 0; i < ctx->nr_config_dirs; i++) {
		args[nr++] = "--config";
		args[nr++] = ctx->config_dirs[i];
	}
	if (ctx->classes) {
		args[nr++] = "--classes";
		args[nr++] = ctx->classes;
	}
	args[nr] = NULL;
}

/* Starts the program with its output to @fd. Returns 0 or -errno. */
static int spawn(const struct context *ctx, int fd, pid_t *pid)
{
	const char *path = getenv("VLINKD"), *args[ARGS_MAX];
	posix_spawn_file_actions_t actions;
	int ret;

	fill_args(ctx, args);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	ret = posix_spawn(pid, path ? path : VLINKD_PATH, &actions, NULL, (char **)args, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

static void read_answer(struct board *board, FILE *in)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) > 0)
		board_parse(board, line);
	free(line);
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	/* 1: there are problems, which it has named. */
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : -EIO;
}

int board_read(const struct context *ctx, struct board *board)
{
	int fds[2], ret;
	pid_t pid;
	FILE *in;

	*board = (struct board){ 0 };
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	ret = spawn(ctx, fds[1], &pid);
	close(fds[1]);
	in = ret ? NULL : fdopen(fds[0], "r");
	if (!in) {
		close(fds[0]);
		return ret ? ret : -ENOMEM;
	}
	read_answer(board, in);
	fclose(in);
	ret = reap(pid);
	if (ret)
		board_clear(board);
	return ret;
}

void board_clear(struct board *board)
{
	size_t i;

	for (i = 0; i < board->nr_links; i++) {
		free(board->links[i].link);
		free(board->links[i].class_name);
		free(board->links[i].server);
		free(board->links[i].client);
	}
	for (i = 0; i < board->nr_problems; i++)
		free(board->problems[i]);
	free(board->links);
	free(board->problems);
	*board = (struct board){ 0 };
}

const struct board_link *board_link(const struct board *board, const char *link)
{
	size_t i;

	for (i = 0; i < board->nr_links; i++)
		if (!strcmp(board->links[i].link, link))
			return &board->links[i];
	return NULL;
}
