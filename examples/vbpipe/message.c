/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <errno.h>
#include <string.h>

ssize_t read_exactly(int fd, void *buffer, size_t count)
{
	char *bytes = buffer;
	size_t done = 0;

	while (done < count) {
		ssize_t got = read(fd, bytes + done, count - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int message_receive(int fd, char *text)
{
	unsigned char length;
	ssize_t got = read_exactly(fd, &length, 1);

	if (!got)
		return MESSAGE_END;
	if (got < 0)
		return -1;
	got = read_exactly(fd, text, length);
	if (got >= 0 && got < length) {
		/* The peer closed in the middle of a message. */
		errno = EPIPE;
		return -1;
	}
	return (int)got;
}

int message_send(int fd, const char *text, size_t length)
{
	char message[1 + MESSAGE_TEXT_MAX];
	size_t done = 0;

	if (length > MESSAGE_TEXT_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	message[0] = (char)length;
	memcpy(message + 1, text, length);
	/* A write() is complete unless a signal came. */
	while (done < 1 + length) {
		ssize_t sent = write(fd, message + done, 1 + length - done);

		if (sent < 0 && errno != EINTR)
			return -1;
		if (sent > 0)
			done += (size_t)sent;
	}
	return 0;
}
