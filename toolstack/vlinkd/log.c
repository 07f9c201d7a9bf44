// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages of the daemon. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "log.h"

#define LOG_TEXT_MAX	1024

static bool use_syslog, be_silent;

static const int priority_of[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
};

void log_to_nobody(void)
{
	be_silent = true;
}

void log_to_syslog(const char *ident)
{
	openlog(ident, LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

/* A name out of a file or of xenstore must not reach a terminal as control codes. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void log_message(enum log_level level, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	if (be_silent)
		return;
	if (use_syslog)
		syslog(priority_of[level], "%s", text);
	else if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", priority_of[level], text);
	else
		fprintf(stderr, "vlinkd: %s\n", text);
}
