/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer.h"
#include "vrpq_remote.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

uint32_t vq_start(struct vq_end *end, struct vq_request request)
{
	request.seq = ++end->next_seq;
	return transfer_whole(end->fd, &request, sizeof(request), true) ? request.seq : 0;
}

static bool receive_one(struct vq_end *end)
{
	if (end->nr_early == VQ_EARLY_MAX ||
	    !transfer_whole(end->fd, &end->early[end->nr_early], sizeof(end->early[0]), false))
		return false;
	end->nr_early++;
	return true;
}

static int find_early(const struct vq_end *end, uint32_t seq)
{
	for (unsigned int i = 0; i < end->nr_early; i++)
		if (end->early[i].seq == seq)
			return (int)i;
	return -1;
}

struct vq_reply vq_finish(struct vq_end *end, uint32_t seq)
{
	struct vq_reply reply = { .seq = seq, .result = VQ_LOST };
	int at = -1;

	while (seq && (at = find_early(end, seq)) < 0)
		if (!receive_one(end))
			return reply;
	if (at >= 0) {
		reply = end->early[at];
		end->early[at] = end->early[--end->nr_early];
	}
	return reply;
}

bool vq_done(struct vq_end *end, uint32_t seq, int ms)
{
	struct pollfd poll_fd = { .fd = end->fd, .events = POLLIN };

	while (find_early(end, seq) < 0)
		if (poll(&poll_fd, 1, ms) <= 0 || !receive_one(end))
			return false;
	return true;
}
