/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vsock_suite.h"

static const struct suite_test *const tables[] = {
	socket_tests,  bind_tests,    option_tests,  connect_tests,    accept_tests, send_tests,
	receive_tests, stream_tests,  seqpacket_tests, poll_state_tests, dgram_tests, leak_tests,
	many_tests,    own_tests,     NULL,
};

static const struct suite suite = {
	.name = "vsock_suite",
	.tables = tables,
	.finish = close_sockets,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
