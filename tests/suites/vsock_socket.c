/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket, bind, listen, options, and the functions of vmci_sockets.h. */
#include "vsock_suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- socket ---- */

static void the_family_is_found(void)
{
	int fd = 7;

	SUITE_EQUAL(VMCISock_GetAFValue(), AF_VSOCK);
	SUITE_EQUAL(VMCISock_GetAFValueFd(&fd), AF_VSOCK);
	SUITE_EQUAL(fd, -1);
	VMCISock_ReleaseAFValueFd(fd);
}

static void the_local_cid_is_told(void)
{
	CU_ASSERT(own_cid() >= VMADDR_CID_HOST);
	CU_ASSERT(own_cid() != VMADDR_CID_ANY);
	CU_ASSERT(own_cid() != peer_cid());
}

static void there_is_no_version_and_no_uuid(void)
{
	errno = 0;
	SUITE_EQUAL(VMCISock_Version(), VMCI_SOCKETS_INVALID_VERSION);
	SUITE_EQUAL(errno, ENOTTY);
	errno = 0;
	SUITE_EQUAL(VMCISock_Uuid2ContextId("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), VMADDR_CID_ANY);
	SUITE_EQUAL(errno, ENOTTY);
}

static void other_types_are_refused(void)
{
	int pair[2];

	FAILS_WITH(socket(AF_VSOCK, SOCK_RAW, 0), ESOCKTNOSUPPORT);
	FAILS_WITH(socket(AF_VSOCK, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	FAILS_WITH(socket(AF_VSOCK, SOCK_STREAM, 7), EPROTONOSUPPORT);
	FAILS_WITH(socketpair(AF_VSOCK, SOCK_STREAM, 0, pair), EOPNOTSUPP);
}

static void the_family_is_a_protocol_as_well(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM, AF_VSOCK);

	CU_ASSERT(fd >= 0);
	close(fd);
}

const struct suite_test socket_tests[] = {
	{ "the_family_is_found", the_family_is_found, 0 },
	{ "the_local_cid_is_told", the_local_cid_is_told, 0 },
	{ "there_is_no_version_and_no_uuid", there_is_no_version_and_no_uuid, 0 },
	{ "other_types_are_refused", other_types_are_refused, 0 },
	{ "the_family_is_a_protocol_as_well", the_family_is_a_protocol_as_well, 0 },
	{ NULL, NULL, 0 },
};

/* ---- bind, listen ---- */

static void bind_to_the_own_cid(void)
{
	int fd = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(vm_bind(fd, own_cid(), VMADDR_PORT_ANY), 0);
	SUITE_EQUAL(cid_of(fd), own_cid());
	CU_ASSERT(port_of(fd) >= 1024);
}

static void bind_to_any_leaves_the_cid_open(void)
{
	int fd = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
	SUITE_EQUAL(cid_of(fd), VMADDR_CID_ANY);
}

static void bind_twice_is_refused(void)
{
	int fd = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
	FAILS_WITH(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), EINVAL);
}

static void bind_to_a_foreign_cid_is_refused(void)
{
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_bind(fd, peer_cid(), VMADDR_PORT_ANY), EADDRNOTAVAIL);
	FAILS_WITH(vm_bind(fd, 123456, VMADDR_PORT_ANY), EADDRNOTAVAIL);
}

static void bind_to_a_taken_port_is_refused(void)
{
	int first = vm_socket(SOCK_STREAM), second = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(vm_bind(first, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
	FAILS_WITH(vm_bind(second, VMADDR_CID_ANY, port_of(first)), EADDRINUSE);
	FAILS_WITH(vm_bind(second, own_cid(), port_of(first)), EADDRINUSE);
}

static void a_port_is_free_after_close(void)
{
	int first = vm_listener(SOCK_STREAM, 1), second = vm_socket(SOCK_STREAM);
	unsigned int port = port_of(first);

	close(first);
	SUITE_EQUAL(vm_bind(second, VMADDR_CID_ANY, port), 0);
}

static void bad_addresses_are_refused(void)
{
	struct sockaddr_vm address = vm_address(VMADDR_CID_ANY, VMADDR_PORT_ANY);
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(bind(fd, SOCKADDR(&address), sizeof(address) - 1), EINVAL);
	address.svm_family = AF_INET;
	FAILS_WITH(bind(fd, SOCKADDR(&address), sizeof(address)), EINVAL);
	address.svm_family = AF_VSOCK;
	address.svm_flags = 0x80;
	FAILS_WITH(bind(fd, SOCKADDR(&address), sizeof(address)), EINVAL);
}

static void bind_low(void *fd, _Atomic int *phase)
{
	(void)phase;
	if (setuid(65534))
		_exit(2);
	_exit(vm_bind(*(int *)fd, VMADDR_CID_ANY, 1000) && errno == EACCES ? 0 : 1);
}

static void low_ports_are_for_root(void)
{
	struct child child;
	int fd;

	suite_needs_root();
	fd = vm_socket(SOCK_STREAM);
	child = child_start(bind_low, &fd);

	SUITE_EQUAL(child_finish(&child), 0);
	SUITE_EQUAL(vm_bind(fd, VMADDR_CID_ANY, 1000), 0);
}

static void listen_needs_a_port(void)
{
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(listen(fd, 1), EINVAL);
	SUITE_EQUAL(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
	SUITE_EQUAL(listen(fd, 1), 0);
	SUITE_EQUAL(listen(fd, 2), 0);
}

static void listen_on_a_connection_is_refused(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	FAILS_WITH(listen(pair.fd, 1), EINVAL);
}

const struct suite_test bind_tests[] = {
	{ "bind_to_the_own_cid", bind_to_the_own_cid, 0 },
	{ "bind_to_any_leaves_the_cid_open", bind_to_any_leaves_the_cid_open, 0 },
	{ "bind_twice_is_refused", bind_twice_is_refused, 0 },
	{ "bind_to_a_foreign_cid_is_refused", bind_to_a_foreign_cid_is_refused, 0 },
	{ "bind_to_a_taken_port_is_refused", bind_to_a_taken_port_is_refused, 0 },
	{ "a_port_is_free_after_close", a_port_is_free_after_close, 0 },
	{ "bad_addresses_are_refused", bad_addresses_are_refused, 0 },
	{ "low_ports_are_for_root", low_ports_are_for_root, 0 },
	{ "listen_needs_a_port", listen_needs_a_port, 0 },
	{ "listen_on_a_connection_is_refused", listen_on_a_connection_is_refused, 0 },
	{ NULL, NULL, 0 },
};

/* ---- options ---- */

static void buffers_are_as_large_as_linux_has_them(void)
{
	int fd = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), BUFFER_DEFAULT);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_MIN_SIZE), 128);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_MAX_SIZE), BUFFER_DEFAULT);
}

