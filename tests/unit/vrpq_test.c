// SPDX-License-Identifier: LGPL-2.1-or-later
/* Client and server of libvrpq against each other, over drivers that are played. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vlink/version.h>

#include "../../userlib/vrpq/call.h"
#include "../../userlib/vrpq/objects.h"
#include "said.h"
#include "unit.h"
#include "vrpq_pair.h"

#define PROC	VRPQ_PROC_ID(2, 2)

/* --- helpers ----------------------------------------------------------------- */

static int post_u32(VrpqChanHandle chan, nku32_f value)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, 4, 0, 0);

	if (!in)
		return errno;
	RPQ_PARAM_WRITE(in, 0, nku32_f, value);
	return vrpqPost(chan, PROC, in);
}

static nku32_f value_of(const struct pair *pair, const VrpqProcReq *req)
{
	VrpqShmParamInPtr in = vrpqParamInGet(req, pair->base);

	return in ? VRPQ_PARAM_READ(in, 0, nku32_f) : UINT32_MAX;
}

/* Receives until @total posts were seen, which are to count up from 0; their number. */
static nku32_f drain(const struct pair *pair, VrpqChanHandle chan, nku32_f total)
{
	VrpqProcReq *reqs[64];
	nku32_f seen = 0;
	int i, avail;

	while (seen < total && vrpqReceive(chan, reqs, 64, &avail) == 0)
		for (i = 0; i < avail; i++, seen++)
			if (value_of(pair, reqs[i]) != seen)
				return seen;
	vrpqReceive(chan, NULL, 0, &avail);
	return seen;
}

static void close_channel(VrpqChanHandle client, VrpqChanHandle server)
{
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
}

/* A thread that does one thing that may block, and what that returned. */
struct task {
	pthread_t thread;
	int (*run)(struct task *task);
	struct pair *pair;
	VrpqChanHandle chan;
	VrpqParamInPtr in;
	VrpqParamOutPtr out;
	nku32_f count;
	int result;
	int value;
	bool done;			/* atomic */
};

static void *task_main(void *arg)
{
	struct task *task = arg;

	task->result = task->run(task);
	__atomic_store_n(&task->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void task_start(struct task *task)
{
	pthread_create(&task->thread, NULL, task_main, task);
}

static int task_end(struct task *task)
{
	pthread_join(task->thread, NULL);
	return task->result;
}

/* Does it end by itself? If not, it is interrupted: a test goes on, and has failed. */
static bool ends(struct task *task)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	if (!pthread_timedjoin_np(task->thread, NULL, &until))
		return true;
	fake_interrupt(task->thread);
	pthread_join(task->thread, NULL);
	return false;
}

static int do_call(struct task *task)
{
	return vrpqCall(task->chan, PROC, task->in, task->out);
}

static int do_drain(struct task *task)
{
	return drain(task->pair, task->chan, task->count) == task->count ? 0 : EIO;
}

static int do_receive(struct task *task)
{
	VrpqProcReq *req;

	return vrpqReceive(task->chan, &req, 1, &task->value);
}

/* Answers all calls with 0 until the channel ends. */
static int do_serve(struct task *task)
{
	VrpqProcReq *reqs[8];
	int err, avail;

	do
		err = vrpqReceive(task->chan, reqs, 8, &avail);
	while (!err);
	return err;
}

static struct pair p;

/* --- handles, information ------------------------------------------------------ */

static void test_bad_handles(void)
{
	VrpqProcReq *req;
	VrpqClientId id;
	VrpqChanHandle chan;
	VrpqSessionHandle session;
	void *addr;
	int avail;

	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(NULL), EBADF);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client_chan), EBADF);
	CU_ASSERT_EQUAL(vrpqChanDestroy(NULL), ECHANINVALID);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.client), ECHANINVALID);
	CU_ASSERT_EQUAL(vrpqNotify(NULL), ECHANINVALID);
	CU_ASSERT_EQUAL(vrpqPost(NULL, PROC, NULL), ECHANINVALID);
	CU_ASSERT_EQUAL(vrpqPost(p.server_chan, PROC, NULL), EINVAL);
	CU_ASSERT_EQUAL(vrpqReceive(p.client_chan, &req, 1, &avail), EINVAL);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, &req, -1, &avail), EINVAL);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 1, &avail), EINVAL);
	CU_ASSERT_EQUAL(vrpqClientIdGet(p.client, &id), EINVAL);
	CU_ASSERT_EQUAL(vrpqClientIdGet(p.server, &id), 0);
	CU_ASSERT_EQUAL(id.vmId, 7);
	CU_ASSERT_TRUE(id.appId >= 4000);
	CU_ASSERT_EQUAL(vrpqShmMap(p.server, &addr), EINVAL);
	CU_ASSERT_EQUAL(vrpqShmMap(VRPQ_SESSION_ANY, &addr), EINVAL);
	CU_ASSERT_EQUAL(vrpqChanAccept(VRPQ_SESSION_ANY, NULL, NULL, &chan), EINVAL);
	CU_ASSERT_EQUAL(vrpqChanAccept(p.client, NULL, NULL, &chan), EINVAL);
	CU_ASSERT_EQUAL(vrpqChanCreate(p.server, NULL, 0, &chan), EINVAL);
	CU_ASSERT_EQUAL(vrpqSessionCreate("fake/none", 0, NULL, 0, &session), ENOENT);
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_SERVER, 0, NULL, 0, &session), EINVAL);
	CU_ASSERT_EQUAL(vrpqSessionAccept(FAKE_CLIENT, 0, NULL, NULL, &session), EINVAL);
	CU_ASSERT_PTR_NULL(vrpqParamPostAlloc(NULL, 4, 0, 0));
	CU_ASSERT_EQUAL(errno, ECHANINVALID);
	session = p.client;
	chan = p.client_chan;
	pair_close(&p);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(session), EBADF);
	CU_ASSERT_EQUAL(vrpqChanDestroy(chan), ECHANINVALID);
}

static char long_info[300];

static int do_accept_with_info(struct task *task)
{
	char info[8] = "", chan_info[300] = "";
	VrpqSize size = sizeof(info), chan_size = sizeof(chan_info);
	int err = vrpqSessionAccept(FAKE_SERVER, PORT, info, &size, &p.server);

	if (err)
		return err;
	err = vrpqChanAccept(p.server, chan_info, &chan_size, &p.server_chan);
	if (size != 11 || memcmp(info, "informat", 8))
		return EIO;
	task->value = (int)chan_size;
	return err ? err : memcmp(chan_info, long_info, 256) ? EIO : 0;
}

static void test_info(void)
{
	struct task task = { .run = do_accept_with_info };

	fake_start(256, 16);
	memset(long_info, 'x', sizeof(long_info));
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_CLIENT, PORT, long_info, 257, &p.client), EMSGSIZE);
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 4, &p.client), EINVAL);
	task_start(&task);
	CU_ASSERT_EQUAL_FATAL(vrpqSessionCreate(FAKE_CLIENT, PORT, "information", 11, &p.client), 0);
	CU_ASSERT_EQUAL(vrpqChanCreate(p.client, long_info, 257, &p.client_chan), EMSGSIZE);
	CU_ASSERT_EQUAL_FATAL(vrpqChanCreate(p.client, long_info, 256, &p.client_chan), 0);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_EQUAL(task.value, 256);
	pair_close(&p);
}

static int do_create_session(struct task *task)
{
	return vrpqSessionCreate(FAKE_CLIENT, task->count, NULL, 0, &p.client);
}

static int do_create_chan(struct task *task)
{
	return vrpqChanCreate(p.client, NULL, 0, &task->chan);
}

/* A channel takes no path, and no rights but those that the session had. */
static void test_channel_opens_nothing(void)
{
	VrpqChanHandle client, server;
	unsigned int before;

	pair_open(&p, 256, 16);
	before = fake_counts().opens;
	CU_ASSERT_EQUAL(before, 2);
	pair_chan(&p, &client, &server);
	CU_ASSERT_EQUAL(fake_counts().opens, before);
	close_channel(client, server);
	pair_close(&p);
}

/* --- memory runs short ------------------------------------------------------------------- */

/* Of this thread: allocations until one fails, which then is 0; negative: none does. */
static __thread int allocations_left = -1;

static bool runs_short(void)
{
	return allocations_left > 0 && !--allocations_left;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *__wrap_malloc(size_t size)
{
	return runs_short() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return runs_short() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
	return runs_short() ? NULL : __real_realloc(ptr, size);
}

/* What one end does until an error, with its @count-th allocation failing; 0: none. */
struct end {
	VrpqSessionHandle session;
	VrpqChanHandle chan;
};

static void end_close(struct end *end)
{
	allocations_left = -1;
	if (end->chan)
		vrpqChanDestroy(end->chan);
	if (end->session)
		vrpqSessionDestroy(end->session);
}

static int work_as_client(struct task *task)
{
	struct end end = { NULL, NULL };
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	nku32_f word = 0;
	int err;

	allocations_left = (int)task->count ? (int)task->count : -1;
	err = vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 0, &end.session);
	if (!err)
		err = vrpqChanCreate(end.session, NULL, 0, &end.chan);
	if (!err)
		err = vrpqParamCallAlloc(end.chan, 4, 1, 4, 1, 4, &in, &out);
	if (!err) {
		VRPQ_PARAM_REF_WRITE(in, 8, 4, &word);
		VRPQ_PARAM_REF_WRITE(out, 0, 4, &word);
		err = vrpqCall(end.chan, PROC, in, out);
	}
	task->value = allocations_left == 0;
	end_close(&end);
	return err;
}

static int work_as_server(struct task *task)
{
	struct end end = { NULL, NULL };
	VrpqProcReq *req, copy;
	nku64_f in[8], out[8];
	int avail, err;

	allocations_left = (int)task->count ? (int)task->count : -1;
	err = vrpqSessionAccept(FAKE_SERVER, PORT, NULL, NULL, &end.session);
	if (!err)
		err = vrpqChanAccept(end.session, NULL, NULL, &end.chan);
	if (!err)
		err = vrpqReceive(end.chan, &req, 1, &avail);
	if (!err)
		err = vrpqLocalBufReceive(end.chan, &copy, in, (VrpqParamRef *)out);
	task->value = allocations_left == 0;
	end_close(&end);
	return err;
}

/* Until it ends; what it waits for may never come. */
static void hurry(struct task *task)
{
	while (!__atomic_load_n(&task->done, __ATOMIC_ACQUIRE)) {
		fake_interrupt(task->thread);
		usleep(100);
	}
	task_end(task);
}

