// SPDX-License-Identifier: LGPL-2.1-or-later
/* The rules of include/vlink/ring.h, and what a hostile peer can do about them. */
#include <string.h>

#include <vlink/ring.h>

#include "unit.h"

#define SIZE 64u

struct ring {
	struct vlink_ring_prod prod_line;
	struct vlink_ring_cons cons_line;
	struct vlink_ring_end producer, consumer;
};

static void ring_init(struct ring *r)
{
	memset(r, 0xff, sizeof(*r));
	vlink_producer_init(&r->producer, &r->prod_line, &r->cons_line, SIZE);
	vlink_consumer_init(&r->consumer, &r->prod_line, &r->cons_line, SIZE);
}

/* As if @index units had passed through the ring already. */
static void ring_start_at(struct ring *r, uint32_t index)
{
	ring_init(r);
	r->producer.index = r->producer.peer = index;
	r->consumer.index = r->consumer.peer = index;
	r->prod_line.prod = r->cons_line.cons = index;
	r->producer.event = r->prod_line.space_event = index;
	r->consumer.event = r->cons_line.data_event = index;
	r->producer.passed = r->producer.answered = index;
	r->consumer.passed = r->consumer.answered = index;
}

static uint32_t space(struct ring *r)
{
	bool broken = false;
	uint32_t n = vlink_producer_space(&r->producer, &broken);

	CU_ASSERT_FALSE(broken);
	return n;
}

static uint32_t avail(struct ring *r)
{
	bool broken = false;
	uint32_t n = vlink_consumer_avail(&r->consumer, &broken);

	CU_ASSERT_FALSE(broken);
	return n;
}

static void lines_are_cache_lines(void)
{
	CU_ASSERT_EQUAL(sizeof(struct vlink_ring_prod), VLINK_RING_LINE);
	CU_ASSERT_EQUAL(sizeof(struct vlink_ring_cons), VLINK_RING_LINE);
}

static void event_passed_is_half_open(void)
{
	CU_ASSERT_FALSE(vlink_event_passed(10, 10, 20));
	CU_ASSERT_TRUE(vlink_event_passed(11, 10, 20));
	CU_ASSERT_TRUE(vlink_event_passed(20, 10, 20));
	CU_ASSERT_FALSE(vlink_event_passed(21, 10, 20));
	CU_ASSERT_FALSE(vlink_event_passed(15, 10, 10));
}

static void event_passed_counts_around_the_end(void)
{
	CU_ASSERT_TRUE(vlink_event_passed(0, 0xfffffff0u, 0x10));
	CU_ASSERT_TRUE(vlink_event_passed(0xffffffffu, 0xfffffff0u, 0x10));
	CU_ASSERT_FALSE(vlink_event_passed(0xfffffff0u, 0xfffffff0u, 0x10));
	CU_ASSERT_FALSE(vlink_event_passed(0x11, 0xfffffff0u, 0x10));
}

static void init_clears_the_own_line_only(void)
{
	struct ring r;

	memset(&r, 0xff, sizeof(r));
	vlink_producer_init(&r.producer, &r.prod_line, &r.cons_line, SIZE);
	CU_ASSERT_EQUAL(r.prod_line.prod, 0);
	CU_ASSERT_EQUAL(r.prod_line.space_event, 0);
	CU_ASSERT_EQUAL(r.cons_line.cons, 0xffffffffu);
}

static void whole_ring_can_be_filled(void)
{
	struct ring r;

	ring_init(&r);
	CU_ASSERT_EQUAL(space(&r), SIZE);
	CU_ASSERT_EQUAL(avail(&r), 0);
	vlink_producer_publish(&r.producer, SIZE);
	CU_ASSERT_EQUAL(space(&r), 0);
	CU_ASSERT_EQUAL(avail(&r), SIZE);
	vlink_consumer_publish(&r.consumer, SIZE);
	CU_ASSERT_EQUAL(space(&r), SIZE);
	CU_ASSERT_EQUAL(avail(&r), 0);
}

