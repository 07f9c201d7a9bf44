/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that tells vlinkctl of a daemon that runs: by its lock, which no crash leaves. */
#ifndef LIB_PIDFILE_H
#define LIB_PIDFILE_H

#define PIDFILE_DIR	"/run/vlinkd"
#define PIDFILE		PIDFILE_DIR "/pid"

#endif