/* Each allocation fails once, at either end: ENOMEM, and nothing is left or freed twice. */
static void run_short(int (*victim)(struct task *), int (*other)(struct task *))
{
	struct task short_of, beside;
	nku32_f n = 0;

	do {
		fake_start(256, 16);
		short_of = (struct task) { .run = victim, .count = ++n };
		beside = (struct task) { .run = other };
		task_start(&beside);
		task_start(&short_of);
		/* What the other end waits for comes, or never will. */
		while (!__atomic_load_n(&short_of.done, __ATOMIC_ACQUIRE) &&
		       !__atomic_load_n(&beside.done, __ATOMIC_ACQUIRE))
			usleep(100);
		hurry(&short_of);
		hurry(&beside);
		if (short_of.value)
			CU_ASSERT_EQUAL(short_of.result, ENOMEM);
		CU_ASSERT_TRUE(fake_stop());
	} while (short_of.value);
	CU_ASSERT_TRUE(n > 4);
}

static void test_client_runs_short(void)
{
	run_short(work_as_client, work_as_server);
}

static void test_server_runs_short(void)
{
	run_short(work_as_server, work_as_client);
}

static void test_interrupted_creation(void)
{
	struct task task = { .run = do_create_session, .count = 99 };
	VrpqChanHandle client, server;
	int i;

	fake_start(256, 16);
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	fake_interrupt(task.thread);
	CU_ASSERT_EQUAL(task_end(&task), EINTR);
	CU_ASSERT_TRUE(fake_stop());

	pair_open(&p, 256, 16);
	for (i = 0; i < 50; i++) {
		task.run = do_create_chan;
		task_start(&task);
		CU_ASSERT_TRUE(fake_await_sleep(task.thread));
		fake_interrupt(task.thread);
		CU_ASSERT_EQUAL(task_end(&task), EINTR);
	}
	pair_chan(&p, &client, &server);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	pair_close(&p);
}

/* --- posts ------------------------------------------------------------------- */

static void test_posts_in_order(void)
{
	VrpqProcReq *reqs[8];
	VrpqParamInPtr in;
	nku32_f i, seen = 0;
	VrpqProcId last = 0;
	int j, avail;

	pair_open(&p, 4096, 64);
	for (i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(post_u32(p.client_chan, i), 0);
	in = vrpqParamPostAlloc(p.client_chan, 4, 0, 0);
	VRPQ_PARAM_WRITE(in, 0, nku32_f, 20);
	CU_ASSERT_EQUAL(vrpqPostAndNotify(p.client_chan, VRPQ_PROC_ID(3, 4), in), 0);
	while (seen < 21) {
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
		CU_ASSERT_TRUE(avail >= 1 && avail <= 8);
		for (j = 0; j < avail; j++, seen++) {
			CU_ASSERT_EQUAL(value_of(&p, reqs[j]), seen);
			CU_ASSERT_EQUAL(reqs[j]->procId, seen < 20 ? PROC : VRPQ_PROC_ID(3, 4));
			CU_ASSERT_PTR_NULL(vrpqParamOutGet(reqs[j], p.base));
			last = reqs[j]->procId;
		}
	}
	CU_ASSERT_EQUAL(VRPQ_PROC_ID_GRP_GET(last), 3);
	CU_ASSERT_EQUAL(VRPQ_PROC_ID_FUNC_GET(last), 4);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, NULL), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(avail, 1);
	CU_ASSERT_EQUAL(reqs[0]->inOffset, 0);
	CU_ASSERT_PTR_NULL(vrpqParamInGet(reqs[0], p.base));
	pair_close(&p);
}

/* Posts, receives and notifications of who is awake are no system calls. */
static void test_no_system_calls(void)
{
	VrpqProcReq *reqs[32];
	struct fake_counts before, after;
	nku32_f i;
	int avail;

	pair_open(&p, 4096, 64);
	for (i = 0; i < 1000; i++)
		post_u32(p.client_chan, i);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, 1000), 1000);
	before = fake_counts();
	for (i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL(post_u32(p.client_chan, i), 0);
		if (i % 32 == 31) {
			CU_ASSERT_EQUAL(vrpqNotify(p.client_chan), 0);
			CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, reqs, 32, &avail), 0);
			CU_ASSERT_EQUAL(avail, 32);
		}
	}
	after = fake_counts();
	CU_ASSERT_EQUAL(after.calls, before.calls);
	pair_close(&p);
}

/* One ring wakes a server that sleeps; the second notification finds it awake. */
static void test_one_bell(void)
{
	struct task task = { .run = do_receive };
	struct fake_counts before;

	pair_open(&p, 4096, 64);
	task.chan = p.server_chan;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	before = fake_counts();
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	CU_ASSERT_EQUAL(fake_counts().rings, before.rings);
	CU_ASSERT_EQUAL(vrpqNotify(p.client_chan), 0);
	CU_ASSERT_EQUAL(fake_counts().rings, before.rings + 1);
	CU_ASSERT_EQUAL(vrpqNotify(p.client_chan), 0);
	CU_ASSERT_EQUAL(fake_counts().rings, before.rings + 1);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_EQUAL(task.value, 1);
	pair_close(&p);
}

/*
 * A handler that came by itself answers a callback before its thread gets to ring for it. The
 * bell was for those behind it, too, whose threads saw that somebody rings.
 */
static void test_bell_of_answered_call(void)
{
	struct vrpq_slot slot = { .state = VRPQ_SLOT_DONE, .reason = 5 };
	struct vrpq_sender *sender;
	unsigned int before;
	int reason = 0;

	pair_open(&p, 4096, 64);
	sender = &vrpq_chan_of(p.server_chan)->sender;
	before = fake_counts().rings;
	CU_ASSERT_EQUAL(vrpq_call_wait(sender, &slot, true, &reason), 0);
	CU_ASSERT_EQUAL(reason, 5);
	CU_ASSERT_EQUAL(fake_counts().rings, before + 1);
	CU_ASSERT_EQUAL(vrpq_call_wait(sender, &slot, false, &reason), 0);
	CU_ASSERT_EQUAL(fake_counts().rings, before + 1);
	pair_close(&p);
}

static void test_bad_parameters(void)
{
	VrpqChanHandle client, server;
	VrpqParamInPtr in, other;
	nku32_f mine = 0;

	pair_open(&p, 256, 16);
	pair_chan(&p, &client, &server);
	in = vrpqParamPostAlloc(p.client_chan, 8, 0, 0);
	other = vrpqParamPostAlloc(client, 8, 0, 0);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, &mine), EINVAL);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, (char *)in + 8), EINVAL);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, (char *)in + 1), EINVAL);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, other), EINVAL);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, in), 0);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, in), EINVAL);
	CU_ASSERT_EQUAL(vrpqPost(client, PROC, other), 0);
	CU_ASSERT_PTR_NULL(vrpqParamPostAlloc(p.client_chan, 8, 33, 8));
	CU_ASSERT_EQUAL(errno, EINVAL);
	CU_ASSERT_PTR_NULL(vrpqParamPostAlloc(p.client_chan, 17 * 4096, 0, 0));
	CU_ASSERT_EQUAL(errno, EREQSIZE);
	CU_ASSERT_PTR_NULL(vrpqParamPostAlloc(p.client_chan, UINT32_MAX, 32, UINT32_MAX));
	CU_ASSERT_EQUAL(errno, EREQSIZE);
	/* Never posted: freed with the channel. */
	CU_ASSERT_PTR_NOT_NULL(vrpqParamPostAlloc(p.client_chan, 8, 2, 100));
	CU_ASSERT_PTR_NOT_NULL(vrpqParamPostAlloc(p.client_chan, 5000, 0, 0));
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	pair_close(&p);
}

/* --- references -------------------------------------------------------------- */

static void test_input_references(void)
{
	char text[13] = "twelve bytes", other[5] = "four";
	VrpqParamInPtr in;
	VrpqShmParamInPtr seen;
	VrpqProcReq *req;
	int avail, error = 0;

	pair_open(&p, 256, 16);
	in = vrpqParamPostAlloc(p.client_chan, 4, 3, 13 + 5);
	VRPQ_PARAM_WRITE(in, 0, nku32_f, 77);
	VRPQ_PARAM_REF_WRITE(in, 8, 13, text);
	VRPQ_PARAM_REF_WRITE(in, 24, 0, NULL);
	VRPQ_PARAM_REF_WRITE(in, 40, 5, other);
	CU_ASSERT_EQUAL(vrpqPostAndNotify(p.client_chan, PROC, in), 0);
	memset(text, 0, sizeof(text));
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	seen = vrpqParamInGet(req, p.base);
	CU_ASSERT_EQUAL(VRPQ_PARAM_READ(seen, 0, nku32_f), 77);
	CU_ASSERT_STRING_EQUAL(VRPQ_PARAM_REF_IN_PLACE(seen, 8, char *, 13, error), "twelve bytes");
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(seen, 24, char *, 0, error));
	CU_ASSERT_STRING_EQUAL(VRPQ_PARAM_REF_IN_PLACE(seen, 40, char *, 5, error), "four");
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_PTR_NOT_NULL(VRPQ_PARAM_REF_IN_PLACE(seen, 40, char *, 6, error));
	CU_ASSERT_EQUAL(error, 1);
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(seen, 24, char *, 6, error));
	CU_ASSERT_EQUAL(error, 2);
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(seen, 40, char *, 0x7fffffff, error));
	CU_ASSERT_EQUAL(error, 3);
	/* More than was declared: */
	in = vrpqParamPostAlloc(p.client_chan, 0, 1, 8);
	VRPQ_PARAM_REF_WRITE(in, 0, 17, text);
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, in), EINVAL);
	pair_close(&p);
}

/* --- references to what is no memory ------------------------------------------------ */

static unsigned char *one_page(int prot)
{
	void *page = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(page, MAP_FAILED);
	return page;
}

static int post_reference(VrpqChanHandle chan, void *data, nku32_f size)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, 4, 2, size + 4);
	nku32_f word = 4;

	if (!in)
		return errno;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, size);
	VRPQ_PARAM_REF_WRITE(in, 8, 4, &word);
	VRPQ_PARAM_REF_WRITE(in, 24, size, data);
	return vrpqPost(chan, PROC, in);
}

