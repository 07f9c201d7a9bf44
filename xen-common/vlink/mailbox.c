// SPDX-License-Identifier: GPL-2.0
/* Messages of fixed size between the two kernels of a connection. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>

#include <xen/io/vlink.h>

#include "internal.h"

void vlink_mailbox_init(struct vlink_mailbox *box, struct vlink *link,
			struct vlink_region *region, unsigned int size)
{
	struct vlink_mailbox_lines *lines = page_address(region->pages[0]);
	void *c2s = page_address(region->pages[1]);
	void *s2c = page_address(region->pages[2]);
	unsigned int nr = PAGE_SIZE / size;

	BUILD_BUG_ON(sizeof(struct vlink_mailbox_lines) != 0x100);
	box->link = link;
	box->size = size;
	if (link->drv->role == VLINK_SERVER) {
		vlink_producer_init(&box->tx, &lines->s2c_prod, &lines->s2c_cons, nr);
		vlink_consumer_init(&box->rx, &lines->c2s_prod, &lines->c2s_cons, nr);
		box->tx_msgs = s2c;
		box->rx_msgs = c2s;
	} else {
		vlink_producer_init(&box->tx, &lines->c2s_prod, &lines->c2s_cons, nr);
		vlink_consumer_init(&box->rx, &lines->s2c_prod, &lines->s2c_cons, nr);
		box->tx_msgs = c2s;
		box->rx_msgs = s2c;
	}
}
EXPORT_SYMBOL_GPL(vlink_mailbox_init);

static void *msg_at(void *msgs, const struct vlink_ring_end *end, unsigned int size)
{
	return msgs + (end->index & (end->size - 1)) * size;
}

int vlink_mailbox_space(struct vlink_mailbox *box)
{
	bool broken = false;
	bool space = vlink_producer_space(&box->tx, &broken) ||
		     vlink_producer_arm(&box->tx, box->tx.size / 2, &broken);

	return broken ? -EPROTO : space;
}
EXPORT_SYMBOL_GPL(vlink_mailbox_space);

void vlink_mailbox_send(struct vlink_mailbox *box, const void *msg)
{
	memcpy(msg_at(box->tx_msgs, &box->tx, box->size), msg, box->size);
	if (vlink_producer_publish(&box->tx, 1))
		vlink_notify(box->link);
}
EXPORT_SYMBOL_GPL(vlink_mailbox_send);

int vlink_mailbox_receive(struct vlink_mailbox *box, void *msg)
{
	bool broken = false;
	bool news = vlink_consumer_arm(&box->rx, 1, &broken);

	if (broken)
		return -EPROTO;
	if (!news)
		return 0;
	/* One copy, which the caller checks and uses; the peer may go on writing there. */
	memcpy(msg, msg_at(box->rx_msgs, &box->rx, box->size), box->size);
	if (vlink_consumer_publish(&box->rx, 1))
		vlink_notify(box->link);
	return 1;
}
EXPORT_SYMBOL_GPL(vlink_mailbox_receive);

bool vlink_mailbox_news(struct vlink_mailbox *box)
{
	bool data = vlink_consumer_news(&box->rx);
	bool room = vlink_producer_news(&box->tx);

	return data || room;
}
EXPORT_SYMBOL_GPL(vlink_mailbox_news);

bool vlink_mailbox_pending(const struct vlink_mailbox *box)
{
	const struct vlink_ring_end *tx = &box->tx;
	u32 untrusted_prod = READ_ONCE(box->rx.prod_line->prod);
	u32 untrusted_cons = READ_ONCE(tx->cons_line->cons);
	u32 event = READ_ONCE(tx->event);

	return untrusted_prod != READ_ONCE(box->rx.index) ||
	       ((s32)(event - READ_ONCE(tx->peer)) > 0 && (s32)(untrusted_cons - event) >= 0);
}
EXPORT_SYMBOL_GPL(vlink_mailbox_pending);
