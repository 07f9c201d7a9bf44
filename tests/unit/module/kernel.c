// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel.h"

#include <stdarg.h>
#include <time.h>

/* --- messages, tasks ---------------------------------------------------------------- */

char kernel_said[512];

void (*kernel_hears)(const char *line);

void kernel_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(kernel_said, sizeof(kernel_said), format, args);
	va_end(args);
	if (kernel_hears)
		kernel_hears(kernel_said);
}

static __thread struct task_struct own_task, *task;
static int next_pid = 100;

struct task_struct *kernel_current(void)
{
	if (!task) {
		own_task.pid = __atomic_add_fetch(&next_pid, 1, __ATOMIC_RELAXED);
		own_task.tgid = own_task.pid;
		own_task.refs = 1;
		task = &own_task;
	}
	return task;
}

void kernel_become(struct task_struct *other)
{
	task = other;
}

/* --- locks, waits -------------------------------------------------------------------- */

/* One condition for all who wait: tests are small. */
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER, fell_asleep = PTHREAD_COND_INITIALIZER;

void mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->lock, NULL);
	mutex->owner = NULL;
}

void mutex_lock(struct mutex *mutex)
{
	if (__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == current)
		abort();
	pthread_mutex_lock(&mutex->lock);
	__atomic_store_n(&mutex->owner, current, __ATOMIC_RELAXED);
	current->locks++;
}

void mutex_unlock(struct mutex *mutex)
{
	lockdep_assert_held(mutex);
	current->locks--;
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&mutex->lock);
}

static void check_no_locks(void)
{
	if (current->locks)
		abort();
}

void kernel_wake(void)
{
	pthread_mutex_lock(&wait_lock);
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&wait_lock);
}

void kernel_wait_begin(unsigned int state)
{
	current->wait_state = state;
	check_no_locks();
	pthread_mutex_lock(&wait_lock);
}

__thread void (*kernel_idle)(void);
void (*kernel_others)(void);

void kernel_wait(void)
{
	if (kernel_idle) {
		pthread_mutex_unlock(&wait_lock);
		kernel_idle();
		pthread_mutex_lock(&wait_lock);
		return;
	}
	current->asleep = true;
	pthread_cond_broadcast(&fell_asleep);
	pthread_cond_wait(&woken, &wait_lock);
	current->asleep = false;
}

void kernel_wait_end(void)
{
	pthread_mutex_unlock(&wait_lock);
}

void kernel_signal(struct task_struct *other, bool fatal)
{
	pthread_mutex_lock(&wait_lock);
	WRITE_ONCE(other->signalled, true);
	if (fatal)
		WRITE_ONCE(other->killed, true);
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&wait_lock);
}

void kernel_await_asleep(struct task_struct *other)
{
	pthread_mutex_lock(&wait_lock);
	while (!other->asleep)
		pthread_cond_wait(&fell_asleep, &wait_lock);
	pthread_mutex_unlock(&wait_lock);
}

/* --- work ------------------------------------------------------------------------------ */

struct workqueue_struct *system_unbound_wq;

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_done = PTHREAD_COND_INITIALIZER;
static LIST_HEAD(works);

void kernel_init_work(struct work_struct *work, void (*func)(struct work_struct *work))
{
	*work = (struct work_struct){ .func = func };
}

bool kernel_queue(struct work_struct *work, bool delayed)
{
	bool was_pending;

	pthread_mutex_lock(&work_lock);
	was_pending = work->pending;
	if (!was_pending) {
		list_add_tail(&work->node, &works);
		work->pending = true;
		work->delayed = delayed;
	}
	pthread_mutex_unlock(&work_lock);
	return !was_pending;
}

bool kernel_cancel(struct work_struct *work)
{
	bool was_pending;

	check_no_locks();
	pthread_mutex_lock(&work_lock);
	while (work->running)
		pthread_cond_wait(&work_done, &work_lock);
	was_pending = work->pending;
	if (was_pending)
		list_del(&work->node);
	work->pending = false;
	pthread_mutex_unlock(&work_lock);
	return was_pending;
}

unsigned int (*kernel_pick)(unsigned int limit);

/* One of those that may run. Under work_lock. */
static struct work_struct *next_work(bool delayed)
{
	struct work_struct *work, *found = NULL;
	unsigned int n = 0;

	list_for_each_entry(work, &works, node) {
		if (work->running || (work->delayed && !delayed))
			continue;
		/* Each is as likely as the others. */
		if (!n++ || (kernel_pick && !kernel_pick(n)))
			found = work;
	}
	return found;
}

