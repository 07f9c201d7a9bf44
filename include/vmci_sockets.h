/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of VMware's vSockets interface for Linux's AF_VSOCK: programs that were written
 * with them build unchanged. vmci_sockets(3) describes them.
 *
 * Everything is inline: there is no library. VMCI_SOCKETS_NO_SHORT_TYPES, defined before
 * this file is included, leaves out the type uint64. C89 and C++ will do.
 */
#ifndef VMCI_SOCKETS_H
#define VMCI_SOCKETS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The guide's programs need it, and others define it themselves. That they do so once more is
 * no error when it is the same type (in C before C11: when this is a system header).
 */
#if !defined(VMCI_SOCKETS_NO_SHORT_TYPES) && !defined(uint64)
__extension__ typedef unsigned long long uint64;
#endif

/*
 * Options; their level is the value of VMCISock_GetAFValue(). VMware's number 8 means another
 * thing here: the cause of a disconnect has a number that the kernel knows not (ENOPROTOOPT).
 */
#define SO_VMCI_BUFFER_SIZE		SO_VM_SOCKETS_BUFFER_SIZE
#define SO_VMCI_BUFFER_MIN_SIZE		SO_VM_SOCKETS_BUFFER_MIN_SIZE
#define SO_VMCI_BUFFER_MAX_SIZE		SO_VM_SOCKETS_BUFFER_MAX_SIZE
#define SO_VMCI_PEER_HOST_VM_ID		SO_VM_SOCKETS_PEER_HOST_VM_ID
#define SO_VMCI_SERVICE_LABEL		4
#define SO_VMCI_TRUSTED			SO_VM_SOCKETS_TRUSTED
#define SO_VMCI_CONNECT_TIMEOUT		SO_VM_SOCKETS_CONNECT_TIMEOUT
#define SO_VMCI_NONBLOCK_TXRX		SO_VM_SOCKETS_NONBLOCK_TXRX
#define SO_VMCI_DISCONNECT_CAUSE	(-8)

#define VMCI_SOCKETS_DISCONNECT_REGULAR	0
#define VMCI_SOCKETS_DISCONNECT_VMOTION	1

#define VMCI_SOCKETS_INVALID_VERSION	((unsigned int)-1)
#define VMCI_SOCKETS_VERSION_EPOCH(v)	(((v) & 0xff000000u) >> 24)
#define VMCI_SOCKETS_VERSION_MAJOR(v)	(((v) & 0x00ff0000u) >> 16)
#define VMCI_SOCKETS_VERSION_MINOR(v)	((v) & 0x0000ffffu)

/* Requests to the device. Linux answers GET_LOCAL_CID; the others other systems do. */
#define VMCI_SOCKETS_DEFAULT_DEVICE	"/dev/vsock"
#define VMCI_SOCKETS_VERSION		1972
#define VMCI_SOCKETS_GET_AF_VALUE	1976
#define VMCI_SOCKETS_GET_LOCAL_CID	IOCTL_VM_SOCKETS_GET_LOCAL_CID
#define VMCI_SOCKETS_UUID_2_CID		1991
#define VMCI_SOCKETS_UUID_MAX		128

/* Plain C99 does not know it; the descriptor is closed at once. */
#ifdef O_CLOEXEC
#define VMCI_SOCKETS_OPEN_FLAGS		(O_RDONLY | O_CLOEXEC)
#else
#define VMCI_SOCKETS_OPEN_FLAGS		O_RDONLY
#endif

/* A size that vsock_socket() gives to buffers, which is not Linux's own. */
#define VMCI_SOCKETS_BUFFER_SIZE	65536u

/*
 * The value of the address family, or -1 with errno when the kernel has none. *@fd is
 * for VMCISock_ReleaseAFValueFd(): here nothing has to be kept open, it is always -1.
 */
static __inline int VMCISock_GetAFValueFd(int *fd)
{
	int probe = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd)
		*fd = -1;
	if (probe < 0)
		return -1;
	close(probe);
	return AF_VSOCK;
}

static __inline int VMCISock_GetAFValue(void)
{
	return VMCISock_GetAFValueFd(NULL);
}

static __inline void VMCISock_ReleaseAFValueFd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The value that /dev/vsock answers to a request, or ~0. */
static __inline unsigned int VMCISock_Ask(unsigned long request, void *argument)
{
	int fd = open(VMCI_SOCKETS_DEFAULT_DEVICE, VMCI_SOCKETS_OPEN_FLAGS);
	int failed, error;

	if (fd < 0)
		return (unsigned int)-1;
	failed = ioctl(fd, request, argument);
	error = errno;
	close(fd);
	errno = error;
	return failed < 0 ? (unsigned int)-1 : 0;
}

/* The CID of this domain, or VMADDR_CID_ANY with errno. */
static __inline unsigned int VMCISock_GetLocalCID(void)
{
	unsigned int cid = VMADDR_CID_ANY;

	if (VMCISock_Ask(VMCI_SOCKETS_GET_LOCAL_CID, &cid))
		return VMADDR_CID_ANY;
	return cid;
}

/* The version of the interface; Linux has none: VMCI_SOCKETS_INVALID_VERSION, ENOTTY. */
static __inline unsigned int VMCISock_Version(void)
{
	unsigned int version = VMCI_SOCKETS_INVALID_VERSION;

	if (VMCISock_Ask(VMCI_SOCKETS_VERSION, &version))
		return VMCI_SOCKETS_INVALID_VERSION;
	return version;
}

/* The CID of a virtual machine by its uuid; Linux has none: VMADDR_CID_ANY, ENOTTY. */
static __inline unsigned int VMCISock_Uuid2ContextId(const char *uuid)
{
	union {
		char uuid[VMCI_SOCKETS_UUID_MAX];
		unsigned int cid;
	} question;
	size_t len = strlen(uuid);

	if (len >= sizeof(question.uuid)) {
		errno = EINVAL;
		return VMADDR_CID_ANY;
	}
	memcpy(question.uuid, uuid, len + 1);
	if (VMCISock_Ask(VMCI_SOCKETS_UUID_2_CID, &question))
		return VMADDR_CID_ANY;
	return question.cid;
}

/*
 * A stream or seqpacket socket as the vSockets guide describes it: with a buffer of 65536
 * bytes. -1 with errno.
 */
static __inline int vsock_socket(int type)
{
	uint64_t size = VMCI_SOCKETS_BUFFER_SIZE;
	int fd = socket(AF_VSOCK, type, 0);
	int error;

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* VMCI_SOCKETS_H */
