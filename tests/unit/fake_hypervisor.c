// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * As much of a hypervisor as xenstored, oxenstored and vlinkd ask for, on a machine without Xen: the calls
 * of libxenctrl, libxenevtchn and libxengnttab that they make. It is linked to vlinkd, and
 * loaded before the libraries of xenstored.
 *
 * $FAKE_XEN/domains is the list of domains, as an array of xc_domaininfo_t; whoever replaces it
 * writes a byte to the FIFO $FAKE_XEN/virq: that is the interrupt which tells xenstored of it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE	4096
#define VIRQ_PORT	1

static const char *in_fake_xen(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("FAKE_XEN"), name);
	return path;
}

/* What is no pointer that anybody follows. */
static void *handle(void)
{
	static int any;

	return &any;
}

/* ---- libxenctrl ---- */

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
				unsigned int open_flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)open_flags;
	return handle();
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain, unsigned int max_domains,
			  xc_domaininfo_t *info)
{
	FILE *file = fopen(in_fake_xen("domains"), "re");
	unsigned int nr = 0;

	(void)xch;
	if (!file)
		return -1;
	while (nr < max_domains && fread(&info[nr], sizeof(*info), 1, file) == 1)
		nr += info[nr].domain >= first_domain;
	fclose(file);
	return (int)nr;
}

/* Of this call xenstored looks at a few members only. */
int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid, unsigned int max_doms,
		      xc_dominfo_t *info)
{
	xc_domaininfo_t raw;
	int nr = max_doms ? xc_domain_getinfolist(xch, first_domid, 1, &raw) : 0;

	if (nr <= 0)
		return nr;
	memset(info, 0, sizeof(*info));
	info->domid = raw.domain;
	info->dying = (raw.flags & XEN_DOMINF_dying) != 0;
	info->shutdown = (raw.flags & XEN_DOMINF_shutdown) != 0;
	return 1;
}

/* ---- libxenevtchn ---- */

static int virq_fd = -1;

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	virq_fd = open(in_fake_xen("virq"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return virq_fd < 0 ? NULL : handle();
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	(void)xce;
	return virq_fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	(void)xce;
	(void)virq;
	return VIRQ_PORT;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
						     evtchn_port_t remote_port)
{
	static int next = VIRQ_PORT;

	(void)xce;
	(void)domid;
	(void)remote_port;
	return ++next;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	char byte;

	(void)xce;
	return read(virq_fd, &byte, 1) == 1 ? VIRQ_PORT : -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

/* ---- libxengnttab: a page of which the guest says nothing ---- */

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int open_flags)
{
	(void)logger;
	(void)open_flags;
	return handle();
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	(void)xgt;
	(void)nr_grants;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	void *page = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)xgt;
	(void)domid;
	(void)ref;
	return page == MAP_FAILED ? NULL : page;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	(void)xgt;
	return munmap(start_address, (size_t)count * PAGE);
}

#ifdef FAKE_PROC_XEN
/* ---- the places where xenstored meets dom0's kernel, and its clients ---- */

static const char *real_path(const char *path)
{
	static const char *const dirs[] = { "/proc/xen/", "/var/run/xenstored/" };
	size_t i, len;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		len = strlen(dirs[i]);
		if (!strncmp(path, dirs[i], len))
			return in_fake_xen(path + len);
	}
	return path;
}

/* The C library's own takes all flags; both names are in use. */
int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, real_path(path), flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* oxenstored's socket has a place of its own, whatever the environment says. */
int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, real_path(path), 0);
}

int chmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, real_path(path), mode, 0);
}

int mkdir(const char *path, mode_t mode)
{
	return strcmp(path, "/var/run/xenstored") ? mkdirat(AT_FDCWD, real_path(path), mode) : 0;
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (addr->sa_family == AF_UNIX) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s",
			 real_path(((const struct sockaddr_un *)addr)->sun_path));
		addr = (const struct sockaddr *)&un;
		len = sizeof(un);
	}
	return (int)syscall(SYS_bind, fd, addr, len);
}

/* oxenstored wants more open files than an ordinary user may have. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

/* The page of a guest's ring, as oxenstored maps it. */
void *xc_map_foreign_range(xc_interface *xch, uint32_t dom, int size, int prot,
			   unsigned long mfn)
{
	(void)xch;
	(void)size;
	return xengnttab_map_grant_ref(NULL, dom, (uint32_t)mfn, prot);
}
#endif
