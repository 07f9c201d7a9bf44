// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vumem-share DEVICE
 *
 * Two processes of the client's domain and one picture: the first one is the master, alone may
 * allocate, and hands the buffer over as a descriptor; the second one registers for it, and
 * draws. The server, vumem-server, then saves what the second has drawn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vlx/vumem/client-lib.h>

#include "picture.h"

#define WIDTH	64
#define HEIGHT	48

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "vumem-share: %s: %s\n", what, strerror(err));
	exit(1);
}

/* --- a descriptor on its way ------------------------------------------------------ */

union ancillary {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int socket, int fd)
{
	union ancillary ancillary = { .room = "" };
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &ancillary,
				  .msg_controllen = sizeof(ancillary) };

	ancillary.header.cmsg_level = SOL_SOCKET;
	ancillary.header.cmsg_type = SCM_RIGHTS;
	ancillary.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&ancillary.header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		perror("vumem-share: sendmsg"), exit(1);
}

static int receive_fd(int socket)
{
	union ancillary ancillary;
	char byte;
	struct iovec room = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &room, .msg_iovlen = 1, .msg_control = &ancillary,
				  .msg_controllen = sizeof(ancillary) };
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || message.msg_controllen != sizeof(ancillary))
		return -1;
	memcpy(&fd, CMSG_DATA(&ancillary.header), sizeof(fd));
	return fd;
}

/* --- the second process ------------------------------------------------------------- */

static void draw(uint8_t *pixels, VumemSize size)
{
	VumemSize i;

	for (i = 0; i < size; i++)
		pixels[i] = i % 4 == 3 ? 0 : (uint8_t)(i * 7 / 4);
}

static int paint(const char *device, int socket)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemSize size;
	int fd = receive_fd(socket), allocator = 1;
	void *pixels;

	if (fd < 0)
		return 1;
	check(vumemBufferFromFd(fd, &buffer), "buffer of a descriptor");
	close(fd);
	check(vumemBufferCtl(buffer, VUMEM_CTL_IS_ALLOCATOR, &allocator, sizeof(allocator)),
	      "is it the allocator?");
	check(vumemSessionCreate(device, &session), "second session");
	check(vumemBufferRegister(session, buffer), "register");
	check(vumemBufferInfo(buffer, &size, NULL), "info");
	check(vumemBufferMap(buffer, &pixels), "map");
	draw(pixels, size);
	check(vumemBufferUnmap(buffer), "unmap");
	check(vumemBufferUnregister(buffer), "unregister");
	/* Ours alone: the allocator's is still good. */
	check(vumemBufferFree(buffer), "forget");
	check(vumemSessionDestroy(session), "end of the second session");
	printf("the second process has drawn %u bytes%s\n", size, allocator ? ", as allocator" : "");
	fflush(stdout);
	return allocator;
}

/* --- the first ------------------------------------------------------------------------ */

static void save(VumemBufferHandle buffer, const struct picture_request *picture)
{
	struct picture_control control = { .op = PICTURE_SAVE, .name = "shared.png" };
	void *pixels;
	uint32_t sum;

	check(vumemBufferMap(buffer, &pixels), "map");
	sum = picture_checksum(pixels, picture->width, picture->height, picture->stride);
	check(vumemBufferUnmap(buffer), "unmap");
	check(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, &control, sizeof(control)), "save");
	printf("the first process sees checksum %08x, the server %08x\n", sum, control.checksum);
	if (sum != control.checksum)
		exit(1);
}

static void count(const char *device)
{
	VumemStat stats[] = { { .id = VUMEM_PROF_BUFFER_REGISTER },
			      { .id = VUMEM_PROF_BUFFER_UNREGISTER },
			      { .id = VUMEM_PROF_SESSIONS } };

	check(vumemProf(device, VUMEM_PROF_GEN_STAT_GET, stats, 3), "statistics");
	printf("%u registered, %u unregistered, %u session now\n", stats[0].val, stats[1].val,
	       stats[2].val);
}

static void share(const char *device, int socket)
{
	struct picture_request picture = { .width = WIDTH, .height = HEIGHT };
	VumemSessionHandle master;
	VumemBufferHandle buffer;
	int fd, status;

	check(vumemSessionMasterCreate(device, &master), device);
	check(vumemProf(device, VUMEM_PROF_RESET, NULL, 0), "statistics");
	check(vumemBufferAlloc(master, &picture, sizeof(picture), &buffer), "allocate");
	check(vumemBufferFd(buffer, &fd), "descriptor");
	send_fd(socket, fd);
	if (wait(&status) < 0 || status) {
		fprintf(stderr, "vumem-share: the second process failed\n");
		exit(1);
	}
	save(buffer, &picture);
	count(device);
	check(vumemBufferFree(buffer), "free");
	check(vumemSessionDestroy(master), "end of the session");
}

int main(int argc, char **argv)
{
	int sockets[2];
	pid_t second;

	if (argc != 2) {
		fprintf(stderr, "usage: vumem-share DEVICE\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) {
		perror("vumem-share: socketpair");
		return 1;
	}
	second = fork();
	if (second < 0) {
		perror("vumem-share: fork");
		return 1;
	}
	close(sockets[!second]);
	if (!second)
		return paint(argv[1], sockets[1]);
	share(argv[1], sockets[0]);
	return 0;
}
