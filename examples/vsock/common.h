/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What client and server of the example agree on. */
#ifndef EXAMPLE_VSOCK_COMMON_H
#define EXAMPLE_VSOCK_COMMON_H

#include <stddef.h>

#define EXAMPLE_PORT	15000u
#define EXAMPLE_BUFFER	65536u	/* bytes of a socket's buffer */
#define EXAMPLE_TEXT	4096	/* bytes of a message */

/* Prints "PROGRAM: WHAT: error" and ends the program. */
void die(const char *what) __attribute__((noreturn));

/* A decimal number, or the program ends. */
unsigned int number(const char *text);

/* Asks for buffers of EXAMPLE_BUFFER bytes, and looks whether it got them. */
void set_buffers(int fd, int family);

#endif