static void vsock_socket_has_the_buffer_of_the_guide(void)
{
	int fd = vsock_socket(SOCK_STREAM);

	CU_ASSERT_FATAL(fd >= 0);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), 65536);
	FAILS_WITH(vsock_socket(SOCK_RAW), ESOCKTNOSUPPORT);
}

static void sizes_stay_within_their_bounds(void)
{
	int fd = vm_socket(SOCK_STREAM);

	vm_set_option(fd, SO_VMCI_BUFFER_MAX_SIZE, 100000);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), 100000);
	vm_set_option(fd, SO_VMCI_BUFFER_SIZE, 200000);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), 100000);
	vm_set_option(fd, SO_VMCI_BUFFER_MIN_SIZE, 5000);
	vm_set_option(fd, SO_VMCI_BUFFER_SIZE, 1);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), 5000);
}

/* Else any process could have its peer fill the kernel's memory. */
static void nobody_gets_an_endless_buffer(void)
{
	int listener = peer_listener(SOCK_STREAM, 1), fd = vm_socket(SOCK_STREAM);

	vm_set_option(fd, SO_VMCI_BUFFER_MAX_SIZE, UINT64_MAX);
	vm_set_option(fd, SO_VMCI_BUFFER_SIZE, UINT64_MAX);
	SUITE_EQUAL(vm_connect(fd, peer_cid(), agent_port(peer(), listener)), 0);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), BUFFER_LIMIT);
	vm_set_option(fd, SO_VMCI_BUFFER_SIZE, 1u << 30);
	SUITE_EQUAL(vm_option(fd, SO_VMCI_BUFFER_SIZE), BUFFER_LIMIT);
}

