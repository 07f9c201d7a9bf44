/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mailbox.h"

#include "../suites/harness.h"

#include <string.h>
#include <sys/mman.h>

/* ---- connecting ---- */

static void begin(struct mailbox *box)
{
	end_reset(box->end);
	end_release(box->end);
	box->sent = 0;
	box->received = 0;
}

void mailbox_prepare(struct mailbox *box)
{
	struct end *end = box->end;

	begin(box);
	end->region = share_pages(end, MAILBOX_PAGES, true);
	end->dirs = share_pages(end, 1, true);
	fill_dirs(end);
	open_port(end);
}

void mailbox_publish(struct mailbox *box, uint32_t admin_ref, uint32_t admin_pages)
{
	struct end *end = box->end;

	end_write_number(end, "version", 1);
	end_write_number(end, "event-channel", (uint32_t)end->port);
	end_write_number(end, "admin-ref", admin_ref);
	end_write_number(end, "admin-pages", admin_pages);
	end_set_state(end, XenbusStateInitialised);
}

void mailbox_offer(struct mailbox *box)
{
	begin(box);
	end_write_number(box->end, "versions", 1);
}

void mailbox_take(struct mailbox *box)
{
	struct end *end = box->end;
	uint32_t *refs;

	end_set_state(end, XenbusStateInitWait);
	end_await(end, XenbusStateInitialised);
	SUITE_EQUAL(end_read_number(end, "admin-pages"), MAILBOX_PAGES);
	refs = read_chain(end, end_read_number(end, "admin-ref"), MAILBOX_PAGES);
	end->region = try_map_pages(end, refs, MAILBOX_PAGES, PROT_READ | PROT_WRITE);
	end->region.refs = refs;
	if (!end->region.at)
		suite_fail("the client's mailbox cannot be mapped");
	bind_port(end, end_read_number(end, "event-channel"));
	server_finish(end);
}

/* ---- messages ---- */

static uint32_t nr_slots(const struct mailbox *box)
{
	return PEER_PAGE / box->size;
}

static unsigned char *slot(struct mailbox *box, bool out, uint32_t index)
{
	unsigned int page = out == !box->end->server ? 1 : 2;

	return box->end->region.at + page * PEER_PAGE + index % nr_slots(box) * box->size;
}

static uint32_t my_prod(const struct mailbox *box)
{
	return box->end->server ? BOX_S2C_PROD : BOX_C2S_PROD;
}

static uint32_t my_cons(const struct mailbox *box)
{
	return box->end->server ? BOX_C2S_CONS : BOX_S2C_CONS;
}

/* The lines of the other end lie 0x40 from those of ours that they answer. */
static uint32_t their_cons(const struct mailbox *box)
{
	return my_prod(box) + 0x40;
}

static uint32_t their_prod(const struct mailbox *box)
{
	return my_cons(box) - 0x40;
}

/* Until the other end's index at @offset differs from @seen. */
static bool await_index(struct mailbox *box, uint32_t offset, uint32_t seen, int ms)
{
	while (end_load(box->end, offset) == seen) {
		if (ms <= 0)
			return false;
		end_wait_event(box->end, ms < 20 ? ms : 20);
		ms -= 20;
	}
	return true;
}

bool mailbox_send_within(struct mailbox *box, const void *message, int ms)
{
	uint32_t slots = nr_slots(box);

	if (!await_index(box, their_cons(box), box->sent - slots, ms))
		return false;
	memcpy(slot(box, true, box->sent), message, box->size);
	box->sent++;
	/* Asks to be woken by the next that is taken, too. */
	end_store(box->end, my_prod(box) + EVENT_OF_LINE, box->sent + 1 - slots);
	end_store(box->end, my_prod(box), box->sent);
	end_notify(box->end);
	return true;
}

void mailbox_send(struct mailbox *box, const void *message)
{
	if (!mailbox_send_within(box, message, suite_patience_ms()))
		suite_fail("the other end takes no messages");
}

bool mailbox_receive(struct mailbox *box, void *message, int ms)
{
	end_store(box->end, my_cons(box) + EVENT_OF_LINE, box->received + 1);
	if (!await_index(box, their_prod(box), box->received, ms))
		return false;
	memcpy(message, slot(box, false, box->received), box->size);
	box->received++;
	end_store(box->end, my_cons(box), box->received);
	end_notify(box->end);
	return true;
}
