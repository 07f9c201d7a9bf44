// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions of clients, and statistics. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib.h"

static int session_open(struct vumem_object *session, const char *name, uint32_t flags)
{
	struct vumem_session_args args = { .flags = flags };

	session->fd = vumem_open(name);
	if (session->fd < 0)
		return -session->fd;
	return vumem_control_first(session->fd, VUMEM_IOC_SESSION_CREATE, &args);
}

static int session_create(const char *name, uint32_t flags, VumemSessionHandle *handle)
{
	struct vumem_object *session;
	int err;

	if (!name || !handle)
		return EINVAL;
	session = vumem_object_new(VUMEM_SESSION);
	if (!session)
		return ENOMEM;
	err = session_open(session, name, flags);
	if (err) {
		vumem_object_put(session);
		return err;
	}
	(void)vumem_object_publish(session);
	*handle = session;
	return 0;
}

int vumemSessionCreate(const char *devName, VumemSessionHandle *session)
{
	return session_create(devName, 0, session);
}

int vumemSessionMasterCreate(const char *devName, VumemSessionHandle *session)
{
	return session_create(devName, VUMEM_IOC_MASTER, session);
}

int vumemSessionDestroy(VumemSessionHandle handle)
{
	struct vumem_object *session = vumem_object_get(handle, VUMEM_SESSION);
	struct vumem_object *buffer;

	if (!session)
		return EBADF;
	if (!vumem_object_retire(session)) {
		vumem_object_put(session);
		return EBADF;
	}
	while ((buffer = vumem_object_buffer_of(session))) {
		/* What the server says to it changes nothing. */
		(void)vumemBufferFree(buffer);
		vumem_object_put(buffer);
	}
	vumem_object_forget_session(session);
	/* This function's reference, and the handle's */
	vumem_object_put(session);
	vumem_object_put(session);
	return 0;
}

/* --- statistics ---------------------------------------------------------------- */

#define STATS_NR	(sizeof(((struct vumem_stat_args *)0)->stats) / sizeof(uint64_t))

static int fill_stats(const struct vumem_stat_args *args, VumemStat *stats, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (!stats[i].id || stats[i].id >= STATS_NR)
			return EINVAL;
	for (i = 0; i < count; i++)
		stats[i].val = args->stats[stats[i].id] > UINT32_MAX ?
				       UINT32_MAX : (nku32_f)args->stats[stats[i].id];
	return 0;
}

/* Only those know this call, even if not on a fresh file. */
static bool is_client_node(int fd)
{
	struct vumem_buffer_args args;

	return !ioctl(fd, VUMEM_IOC_BUFFER, &args) || errno == EINVAL;
}

int vumemProf(const char *devName, int cmd, VumemStat *stats, int count)
{
	struct vumem_stat_args args = { .reset = cmd == VUMEM_PROF_RESET };
	int fd, err;

	if (!devName || (cmd != VUMEM_PROF_GEN_STAT_GET && cmd != VUMEM_PROF_RESET))
		return EINVAL;
	if (cmd == VUMEM_PROF_GEN_STAT_GET && (count < 0 || (count && !stats)))
		return EINVAL;
	fd = vumem_open(devName);
	if (fd < 0)
		return -fd;
	err = is_client_node(fd) ? vumem_control(fd, VUMEM_IOC_STAT, &args) : EINVAL;
	close(fd);
	return err || cmd == VUMEM_PROF_RESET ? err : fill_stats(&args, stats, count);
}
