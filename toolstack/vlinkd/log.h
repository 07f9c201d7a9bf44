/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the daemon: to stderr, or to syslog once it is detached. */
#ifndef VLINKD_LOG_H
#define VLINKD_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* From now on nothing is logged. */
void log_to_nobody(void);
/* From now on messages go to syslog. */
void log_to_syslog(const char *ident);
__attribute__((format(printf, 2, 3)))
void log_message(enum log_level level, const char *fmt, ...);

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
