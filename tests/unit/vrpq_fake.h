/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in for the drivers of both ends of a VRPQ link, so that the library runs against
 * itself in one process. Pages that were not granted are not accessible.
 */
#ifndef VRPQ_FAKE_H
#define VRPQ_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FAKE_CLIENT	"fake/vrpq-clt-0"
#define FAKE_SERVER	"fake/vrpq-srv-0"

struct fake_counts {
	unsigned int calls;		/* of the kernel, in all */
	unsigned int opens, rings, waits, sleeps, grows, trims, kicks, maps;
};

/* Makes the library use it, for a link of @reqs requests and @pmem_pages pages. */
void fake_start(uint32_t reqs, uint32_t pmem_pages);
/* True if all files were closed and all memory unmapped. */
bool fake_stop(void);
/* Lets processes touch what was not granted, as the real drivers do (it reads as zeros). */
void fake_unprotect(void);
struct fake_counts fake_counts(void);
/* The drivers are of another release; its versions, and that of the link's protocol. */
void fake_release(uint32_t abi_oldest, uint32_t abi_newest, uint32_t protocol_of_link);
/* Processes may not open the server's node any more. */
void fake_refuse_opens(bool refuse);
/* The link is removed and made anew: files of its node are good for nothing. */
void fake_renew_nodes(void);
/* Waits until the thread sleeps in the kernel; false: it did not within 10 s. */
bool fake_await_sleep(pthread_t thread);
/* What a signal does to the thread's sleep. */
void fake_interrupt(pthread_t thread);
/* The link breaks: pages read as zeros from now on. */
void fake_break_link(void);
/*
 * While it is paused, the server's domain does not learn of new pages, so that the client may
 * not use them.
 */
void fake_pause_server(bool paused);
/* Another session on the link takes pages of parameters, or gives them back. */
void fake_take_pmem(int pages);
/* Pages of parameters and callbacks that sessions have beyond their floors. */
uint32_t fake_pmem_used(void);
/* The shared memory of the oldest session, for who wants to write there. */
void *fake_memory(size_t *size);

#endif
