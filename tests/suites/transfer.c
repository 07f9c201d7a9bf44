/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer.h"

#include <errno.h>
#include <unistd.h>

bool transfer_whole(int fd, void *buffer, size_t size, bool sending)
{
	char *bytes = buffer;

	while (size) {
		ssize_t done = sending ? write(fd, bytes, size) : read(fd, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		size -= (size_t)done;
	}
	return true;
}