/* Are the next @n requests posts of post_reference() with @byte? */
static bool got_references(nku32_f n, nku32_f size, unsigned char byte)
{
	VrpqShmParamInPtr in;
	unsigned char *data;
	VrpqProcReq *req;
	int avail, error = 0;
	nku32_f *word;

	while (n-- && !error) {
		if (vrpqReceive(p.server_chan, &req, 1, &avail))
			return false;
		in = vrpqParamInGet(req, p.base);
		word = VRPQ_PARAM_REF_IN_PLACE(in, 8, nku32_f *, 4, error);
		data = VRPQ_PARAM_REF_IN_PLACE(in, 24, unsigned char *, size, error);
		if (error || *word != 4 || data[0] != byte || data[size - 1] != byte)
			return false;
	}
	return !error && !vrpqReceive(p.server_chan, NULL, 0, NULL);
}

/* EFAULT, and the channel can be used as before. */
static void test_bad_input_reference(void)
{
	static unsigned char good[20000];
	unsigned char *page, local[64];
	nku32_f i;

	pair_open(&p, 256, 16);
	page = one_page(PROT_READ | PROT_WRITE);
	memset(page, 'p', 4096);
	memset(good, 'p', sizeof(good));
	memset(local, 'p', sizeof(local));
	munmap(page, 4096);
	for (i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(post_reference(p.client_chan, page, 100), EFAULT);
		CU_ASSERT_EQUAL(post_reference(p.client_chan, (void *)8, 8), EFAULT);
		CU_ASSERT_EQUAL(post_reference(p.client_chan, (void *)(uintptr_t)-8, 16), EFAULT);
	}
	page = one_page(PROT_NONE);
	CU_ASSERT_EQUAL(post_reference(p.client_chan, page, 1), EFAULT);
	munmap(page, 4096);
	/* Half of it is there. */
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	CU_ASSERT_EQUAL(post_reference(p.client_chan, page, 4097), EFAULT);
	CU_ASSERT_EQUAL(post_reference(p.client_chan, good, sizeof(good)), 0);
	CU_ASSERT_TRUE(got_references(1, sizeof(good), 'p'));
	CU_ASSERT_EQUAL(post_reference(p.client_chan, local, sizeof(local)), 0);
	CU_ASSERT_TRUE(got_references(1, sizeof(local), 'p'));
	munmap(page, 4096);
	pair_close(&p);
}

static int do_answer(struct task *task)
{
	VrpqProcReq *req;
	int avail, error = 0, err = vrpqReceive(task->chan, &req, 1, &avail);
	unsigned char *to;

	if (err)
		return err;
	to = VRPQ_PARAM_REF_IN_PLACE(vrpqParamOutGet(req, p.base), 0, unsigned char *, task->count,
				     error);
	if (error)
		return EIO;
	memset(to, 'o', task->count);
	return vrpqReceive(task->chan, NULL, 0, NULL);
}

static int call_for(void *to, nku32_f size)
{
	struct task server = { .run = do_answer, .chan = p.server_chan, .count = size };
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	int err;

	CU_ASSERT_EQUAL_FATAL(vrpqParamCallAlloc(p.client_chan, 4, 0, 0, 1, size, &in, &out), 0);
	VRPQ_PARAM_REF_WRITE(out, 0, size, to);
	task_start(&server);
	err = vrpqCall(p.client_chan, PROC, in, out);
	CU_ASSERT_EQUAL(task_end(&server), 0);
	return err;
}

static void test_bad_output_reference(void)
{
	static unsigned char good[20000];
	unsigned char *page, local[64];

	pair_open(&p, 256, 16);
	page = one_page(PROT_READ);
	CU_ASSERT_EQUAL(call_for(page, 8), EFAULT);
	munmap(page, 4096);
	CU_ASSERT_EQUAL(call_for((void *)16, 4096), EFAULT);
	CU_ASSERT_EQUAL(call_for(good, sizeof(good)), 0);
	CU_ASSERT_EQUAL(good[sizeof(good) - 1], 'o');
	CU_ASSERT_EQUAL(call_for(local, sizeof(local)), 0);
	CU_ASSERT_EQUAL(local[sizeof(local) - 1], 'o');
	pair_close(&p);
}

/* Who may not copy between processes copies all the same, and bad memory is found out. */
static void copies_without(int refusal)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)refusal),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 5, .filter = filter };
	static unsigned char from[20000], to[20000], *page;
	struct iovec bad = { (void *)8, 8 };
	struct vrpq_copy copy = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(2);
	memset(from, 'f', sizeof(from));
	vrpq_copy_add(&copy, to, from, sizeof(from));
	if (vrpq_copy_from_program(&copy) || memcmp(from, to, sizeof(from)))
		_exit(3);
	memset(to, 't', sizeof(to));
	if (vrpq_copy_to_program(&copy) || memcmp(from, to, sizeof(from)))
		_exit(4);
	copy.theirs[0] = bad;
	copy.size = 8;
	copy.ours[0].iov_len = 8;
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vrpq_copy_from_program(&copy) != EFAULT || vrpq_copy_to_program(&copy) != EFAULT)
		_exit(5);
	copy.theirs[0].iov_base = page;
	_exit(vrpq_copy_from_program(&copy) || vrpq_copy_to_program(&copy) != EFAULT ? 6 : 0);
}

static void test_copies_when_forbidden(void)
{
	static const int refusals[] = { EPERM, ENOSYS };
	int status = -1;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = fork();
		if (!pid)
			copies_without(refusals[i]);
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE(WIFEXITED(status));
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	}
}

static void test_hostile_references(void)
{
	VrpqShmParamInPtr seen;
	char small[4], buffer[32] __attribute__((aligned(8))) = "outside";
	VrpqProcReq *req;
	int avail, error = 0;

	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 1), 0);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	seen = vrpqParamInGet(req, p.base);
	((struct vrpq_ref *)seen)->size = 16;
	((struct vrpq_ref *)seen)->offset = UINT32_MAX - 15;
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(seen, 0, char *, 16, error));
	CU_ASSERT_EQUAL(error, 1);
	/* Not in the session's memory at all. */
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(buffer, 0, char *, 16, error));
	CU_ASSERT_EQUAL(error, 2);
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE((char *)seen + 4, 0, char *, 16, error));
	CU_ASSERT_EQUAL(error, 3);
	memset(seen, 'a', 64);
	VRPQ_PARAM_STR_READ(seen, 0, small);
	CU_ASSERT_STRING_EQUAL(small, "aaa");
	VRPQ_PARAM_STR_READ(buffer, 0, small);
	CU_ASSERT_STRING_EQUAL(small, "out");
	VRPQ_PARAM_STR_WRITE(buffer, 0, "in");
	VRPQ_PARAM_STR_READ(buffer, 0, small);
	CU_ASSERT_STRING_EQUAL(small, "in");
	pair_close(&p);
}

/* --- calls ------------------------------------------------------------------- */

static void start_call(struct task *task, nku32_f value, char *first, char *second)
{
	*task = (struct task) { .run = do_call, .chan = p.client_chan };
	CU_ASSERT_EQUAL_FATAL(vrpqParamCallAlloc(p.client_chan, 4, 0, 0, 2, 11, &task->in,
						 &task->out), 0);
	VRPQ_PARAM_WRITE(task->in, 0, nku32_f, value);
	VRPQ_PARAM_REF_WRITE(task->out, 0, 5, first);
	VRPQ_PARAM_REF_WRITE(task->out, 16, 6, second);
	task_start(task);
}

