/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses all of vmci_sockets.h as C from C89 on and C++ take it, in the ways of its guide, whose
 * programs include nothing else. OWN_UINT64: of a program that defines the type itself.
 */
#include <vmci/vmci_sockets.h>
#include <vmci_sockets.h>

#ifdef OWN_UINT64
__extension__ typedef unsigned long long uint64;
#endif

static const int options[] = {
	SO_VMCI_BUFFER_SIZE, SO_VMCI_BUFFER_MIN_SIZE, SO_VMCI_BUFFER_MAX_SIZE,
	SO_VMCI_PEER_HOST_VM_ID, SO_VMCI_SERVICE_LABEL, SO_VMCI_TRUSTED,
	SO_VMCI_CONNECT_TIMEOUT, SO_VMCI_NONBLOCK_TXRX, SO_VMCI_DISCONNECT_CAUSE
};

static const unsigned int requests[] = {
	VMCI_SOCKETS_VERSION, VMCI_SOCKETS_GET_AF_VALUE, VMCI_SOCKETS_GET_LOCAL_CID,
	VMCI_SOCKETS_UUID_2_CID
};

static const int causes[] = { VMCI_SOCKETS_DISCONNECT_REGULAR, VMCI_SOCKETS_DISCONNECT_VMOTION };

static int device_is_there(void)
{
	struct stat status;
	off_t size = -1;

	if (!stat(VMCI_SOCKETS_DEFAULT_DEVICE, &status))
		size = status.st_size;
	else
		perror(VMCI_SOCKETS_DEFAULT_DEVICE);
	printf("%d requests, %d causes\n", (int)(sizeof(requests) / sizeof(requests[0])),
	       (int)(sizeof(causes) / sizeof(causes[0])));
	return size >= 0;
}

static int options_are_set(int fd, int family)
{
	uint64 size = 32768, got = 0;
	socklen_t len = sizeof(got);

	return !setsockopt(fd, family, options[0], (void *)&size, sizeof(size)) &&
	       !getsockopt(fd, family, options[0], (void *)&got, &len);
}

static int serves(int family)
{
	struct sockaddr_vm address;
	int fd = socket(family, SOCK_STREAM, 0);

	memset(&address, 0, sizeof(address));
	address.svm_family = (unsigned short)family;
	address.svm_cid = VMADDR_CID_ANY;
	address.svm_port = VMADDR_PORT_ANY;
	return options_are_set(fd, family) &&
	       !bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 5);
}

int main(void)
{
	unsigned int version = VMCISock_Version();
	int fd, family = VMCISock_GetAFValueFd(&fd);
	int good = family == VMCISock_GetAFValue() && serves(family);

	if (version != VMCI_SOCKETS_INVALID_VERSION)
		good &= VMCI_SOCKETS_VERSION_EPOCH(version) + VMCI_SOCKETS_VERSION_MAJOR(version) +
			VMCI_SOCKETS_VERSION_MINOR(version) > 0;
	good &= VMCISock_GetLocalCID() != VMADDR_CID_ANY;
	good &= VMCISock_Uuid2ContextId("uuid") == VMADDR_CID_ANY;
	good &= vsock_socket(SOCK_STREAM) >= 0 && device_is_there();
	VMCISock_ReleaseAFValueFd(fd);
	return !good;
}