static void indices_run_around_the_end(void)
{
	struct ring r;
	int i;

	ring_start_at(&r, 0xffffffe0u);
	for (i = 0; i < 10; i++) {
		vlink_producer_publish(&r.producer, 40);
		CU_ASSERT_EQUAL(avail(&r), 40);
		CU_ASSERT_EQUAL(space(&r), SIZE - 40);
		vlink_consumer_publish(&r.consumer, 40);
		CU_ASSERT_EQUAL(avail(&r), 0);
		CU_ASSERT_EQUAL(space(&r), SIZE);
	}
}

static void nobody_asleep_nobody_notified(void)
{
	struct ring r;

	ring_init(&r);
	CU_ASSERT_FALSE(vlink_producer_publish(&r.producer, 5));
	CU_ASSERT_FALSE(vlink_consumer_publish(&r.consumer, 5));
}

static void sleeping_consumer_is_notified_once_at_its_threshold(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 10, &broken));
	CU_ASSERT_FALSE(vlink_producer_publish(&r.producer, 9));
	CU_ASSERT_TRUE(vlink_producer_publish(&r.producer, 1));
	CU_ASSERT_FALSE(vlink_producer_publish(&r.producer, 1));
	CU_ASSERT_FALSE(broken);
}

static void sleeping_producer_is_notified_once_at_its_threshold(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	vlink_producer_publish(&r.producer, SIZE);
	CU_ASSERT_FALSE(vlink_producer_arm(&r.producer, SIZE / 2, &broken));
	CU_ASSERT_FALSE(vlink_consumer_publish(&r.consumer, SIZE / 2 - 1));
	CU_ASSERT_TRUE(vlink_consumer_publish(&r.consumer, 1));
	CU_ASSERT_FALSE(vlink_consumer_publish(&r.consumer, 1));
	CU_ASSERT_FALSE(broken);
}

static void arming_tells_that_it_is_too_late_to_sleep(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	vlink_producer_publish(&r.producer, 10);
	CU_ASSERT_TRUE(vlink_consumer_arm(&r.consumer, 10, &broken));
	CU_ASSERT_TRUE(vlink_producer_arm(&r.producer, SIZE - 10, &broken));
	CU_ASSERT_FALSE(vlink_producer_arm(&r.producer, SIZE - 9, &broken));
}

static void the_sooner_of_two_waiters_decides(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 3, &broken));
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 30, &broken));
	CU_ASSERT_TRUE(vlink_producer_publish(&r.producer, 3));
	/* The other one looks, and arms again. */
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 30, &broken));
	CU_ASSERT_FALSE(vlink_producer_publish(&r.producer, 26));
	CU_ASSERT_TRUE(vlink_producer_publish(&r.producer, 1));
}

static void a_sooner_waiter_replaces_a_later_one(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 30, &broken));
	CU_ASSERT_FALSE(vlink_consumer_arm(&r.consumer, 3, &broken));
	CU_ASSERT_TRUE(vlink_producer_publish(&r.producer, 3));
}

static void consumer_refuses_more_than_the_ring_holds(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	r.prod_line.prod = SIZE + 1;
	CU_ASSERT_EQUAL(vlink_consumer_avail(&r.consumer, &broken), 0);
	CU_ASSERT_TRUE(broken);
}

static void consumer_refuses_an_index_that_goes_back(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	vlink_producer_publish(&r.producer, 10);
	CU_ASSERT_EQUAL(avail(&r), 10);
	r.prod_line.prod = 9;
	CU_ASSERT_EQUAL(vlink_consumer_avail(&r.consumer, &broken), 10);
	CU_ASSERT_TRUE(broken);
}