/* The next that may run, begun; NULL: there is none. */
static struct work_struct *begin_work(bool delayed)
{
	struct work_struct *found;

	pthread_mutex_lock(&work_lock);
	found = next_work(delayed);
	if (found) {
		list_del(&found->node);
		found->pending = false;
		found->running = true;
	}
	pthread_mutex_unlock(&work_lock);
	return found;
}

/* @work may be freed by who cancelled it as soon as it has run. */
static void run_work(struct work_struct *work)
{
	work->func(work);
	pthread_mutex_lock(&work_lock);
	work->running = false;
	pthread_cond_broadcast(&work_done);
	pthread_mutex_unlock(&work_lock);
}

unsigned int kernel_run_work(bool delayed)
{
	struct work_struct *work;
	unsigned int n = 0;

	while ((work = begin_work(delayed))) {
		/* Delayed work that queues itself again is for the next call. */
		delayed = delayed && !work->delayed;
		run_work(work);
		n++;
	}
	return n;
}

bool kernel_run_one(void)
{
	struct work_struct *work = begin_work(false);

	if (work)
		run_work(work);
	return work;
}

/* --- memory ---------------------------------------------------------------------------- */

__thread int kernel_allocs_left = -1;

static bool allocation_fails(void)
{
	return kernel_allocs_left >= 0 && kernel_allocs_left-- == 0;
}

void *kernel_alloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : calloc(n, size);
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	check_no_locks();
	if (!n)
		return 0;
	if (!to || !from)
		return n;
	memcpy(to, from, n);
	return 0;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return copy_from_user(to, from, n);
}

/* --- tables ---------------------------------------------------------------------------- */

void xa_init(struct xarray *xa)
{
	*xa = (struct xarray){ 0 };
	mutex_init(&xa->xa_lock);
}

void xa_destroy(struct xarray *xa)
{
	free(xa->entries);
	xa->entries = NULL;
	xa->nr = 0;
	xa->room = 0;
}

static struct xa_entry *find_entry(struct xarray *xa, unsigned long index)
{
	for (size_t i = 0; i < xa->nr; i++)
		if (xa->entries[i].index == index)
			return &xa->entries[i];
	return NULL;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct xa_entry *entry;
	void *value;

	mutex_lock(&xa->xa_lock);
	entry = find_entry(xa, index);
	value = entry ? entry->value : NULL;
	mutex_unlock(&xa->xa_lock);
	return value;
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	struct xa_entry *entry;
	void *value = NULL;

	mutex_lock(&xa->xa_lock);
	entry = find_entry(xa, index);
	if (entry) {
		value = entry->value;
		*entry = xa->entries[--xa->nr];
	}
	if (!xa->nr)
		xa_destroy(xa);
	mutex_unlock(&xa->xa_lock);
	return value;
}

static int insert_entry(struct xarray *xa, unsigned long index, void *value)
{
	struct xa_entry *entries;

	if (find_entry(xa, index))
		return -EBUSY;
	if (allocation_fails())
		return -ENOMEM;
	if (xa->nr == xa->room) {
		entries = realloc(xa->entries, (2 * xa->room + 8) * sizeof(*entries));
		if (!entries)
			abort();
		xa->entries = entries;
		xa->room = 2 * xa->room + 8;
	}
	xa->entries[xa->nr++] = (struct xa_entry){ index, value };
	return 0;
}

int xa_insert(struct xarray *xa, unsigned long index, void *value, gfp_t gfp)
{
	int err;

	(void)gfp;
	mutex_lock(&xa->xa_lock);
	err = insert_entry(xa, index, value);
	mutex_unlock(&xa->xa_lock);
	return err;
}

int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *value, struct xa_limit limit, u32 *next,
		    gfp_t gfp)
{
	int err;

	(void)gfp;
	mutex_lock(&xa->xa_lock);
	do {
		if (*next < max(limit.min, 1u) || *next > limit.max)
			*next = max(limit.min, 1u);
		*id = (*next)++;
		err = insert_entry(xa, *id, value);
	} while (err == -EBUSY);
	mutex_unlock(&xa->xa_lock);
	return err;
}

/* The entry at @i may have been erased, and another have taken its place. */
size_t xa_next(struct xarray *xa, size_t i, unsigned long index)
{
	return i < xa->nr && xa->entries[i].index == index ? i + 1 : i;
}