static void short_values_are_refused(void)
{
	int fd = vm_socket(SOCK_STREAM);
	uint64_t value = 65536;
	socklen_t len = 4;

	FAILS_WITH(setsockopt(fd, AF_VSOCK, SO_VMCI_BUFFER_SIZE, &value, 4), EINVAL);
	FAILS_WITH(getsockopt(fd, AF_VSOCK, SO_VMCI_BUFFER_SIZE, &value, &len), EINVAL);
}

static void the_connect_timeout_can_be_set(void)
{
	struct timeval timeout = { .tv_sec = 5, .tv_usec = 500000 }, got = { 0 };
	socklen_t len = sizeof(got);
	int fd = vm_socket(SOCK_STREAM);

	SUITE_EQUAL(getsockopt(fd, AF_VSOCK, SO_VMCI_CONNECT_TIMEOUT, &got, &len), 0);
	SUITE_EQUAL(got.tv_sec, 2);
	SUITE_EQUAL(setsockopt(fd, AF_VSOCK, SO_VMCI_CONNECT_TIMEOUT, &timeout, sizeof(timeout)), 0);
	SUITE_EQUAL(getsockopt(fd, AF_VSOCK, SO_VMCI_CONNECT_TIMEOUT, &got, &len), 0);
	SUITE_EQUAL(got.tv_sec, 5);
	timeout.tv_usec = 1000000;
	FAILS_WITH(setsockopt(fd, AF_VSOCK, SO_VMCI_CONNECT_TIMEOUT, &timeout, sizeof(timeout)),
		   ERANGE);
}

static void other_options_are_refused(void)
{
	static const int names[] = { SO_VMCI_PEER_HOST_VM_ID, SO_VMCI_SERVICE_LABEL,
				     SO_VMCI_TRUSTED, SO_VMCI_NONBLOCK_TXRX,
				     SO_VMCI_DISCONNECT_CAUSE, 9, 100 };
	int fd = vm_socket(SOCK_STREAM);
	uint64_t value = 1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		socklen_t len = sizeof(value);

		FAILS_WITH(setsockopt(fd, AF_VSOCK, names[i], &value, sizeof(value)), ENOPROTOOPT);
		FAILS_WITH(getsockopt(fd, AF_VSOCK, names[i], &value, &len), ENOPROTOOPT);
	}
}

const struct suite_test option_tests[] = {
	{ "buffers_are_as_large_as_linux_has_them", buffers_are_as_large_as_linux_has_them, 0 },
	{ "vsock_socket_has_the_buffer_of_the_guide", vsock_socket_has_the_buffer_of_the_guide, 0 },
	{ "sizes_stay_within_their_bounds", sizes_stay_within_their_bounds, 0 },
	{ "nobody_gets_an_endless_buffer", nobody_gets_an_endless_buffer, 0 },
	{ "short_values_are_refused", short_values_are_refused, 0 },
	{ "the_connect_timeout_can_be_set", the_connect_timeout_can_be_set, 0 },
	{ "other_options_are_refused", other_options_are_refused, 0 },
	{ NULL, NULL, 0 },
};