static void producer_refuses_more_consumed_than_produced(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	vlink_producer_publish(&r.producer, 10);
	r.cons_line.cons = 11;
	CU_ASSERT_EQUAL(vlink_producer_space(&r.producer, &broken), SIZE - 10);
	CU_ASSERT_TRUE(broken);
}

static void producer_refuses_an_index_that_goes_back(void)
{
	bool broken = false;
	struct ring r;

	ring_init(&r);
	vlink_producer_publish(&r.producer, 10);
	vlink_consumer_publish(&r.consumer, 10);
	CU_ASSERT_EQUAL(space(&r), SIZE);
	r.cons_line.cons = 9;
	CU_ASSERT_EQUAL(vlink_producer_space(&r.producer, &broken), SIZE);
	CU_ASSERT_TRUE(broken);
}

/* Whatever the peer's line says, the counts stay within the ring. */
static bool arm_data(struct ring *r, uint32_t want)
{
	bool broken = false;

	return vlink_consumer_arm(&r->consumer, want, &broken);
}

static bool arm_space(struct ring *r, uint32_t want)
{
	bool broken = false;

	return vlink_producer_arm(&r->producer, want, &broken);
}

static void an_event_is_news_once(void)
{
	struct ring r;

	ring_start_at(&r, 0xffffffff);
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
	CU_ASSERT_FALSE(arm_data(&r, 3));
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
	vlink_producer_publish(&r.producer, 2);
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
	vlink_producer_publish(&r.producer, 1);
	CU_ASSERT_TRUE(vlink_consumer_news(&r.consumer));
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
	/* Nobody asked for that. */
	vlink_producer_publish(&r.producer, 1);
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
}

static void room_is_news_once(void)
{
	struct ring r;

	ring_start_at(&r, 0xffffffff);
	vlink_producer_publish(&r.producer, SIZE);
	CU_ASSERT_FALSE(arm_space(&r, 2));
	CU_ASSERT_FALSE(vlink_producer_news(&r.producer));
	CU_ASSERT_EQUAL(avail(&r), SIZE);
	vlink_consumer_publish(&r.consumer, 1);
	CU_ASSERT_FALSE(vlink_producer_news(&r.producer));
	vlink_consumer_publish(&r.consumer, 1);
	CU_ASSERT_TRUE(vlink_producer_news(&r.producer));
	CU_ASSERT_FALSE(vlink_producer_news(&r.producer));
}

/* The reader looked by itself, and armed again, before the interrupt came. */
static void news_that_comes_late_is_news(void)
{
	struct ring r;

	ring_start_at(&r, 7);
	CU_ASSERT_FALSE(arm_data(&r, 1));
	vlink_producer_publish(&r.producer, 1);
	CU_ASSERT_EQUAL(avail(&r), 1);
	vlink_consumer_publish(&r.consumer, 1);
	CU_ASSERT_FALSE(arm_data(&r, 1));
	CU_ASSERT_TRUE(vlink_consumer_news(&r.consumer));
	CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
	vlink_producer_publish(&r.producer, 1);
	CU_ASSERT_TRUE(vlink_consumer_news(&r.consumer));
}

static void an_index_outside_the_ring_is_no_news(void)
{
	static const uint32_t wrong[] = { SIZE + 1, 0x80000000u, 0xffffffffu };
	struct ring r;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ring_start_at(&r, 100);
		CU_ASSERT_FALSE(arm_data(&r, 1));
		r.prod_line.prod = 100 + wrong[i];
		CU_ASSERT_FALSE(vlink_consumer_news(&r.consumer));
		ring_start_at(&r, 100);
		vlink_producer_publish(&r.producer, SIZE);
		CU_ASSERT_FALSE(arm_space(&r, 1));
		r.cons_line.cons = 100 - (wrong[i] - SIZE);
		CU_ASSERT_FALSE(vlink_producer_news(&r.producer));
	}
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void no_words_make_more_news_than_was_asked_for(void)
{
	uint32_t asked = 0, news = 0, i;
	uint64_t random = 1;
	struct ring r;

	ring_start_at(&r, 0);
	for (i = 0; i < 200000; i++) {
		r.prod_line.prod = r.consumer.index + next_random(&random) % (SIZE + 3);
		if (!(next_random(&random) % 8)) {
			bool broken = false;
			uint32_t n = vlink_consumer_avail(&r.consumer, &broken);

			vlink_consumer_publish(&r.consumer, n);
			asked += !arm_data(&r, 1 + next_random(&random) % SIZE);
		}
		news += vlink_consumer_news(&r.consumer);
	}
	CU_ASSERT(news > 0);
	CU_ASSERT(news <= asked);
}

