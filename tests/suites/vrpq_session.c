/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions and channels: creating, accepting, information, identity. */
#include "vrpq_suite.h"

#include <stdio.h>

#define INFO_MAX 256

static struct pending create(uint32_t process, uint32_t port, uint32_t info, uint32_t seed)
{
	return START(client_process(process), SESSION_CREATE, .arg = (int32_t)port, .size = info,
		     .seed = seed);
}

static struct vq_reply accept_on(uint32_t port, uint32_t seed)
{
	return DO(server_process(0), SESSION_ACCEPT, .arg = (int32_t)port, .size = INFO_MAX,
		  .seed = seed);
}

static void session_create_waits_for_accept(void)
{
	struct pending creation = create(0, PORT, 0, 0);

	CU_ASSERT(blocks(creation));
	SUITE_EQUAL(accept_on(PORT, 0).result, 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void session_accept_waits_for_create(void)
{
	struct pending acceptance = START(server_process(0), SESSION_ACCEPT, .arg = PORT);

	CU_ASSERT(blocks(acceptance));
	SUITE_EQUAL(finish(create(0, PORT, 0, 0)).result, 0);
	SUITE_EQUAL(finish(acceptance).result, 0);
}

static void sessions_are_accepted_first_in_first_out(void)
{
	struct pending creations[6];

	for (uint32_t i = 0; i < 6; i++) {
		creations[i] = create(i, PORT, 20, 100 + i);
		CU_ASSERT(blocks(creations[i]));
	}
	for (uint32_t i = 0; i < 6; i++) {
		struct vq_reply reply = accept_on(PORT, 100 + i);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[1], 20);
		SUITE_EQUAL(reply.v[2], 0);	/* the pattern says which it was */
		SUITE_EQUAL(finish(creations[i]).result, 0);
	}
}

/* The library creates one at a time; in which order, when threads hurry, is its affair. */
static void channels_created_at_once_are_all_accepted(void)
{
	struct both session = open_session();
	struct pending creations[4];

	for (uint32_t i = 0; i < 4; i++) {
		creations[i] = START(session.c, CHAN_CREATE, .size = 30, .seed = 200);
		CU_ASSERT(blocks(creations[i]));
	}
	for (uint32_t i = 0; i < 4; i++) {
		struct vq_reply reply = DO(session.s, CHAN_ACCEPT, .size = INFO_MAX, .seed = 200);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[1], 30);
		SUITE_EQUAL(reply.v[2], 0);
	}
	for (uint32_t i = 0; i < 4; i++)
		SUITE_EQUAL(finish(creations[i]).result, 0);
}

static void ports_are_kept_apart(void)
{
	static const uint32_t ports[] = { 0, 1, 2, 0x7fffffff, 0xffffffff };
	struct pending creation = create(0, 5, 0, 0), acceptance;

	CU_ASSERT(blocks(creation));
	acceptance = START(server_process(0), SESSION_ACCEPT, .arg = 6);
	CU_ASSERT(blocks(acceptance));
	CU_ASSERT(unfinished(creation));
	SUITE_EQUAL(accept_on(5, 0).result, 0);
	SUITE_EQUAL(finish(creation).result, 0);
	CU_ASSERT(unfinished(acceptance));
	SUITE_EQUAL(finish(create(0, 6, 0, 0)).result, 0);
	SUITE_EQUAL(finish(acceptance).result, 0);
	for (unsigned int i = 0; i < 5; i++) {
		creation = create(0, ports[i], 0, 0);
		SUITE_EQUAL(accept_on(ports[i], 0).result, 0);
		SUITE_EQUAL(finish(creation).result, 0);
	}
}

