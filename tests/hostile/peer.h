/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One end of a link played from user space, against the kernel's driver at the other
 * end. What is not of vbpipe alone serves the peers of other services too.
 *
 * It is written from the text of the wire headers and shares no code with
 * the drivers: offsets, states and the rules of the ring are spelled out again,
 * so that a mistake of the drivers is not made here too. It can keep to the
 * protocol or break it at any step: all that it writes is open to the caller.
 *
 * The functions end the test as failed (suite_fail) when something does not
 * work that has to, or when the other end does not answer in time.
 */
#ifndef HOSTILE_PEER_H
#define HOSTILE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xenbus.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

/* Byte offsets in the control page */
enum {
	CLIENT_WORD = 0x000,
	SERVER_WORD = 0x040,
	C2S_PROD = 0x080,
	C2S_CONS = 0x0c0,
	S2C_PROD = 0x100,
	S2C_CONS = 0x140,
	EVENT_OF_LINE = 4,	/* space_event, data_event */
	LINE = 0x40,
};

enum { WORD_OFF, WORD_RESET, WORD_ON, WORD_LEAVING };

#define PEER_PAGE	4096u
#define DIR_REFS	1023u	/* references in a directory page */
#define NR_KEYS		6

/* Pages of ours that the other domain may map, or of the other's that we map. */
struct pages {
	unsigned char *at;
	uint32_t count;
	uint32_t *refs;
};

struct key {
	const char *name;
	char value[3000];
	size_t length;
	bool absent;
};

/* A direction, seen from us: the line we write, the one we read, and the bytes. */
struct stream {
	uint32_t mine, theirs;		/* offsets of the lines */
	unsigned char *bytes;
	uint32_t size;
	uint32_t index;			/* ours: what we sent, or what we received */
};

struct end {
	bool server;
	char service[16];
	char link[64];
	uint32_t other_domain;
	unsigned int id;
	char own[160], other[160];	/* directories in xenstore */
	struct xs_handle *xs;
	xenevtchn_handle *events;
	xengntshr_handle *shares;	/* client */
	xengnttab_handle *maps;		/* server */
	int port;			/* 0: none */
	struct key keys[NR_KEYS];	/* what the client publishes */
	struct pages dirs, region;
	uint32_t c2s_size, s2c_size;
	uint32_t word, seen_count;	/* our state word; the other's count at our RESET */
	uint32_t my_word, their_word;	/* offsets */
	struct stream out, in;
};

/*
 * Takes the link's device from this domain's kernel driver, if it has it, and
 * connects to xenstore. Nothing is written yet.
 */
void end_open(struct end *end, const char *link, bool server);
/* The same for another service than vbpipe. */
void end_open_service(struct end *end, const char *service, const char *link, bool server);
/* Turns to another link's directories; for an end that is connected to xenstore. */
void end_find(struct end *end, const char *link);
/* Forgets everything, without a word to the other end. */
void end_drop(struct end *end);

/* ---- xenstore ---- */

void end_set_state(struct end *end, int state);
/* The other end's state as it is now; 0 (unknown) when there is none. */
int end_other_state(struct end *end);
/* Waits until the other end is in @state. */
void end_await(struct end *end, enum xenbus_state state);
/* The same, but false if it is not within @ms. */
bool end_reaches(struct end *end, enum xenbus_state state, int ms);
/* Until it is in one of the states in @mask (bits); returns which. */
int end_await_any(struct end *end, unsigned int mask);
/* Writes a key of our directory, at once. */
void end_write(struct end *end, const char *key, const char *value, size_t length);
void end_write_number(struct end *end, const char *key, uint32_t value);
void end_remove(struct end *end, const char *key);
/* A number in the other's directory. */
uint32_t end_read_number(struct end *end, const char *key);
/* A text there, for free(); NULL: there is none. */
char *end_read_text(struct end *end, const char *key);

/* ---- connecting ---- */

/* Waits until the other end has given the connection up, and said why. */
void expect_refused(struct end *end);
/* The same, for this reason. */
void expect_refused_for(struct end *end, const char *expected);
/* How often a test breaks its link that does so again and again; --set rounds=N. */
unsigned int hostile_rounds(void);
/* Ours is Closed, and the other end without a connection. */
void end_close(struct end *end);
/* Makes the other end begin anew, whatever state it is in. */
void end_reset(struct end *end);

/*
 * Client: everything up to the keys, in memory only: regions for @s2c_size bytes
 * (and what the server wants), directory, event channel.
 */
void client_prepare(struct end *end, uint32_t s2c_size);
/* What client_publish() will write instead. A NULL @value: no such key. */
void client_key(struct end *end, const char *name, const char *value);
void client_key_number(struct end *end, const char *name, long long value);
/* Any bytes. */
void client_key_bytes(struct end *end, const char *name, const char *value, size_t length);
/* The keys in one transaction, then Initialised. */
void client_publish(struct end *end);
/* Waits for the server and follows it to Connected. */
void client_finish(struct end *end);

/* Server: writes its keys (NULL: no such key), then InitWait. */
void server_offer(struct end *end, const char *versions, const char *rx_size);
/* Maps the pages of a client that is Initialised, and binds its event channel. */
void server_take(struct end *end);
/* Connected, and waits for the client's. */
void server_finish(struct end *end);

/*
 * All of it, as the protocol says; @size is that of the ring that we read from. A
 * server that is still busy with what we did before may refuse: then once more.
 */
void end_connect(struct end *end, uint32_t size);
/* Gives back memory and event channel, as after the end of a connection. */
void end_release(struct end *end);

/* Pages of the other domain that may not be there: NULL in .at then. */
struct pages try_map_pages(struct end *end, uint32_t *refs, uint32_t count, int access);
/* The references of @count pages in the chain that begins at @ref. */
uint32_t *read_chain(struct end *end, uint32_t ref, uint32_t count);
/* References of the region's pages into the directory pages, as they belong. */
void fill_dirs(struct end *end);
/* Event channel: a new one, for the other end to bind; or the other end's. */
void open_port(struct end *end);
/* Both streams in the region, whose four lines begin at offset @lines of its first page. */
void end_lay_out_rings(struct end *end, uint32_t lines);
void bind_port(struct end *end, uint32_t port);
struct pages share_pages(struct end *end, uint32_t count, bool writable);
void unshare_pages(struct end *end, struct pages *pages);
uint32_t *dir_word(struct end *end, unsigned int dir, unsigned int word);

/* ---- data ---- */

uint32_t end_load(struct end *end, uint32_t offset);
void end_store(struct end *end, uint32_t offset, uint32_t value);
void end_notify(struct end *end);
/* Waits for a notification; false if none comes within @ms. */
bool end_wait_event(struct end *end, int ms);

/* The rendezvous, until both ends are open. */
void end_meet(struct end *end);
/* Sets our state word, with the count as it is, and notifies. */
void end_set_word(struct end *end, uint32_t state);
/* Waits until the other's word is in @state. */
void end_await_word(struct end *end, uint32_t state);
/* Closes our end. */
void end_part(struct end *end);
/* Waits until the other end is not open any more. */
void end_await_parted(struct end *end);

/* @count bytes of the pattern @seed, beginning with its byte @offset. */
void end_send(struct end *end, size_t count, uint64_t seed, uint64_t offset);
void end_receive(struct end *end, size_t count, uint64_t seed, uint64_t offset);

#endif