static void counts_stay_in_bounds_under_random_words(void)
{
	unsigned int seed = 1, i;
	struct ring r;

	ring_init(&r);
	for (i = 0; i < 1000000; i++) {
		bool broken = false;
		uint32_t n;

		r.prod_line.prod = (uint32_t)rand_r(&seed) * 2 + (uint32_t)rand_r(&seed);
		r.cons_line.cons = r.consumer.index + (uint32_t)rand_r(&seed) % (2 * SIZE);
		n = vlink_consumer_avail(&r.consumer, &broken);
		if (n > SIZE)
			break;
		vlink_consumer_publish(&r.consumer, n ? (uint32_t)rand_r(&seed) % n : 0);
		n = vlink_producer_space(&r.producer, &broken);
		if (n > SIZE)
			break;
		vlink_producer_publish(&r.producer, n ? (uint32_t)rand_r(&seed) % n : 0);
	}
	CU_ASSERT_EQUAL(i, 1000000);
}

static const struct unit_test tests[] = {
	{ "lines_are_cache_lines", lines_are_cache_lines },
	{ "event_passed_is_half_open", event_passed_is_half_open },
	{ "event_passed_counts_around_the_end", event_passed_counts_around_the_end },
	{ "init_clears_the_own_line_only", init_clears_the_own_line_only },
	{ "whole_ring_can_be_filled", whole_ring_can_be_filled },
	{ "indices_run_around_the_end", indices_run_around_the_end },
	{ "nobody_asleep_nobody_notified", nobody_asleep_nobody_notified },
	{ "sleeping_consumer_is_notified_once_at_its_threshold",
	  sleeping_consumer_is_notified_once_at_its_threshold },
	{ "sleeping_producer_is_notified_once_at_its_threshold",
	  sleeping_producer_is_notified_once_at_its_threshold },
	{ "arming_tells_that_it_is_too_late_to_sleep", arming_tells_that_it_is_too_late_to_sleep },
	{ "the_sooner_of_two_waiters_decides", the_sooner_of_two_waiters_decides },
	{ "a_sooner_waiter_replaces_a_later_one", a_sooner_waiter_replaces_a_later_one },
	{ "consumer_refuses_more_than_the_ring_holds", consumer_refuses_more_than_the_ring_holds },
	{ "consumer_refuses_an_index_that_goes_back", consumer_refuses_an_index_that_goes_back },
	{ "producer_refuses_more_consumed_than_produced",
	  producer_refuses_more_consumed_than_produced },
	{ "producer_refuses_an_index_that_goes_back", producer_refuses_an_index_that_goes_back },
	{ "an_event_is_news_once", an_event_is_news_once },
	{ "room_is_news_once", room_is_news_once },
	{ "news_that_comes_late_is_news", news_that_comes_late_is_news },
	{ "an_index_outside_the_ring_is_no_news", an_index_outside_the_ring_is_no_news },
	{ "no_words_make_more_news_than_was_asked_for",
	  no_words_make_more_news_than_was_asked_for },
	{ "counts_stay_in_bounds_under_random_words", counts_stay_in_bounds_under_random_words },
};

int main(void)
{
	UNIT_ADD("ring", tests);
	return unit_run("ring");
}