static void fill_output(const VrpqProcReq *req, const char *first, const char *second)
{
	VrpqShmParamOutPtr out = vrpqParamOutGet(req, p.base);
	int error = 0;
	char *to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	to = VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, 5, error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	memcpy(to, first, 5);
	to = VRPQ_PARAM_REF_IN_PLACE(out, sizeof(VrpqParamRef), char *, 6, error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	memcpy(to, second, 6);
	CU_ASSERT_EQUAL(error, 0);
}

static void test_call(void)
{
	char first[8] = "-------", second[8] = "-------";
	struct task call;
	VrpqProcReq *reqs[8];
	int avail;

	pair_open(&p, 256, 16);
	post_u32(p.client_chan, 1);
	start_call(&call, 2, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	post_u32(p.client_chan, 3);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL_FATAL(avail, 2);
	CU_ASSERT_EQUAL(value_of(&p, reqs[0]), 1);
	CU_ASSERT_EQUAL(value_of(&p, reqs[1]), 2);
	fill_output(reqs[1], "1st.", "2nd..");
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	CU_ASSERT_EQUAL_FATAL(avail, 1);
	CU_ASSERT_EQUAL(value_of(&p, reqs[0]), 3);
	CU_ASSERT_NSTRING_EQUAL(first, "1st.\0--", 8);
	CU_ASSERT_NSTRING_EQUAL(second, "2nd..\0-", 8);
	pair_close(&p);
}

static void test_call_reason(void)
{
	static const int reasons[] = { 5, -5, 70000, -70000 }, results[] = { 5, 5, 70000, -70000 };
	char first[8] = "-------", second[8] = "-------";
	struct task call;
	VrpqProcReq *req;
	int i, avail;

	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(vrpqCallSetReason(p.server_chan, 1), EINVAL);
	for (i = 0; i < 4; i++) {
		start_call(&call, 2, first, second);
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
		fill_output(req, "1st.", "2nd..");
		CU_ASSERT_EQUAL(vrpqCallSetReason(p.server_chan, reasons[i]), 0);
		CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
		CU_ASSERT_EQUAL(task_end(&call), results[i]);
		CU_ASSERT_STRING_EQUAL(first, "-------");
	}
	/* It was for those calls alone. */
	start_call(&call, 2, first, second);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	pair_close(&p);
}

static int check_big_call(const VrpqProcReq *req, nku32_f size)
{
	VrpqShmParamInPtr in = vrpqParamInGet(req, p.base);
	VrpqShmParamOutPtr out = vrpqParamOutGet(req, p.base);
	int error = 0;
	char *from, *to;

	from = VRPQ_PARAM_REF_IN_PLACE(in, 8, char *, size, error);
	to = VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, size, error);
	if (error || !from || !to)
		return EIO;
	memcpy(to, from, size);
	return 0;
}

/* Input and output by reference, larger than pages. */
static void test_call_with_references(void)
{
	static char from[20001], to[20001];
	struct task call = { .run = do_call };
	VrpqProcReq *req;
	int avail;

	pair_open(&p, 256, 16);
	memset(from, 'f', sizeof(from) - 1);
	call.chan = p.client_chan;
	CU_ASSERT_EQUAL_FATAL(vrpqParamCallAlloc(p.client_chan, 5, 1, sizeof(from), 1, sizeof(to),
						 &call.in, &call.out), 0);
	VRPQ_PARAM_REF_WRITE(call.in, 8, sizeof(from), from);
	VRPQ_PARAM_REF_WRITE(call.out, 0, sizeof(to), to);
	task_start(&call);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	CU_ASSERT_EQUAL(check_big_call(req, sizeof(from)), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	CU_ASSERT_EQUAL(memcmp(from, to, sizeof(from)), 0);
	pair_close(&p);
}

static void test_call_without_parameters(void)
{
	struct task call = { .run = do_call };
	VrpqParamInPtr in;
	VrpqProcReq *req;
	int avail;

	pair_open(&p, 256, 16);
	call.chan = p.client_chan;
	task_start(&call);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	CU_ASSERT_PTR_NULL(vrpqParamInGet(req, p.base));
	CU_ASSERT_PTR_NULL(vrpqParamOutGet(req, p.base));
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	/* No output, and then no input: */
	CU_ASSERT_EQUAL(vrpqParamCallAlloc(p.client_chan, 4, 0, 0, 0, 0, &in, NULL), 0);
	CU_ASSERT_EQUAL(vrpqParamCallAlloc(p.client_chan, 0, 0, 0, 0, 0, NULL, NULL), 0);
	CU_ASSERT_EQUAL(vrpqParamCallAlloc(p.client_chan, 4, 0, 0, 0, 0, NULL, NULL), EINVAL);
	CU_ASSERT_EQUAL(vrpqParamCallAlloc(p.client_chan, 0, 0, 0, 33, 0, &in, &call.out), EINVAL);
	CU_ASSERT_EQUAL(vrpqParamCallAlloc(p.client_chan, 0, 0, 0, 1, 70000, &in, &call.out), EMSGSIZE);
	call.in = in;
	task_start(&call);
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	CU_ASSERT_PTR_NOT_NULL(vrpqParamInGet(req, p.base));
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	pair_close(&p);
}

/* A signal takes back a call that was not delivered, and waits for one that was. */
static void test_interrupted_call(void)
{
	char first[8] = "", second[8] = "";
	struct task call;
	VrpqProcReq *reqs[8];
	int avail;

	pair_open(&p, 256, 16);
	start_call(&call, 1, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	fake_interrupt(call.thread);
	CU_ASSERT_EQUAL(task_end(&call), EINTR);
	start_call(&call, 2, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(avail, 1);
	CU_ASSERT_EQUAL(value_of(&p, reqs[0]), 2);
	fake_interrupt(call.thread);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	CU_ASSERT_EQUAL(vrpqCallSetReason(p.server_chan, 9), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 9);
	pair_close(&p);
}

static void test_interrupted_receive(void)
{
	struct task task = { .run = do_receive };
	VrpqProcReq *req;
	int avail;

	pair_open(&p, 256, 16);
	task.chan = p.server_chan;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, &req, 1, &avail), EALREADY);
	CU_ASSERT_EQUAL(vrpqCallSetReason(p.server_chan, 0), EALREADY);
	fake_interrupt(task.thread);
	CU_ASSERT_EQUAL(task_end(&task), EINTR);
	post_u32(p.client_chan, 4);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
	CU_ASSERT_EQUAL(value_of(&p, req), 4);
	pair_close(&p);
}

/* --- local buffers ------------------------------------------------------------- */

static void test_local_buffers(void)
{
	char first[8] = "-------", second[8] = "-------";
	VrpqProcReq *reqs[8], req;
	VrpqSize in_size, out_size;
	struct task call;
	int avail, error = 0;
	nku64_f in[8], out[16];

	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(vrpqLocalBufInfo(p.server_chan, &in_size, &out_size), EINVAL);
	post_u32(p.client_chan, 1);
	start_call(&call, 2, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(avail, 2);
	CU_ASSERT_EQUAL(vrpqLocalBufInfo(p.server_chan, &in_size, &out_size), 0);
	CU_ASSERT_EQUAL(in_size, 8);
	CU_ASSERT_EQUAL(out_size, 0);
	CU_ASSERT_EQUAL(vrpqLocalBufReceive(p.server_chan, &req, NULL, NULL), EINVAL);
	CU_ASSERT_EQUAL(vrpqLocalBufReceive(p.server_chan, &req, in, NULL), 0);
	CU_ASSERT_EQUAL(VRPQ_PARAM_READ(in, 0, nku32_f), 1);
	CU_ASSERT_EQUAL(vrpqLocalBufInfo(p.server_chan, &in_size, &out_size), 0);
	CU_ASSERT_EQUAL(out_size, 2 * 16 + 8 + 8);
	CU_ASSERT_EQUAL(vrpqLocalBufReceive(p.server_chan, &req, in, (VrpqParamRef *)out), 0);
	CU_ASSERT_EQUAL(VRPQ_PARAM_READ(in, 0, nku32_f), 2);
	memcpy(VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, 5, error), "copy", 5);
	memcpy(VRPQ_PARAM_REF_IN_PLACE(out, 16, char *, 6, error), "copy2", 6);
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, 64, error));
	CU_ASSERT_EQUAL(error, 1);
	CU_ASSERT_EQUAL(vrpqLocalBufReceive(p.server_chan, &req, in, (VrpqParamRef *)out), EINVAL);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	CU_ASSERT_STRING_EQUAL(first, "copy");
	CU_ASSERT_STRING_EQUAL(second, "copy2");
	CU_ASSERT_PTR_NULL(VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, 5, error));
	pair_close(&p);
}

/* --- capacity ------------------------------------------------------------------ */

/* All that fits the sizes 128K and 2M at once, then all of it in order. */
static void test_131072_outstanding(void)
{
	nku32_f i;

	pair_open(&p, 131072, 512);
	for (i = 0; i < 131072; i++)
		if (post_u32(p.client_chan, i))
			break;
	CU_ASSERT_EQUAL(i, 131072);
	CU_ASSERT_EQUAL(fake_counts().sleeps, 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, 131072), 131072);
	pair_close(&p);
}

static void test_back_pressure(void)
{
	struct task task = { .run = do_drain, .count = 100000 };
	nku32_f i;
	int err = 0;

	pair_open(&p, 256, 4);
	task.pair = &p;
	task.chan = p.server_chan;
	task_start(&task);
	for (i = 0; i < task.count && !err; i++)
		err = post_u32(p.client_chan, i);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(vrpqNotify(p.client_chan), 0);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_TRUE(fake_counts().sleeps > 0);
	pair_close(&p);
}

static int do_post_until_error(struct task *task)
{
	int err;

	do
		err = post_u32(task->chan, task->count);
	while (!err && ++task->count < 1000000);
	return err;
}

static int do_post_large(struct task *task)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(task->chan, task->count, 0, 0);

	if (!in)
		return errno;
	memset(in, 'x', task->count);
	return vrpqPostAndNotify(task->chan, PROC, in);
}

/* Nobody receives: a post waits, a signal ends it, so does the end of the peer. */
static void test_interrupted_post(void)
{
	struct task task = { .run = do_post_until_error };
	nku32_f before;

	pair_open(&p, 256, 512);
	task.chan = p.client_chan;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	before = task.count;
	CU_ASSERT_TRUE(before >= 256);
	fake_interrupt(task.thread);
	CU_ASSERT_EQUAL(task_end(&task), EINTR);
	/* None that was posted is lost. */
	CU_ASSERT_EQUAL(task.count, before);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, before), before);
	pair_close(&p);

	pair_open(&p, 131072, 4);
	task.chan = p.client_chan;
	task.count = 0;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	fake_interrupt(task.thread);
	CU_ASSERT_EQUAL(task_end(&task), EINTR);
	CU_ASSERT_TRUE(task.count >= 4 * 512);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, task.count), task.count);
	pair_close(&p);
}

static int do_notify(struct task *task)
{
	return vrpqNotify(task->chan);
}

static int do_post(struct task *task)
{
	return post_u32(task->chan, task->count);
}

/*
 * While the server's domain does not learn of new pages, or slowly, who needs them sleeps and
 * can be interrupted, and others go on.
 */
static void test_server_learns_slowly(void)
{
	struct task large = { .run = do_post_large, .count = 8 * 4096 };
	struct task notify = { .run = do_notify }, post = { .run = do_post, .count = 0 };
	VrpqChanHandle client, server;

	pair_open(&p, 4096, 64);
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	fake_pause_server(true);
	large.chan = p.client_chan;
	notify.chan = p.client_chan;
	post.chan = p.client_chan;
	task_start(&large);
	CU_ASSERT_TRUE(fake_await_sleep(large.thread));
	task_start(&notify);
	CU_ASSERT_TRUE(ends(&notify));
	CU_ASSERT_EQUAL(notify.result, 0);
	task_start(&post);
	CU_ASSERT_TRUE(ends(&post));
	CU_ASSERT_EQUAL(post.result, 0);
	fake_interrupt(large.thread);
	CU_ASSERT_TRUE(ends(&large));
	CU_ASSERT_EQUAL(large.result, EINTR);
	task_start(&large);
	CU_ASSERT_TRUE(fake_await_sleep(large.thread));
	fake_pause_server(false);
	CU_ASSERT_TRUE(ends(&large));
	CU_ASSERT_EQUAL(large.result, 0);
	pair_chan(&p, &client, &server);
	close_channel(client, server);
	pair_close(&p);
}

static int do_post_many(struct task *task)
{
	nku32_f i;
	int err = 0;

	for (i = 0; i < task->count && !err; i++)
		err = post_u32(task->chan, i);
	return err;
}

/* The same for pages of segments. */
static void test_server_learns_slowly_of_segments(void)
{
	struct task post = { .run = do_post_many, .count = 3000 };

	pair_open(&p, 4096, 64);
	fake_pause_server(true);
	post.chan = p.client_chan;
	task_start(&post);
	CU_ASSERT_TRUE(fake_await_sleep(post.thread));
	fake_pause_server(false);
	/* Nobody receives, and nobody needs to. */
	CU_ASSERT_TRUE(ends(&post));
	CU_ASSERT_EQUAL(post.result, 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, post.count), post.count);
	pair_close(&p);
}

