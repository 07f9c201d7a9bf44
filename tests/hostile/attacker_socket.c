// SPDX-License-Identifier: LGPL-2.1-or-later
/* AF_VSOCK sockets of all types, with everything that can be done to them, in any order. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT		5000u
#define PORTS		6u

static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

static int random_type(void)
{
	return chance(95) ? types[below(4)] : (int)below(12);
}

static long socket_new(int type)
{
	return CALL(socket, AF_VSOCK, type | (chance(90) ? SOCK_NONBLOCK : 0),
		    chance(95) ? 0 : below(40));
}

static uint32_t a_cid(void)
{
	static const uint32_t special[] = { VMADDR_CID_ANY, VMADDR_CID_HYPERVISOR,
					    VMADDR_CID_LOCAL, VMADDR_CID_HOST };

	if (chance(80) && attack.nr_cids)
		return attack.cids[below(attack.nr_cids)];
	return chance(80) ? special[below(4)] : (uint32_t)odd_number();
}

static struct sockaddr_vm an_address(void)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = a_cid() };

	address.svm_port = chance(92) ? PORT + below(PORTS) : (uint32_t)odd_number();
	if (chance(2))
		address.svm_family = (sa_family_t)below(48);
	if (chance(2))
		address.svm_flags = (unsigned char)rnd();
	return address;
}

static socklen_t an_address_size(void)
{
	return chance(97) ? sizeof(struct sockaddr_vm) : below(200);
}

static void make_socket(void)
{
	keep_fd((int)socket_new(random_type()), SOCKET, NULL);
}

static void make_listener(void)
{
	struct sockaddr_vm address = an_address();
	long fd = socket_new(random_type());

	if (chance(90))
		address.svm_cid = VMADDR_CID_ANY;
	CALL(bind, fd, &address, an_address_size());
	CALL(listen, fd, chance(70) ? 1 + below(64) : odd_number());
	keep_fd((int)fd, SOCKET, NULL);
}

static void take_connection(void)
{
	struct sockaddr_vm address;
	socklen_t size = sizeof(address);
	int fd = pick_fd(SOCKET);

	for (unsigned int i = 0; i < 8; i++) {
		long taken = CALL(accept4, fd, &address, &size, SOCK_NONBLOCK);

		if (taken < 0)
			break;
		keep_fd((int)taken, SOCKET, NULL);
	}
}

static void connect_one(void)
{
	struct sockaddr_vm address = an_address();
	int fd = pick_fd(SOCKET);

	if (chance(70))
		fd = (int)socket_new(types[below(3)]);
	CALL(connect, fd, &address, an_address_size());
	if (chance(30))
		CALL(bind, fd, &address, an_address_size());
	keep_fd(fd, SOCKET, NULL);
}

static int random_send_flags(void)
{
	return MSG_NOSIGNAL | (chance(80) ? MSG_DONTWAIT : 0) | (chance(10) ? (int)rnd() : 0);
}

static void send_some(void)
{
	size_t len = chance(50) ? odd_size() : 1;
	int fd = pick_fd(SOCKET);
	struct sockaddr_vm address = an_address();

	if (chance(50)) {
		CALL(sendto, fd, odd_pointer(len), len, random_send_flags(), NULL, 0);
		return;
	}
	CALL(sendto, fd, odd_pointer(len), len, random_send_flags(), &address, an_address_size());
}

static void receive_some(void)
{
	size_t len = odd_size();
	struct sockaddr_vm address;
	socklen_t size = sizeof(address);

	CALL(recvfrom, pick_fd(SOCKET), odd_pointer(len), len,
	     (chance(85) ? MSG_DONTWAIT : 0) | (chance(20) ? (int)below(1 << 16) : 0),
	     chance(50) ? &address : NULL, &size);
}

static void send_odd_messages(void)
{
	uint64_t control[16];
	struct sockaddr_vm address = an_address();
	struct range part = pick_part();
	struct iovec parts[2] = { { part.addr, part.len }, { odd_pointer(64), odd_size() } };
	struct cmsghdr *header = (struct cmsghdr *)(void *)control;
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = below(3), .msg_control = control,
			      .msg_controllen = below(sizeof(control)) };
	const struct node *node;
	int fd = pick_fd_on(ANYTHING, &node);

	memset(control, 0, sizeof(control));
	header->cmsg_len = chance(80) ? CMSG_LEN(4) : odd_number();
	header->cmsg_level = chance(60) ? SOL_SOCKET : AF_VSOCK;
	header->cmsg_type = (int)below(4);
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (chance(50)) {
		msg.msg_name = &address;
		msg.msg_namelen = an_address_size();
	}
	if (chance(60))
		CALL(sendmsg, pick_fd(SOCKET), &msg, random_send_flags());
	else
		CALL(recvmsg, pick_fd(SOCKET), &msg, MSG_DONTWAIT | (int)below(256));
}

static void set_option(void)
{
	int level = chance(50) ? AF_VSOCK : SOL_SOCKET, name = (int)below(level == AF_VSOCK ? 10 : 78);
	uint64_t value = chance(50) ? below(1 << 22) : odd_number();
	socklen_t size = chance(80) ? (level == AF_VSOCK ? 8 : 4) : below(40);
	int fd = pick_fd(SOCKET);

	switch (below(4)) {
	case 0: CALL(getsockopt, fd, level, name, odd_pointer(8), chance(80) ? &size : odd_pointer(4)); break;
	case 1: CALL(setsockopt, fd, level, name, odd_pointer(8), size); break;
	default: CALL(setsockopt, fd, level, name, &value, size);
	}
}

static void set_linger(void)
{
	struct linger linger = { .l_onoff = (int)below(2), .l_linger = (int)below(3) };
	int fd = pick_fd(SOCKET);

	CALL(setsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (chance(50) && fd > STDERR_FILENO)
		CALL(close, fd);
}

static void ask_socket(void)
{
	struct sockaddr_vm address;
	socklen_t size = below(64);
	int fd = pick_fd(SOCKET), value;

	switch (below(5)) {
	case 0: CALL(getsockname, fd, &address, &size); break;
	case 1: CALL(getpeername, fd, odd_pointer(16), odd_pointer(4)); break;
	case 2: ASK(fd, SIOCOUTQ, &value); break;
	case 3: ASK(fd, FIONREAD, odd_pointer(4)); break;
	default:
		fd = (int)CALL(openat, AT_FDCWD, "/dev/vsock", O_RDONLY);
		CALL(ioctl, fd, chance(50) ? IOCTL_VM_SOCKETS_GET_LOCAL_CID : odd_number(),
		     odd_pointer(4));
		CALL(close, fd);
	}
}

static void shut_down(void)
{
	CALL(shutdown, pick_fd(SOCKET), below(4));
}

/* ---- the same thing again and again ---- */