static void expect_session_info(uint32_t size, uint32_t room)
{
	struct pending creation = create(0, PORT, size, size);
	struct vq_reply reply = DO(server_process(0), SESSION_ACCEPT, .arg = PORT, .size = room,
				   .seed = size);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[1], size);
	SUITE_EQUAL(reply.v[2], 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void session_info_is_passed(void)
{
	static const uint32_t sizes[] = { 0, 1, 51, 52, 53, 104, 255, INFO_MAX };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		expect_session_info(sizes[i], 300);
}

static void session_info_is_cut_and_its_length_told(void)
{
	expect_session_info(200, 0);
	expect_session_info(200, 1);
	expect_session_info(200, 199);
	expect_session_info(200, 200);
}

static void session_info_need_not_be_wanted(void)
{
	struct pending creation = create(0, PORT, 100, 0);

	SUITE_EQUAL(RESULT(server_process(0), SESSION_ACCEPT, .arg = PORT, .flags = VQ_NULL), 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void info_over_256_bytes_is_refused(void)
{
	struct both session = open_session();

	SUITE_EQUAL(finish(create(0, PORT, INFO_MAX + 1, 0)).result, EMSGSIZE);
	SUITE_EQUAL(RESULT(session.c, CHAN_CREATE, .size = INFO_MAX + 1), EMSGSIZE);
}

static void expect_chan_info(struct both session, uint32_t size, uint32_t room)
{
	struct pending creation = START(session.c, CHAN_CREATE, .size = size, .seed = size);
	struct vq_reply reply = DO(session.s, CHAN_ACCEPT, .size = room, .seed = size);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[1], size);
	SUITE_EQUAL(reply.v[2], 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void channel_info_is_passed_or_cut(void)
{
	struct both session = open_session();
	struct pending creation;

	expect_chan_info(session, 0, 300);
	expect_chan_info(session, 1, 300);
	expect_chan_info(session, INFO_MAX, INFO_MAX);
	expect_chan_info(session, INFO_MAX, 100);
	expect_chan_info(session, 100, 0);
	creation = START(session.c, CHAN_CREATE, .size = 10);
	SUITE_EQUAL(RESULT(session.s, CHAN_ACCEPT, .flags = VQ_NULL), 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void client_is_named_by_domain_and_process(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct both session = open_session_of(client_process(i), server_process(0), PORT);
		struct vq_reply who = DO(client_process(i), PING), id = DO(session.s, CLIENT_ID);

		SUITE_EQUAL(id.result, 0);
		CU_ASSERT(who.v[1] >= 0);
		SUITE_EQUAL(id.v[0], who.v[1]);
		SUITE_EQUAL(id.v[1], who.v[0]);
	}
}

static void interrupted_creation_is_never_accepted(void)
{
	struct pending first = create(0, PORT, 10, 1), second;

	CU_ASSERT(blocks(first));
	second = create(1, PORT, 10, 2);
	CU_ASSERT(blocks(second));
	interrupt(first, false);
	SUITE_EQUAL(finish(first).result, EINTR);
	SUITE_EQUAL(accept_on(PORT, 2).v[2], 0);
	SUITE_EQUAL(finish(second).result, 0);
}

static void interrupted_accept_takes_nothing(void)
{
	struct pending acceptance = START(server_process(0), SESSION_ACCEPT, .arg = PORT);
	struct pending creation;

	CU_ASSERT(blocks(acceptance));
	interrupt(acceptance, false);
	SUITE_EQUAL(finish(acceptance).result, EINTR);
	creation = create(0, PORT, 0, 0);
	CU_ASSERT(blocks(creation));
	SUITE_EQUAL(accept_on(PORT, 0).result, 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void killed_creator_is_never_accepted(void)
{
	struct pending first = create(1, PORT, 10, 1), second;

	CU_ASSERT(blocks(first));
	SUITE_EQUAL(RESULT(client_process(1), KILL), 0);
	second = create(2, PORT, 10, 2);
	SUITE_EQUAL(accept_on(PORT, 2).v[2], 0);
	SUITE_EQUAL(finish(second).result, 0);
}

static void channel_create_waits_for_accept(void)
{
	struct both session = open_session();
	struct pending creation = START(session.c, CHAN_CREATE);

	CU_ASSERT(blocks(creation));
	SUITE_EQUAL(RESULT(session.s, CHAN_ACCEPT), 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void interrupted_channel_creation_is_never_accepted(void)
{
	struct both session = open_session();
	struct pending first = START(session.c, CHAN_CREATE, .size = 10, .seed = 1), second;

	CU_ASSERT(blocks(first));
	interrupt(first, false);
	SUITE_EQUAL(finish(first).result, EINTR);
	second = START(session.c, CHAN_CREATE, .size = 10, .seed = 2);
	SUITE_EQUAL(DO(session.s, CHAN_ACCEPT, .size = 10, .seed = 2).v[2], 0);
	SUITE_EQUAL(finish(second).result, 0);
}

static void channels_belong_to_their_session(void)
{
	struct both first = open_session(), second = open_session();
	struct pending creation = START(first.c, CHAN_CREATE);
	struct pending acceptance = START(second.s, CHAN_ACCEPT);

	CU_ASSERT(blocks(creation));
	CU_ASSERT(blocks(acceptance));
	SUITE_EQUAL(RESULT(first.s, CHAN_ACCEPT), 0);
	SUITE_EQUAL(finish(creation).result, 0);
	CU_ASSERT(unfinished(acceptance));
}

static void session_is_mapped_once(void)
{
	struct both session = open_session();

	SUITE_EQUAL(RESULT(session.s, SHM_MAP), EINVAL);
	SUITE_EQUAL(RESULT(session.s, SHM_MAP, .flags = VQ_ANY), EINVAL);
	SUITE_EQUAL(RESULT(session.s, CHAN_ACCEPT, .flags = VQ_ANY), EINVAL);
}

static void mappings_cannot_be_copied_moved_or_dropped(void)
{
	struct both session = open_session(), chan;
	struct pending call;

	SUITE_EQUAL(RESULT(session.c, MISUSE), 0);
	SUITE_EQUAL(RESULT(session.s, MISUSE), 0);
	/* They are as good as before. */
	chan = open_chan(session);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 100, .outs = 1, .out_size = 64, .seed = 1);
	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void set_device(struct vq_request *request, const char *path)
{
	snprintf(request->device, sizeof(request->device), "%s", path);
}

static void wrong_devices_are_refused(void)
{
	struct handle client = client_process(0), server = server_process(0);
	struct vq_request create_wrong = { .op = VQ_SESSION_CREATE };
	struct vq_request accept_wrong = { .op = VQ_SESSION_ACCEPT };

	set_device(&create_wrong, "/dev/null");
	set_device(&accept_wrong, "/dev/null");
	CU_ASSERT(finish(start_on(client, create_wrong)).result == EINVAL);
	CU_ASSERT(finish(start_on(server, accept_wrong)).result == EINVAL);
	set_device(&create_wrong, "/dev/vrpq-clt-none7");
	set_device(&accept_wrong, "/dev/vrpq-srv-none7");
	SUITE_EQUAL(finish(start_on(client, create_wrong)).result, ENOENT);
	SUITE_EQUAL(finish(start_on(server, accept_wrong)).result, ENOENT);
}

/* Roles: the wrong calls on the right files. */
static void roles_are_kept(void)
{
	struct vq_request request = { .op = VQ_SESSION_ACCEPT };

	set_device(&request, client_device());
	SUITE_EQUAL(finish(start_on(client_process(0), request)).result, EINVAL);
	request.op = VQ_SESSION_CREATE;
	set_device(&request, server_device());
	SUITE_EQUAL(finish(start_on(server_process(0), request)).result, EINVAL);
}

static void devices_may_be_named_without_directory(void)
{
	struct vq_request request = { .op = VQ_SESSION_CREATE, .arg = PORT };
	struct pending creation;

	set_device(&request, strrchr(client_device(), '/') + 1);
	creation = start_on(client_process(0), request);
	request.op = VQ_SESSION_ACCEPT;
	set_device(&request, strrchr(server_device(), '/') + 1);
	SUITE_EQUAL(finish(start_on(server_process(0), request)).result, 0);
	SUITE_EQUAL(finish(creation).result, 0);
}

static void sessions_leave_nothing_behind(void)
{
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT);
	unsigned long loops = option_number("loops", 12);
	struct vq_reply reply;

	expect_counts_return(idle_client());
	reply = finish_within(START(client_process(1), STRESS, .arg = PORT,
				    .count = (uint32_t)loops, .seed = 3), 120);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], loops);
	SUITE_EQUAL(reply.v[1], 0);
	SUITE_EQUAL(reply.v[2], 0);
	reply = stop_daemon(daemon);
	SUITE_EQUAL(reply.v[1], loops);
	SUITE_EQUAL(reply.v[0] + reply.v[2] + reply.v[3], 0);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
}

const struct suite_test session_tests[] = {
	{ "session_create_waits_for_accept", session_create_waits_for_accept, 0 },
	{ "session_accept_waits_for_create", session_accept_waits_for_create, 0 },
	{ "sessions_are_accepted_first_in_first_out", sessions_are_accepted_first_in_first_out,
	  30 },
	{ "channels_created_at_once_are_all_accepted", channels_created_at_once_are_all_accepted,
	  0 },
	{ "ports_are_kept_apart", ports_are_kept_apart, 0 },
	{ "session_info_is_passed", session_info_is_passed, 0 },
	{ "session_info_is_cut_and_its_length_told", session_info_is_cut_and_its_length_told, 0 },
	{ "session_info_need_not_be_wanted", session_info_need_not_be_wanted, 0 },
	{ "info_over_256_bytes_is_refused", info_over_256_bytes_is_refused, 0 },
	{ "channel_info_is_passed_or_cut", channel_info_is_passed_or_cut, 0 },
	{ "client_is_named_by_domain_and_process", client_is_named_by_domain_and_process, 0 },
	{ "interrupted_creation_is_never_accepted", interrupted_creation_is_never_accepted, 0 },
	{ "interrupted_accept_takes_nothing", interrupted_accept_takes_nothing, 0 },
	{ "killed_creator_is_never_accepted", killed_creator_is_never_accepted, 0 },
	{ "channel_create_waits_for_accept", channel_create_waits_for_accept, 0 },
	{ "interrupted_channel_creation_is_never_accepted",
	  interrupted_channel_creation_is_never_accepted, 0 },
	{ "channels_belong_to_their_session", channels_belong_to_their_session, 0 },
	{ "session_is_mapped_once", session_is_mapped_once, 0 },
	{ "mappings_cannot_be_copied_moved_or_dropped",
	  mappings_cannot_be_copied_moved_or_dropped, 0 },
	{ "wrong_devices_are_refused", wrong_devices_are_refused, 0 },
	{ "roles_are_kept", roles_are_kept, 0 },
	{ "devices_may_be_named_without_directory", devices_may_be_named_without_directory, 0 },
	{ "sessions_leave_nothing_behind", sessions_leave_nothing_behind, 0 },
	{ NULL, NULL, 0 },
};