/* A request of half the pool comes through although small ones keep coming. */
static void test_large_among_small(void)
{
	struct task small = { .run = do_drain, .count = 60000 }, server = { .run = do_serve };
	struct task large = { .run = do_post_large, .count = 16 * 4096 };
	VrpqChanHandle client, server_chan;
	nku32_f i;
	int err = 0;

	pair_open(&p, 4096, 32);
	pair_chan(&p, &client, &server_chan);
	small.pair = &p;
	small.chan = p.server_chan;
	server.chan = server_chan;
	large.chan = client;
	task_start(&small);
	task_start(&server);
	for (i = 0; i < small.count && !err; i++) {
		if (i % 10000 == 0) {
			if (i)
				CU_ASSERT_EQUAL(task_end(&large), 0);
			task_start(&large);
		}
		err = post_u32(p.client_chan, i);
	}
	CU_ASSERT_EQUAL(err, 0);
	vrpqNotify(p.client_chan);
	CU_ASSERT_EQUAL(task_end(&large), 0);
	CU_ASSERT_EQUAL(task_end(&small), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(task_end(&server), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server_chan), 0);
	pair_close(&p);
}

/* The whole pool in one request, once it is free. */
static void test_whole_pool(void)
{
	struct task large = { .run = do_post_large, .count = 64 * 4096 };
	VrpqChanHandle client, server;
	nku32_f i, posted;

	pair_open(&p, 4096, 64);
	pair_chan(&p, &client, &server);
	for (posted = 0; fake_pmem_used() < 10; posted++)
		CU_ASSERT_EQUAL_FATAL(post_u32(p.client_chan, posted), 0);
	large.chan = client;
	task_start(&large);
	CU_ASSERT_TRUE(fake_await_sleep(large.thread));
	i = drain(&p, p.server_chan, posted);
	CU_ASSERT_EQUAL(i, posted);
	CU_ASSERT_EQUAL(task_end(&large), 0);
	/* The other channel still has its page. */
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, 1), 1);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	pair_close(&p);
}

/* Two channels; on the first so much is allocated that there are no four pages left. */
static void open_with_full_pool(VrpqChanHandle *client, VrpqChanHandle *server, void **all)
{
	pair_open(&p, 256, 8);
	pair_chan(&p, client, server);
	*all = vrpqParamPostAlloc(p.client_chan, 8 * 4096, 0, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*all);
}

static int receive_all(VrpqChanHandle chan, int count)
{
	VrpqProcReq *reqs[8];
	int avail, err = 0, seen = 0;

	while (!err && seen < count) {
		err = vrpqReceive(chan, reqs, 8, &avail);
		seen += avail;
	}
	return err ? err : vrpqReceive(chan, NULL, 0, NULL);
}

/* Who waits for pages learns of those that were allocated then, and posted later. */
static void test_pages_posted_later(void)
{
	struct task waiter = { .run = do_post_large, .count = 4 * 4096 };
	VrpqChanHandle server;
	void *all;

	open_with_full_pool(&waiter.chan, &server, &all);
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, all), 0);
	CU_ASSERT_EQUAL(receive_all(p.server_chan, 1), 0);
	CU_ASSERT_TRUE(ends(&waiter));
	CU_ASSERT_EQUAL(waiter.result, 0);
	close_channel(waiter.chan, server);
	pair_close(&p);
}

/* The same with those of a call, while its answer is awaited. */
static void test_pages_called_later(void)
{
	struct task waiter = { .run = do_post_large, .count = 4 * 4096 };
	struct task call = { .run = do_call };
	VrpqChanHandle server;
	void *all;

	open_with_full_pool(&waiter.chan, &server, &all);
	call.chan = p.client_chan;
	call.in = all;
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	task_start(&call);
	CU_ASSERT_EQUAL(receive_all(p.server_chan, 1), 0);
	CU_ASSERT_TRUE(ends(&call));
	CU_ASSERT_TRUE(ends(&waiter));
	CU_ASSERT_EQUAL(waiter.result, 0);
	close_channel(waiter.chan, server);
	pair_close(&p);
}

/* The same with those of which a bad post makes nothing. */
static void test_pages_of_bad_post(void)
{
	struct task waiter = { .run = do_post_large, .count = 4 * 4096 };
	VrpqChanHandle server;
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	nku32_f word;

	pair_open(&p, 256, 8);
	pair_chan(&p, &waiter.chan, &server);
	CU_ASSERT_EQUAL_FATAL(vrpqParamCallAlloc(p.client_chan, 7 * 4096 + 8, 0, 0, 1, 4, &in, &out), 0);
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	VRPQ_PARAM_REF_WRITE(out, 0, 4096, &word);
	CU_ASSERT_EQUAL(vrpqCall(p.client_chan, PROC, in, out), EINVAL);
	CU_ASSERT_TRUE(ends(&waiter));
	CU_ASSERT_EQUAL(waiter.result, 0);
	close_channel(waiter.chan, server);
	pair_close(&p);
}

/* The same with a channel that ends, and what was allocated with it. */
static void test_pages_of_ended_channel(void)
{
	struct task waiter = { .run = do_post_large, .count = 4 * 4096 };
	VrpqChanHandle server;
	void *all;

	open_with_full_pool(&waiter.chan, &server, &all);
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	close_channel(p.client_chan, p.server_chan);
	CU_ASSERT_TRUE(ends(&waiter));
	CU_ASSERT_EQUAL(waiter.result, 0);
	p.client_chan = waiter.chan;
	p.server_chan = server;
	pair_close(&p);
}

/* Another session has the whole pool: each channel goes on with the page that is its due. */
static void test_floor(void)
{
	struct task task = { .run = do_drain, .count = 5000 };
	VrpqChanHandle clients[20], servers[20];
	nku32_f i, c;
	int err = 0;

	fake_start(256, 16);
	pair_session(&p);
	fake_take_pmem(16);
	for (c = 0; c < 20; c++)
		pair_chan(&p, &clients[c], &servers[c]);
	p.client_chan = clients[0];
	p.server_chan = servers[0];
	for (c = 0; c < 20; c++) {
		task.pair = &p;
		task.chan = servers[c];
		task_start(&task);
		for (i = 0; i < task.count && !err; i++)
			err = post_u32(clients[c], i);
		CU_ASSERT_EQUAL(err, 0);
		vrpqNotify(clients[c]);
		CU_ASSERT_EQUAL(task_end(&task), 0);
	}
	for (c = 1; c < 20; c++) {
		CU_ASSERT_EQUAL(vrpqChanDestroy(clients[c]), 0);
		CU_ASSERT_EQUAL(vrpqChanDestroy(servers[c]), 0);
	}
	pair_close(&p);
}

/* What a burst took is given back when another session asks. */
static void test_pressure(void)
{
	struct task large = { .run = do_post_large, .count = 40 * 4096 };
	struct pair other;
	nku32_f i;

	pair_open(&p, 131072, 64);
	for (i = 0; i < 60 * 512; i++)
		CU_ASSERT_EQUAL_FATAL(post_u32(p.client_chan, i), 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, i), i);
	CU_ASSERT_TRUE(fake_pmem_used() > 50);
	pair_session(&other);
	pair_chan(&other, &other.client_chan, &other.server_chan);
	large.chan = other.client_chan;
	task_start(&large);
	CU_ASSERT_TRUE(fake_await_sleep(large.thread));
	/* The first session looks up from its work now and then. */
	for (i = 0; i < 20000; i++)
		CU_ASSERT_EQUAL_FATAL(post_u32(p.client_chan, i), 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, i), i);
	while (!__atomic_load_n(&large.done, __ATOMIC_ACQUIRE)) {
		CU_ASSERT_EQUAL_FATAL(post_u32(p.client_chan, 0), 0);
		CU_ASSERT_EQUAL_FATAL(drain(&p, p.server_chan, 1), 1);
	}
	CU_ASSERT_EQUAL(task_end(&large), 0);
	CU_ASSERT_TRUE(fake_counts().trims > 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(other.client_chan), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(other.server_chan), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(other.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(other.server), 0);
	pair_close(&p);
}

/* Channels come and go, and with them their pages. */
static void test_channels_come_and_go(void)
{
	VrpqChanHandle client, server;
	struct fake_counts before;
	VrpqProcReq *reqs[8];
	int i, avail;

	pair_open(&p, 256, 16);
	for (i = 0; i < 500; i++) {
		pair_chan(&p, &client, &server);
		CU_ASSERT_EQUAL_FATAL(post_u32(client, 1), 0);
		CU_ASSERT_EQUAL_FATAL(vrpqChanDestroy(client), 0);
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(server, reqs, 8, &avail), 0);
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(server, reqs, 8, &avail), EPIPE);
		CU_ASSERT_EQUAL_FATAL(vrpqChanDestroy(server), 0);
		if (i == 10)
			before = fake_counts();
	}
	CU_ASSERT_EQUAL(fake_counts().grows, before.grows);
	pair_close(&p);
}

/* --- endings ----------------------------------------------------------------- */

static void test_client_closes(void)
{
	struct task task = { .run = do_receive };
	VrpqChanHandle client, server;
	VrpqProcReq *reqs[8];
	int avail;

	pair_open(&p, 256, 16);
	pair_chan(&p, &client, &server);
	task.chan = server;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(task_end(&task), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);

	pair_chan(&p, &client, &server);
	post_u32(client, 3);
	post_u32(client, 4);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqReceive(server, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(avail, 2);
	CU_ASSERT_EQUAL(value_of(&p, reqs[1]), 4);
	CU_ASSERT_EQUAL(vrpqReceive(server, reqs, 8, &avail), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	pair_close(&p);
}

static void test_server_closes(void)
{
	char first[8], second[8];
	struct task delivered, queued;
	VrpqChanHandle client, server, other;
	VrpqProcReq *reqs[8];
	nku32_f i;
	int avail, err = 0;

	pair_open(&p, 256, 16);
	pair_chan(&p, &client, &server);
	other = p.client_chan;
	p.client_chan = client;
	start_call(&delivered, 1, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(delivered.thread));
	start_call(&queued, 2, first, second);
	CU_ASSERT_TRUE(fake_await_sleep(queued.thread));
	CU_ASSERT_EQUAL(vrpqReceive(server, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(vrpqCallSetReason(server, 33), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	CU_ASSERT_EQUAL(task_end(&delivered), 33);
	CU_ASSERT_EQUAL(task_end(&queued), EPIPE);
	/* Posts are discarded, however many. */
	for (i = 0; i < 100000 && !err; i++)
		err = post_u32(client, i);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(vrpqNotify(client), 0);
	CU_ASSERT_EQUAL(vrpqCall(client, PROC, NULL, NULL), EPIPE);
	CU_ASSERT_EQUAL(vrpqCallbackHandle(client, (VrpqCallbackFunc)(uintptr_t)1, NULL), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(other), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_EQUAL(vrpqChanAccept(p.server, NULL, NULL, &server), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.server_chan), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
}

/* The session ends first; its channels go on. */
static void test_session_ends_first(void)
{
	VrpqChanHandle client;

	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	CU_ASSERT_EQUAL(vrpqChanCreate(p.client, NULL, 0, &client), EPIPE);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), EBADF);
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, 1), 1);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.client_chan), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.server_chan), 0);
	CU_ASSERT_TRUE(fake_stop());
}

