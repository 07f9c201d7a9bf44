/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of the echo programs: a byte that tells the length, and as many
 * bytes of text. The functions work with either read policy of a pipe: by
 * default read() returns all that was asked for, with policy "a" what is there.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>
#include <unistd.h>

#define MESSAGE_TEXT_MAX 255

/* Reads exactly @count bytes. Returns @count, less when the peer closed, or -1. */
ssize_t read_exactly(int fd, void *buffer, size_t count);

/*
 * Receives a message into @text (MESSAGE_TEXT_MAX bytes). Returns the length of
 * the text, -2 when the peer closed before a new message, and -1 with errno
 * otherwise.
 */
#define MESSAGE_END (-2)
int message_receive(int fd, char *text);

/* Sends a message. Returns 0, or -1 with errno; EPIPE: the peer closed. */
int message_send(int fd, const char *text, size_t length);

#endif
