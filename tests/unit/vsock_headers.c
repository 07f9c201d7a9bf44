/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uses all of vmci_sockets.h as C99, GNU C and C++ take it, in the ways of its guide. */
#include <vmci/vmci_sockets.h>
#include <vmci_sockets.h>

#include <string.h>

static const int options[] = {
	SO_VMCI_BUFFER_SIZE, SO_VMCI_BUFFER_MIN_SIZE, SO_VMCI_BUFFER_MAX_SIZE,
	SO_VMCI_PEER_HOST_VM_ID, SO_VMCI_SERVICE_LABEL, SO_VMCI_TRUSTED,
	SO_VMCI_CONNECT_TIMEOUT, SO_VMCI_NONBLOCK_TXRX
};

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
	good &= vsock_socket(SOCK_STREAM) >= 0;
	VMCISock_ReleaseAFValueFd(fd);
	return !good;
}