int ida_alloc_min(struct ida *ida, unsigned int min, gfp_t gfp)
{
	u32 next = min, id;
	int err = xa_alloc_cyclic(&ida->ids, &id, ida, XA_LIMIT(min, INT32_MAX), &next, gfp);

	return err ? err : (int)id;
}

void ida_free(struct ida *ida, unsigned int id)
{
	/* Whose it is not, frees it not. */
	if (!xa_erase(&ida->ids, id))
		abort();
}

/* --- devices, files ---------------------------------------------------------------------- */

void device_initialize(struct device *dev)
{
	kref_init(&dev->kref);
}

struct device *get_device(struct device *dev)
{
	kref_get(&dev->kref);
	return dev;
}

static void device_release(struct kref *ref)
{
	struct device *dev = container_of(ref, struct device, kref);

	dev->release(dev);
}

void put_device(struct device *dev)
{
	kref_put(&dev->kref, device_release);
}

long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, arg);
}

#define FDS_MAX	8192

static pthread_mutex_t fds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct { struct file *file; bool taken; } fds[FDS_MAX];

struct file *fget(int fd)
{
	struct file *file;

	pthread_mutex_lock(&fds_lock);
	file = fd >= 0 && fd < FDS_MAX ? fds[fd].file : NULL;
	if (file)
		__atomic_add_fetch(&file->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&fds_lock);
	return file;
}

void fput(struct file *file)
{
	if (!file || __atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL))
		return;
	check_no_locks();
	file->f_op->release(file->inode, file);
	free(file->inode);
	free(file);
}

int get_unused_fd_flags(unsigned int flags)
{
	int fd = -EMFILE;

	(void)flags;
	pthread_mutex_lock(&fds_lock);
	for (int i = 0; i < FDS_MAX && fd < 0; i++)
		if (!fds[i].taken)
			fd = i;
	if (fd >= 0)
		fds[fd].taken = true;
	pthread_mutex_unlock(&fds_lock);
	return fd;
}

void put_unused_fd(int fd)
{
	pthread_mutex_lock(&fds_lock);
	fds[fd].taken = false;
	pthread_mutex_unlock(&fds_lock);
}

void fd_install(int fd, struct file *file)
{
	pthread_mutex_lock(&fds_lock);
	fds[fd].file = file;
	pthread_mutex_unlock(&fds_lock);
}

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				int flags)
{
	struct file *file = kernel_alloc(1, sizeof(*file));

	(void)name;
	(void)flags;
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->f_op = fops;
	file->private_data = priv;
	file->refs = 1;
	return file;
}

int kernel_open(struct cdev *cdev, const struct file_operations *fops)
{
	struct file *file = calloc(1, sizeof(*file));
	struct inode *inode = calloc(1, sizeof(*inode));
	int err, fd = get_unused_fd_flags(0);

	if (!file || !inode || fd < 0)
		abort();
	inode->i_cdev = cdev;
	*file = (struct file){ .f_op = fops, .inode = inode, .refs = 1 };
	err = fops->open(inode, file);
	if (err) {
		put_unused_fd(fd);
		free(inode);
		free(file);
		return err;
	}
	fd_install(fd, file);
	return fd;
}

long kernel_ioctl(int fd, unsigned int cmd, void *arg)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_op->unlocked_ioctl(file, cmd, (unsigned long)(uintptr_t)arg);
	fput(file);
	return ret;
}

int kernel_mmap(int fd, struct vm_area_struct *vma)
{
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	err = file->f_op->mmap ? file->f_op->mmap(file, vma) : -ENODEV;
	fput(file);
	return err;
}

int kernel_dup(int fd)
{
	struct file *file = fget(fd);
	int copy = file ? get_unused_fd_flags(0) : -EBADF;

	if (copy >= 0)
		fd_install(copy, file);
	else
		fput(file);
	return copy;
}

void kernel_close(int fd)
{
	struct file *file;

	pthread_mutex_lock(&fds_lock);
	file = fds[fd].file;
	fds[fd].file = NULL;
	fds[fd].taken = false;
	pthread_mutex_unlock(&fds_lock);
	fput(file);
}

/* --- what VRPQ uses beyond --------------------------------------------------------------- */

ktime_t ktime_get(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

void *kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *copy = kernel_alloc(1, size);

	(void)gfp;
	return copy ? memcpy(copy, from, size) : NULL;
}

void *memdup_user(const void __user *from, size_t size)
{
	void *copy = kernel_alloc(1, size);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (!copy_from_user(copy, from, size))
		return copy;
	kfree(copy);
	return ERR_PTR(-EFAULT);
}
