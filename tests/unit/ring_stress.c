// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two threads push bytes through a ring and sleep on event counters whenever they
 * can, with thresholds of every size. A lost wake-up shows as a sleep that
 * does not end, a wrong order as a wrong byte.
 *
 * Built twice: with real fences, and for ThreadSanitizer, which knows no fences and
 * gets a read-modify-write of one shared word in their place.
 */
#ifdef __SANITIZE_THREAD__
static unsigned int fence_word;
#define vlink_full_barrier() ((void)__atomic_fetch_add(&fence_word, 0, __ATOMIC_SEQ_CST))
#endif

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vlink/ring.h>

#include "unit.h"

#define TIMEOUT_MS	20000

struct stress {
	uint32_t size;
	uint32_t total;
	uint32_t max_step;
	struct vlink_ring_prod prod_line;
	struct vlink_ring_cons cons_line;
	struct vlink_ring_end producer, consumer;
	unsigned char *data;
	int to_producer, to_consumer;
	/* Each thread's own. */
	bool producer_failed, consumer_failed;
	uint32_t wrong_bytes, sleeps;
};

static unsigned char byte_at(uint32_t pos)
{
	return (unsigned char)(pos * 31 + (pos >> 8));
}

static void notify(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* Returns false when nobody notified. */
static bool sleep_on(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	return poll(&pfd, 1, TIMEOUT_MS) == 1 && read(fd, &count, sizeof(count)) == sizeof(count);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void *produce(void *arg)
{
	struct stress *s = arg;
	uint32_t done = 0, i, n, want;
	unsigned int seed = 1;
	bool broken = false;

	while (done < s->total && !broken) {
		n = min_u32(vlink_producer_space(&s->producer, &broken), s->total - done);
		n = min_u32(n, 1 + (uint32_t)rand_r(&seed) % s->max_step);
		if (!n) {
			want = 1 + (uint32_t)rand_r(&seed) % (s->size / 2);
			if (vlink_producer_arm(&s->producer, want, &broken))
				continue;
			if (!sleep_on(s->to_producer))
				break;
			continue;
		}
		for (i = 0; i < n; i++)
			s->data[(done + i) & (s->size - 1)] = byte_at(done + i);
		if (vlink_producer_publish(&s->producer, n))
			notify(s->to_consumer);
		done += n;
	}
	s->producer_failed = broken || done < s->total;
	return NULL;
}

static void *consume(void *arg)
{
	struct stress *s = arg;
	uint32_t done = 0, i, n, want;
	unsigned int seed = 2;
	bool broken = false;

	while (done < s->total && !broken) {
		n = vlink_consumer_avail(&s->consumer, &broken);
		n = min_u32(n, 1 + (uint32_t)rand_r(&seed) % s->max_step);
		if (!n) {
			want = 1 + (uint32_t)rand_r(&seed) % (s->size / 2);
			want = min_u32(want, s->total - done);
			if (vlink_consumer_arm(&s->consumer, want, &broken))
				continue;
			s->sleeps++;
			if (!sleep_on(s->to_consumer))
				break;
			continue;
		}
		for (i = 0; i < n; i++)
			s->wrong_bytes += s->data[(done + i) & (s->size - 1)] != byte_at(done + i);
		if (vlink_consumer_publish(&s->consumer, n))
			notify(s->to_producer);
		done += n;
	}
	s->consumer_failed = broken || done < s->total;
	return NULL;
}

static void stress(uint32_t size, uint32_t total, uint32_t max_step)
{
	struct stress s = { .size = size, .total = total, .max_step = max_step };
	pthread_t producer, consumer;

	s.data = malloc(size);
	s.to_producer = eventfd(0, 0);
	s.to_consumer = eventfd(0, 0);
	if (!s.data || s.to_producer < 0 || s.to_consumer < 0)
		abort();
	vlink_producer_init(&s.producer, &s.prod_line, &s.cons_line, size);
	vlink_consumer_init(&s.consumer, &s.prod_line, &s.cons_line, size);

	if (pthread_create(&consumer, NULL, consume, &s) ||
	    pthread_create(&producer, NULL, produce, &s))
		abort();
	pthread_join(producer, NULL);
	pthread_join(consumer, NULL);

	CU_ASSERT_FALSE(s.producer_failed);
	CU_ASSERT_FALSE(s.consumer_failed);
	CU_ASSERT_EQUAL(s.wrong_bytes, 0);
	/* Else the test did not test what it is for. */
	CU_ASSERT_TRUE(s.sleeps > 0);
	close(s.to_producer);
	close(s.to_consumer);
	free(s.data);
}

static void small_ring_small_steps(void)
{
	stress(16, 2000000, 3);
}

static void small_ring_large_steps(void)
{
	stress(16, 4000000, 16);
}

static void large_ring_mixed_steps(void)
{
	stress(4096, 64u << 20, 5000);
}

static const struct unit_test tests[] = {
	{ "small_ring_small_steps", small_ring_small_steps },
	{ "small_ring_large_steps", small_ring_large_steps },
	{ "large_ring_mixed_steps", large_ring_mixed_steps },
};

int main(void)
{
	UNIT_ADD("ring_stress", tests);
#ifdef __SANITIZE_THREAD__
	return unit_run("ring_stress_tsan");
#else
	return unit_run("ring_stress");
#endif
}