/* Back-pressure goes on working after the server ended its session handle. */
static void test_pages_after_session(void)
{
	struct task task = { .run = do_drain, .count = 50000 };
	nku32_f i;
	int err = 0;

	pair_open(&p, 4096, 4);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	task.pair = &p;
	task.chan = p.server_chan;
	task_start(&task);
	for (i = 0; i < task.count && !err; i++)
		err = post_u32(p.client_chan, i);
	CU_ASSERT_EQUAL(err, 0);
	vrpqNotify(p.client_chan);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.client_chan), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.server_chan), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_TRUE(fake_stop());
}

static int do_handle_one(struct task *task)
{
	return vrpqCallbackHandle(task->chan, (VrpqCallbackFunc)(uintptr_t)1, NULL);
}

static void test_link_breaks(void)
{
	char first[8], second[8];
	struct task call, receiver = { .run = do_receive }, handler = { .run = do_handle_one };
	VrpqChanHandle client, server;

	pair_open(&p, 256, 16);
	fake_unprotect();
	pair_chan(&p, &client, &server);
	start_call(&call, 1, first, second);
	receiver.chan = server;
	task_start(&receiver);
	handler.chan = client;
	task_start(&handler);
	CU_ASSERT_TRUE(fake_await_sleep(call.thread));
	CU_ASSERT_TRUE(fake_await_sleep(receiver.thread));
	CU_ASSERT_TRUE(fake_await_sleep(handler.thread));
	fake_break_link();
	CU_ASSERT_EQUAL(task_end(&call), EPIPE);
	CU_ASSERT_EQUAL(task_end(&receiver), EPIPE);
	CU_ASSERT_EQUAL(task_end(&handler), EPIPE);
	CU_ASSERT_EQUAL(vrpqPost(client, PROC, NULL), EPIPE);
	CU_ASSERT_EQUAL(vrpqNotify(client), EPIPE);
	CU_ASSERT_EQUAL(vrpqCall(client, PROC, NULL, NULL), EPIPE);
	CU_ASSERT_EQUAL(vrpqCallbackPerform(server, PROC, NULL, NULL, VRPQ_CALLBACK_SYNC), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(client), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(server), 0);
	pair_close(&p);
}

/* --- callbacks --------------------------------------------------------------- */

struct handled {
	int calls;
	nku32_f last;
	int error;
};

/* Returns twice what the parameter says, and the same in the output, if there is one. */
static int handle(void *cookie, VrpqProcId proc_id, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct handled *handled = cookie;
	nku32_f *to;

	handled->calls++;
	handled->last = in ? VRPQ_PARAM_READ(in, 0, nku32_f) : 0;
	if (out) {
		to = VRPQ_PARAM_REF_IN_PLACE(out, 0, nku32_f *, 4, handled->error);
		if (to)
			*to = 2 * handled->last;
	}
	return proc_id == PROC ? 0 : (int)(2 * handled->last);
}

static struct handled handled;

static int do_handle(struct task *task)
{
	int err = 0;
	nku32_f i;

	for (i = 0; i < task->count && !err; i++)
		err = vrpqCallbackHandle(task->chan, handle, &handled);
	return err;
}

static int callback(VrpqProcId proc_id, nku32_f value, nku32_f *out, int flags)
{
	VrpqParamOutPtr pout;
	VrpqParamInPtr in;
	int err = vrpqCallbackParamAlloc(p.server_chan, 4, 0, 0, 1, 4, &in, &pout);

	if (err)
		return err;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, value);
	VRPQ_PARAM_REF_WRITE(pout, 0, 4, out);
	return vrpqCallbackPerform(p.server_chan, proc_id, in, pout, flags);
}

static void test_callbacks(void)
{
	struct task task = { .run = do_handle, .count = 3 };
	nku32_f out = 0;

	pair_open(&p, 256, 16);
	handled = (struct handled) { 0 };
	task.chan = p.client_chan;
	task_start(&task);
	CU_ASSERT_EQUAL(callback(PROC, 21, &out, VRPQ_CALLBACK_SYNC), 0);
	CU_ASSERT_EQUAL(out, 42);
	CU_ASSERT_EQUAL(callback(PROC + 1, 4, &out, VRPQ_CALLBACK_SYNC), 8);
	CU_ASSERT_EQUAL(out, 42);
	CU_ASSERT_EQUAL(callback(PROC, 5, &out, VRPQ_CALLBACK_ASYNC), 0);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_EQUAL(handled.calls, 3);
	CU_ASSERT_EQUAL(handled.last, 5);
	CU_ASSERT_EQUAL(handled.error, 0);
	CU_ASSERT_EQUAL(out, 42);
	CU_ASSERT_EQUAL(vrpqCallbackPerform(p.server_chan, PROC, NULL, NULL, 7), EINVAL);
	CU_ASSERT_EQUAL(vrpqCallbackPerform(p.client_chan, PROC, NULL, NULL, 0), EINVAL);
	CU_ASSERT_EQUAL(vrpqCallbackHandle(p.server_chan, handle, NULL), EINVAL);
	pair_close(&p);
}

static int callback_reference(void *data, nku32_f size)
{
	VrpqParamInPtr in;
	int err = vrpqCallbackParamAlloc(p.server_chan, 4, 1, size, 0, 0, &in, NULL);

	if (err)
		return err;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, size);
	VRPQ_PARAM_REF_WRITE(in, 8, size, data);
	return vrpqCallbackPerform(p.server_chan, PROC, in, NULL, VRPQ_CALLBACK_SYNC);
}

/* EFAULT, as of calls; what cannot be read is not even asked for. */
static void test_bad_callback_references(void)
{
	struct task task = { .run = do_handle, .count = 3 };
	unsigned char *page = one_page(PROT_NONE), local[64];
	nku32_f out = 0;

	pair_open(&p, 256, 16);
	handled = (struct handled) { 0 };
	memset(local, 'p', sizeof(local));
	task.chan = p.client_chan;
	task_start(&task);
	CU_ASSERT_EQUAL(callback_reference(page, 100), EFAULT);
	CU_ASSERT_EQUAL(callback_reference((void *)8, 8), EFAULT);
	CU_ASSERT_EQUAL(handled.calls, 0);
	CU_ASSERT_EQUAL(mprotect(page, 4096, PROT_READ), 0);
	CU_ASSERT_EQUAL(callback(PROC, 21, (nku32_f *)(void *)page, VRPQ_CALLBACK_SYNC), EFAULT);
	CU_ASSERT_EQUAL(callback_reference(local, sizeof(local)), 0);
	CU_ASSERT_EQUAL(callback(PROC, 21, &out, VRPQ_CALLBACK_SYNC), 0);
	CU_ASSERT_EQUAL(out, 42);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	CU_ASSERT_EQUAL(handled.calls, 3);
	munmap(page, 4096);
	pair_close(&p);
}

static int do_callback_large(struct task *task)
{
	VrpqParamInPtr in;
	int err = vrpqCallbackParamAlloc(task->chan, task->count, 0, 0, 0, 0, &in, NULL);

	return err ? err : vrpqCallbackPerform(task->chan, PROC, in, NULL, VRPQ_CALLBACK_ASYNC);
}

/*
 * Who waits for pages of callbacks learns of those that were allocated then, and are
 * queued later; also after the server ended its session.
 */
static void callback_pages_queued_later(bool session_ended)
{
	struct task waiter = { .run = do_callback_large, .count = 4 * 4096 };
	VrpqChanHandle client;
	VrpqParamInPtr all;

	pair_open(&p, 256, 8);
	pair_chan(&p, &client, &waiter.chan);
	if (session_ended)
		CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	CU_ASSERT_EQUAL_FATAL(vrpqCallbackParamAlloc(p.server_chan, 6 * 4096, 0, 0, 0, 0, &all,
						     NULL), 0);
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	CU_ASSERT_EQUAL(vrpqCallbackPerform(p.server_chan, PROC, all, NULL, VRPQ_CALLBACK_ASYNC), 0);
	CU_ASSERT_EQUAL(vrpqCallbackHandle(p.client_chan, handle, &handled), 0);
	CU_ASSERT_TRUE(ends(&waiter));
	CU_ASSERT_EQUAL(waiter.result, 0);
	close_channel(client, waiter.chan);
	close_channel(p.client_chan, p.server_chan);
	if (!session_ended)
		CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_TRUE(fake_stop());
}

static void test_callback_pages_queued_later(void)
{
	callback_pages_queued_later(false);
}

static void test_callback_pages_after_session(void)
{
	callback_pages_queued_later(true);
}

static int do_perform(struct task *task)
{
	return vrpqCallbackPerform(task->chan, PROC, NULL, NULL, task->value);
}

static void test_callbacks_queue(void)
{
	struct task task = { .run = do_perform, .value = VRPQ_CALLBACK_ASYNC };
	nku32_f unused, i;

	pair_open(&p, 256, 64);
	handled = (struct handled) { 0 };
	for (i = 0; i < 64; i++)
		CU_ASSERT_EQUAL_FATAL(callback(PROC, i, &unused, VRPQ_CALLBACK_ASYNC), 0);
	task.chan = p.server_chan;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	CU_ASSERT_EQUAL(vrpqCallbackHandle(p.client_chan, handle, &handled), 0);
	CU_ASSERT_EQUAL(task_end(&task), 0);
	for (i = 1; i < 64; i++) {
		CU_ASSERT_EQUAL(vrpqCallbackHandle(p.client_chan, handle, &handled), 0);
		CU_ASSERT_EQUAL(handled.last, i);
	}
	CU_ASSERT_EQUAL(vrpqCallbackHandle(p.client_chan, handle, &handled), 0);
	CU_ASSERT_EQUAL(handled.last, 0);
	/* Withdrawn by a signal, before anybody had it. */
	task.value = VRPQ_CALLBACK_SYNC;
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	fake_interrupt(task.thread);
	CU_ASSERT_EQUAL(task_end(&task), EINTR);
	CU_ASSERT_EQUAL(callback(PROC, 99, &unused, VRPQ_CALLBACK_ASYNC), 0);
	CU_ASSERT_EQUAL(vrpqCallbackHandle(p.client_chan, handle, &handled), 0);
	CU_ASSERT_EQUAL(handled.last, 99);
	/* One that waits when the client goes. */
	task_start(&task);
	CU_ASSERT_TRUE(fake_await_sleep(task.thread));
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.client_chan), 0);
	CU_ASSERT_EQUAL(task_end(&task), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.server_chan), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	CU_ASSERT_TRUE(fake_stop());
}