static void loop_connect(void)
{
	struct sockaddr_vm address = an_address();
	int type = types[below(3)];

	for (unsigned int i = below(60); i; i--) {
		long fd = socket_new(type);

		CALL(connect, fd, &address, sizeof(address));
		if (chance(20))
			CALL(sendto, fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
		CALL(close, fd);
	}
}

static void loop_on_socket(void)
{
	int fd = pick_fd(SOCKET), action = (int)below(4);

	for (unsigned int i = below(300); i; i--) {
		uint64_t size = 1 + below(1 << 20);
		char byte;

		switch (action) {
		case 0: CALL(shutdown, fd, below(3)); break;
		case 1: CALL(setsockopt, fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, 8); break;
		case 2: CALL(sendto, fd, "y", 1, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0); break;
		default: CALL(recvfrom, fd, &byte, 1, MSG_DONTWAIT, NULL, NULL);
		}
	}
}

static void loop_datagrams(void)
{
	struct sockaddr_vm address = an_address();
	static char data[70000];
	bool bound = chance(50);

	for (unsigned int i = below(60); i; i--) {
		long fd = socket_new(SOCK_DGRAM);

		if (bound)
			CALL(bind, fd, &address, sizeof(address));
		if (chance(80))
			CALL(sendto, fd, data, chance(50) ? below(sizeof(data)) : odd_size(),
			     MSG_DONTWAIT, &address, sizeof(address));
		CALL(close, fd);
	}
}

const struct op socket_ops[] = {
	{ make_socket, 6 }, { make_listener, 6 }, { take_connection, 14 }, { connect_one, 12 },
	{ send_some, 14 }, { receive_some, 12 }, { send_odd_messages, 6 }, { set_option, 8 },
	{ set_linger, 3 }, { ask_socket, 4 }, { shut_down, 4 }, { loop_connect, 2 },
	{ loop_on_socket, 2 }, { loop_datagrams, 2 }, { 0 },
};
