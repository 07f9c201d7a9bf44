// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vrpq_pair.h"

#include <CUnit/Basic.h>

static void *accept_session(void *arg)
{
	struct pair *pair = arg;

	CU_ASSERT_EQUAL_FATAL(vrpqSessionAccept(FAKE_SERVER, PORT, NULL, NULL, &pair->server), 0);
	return NULL;
}

void pair_session(struct pair *pair)
{
	pthread_t thread;

	pthread_create(&thread, NULL, accept_session, pair);
	CU_ASSERT_EQUAL_FATAL(vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 0, &pair->client), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL_FATAL(vrpqShmMap(pair->server, &pair->base), 0);
}

static void *accept_chan(void *arg)
{
	struct pair *pair = arg;
	VrpqChanHandle chan;

	CU_ASSERT_EQUAL_FATAL(vrpqChanAccept(pair->server, NULL, NULL, &chan), 0);
	return chan;
}

void pair_chan(struct pair *pair, VrpqChanHandle *client, VrpqChanHandle *server)
{
	pthread_t thread;

	pthread_create(&thread, NULL, accept_chan, pair);
	CU_ASSERT_EQUAL_FATAL(vrpqChanCreate(pair->client, NULL, 0, client), 0);
	pthread_join(thread, server);
}

void pair_open(struct pair *pair, uint32_t reqs, uint32_t pmem_pages)
{
	fake_start(reqs, pmem_pages);
	pair_session(pair);
	pair_chan(pair, &pair->client_chan, &pair->server_chan);
}

void pair_close(struct pair *pair)
{
	CU_ASSERT_EQUAL(vrpqChanDestroy(pair->client_chan), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(pair->server_chan), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(pair->client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(pair->server), 0);
	CU_ASSERT_TRUE(fake_stop());
}