/* The server calls back while the client's call is in work; another thread handles it. */
static void test_callback_in_call(void)
{
	char first[8], second[8];
	struct task call, task = { .run = do_handle, .count = 100 };
	VrpqProcReq *req;
	nku32_f out = 0, i;
	int avail;

	pair_open(&p, 256, 16);
	handled = (struct handled) { 0 };
	task.chan = p.client_chan;
	task_start(&task);
	for (i = 0; i < 100; i++) {
		start_call(&call, i, first, second);
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, &req, 1, &avail), 0);
		CU_ASSERT_EQUAL(callback(PROC, value_of(&p, req), &out, VRPQ_CALLBACK_SYNC), 0);
		CU_ASSERT_EQUAL(out, 2 * i);
		CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
		CU_ASSERT_EQUAL(task_end(&call), 0);
	}
	CU_ASSERT_EQUAL(task_end(&task), 0);
	pair_close(&p);
}

/* --- hostile slots ------------------------------------------------------------- */

static struct vrpq_slot *only_slot(void)
{
	const struct vrpq_chan *chan = p.client_chan;

	return &chan->sender.tail->slots[chan->sender.tail_pos - 1];
}

static void test_malformed_requests(void)
{
	struct task call = { .run = do_call };
	static const u32 offsets[] = { 8, 4096 * 3, UINT32_MAX - 7, 1 };
	VrpqProcReq *reqs[8];
	unsigned int i;
	int avail;

	pair_open(&p, 256, 16);
	call.chan = p.client_chan;
	for (i = 0; i < 4; i++) {
		task_start(&call);
		CU_ASSERT_TRUE(fake_await_sleep(call.thread));
		only_slot()->in_offset = offsets[i];
		only_slot()->in_size = 4096;
		CU_ASSERT_EQUAL(vrpqPost(p.client_chan, PROC, NULL), 0);
		CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
		CU_ASSERT_EQUAL(avail, 1);
		CU_ASSERT_EQUAL(task_end(&call), EBADREQ);
	}
	/* A post is just not delivered. */
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, VRPQ_PROC_ID(1, 1), NULL), 0);
	only_slot()->in_offset = 8;
	CU_ASSERT_EQUAL(vrpqPost(p.client_chan, VRPQ_PROC_ID(1, 2), NULL), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(avail, 1);
	CU_ASSERT_EQUAL(reqs[0]->procId, VRPQ_PROC_ID(1, 2));
	/* An index that cannot be ends the channel. */
	((struct vrpq_chan *)p.client_chan)->ctl->req_prod.prod += 1u << 30;
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, reqs, 8, &avail), EPIPE);
	pair_close(&p);
}

/* --- processes --------------------------------------------------------------- */

static void test_fork(void)
{
	unsigned int maps;
	int status = -1;
	pid_t pid;

	pair_open(&p, 256, 16);
	maps = fake_counts().maps;
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	pid = fork();
	if (!pid)
		_exit(fake_counts().maps == maps + 2 && drain(&p, p.server_chan, 1) == 1 ? 0 : 1);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(fake_counts().maps, maps);
	pair_close(&p);
}

/* What @child returns in a forked child, which is killed if it hangs; or -1. */
static int in_child(int (*child)(struct task *), struct task *task)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		alarm(20);
		_exit(child(task));
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool stop_threads;	/* atomic */

/* Notifications, posts and, so that there are never many, calls. */
static int do_all_kinds(struct task *task)
{
	nku32_f i;
	int err = 0;

	for (i = 0; !err && !__atomic_load_n(&stop_threads, __ATOMIC_RELAXED); i++) {
		err = i % 64 ? post_u32(task->chan, i) : vrpqCall(task->chan, PROC, NULL, NULL);
		if (!err)
			err = vrpqNotify(task->chan);
	}
	return err;
}

/* What does not touch the memory that the parent goes on with. */
static int notify_and_destroy(struct task *task)
{
	return vrpqNotify(task->chan) || vrpqChanDestroy(task->chan) ||
	       vrpqSessionDestroy(p.client);
}

/* Whatever other threads do at the moment of a fork, the child can use the library. */
static void test_fork_among_threads(void)
{
	struct task busy = { .run = do_all_kinds }, server = { .run = do_serve };
	struct task growing = { .run = do_post_large, .count = 8 * 4096 };
	VrpqChanHandle other;
	unsigned int i, hung = 0;

	pair_open(&p, 4096, 64);
	pair_chan(&p, &growing.chan, &other);
	busy.chan = p.client_chan;
	server.chan = p.server_chan;
	__atomic_store_n(&stop_threads, false, __ATOMIC_RELAXED);
	task_start(&server);
	task_start(&busy);
	fake_pause_server(true);
	task_start(&growing);
	CU_ASSERT_TRUE(fake_await_sleep(growing.thread));
	for (i = 0; i < 100 && !hung; i++)
		hung += in_child(notify_and_destroy, &busy) != 0;
	CU_ASSERT_EQUAL(hung, 0);
	fake_pause_server(false);
	__atomic_store_n(&stop_threads, true, __ATOMIC_RELAXED);
	CU_ASSERT_EQUAL(task_end(&busy), 0);
	CU_ASSERT_EQUAL(task_end(&growing), 0);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.client_chan), 0);
	CU_ASSERT_EQUAL(task_end(&server), EPIPE);
	CU_ASSERT_EQUAL(vrpqChanDestroy(p.server_chan), 0);
	p.client_chan = growing.chan;
	p.server_chan = other;
	pair_close(&p);
}

/* The child of a client goes on where its parent stops, and plays the server, too. */
static int go_on(struct task *task)
{
	if (vrpqPost(p.client_chan, PROC, task->in) || receive_all(p.server_chan, 1))
		return 1;
	return do_post_large(task);
}

/* Threads that waited in the parent are nobody that the child waits behind. */
static void test_child_goes_on(void)
{
	struct task waiter = { .run = do_post_large, .count = 4 * 4096 };
	VrpqChanHandle server;

	open_with_full_pool(&waiter.chan, &server, &waiter.in);
	task_start(&waiter);
	CU_ASSERT_TRUE(fake_await_sleep(waiter.thread));
	CU_ASSERT_EQUAL(in_child(go_on, &waiter), 0);
	fake_interrupt(waiter.thread);
	CU_ASSERT_EQUAL(task_end(&waiter), EINTR);
	close_channel(waiter.chan, server);
	pair_close(&p);
}

static int is_over(struct task *task)
{
	VrpqProcReq *req;
	int avail;

	(void)task;
	return vrpqReceive(p.server_chan, &req, 1, &avail) != EPIPE;
}

/* What cannot be mapped any more reads as zeros in the child. */
static void test_child_of_ended_session(void)
{
	pair_open(&p, 256, 16);
	CU_ASSERT_EQUAL(post_u32(p.client_chan, 0), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.server), 0);
	CU_ASSERT_EQUAL(in_child(is_over, NULL), 0);
	CU_ASSERT_EQUAL(drain(&p, p.server_chan, 1), 1);
	close_channel(p.client_chan, p.server_chan);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(p.client), 0);
	CU_ASSERT_TRUE(fake_stop());
}

static void test_statistics(void)
{
	VrpqStat general[] = { { VRPQ_PROF_POST_MULTI_CALL, 0 }, { VRPQ_PROF_NOTIFY, 0 },
			       { VRPQ_PROF_POST_MULTI_NOTIFY, 0 }, { VRPQ_PROF_GROUPED_POSTS, 0 },
			       { VRPQ_PROF_IN_PARAM_REF, 0 }, { VRPQ_PROF_SESSION_CREATE, 0 } };
	VrpqStat unknown = { 31, 0 }, procs[3], one = { VRPQ_PROC_ID(9, 9), 0 };
	struct task call = { .run = do_call };
	VrpqProcReq *reqs[8];
	int i, avail;

	pair_open(&p, 256, 16);
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(vrpqPost(p.client_chan, VRPQ_PROC_ID(9, 9), NULL), 0);
	CU_ASSERT_EQUAL(vrpqNotify(p.client_chan), 0);
	CU_ASSERT_EQUAL(vrpqPostAndNotify(p.client_chan, PROC, NULL), 0);
	call.chan = p.client_chan;
	task_start(&call);
	while (!((struct vrpq_chan *)p.server_chan)->call)
		CU_ASSERT_EQUAL_FATAL(vrpqReceive(p.server_chan, reqs, 8, &avail), 0);
	CU_ASSERT_EQUAL(vrpqReceive(p.server_chan, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(task_end(&call), 0);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_GEN_STAT_GET, general, 6), 0);
	CU_ASSERT_EQUAL(general[0].val, 1);
	CU_ASSERT_EQUAL(general[1].val, 1);
	CU_ASSERT_EQUAL(general[2].val, 1);
	CU_ASSERT_EQUAL(general[3].val, 5);
	CU_ASSERT_EQUAL(general[4].val, 0);
	CU_ASSERT_EQUAL(general[5].val, 1);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_GEN_STAT_GET, &unknown, 1), EINVAL);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_PROC_STAT_GET, &one, 1), 0);
	CU_ASSERT_EQUAL(one.val, 5);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_PROC_STAT_GET_ALL, procs, 3), 2);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_PROC_STAT_GET_ALL, NULL, 0), 2);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_RESET, NULL, 0), 0);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_SERVER, VRPQ_PROF_RESET, NULL, 0), EINVAL);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, 5, NULL, 0), EINVAL);
	CU_ASSERT_EQUAL(vrpqProf("fake/none", VRPQ_PROF_RESET, NULL, 0), ENOENT);
	pair_close(&p);
}

/* In place of the C library's, which takes as long as all that runs on the machine. */
int sched_yield(void)
{
	return 0;
}

static bool is_true(const void *what)
{
	return *(const bool *)what;
}

/* Sleeps before it spins again. */
static nku32_f sleeps_until_due(struct vrpq_file *file)
{
	nku32_f n = 0;

	while (n < 1000 && !vrpq_spin_is_due(file))
		n++;
	return n;
}

static void test_spins(void)
{
	static const nku32_f skipped[] = { 0, 1, 3, 7, 15, 31, 63, 63 };
	struct vrpq_file file = { .fd = -1, .slept_us = UINT32_MAX };
	bool there = false;
	nku32_f i;

	CU_ASSERT_EQUAL(sleeps_until_due(&file), 1000);
	file.slept_us = 501;
	CU_ASSERT_EQUAL(sleeps_until_due(&file), 1000);
	file.slept_us = 1;
	CU_ASSERT_EQUAL(sleeps_until_due(&file), 0);
	for (i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
		CU_ASSERT_FALSE(vrpq_spin(&file, is_true, &there));
		CU_ASSERT_EQUAL(sleeps_until_due(&file), skipped[i]);
	}
	there = true;
	CU_ASSERT_TRUE(vrpq_spin(&file, is_true, &there));
	there = false;
	CU_ASSERT_FALSE(vrpq_spin(&file, is_true, &there));
	CU_ASSERT_EQUAL(sleeps_until_due(&file), 0);
}

/* Counts the looks, and finds nothing. */
static bool is_counted(const void *what)
{
	++**(nku32_f *const *)what;
	return false;
}

/* Two servers that are idle in turn yield, unless they sleep shortly; one alone does not. */
static void test_who_yields(void)
{
	struct vrpq_file a = { .slept_us = UINT32_MAX }, b = a, brief = { .slept_us = 1 };

	vrpq_yield_is_due(&a);
	CU_ASSERT_FALSE(vrpq_yield_is_due(&a));
	CU_ASSERT_TRUE(vrpq_yield_is_due(&b));
	CU_ASSERT_TRUE(vrpq_yield_is_due(&a));
	CU_ASSERT_FALSE(vrpq_yield_is_due(&brief));
}

/* With more of them awake than there are processors, each yields. */
static void test_crowd_yields(void)
{
	struct vrpq_file file = { .slept_us = 1 };
	long n = 2 + sysconf(_SC_NPROCESSORS_ONLN);

	vrpq_yield_is_due(&file);
	for (long i = 0; i < n; i++)
		vrpq_spin_count_server(true);
	CU_ASSERT_TRUE(vrpq_yield_is_due(&file));
	for (long i = 0; i < n; i++)
		vrpq_spin_count_server(false);
	CU_ASSERT_FALSE(vrpq_yield_is_due(&file));
}

/* Those that are skipped after one in vain are a single yield. */
static void test_yields(void)
{
	struct vrpq_file file = { .slept_us = UINT32_MAX };
	nku32_f looks = 0, *counter = &looks;
	bool there = true;

	CU_ASSERT_FALSE(vrpq_yield(&file, is_counted, &counter));
	CU_ASSERT_TRUE(looks >= 2);
	CU_ASSERT_FALSE(vrpq_yield(&file, is_counted, &counter));
	looks = 0;
	CU_ASSERT_FALSE(vrpq_yield(&file, is_counted, &counter));
	CU_ASSERT_EQUAL(looks, 1);
	CU_ASSERT_TRUE(vrpq_yield(&file, is_true, &there));
	looks = 0;
	CU_ASSERT_FALSE(vrpq_yield(&file, is_counted, &counter));
	CU_ASSERT_TRUE(looks >= 2);
}

/*
 * Channels that are idle in turn, again and again, with nothing found: a yield or two for
 * each sleep, which costs as much by itself.
 */
static void test_yields_cost_little(void)
{
	struct vrpq_file files[64];
	nku32_f looks = 0, *counter = &looks, i, sleeps = 64000;

	for (i = 0; i < 64; i++)
		files[i] = (struct vrpq_file) { .slept_us = UINT32_MAX };
	for (i = 0; i < sleeps; i++)
		if (vrpq_yield_is_due(&files[i % 64]))
			vrpq_yield(&files[i % 64], is_counted, &counter);
	CU_ASSERT_TRUE(looks <= 3 * sleeps);
}

/* A server that gave up its rights goes on accepting where it has accepted before. */
static void test_accepts_without_rights(void)
{
	VrpqSessionHandle session;
	struct pair first, second, third;

	pair_open(&first, 4096, 256);
	fake_refuse_opens(true);
	pair_session(&second);
	/* Of a link that was made anew it knows the name only. */
	fake_renew_nodes();
	CU_ASSERT_EQUAL(vrpqSessionAccept(FAKE_SERVER, PORT, NULL, NULL, &session), EACCES);
	fake_refuse_opens(false);
	pair_session(&third);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(third.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(third.server), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(second.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(second.server), 0);
	pair_close(&first);
}

static int do_accept(struct task *task)
{
	VrpqSessionHandle server = NULL;

	(void)task;
	return vrpqSessionAccept(FAKE_SERVER, PORT, NULL, NULL, &server);
}

/* What a library of version 1 says of drivers that speak only later or earlier ones. */
static void test_drivers_of_other_versions(void)
{
	VrpqSessionHandle session = NULL;
	const char *said;

	fake_start(256, 64);
	fake_release(VRPQ_ABI_NEWEST + 1, VRPQ_ABI_NEWEST + 1, 1);
	said_begin();
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 0, &session), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(vrpqSessionAccept(FAKE_SERVER, PORT, NULL, NULL, &session), EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(vrpqProf(FAKE_CLIENT, VRPQ_PROF_RESET, NULL, 0), EPROTONOSUPPORT);
	fake_release(0, 0, 1);
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 0, &session), EPROTONOSUPPORT);
	said = said_end();
	CU_ASSERT_STRING_EQUAL(said, "libvrpq " XEN_VLINK_VERSION " speaks version 1 of the driver's calls, the driver of xen-vlink 0.0test version 2: upgrade libvrpq1\n");
	CU_ASSERT_PTR_NULL(session);
	CU_ASSERT_TRUE(fake_stop());
}

static void test_drivers_of_later_releases(void)
{
	struct pair p;

	fake_start(256, 64);
	fake_release(VRPQ_ABI_NEWEST, VRPQ_ABI_NEWEST + 7, VRPQ_PROTOCOL_NEWEST);
	pair_session(&p);
	pair_chan(&p, &p.client_chan, &p.server_chan);
	pair_close(&p);
}

/* Neither end keeps the session; the peer's library sees that it is over. */
static void test_link_of_another_protocol(void)
{
	struct task server = { .run = do_accept };
	VrpqSessionHandle session = NULL;
	const char *said;

	fake_start(256, 64);
	fake_release(VRPQ_ABI_OLDEST, VRPQ_ABI_NEWEST, VRPQ_PROTOCOL_NEWEST + 1);
	said_begin();
	task_start(&server);
	CU_ASSERT_EQUAL(vrpqSessionCreate(FAKE_CLIENT, PORT, NULL, 0, &session), EPROTONOSUPPORT);
	CU_ASSERT_TRUE(ends(&server));
	CU_ASSERT_EQUAL(server.result, EPROTONOSUPPORT);
	said = said_end();
	CU_ASSERT_STRING_EQUAL(said, "libvrpq " XEN_VLINK_VERSION " speaks version 1 of the protocol of VRPQ, the drivers of the link version 2: upgrade libvrpq1\n");
	CU_ASSERT_PTR_NULL(session);
	CU_ASSERT_TRUE(fake_stop());
}

static const struct unit_test tests[] = {
	{ "drivers of other versions", test_drivers_of_other_versions },
	{ "drivers of later releases", test_drivers_of_later_releases },
	{ "link of another protocol", test_link_of_another_protocol },
	{ "spinning before sleeping", test_spins },
	{ "who yields", test_who_yields },
	{ "a crowd yields", test_crowd_yields },
	{ "yields", test_yields },
	{ "yields cost little", test_yields_cost_little },
	{ "handles that are none", test_bad_handles },
	{ "information", test_info },
	{ "accepts without rights", test_accepts_without_rights },
	{ "channel opens nothing", test_channel_opens_nothing },
	{ "client runs short of memory", test_client_runs_short },
	{ "server runs short of memory", test_server_runs_short },
	{ "creation interrupted", test_interrupted_creation },
	{ "posts in order", test_posts_in_order },
	{ "no system calls", test_no_system_calls },
	{ "one bell", test_one_bell },
	{ "bell of an answered call", test_bell_of_answered_call },
	{ "parameters that are none", test_bad_parameters },
	{ "input references", test_input_references },
	{ "bad input reference", test_bad_input_reference },
	{ "bad output reference", test_bad_output_reference },
	{ "copies where they are forbidden", test_copies_when_forbidden },
	{ "hostile references", test_hostile_references },
	{ "call", test_call },
	{ "reasons", test_call_reason },
	{ "call with references", test_call_with_references },
	{ "call without parameters", test_call_without_parameters },
	{ "call interrupted", test_interrupted_call },
	{ "receive interrupted", test_interrupted_receive },
	{ "local buffers", test_local_buffers },
	{ "131072 posts outstanding", test_131072_outstanding },
	{ "back-pressure", test_back_pressure },
	{ "post interrupted", test_interrupted_post },
	{ "large among small", test_large_among_small },
	{ "whole pool", test_whole_pool },
	{ "floor of a channel", test_floor },
	{ "pages allocated and posted later", test_pages_posted_later },
	{ "pages allocated and called with later", test_pages_called_later },
	{ "pages of a bad call", test_pages_of_bad_post },
	{ "pages of a channel that ends", test_pages_of_ended_channel },
	{ "server learns of pages slowly", test_server_learns_slowly },
	{ "server learns of segments slowly", test_server_learns_slowly_of_segments },
	{ "pressure", test_pressure },
	{ "channels come and go", test_channels_come_and_go },
	{ "client closes", test_client_closes },
	{ "server closes", test_server_closes },
	{ "session ends first", test_session_ends_first },
	{ "pages after the session", test_pages_after_session },
	{ "link breaks", test_link_breaks },
	{ "callbacks", test_callbacks },
	{ "bad references of callbacks", test_bad_callback_references },
	{ "callbacks queue", test_callbacks_queue },
	{ "pages of callbacks queued later", test_callback_pages_queued_later },
	{ "pages of callbacks after the session", test_callback_pages_after_session },
	{ "callback in a call", test_callback_in_call },
	{ "malformed requests", test_malformed_requests },
	{ "fork", test_fork },
	{ "fork among threads", test_fork_among_threads },
	{ "child goes on", test_child_goes_on },
	{ "child of an ended session", test_child_of_ended_session },
	{ "statistics", test_statistics },
};

int main(void)
{
	UNIT_ADD("libvrpq", tests);
	return unit_run("vrpq");
}
