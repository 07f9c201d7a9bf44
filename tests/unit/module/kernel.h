/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small stand-ins for the kernel, so that drivers run unmodified in a program on the host:
 * threads of the program are tasks, locks are those of pthreads, memory is malloc's. Only
 * what the drivers use is here. Beyond the kernel's rules these are checked:
 *
 * - who waits, or touches user memory, holds no lock (a driver that must, has no
 *   business here);
 * - lockdep_assert_held().
 *
 * Work items run when a test says so (kernel_run_work()), so that the order of
 * what happens is the test's.
 */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int32_t s32;
typedef long long s64;
typedef u32 gfp_t;
typedef u64 phys_addr_t;

/* --- the language ---------------------------------------------------------------- */

#define __user
#define __init		__attribute__((unused))
#define __exit		__attribute__((unused))
#define __must_check
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __packed	__attribute__((packed))
#define KBUILD_MODNAME	"unit"

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define virt_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define virt_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virt_mb()		smp_mb()
#define virt_wmb()		smp_mb()
#define virt_rmb()		smp_mb()
/* Called where others may get on; NULL: nothing is. */
extern void (*kernel_others)(void);
#define cond_resched()		(kernel_others ? kernel_others() : (void)0)

#define BIT(n)			(1ul << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(c)		_Static_assert(!(c), #c)
#define DIV_ROUND_UP(a, b)	(((a) + (b) - 1) / (b))
#define DIV_ROUND_UP_ULL(a, b)	DIV_ROUND_UP((unsigned long long)(a), (b))
#define min(a, b)		({ typeof(a) min_a = (a); typeof(b) min_b = (b); min_a < min_b ? min_a : min_b; })
#define max(a, b)		({ typeof(a) max_a = (a); typeof(b) max_b = (b); max_a > max_b ? max_a : max_b; })
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define container_of(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))
#define WARN_ON_ONCE(c)		({ bool warn_c = (c); if (warn_c) abort(); warn_c; })
#define WARN_ON(c)		WARN_ON_ONCE(c)

#define MAX_ERRNO		4095
#define ERESTARTSYS		512
#define ENOIOCTLCMD		515
#define IS_ERR(p)		((uintptr_t)(p) >= (uintptr_t)-MAX_ERRNO)
#define IS_ERR_OR_NULL(p)	(!(p) || IS_ERR(p))
#define PTR_ERR(p)		((long)(intptr_t)(p))
#define ERR_PTR(e)		((void *)(intptr_t)(e))
#define ERR_CAST(p)		((void *)(p))
#define PTR_ERR_OR_ZERO(p)	(IS_ERR(p) ? (int)PTR_ERR(p) : 0)

#define PAGE_SHIFT		12
#define PAGE_SIZE		4096ul
#define PAGE_ALIGN(n)		(((n) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))
#define offset_in_page(p)	((uintptr_t)(p) & (PAGE_SIZE - 1))
#define U32_MAX			UINT32_MAX
#define UINT_MAX		UINT32_MAX
#define NSEC_PER_USEC		1000l

/* --- modules, messages ----------------------------------------------------------- */

struct module;
#define THIS_MODULE			((struct module *)NULL)
#define EXPORT_SYMBOL_GPL(s)		_Static_assert(1, #s)
#define MODULE_LICENSE(s)		_Static_assert(1, s)
#define MODULE_DESCRIPTION(s)		_Static_assert(1, s)
#define MODULE_ALIAS(s)			_Static_assert(1, s)
/* Modules are there from the beginning. */
#define module_init(fn)							\
	static void __attribute__((constructor)) kernel_run_##fn(void)	\
	{ if (fn()) abort(); } _Static_assert(1, "")
#define module_exit(fn)			_Static_assert(1, #fn)

/* What the kernel would have said; a test may look at the last of it. */
extern char kernel_said[512];
void kernel_say(const char *format, ...) __printf(1, 2);
/* Called with each line, if it is set. */
extern void (*kernel_hears)(const char *line);
#define pr_err(...)			kernel_say(__VA_ARGS__)
#define pr_warn(...)			kernel_say(__VA_ARGS__)
#define pr_info(...)			kernel_say(__VA_ARGS__)
#define pr_warn_ratelimited(...)	kernel_say(__VA_ARGS__)
#define pr_err_ratelimited(...)		kernel_say(__VA_ARGS__)
#define dev_warn_ratelimited(dev, ...)	kernel_say(__VA_ARGS__)

struct ratelimit_state { int unused; };
#define __ratelimit(state)		((void)(state), true)

/* --- tasks ------------------------------------------------------------------------- */

struct mm_struct;
struct task_struct {
	int pid, tgid;
	char comm[16];
	int exit_state;
	struct mm_struct *mm;
	int refs;
	/* For tests: signals, and whether the task waits now. */
	bool signalled, killed, asleep;
	unsigned int wait_state;	/* of its last wait */
	unsigned int locks;		/* that it holds */
};

struct task_struct *kernel_current(void);
#define current			kernel_current()
#define task_tgid_vnr(t)	((t)->tgid)
#define task_tgid_nr(t)		((t)->tgid)
#define task_pid_nr(t)		((t)->pid)
#define signal_pending(t)	READ_ONCE((t)->signalled)
#define fatal_signal_pending(t)	READ_ONCE((t)->killed)
#define get_task_struct(t)	((void)__atomic_add_fetch(&(t)->refs, 1, __ATOMIC_RELAXED))
#define put_task_struct(t)	((void)__atomic_sub_fetch(&(t)->refs, 1, __ATOMIC_RELAXED))

/* The calling thread is @task from now on; threads have one of their own without. */
void kernel_become(struct task_struct *task);
/* A signal for @task, which may be waiting. */
void kernel_signal(struct task_struct *task, bool fatal);
/* Until @task waits. */
void kernel_await_asleep(struct task_struct *task);

/* --- lists --------------------------------------------------------------------------- */

struct list_head { struct list_head *next, *prev; };

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_insert(struct list_head *node, struct list_head *prev,
			       struct list_head *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	list_insert(node, head, head->next);
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	list_insert(node, head->prev, head);
}

static inline void list_unlink(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

/* What is used after that is found out. */
static inline void list_del(struct list_head *node)
{
	list_unlink(node);
	node->next = NULL;
	node->prev = NULL;
}

static inline void list_del_init(struct list_head *node)
{
	list_unlink(node);
	INIT_LIST_HEAD(node);
}

static inline void list_move(struct list_head *node, struct list_head *head)
{
	list_unlink(node);
	list_add(node, head);
}

static inline void list_move_tail(struct list_head *node, struct list_head *head)
{
	list_unlink(node);
	list_add_tail(node, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

#define list_empty_careful(head)	list_empty(head)

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	if (list_empty(list))
		return;
	list->next->prev = head->prev;
	head->prev->next = list->next;
	list->prev->next = head;
	head->prev = list->prev;
	INIT_LIST_HEAD(list);
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(p, member)	list_entry((p)->member.next, typeof(*(p)), member)
#define list_for_each_entry(p, head, member)				\
	for (p = list_first_entry(head, typeof(*(p)), member);		\
	     &(p)->member != (head); p = list_next_entry(p, member))
#define list_for_each_entry_safe(p, n, head, member)			\
	for (p = list_first_entry(head, typeof(*(p)), member),		\
	     n = list_next_entry(p, member);				\
	     &(p)->member != (head); p = n, n = list_next_entry(n, member))

/* --- counters ------------------------------------------------------------------------ */

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;

#define ATOMIC_INIT(i)			{ (i) }
#define atomic_read(v)			__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_set(v, i)		__atomic_store_n(&(v)->counter, (i), __ATOMIC_RELAXED)
#define atomic_add(i, v)		((void)__atomic_add_fetch(&(v)->counter, (i), __ATOMIC_SEQ_CST))
#define atomic_sub(i, v)		((void)__atomic_sub_fetch(&(v)->counter, (i), __ATOMIC_SEQ_CST))
#define atomic_inc(v)			atomic_add(1, v)
#define atomic_dec(v)			atomic_sub(1, v)
#define atomic_add_return(i, v)		__atomic_add_fetch(&(v)->counter, (i), __ATOMIC_SEQ_CST)
#define atomic_sub_return(i, v)		__atomic_sub_fetch(&(v)->counter, (i), __ATOMIC_SEQ_CST)
#define atomic_inc_return(v)		atomic_add_return(1, v)
#define atomic_dec_return(v)		atomic_sub_return(1, v)
#define atomic_dec_and_test(v)		(!atomic_dec_return(v))
#define atomic64_read			atomic_read
#define atomic64_set			atomic_set
#define atomic64_add			atomic_add
#define atomic64_sub			atomic_sub
#define atomic64_inc			atomic_inc
#define atomic64_dec			atomic_dec
#define atomic64_add_return		atomic_add_return
#define atomic64_sub_return		atomic_sub_return

struct kref { int refs; };

static inline void kref_init(struct kref *ref)
{
	ref->refs = 1;
}

static inline void kref_get(struct kref *ref)
{
	/* From 0 nobody may come back. */
	if (__atomic_fetch_add(&ref->refs, 1, __ATOMIC_SEQ_CST) <= 0)
		abort();
}

static inline int kref_put(struct kref *ref, void (*release)(struct kref *ref))
{
	int left = __atomic_sub_fetch(&ref->refs, 1, __ATOMIC_SEQ_CST);

	if (left < 0)
		abort();
	if (!left)
		release(ref);
	return !left;
}

/* --- locks, waits -------------------------------------------------------------------- */

struct mutex {
	pthread_mutex_t lock;
	struct task_struct *owner;
};

typedef struct mutex spinlock_t;

void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
#define MUTEX_INIT			{ .lock = PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_MUTEX(name)		struct mutex name = MUTEX_INIT
#define DEFINE_SPINLOCK(name)		struct mutex name = MUTEX_INIT
#define spin_lock_init(l)		mutex_init(l)
#define spin_lock(l)			mutex_lock(l)
#define spin_unlock(l)			mutex_unlock(l)
#define spin_lock_irq(l)		mutex_lock(l)
#define spin_unlock_irq(l)		mutex_unlock(l)
#define lockdep_assert_held(l)		((l)->owner == current ? (void)0 : abort())

typedef struct { int waiters; } wait_queue_head_t;
#define init_waitqueue_head(wq)		((wq)->waiters = 0)
#define waitqueue_active(wq)		(__atomic_load_n(&(wq)->waiters, __ATOMIC_SEQ_CST) > 0)
void kernel_wake(void);
#define wake_up_all(wq)			((void)(wq), kernel_wake())
#define wake_up(wq)			wake_up_all(wq)
#define wake_up_interruptible(wq)	wake_up_all(wq)

/* The waits: the condition is looked at again after each wake-up of anybody. */
void kernel_wait_begin(unsigned int state);
void kernel_wait(void);
/* What the calling thread does instead of sleeping, so that a test needs no other; or NULL. */
extern __thread void (*kernel_idle)(void);
void kernel_wait_end(void);
#define TASK_UNINTERRUPTIBLE	0u
#define TASK_INTERRUPTIBLE	1u
#define TASK_KILLABLE		2u
#define TASK_FREEZABLE		4u
#define TASK_FREEZABLE_UNSAFE	(8u | TASK_FREEZABLE)
#define kernel_wait_for(wq, condition, state)					\
	({									\
		int kernel_err = 0;						\
		kernel_wait_begin(state);					\
		__atomic_fetch_add(&(wq).waiters, 1, __ATOMIC_SEQ_CST);		\
		while (!(condition)) {						\
			if (((state) & TASK_INTERRUPTIBLE && signal_pending(current)) ||	\
			    ((state) & TASK_KILLABLE && fatal_signal_pending(current))) {	\
				kernel_err = -ERESTARTSYS;			\
				break;						\
			}							\
			kernel_wait();						\
		}								\
		__atomic_fetch_sub(&(wq).waiters, 1, __ATOMIC_SEQ_CST);		\
		kernel_wait_end();						\
		kernel_err;							\
	})
#define wait_event_interruptible(wq, condition)	kernel_wait_for(wq, condition, TASK_INTERRUPTIBLE)
#define wait_event_state(wq, condition, state)	kernel_wait_for(wq, condition, state)
#define wait_event_killable(wq, condition)	kernel_wait_for(wq, condition, TASK_KILLABLE)

struct completion { bool done; wait_queue_head_t wait; };
static inline void init_completion(struct completion *c)
{
	c->done = false;
	init_waitqueue_head(&c->wait);
}

static inline void complete(struct completion *c)
{
	__atomic_store_n(&c->done, true, __ATOMIC_RELEASE);
	kernel_wake();
}

#define complete_all(c)				complete(c)
#define kernel_completed(c)			__atomic_load_n(&(c)->done, __ATOMIC_ACQUIRE)
#define wait_for_completion_state(c, state)	kernel_wait_for((c)->wait, kernel_completed(c), state)
#define wait_for_completion_killable(c)		kernel_wait_for((c)->wait, kernel_completed(c), TASK_KILLABLE)
#define wait_for_completion_interruptible(c)	\
	kernel_wait_for((c)->wait, kernel_completed(c), TASK_INTERRUPTIBLE)

/* --- work ---------------------------------------------------------------------------- */

struct work_struct {
	struct list_head node;
	void (*func)(struct work_struct *work);
	bool pending, delayed, running;
};

struct delayed_work { struct work_struct work; };
struct workqueue_struct;
extern struct workqueue_struct *system_unbound_wq;

void kernel_init_work(struct work_struct *work, void (*func)(struct work_struct *work));
#define INIT_WORK(w, f)			kernel_init_work(w, f)
#define INIT_DELAYED_WORK(w, f)		kernel_init_work(&(w)->work, f)
#define to_delayed_work(w)		container_of(w, struct delayed_work, work)
bool kernel_queue(struct work_struct *work, bool delayed);
bool kernel_cancel(struct work_struct *work);
#define queue_work(wq, w)		((void)(wq), kernel_queue(w, false))
#define queue_delayed_work(wq, w, ms)	((void)(wq), (void)(ms), kernel_queue(&(w)->work, true))
#define mod_delayed_work(wq, w, ms)	queue_delayed_work(wq, w, ms)
#define cancel_work_sync(w)		kernel_cancel(w)
#define cancel_delayed_work_sync(w)	kernel_cancel(&(w)->work)
#define cancel_delayed_work(w)		kernel_cancel(&(w)->work)
#define msecs_to_jiffies(ms)		(ms)

/* Runs what is pending and what that queues, delayed work only if @delayed; how many items. */
unsigned int kernel_run_work(bool delayed);
/* Runs the next item only; false: there is none. */
bool kernel_run_one(void);
/*
 * A number below the limit: which work runs next. If it is not set, the one that was queued
 * first.
 */
extern unsigned int (*kernel_pick)(unsigned int limit);

/* --- memory -------------------------------------------------------------------------- */

#define GFP_KERNEL		1u
#define GFP_KERNEL_ACCOUNT	2u
#define GFP_ATOMIC		4u
#define __GFP_ZERO		8u
#define __GFP_NOWARN		16u

/* So many allocations of the calling thread succeed before one fails; -1: all do. */
extern __thread int kernel_allocs_left;
void *kernel_alloc(size_t n, size_t size);
#define kzalloc(size, gfp)		kernel_alloc(1, size)
#define kmalloc(size, gfp)		kernel_alloc(1, size)
#define kcalloc(n, size, gfp)		kernel_alloc(n, size)
#define kvcalloc(n, size, gfp)		kernel_alloc(n, size)
#define kfree(p)			free((void *)(p))
#define kvfree(p)			free((void *)(p))

/* User memory; 0 or the number of bytes that were not copied. A null pointer has none. */
unsigned long copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long n);
#define put_user(value, at)						\
	({								\
		typeof(*(at)) put_value = (value);			\
		copy_to_user(at, &put_value, sizeof(put_value)) ? -EFAULT : 0;	\
	})
#define u64_to_user_ptr(x)		((void __user *)(uintptr_t)(x))

/* --- tables -------------------------------------------------------------------------- */

struct xa_entry { unsigned long index; void *value; };
struct xarray {
	struct mutex xa_lock;
	struct xa_entry *entries;
	size_t nr, room;
};

struct xa_limit { u32 min, max; };
#define xa_limit_31b		((struct xa_limit){ 0, INT32_MAX })
#define XA_FLAGS_ALLOC1		1
#define XA_FLAGS_ALLOC		0
#define XA_LIMIT(a, b)		((struct xa_limit){ (a), (b) })
#define xa_init_flags(xa, f)	xa_init(xa)
#define xa_empty(xa)		(!(xa)->nr)
void xa_init(struct xarray *xa);
void xa_destroy(struct xarray *xa);
void *xa_load(struct xarray *xa, unsigned long index);
void *xa_erase(struct xarray *xa, unsigned long index);
/* 0, -EBUSY: there is one, -ENOMEM. */
int xa_insert(struct xarray *xa, unsigned long index, void *value, gfp_t gfp);
int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *value, struct xa_limit limit, u32 *next,
		    gfp_t gfp);
#define xa_for_each(xa, at, p)							\
	for (size_t xa_i = 0; xa_i < (xa)->nr; xa_i = xa_next(xa, xa_i, at))	\
		if (((at) = (xa)->entries[xa_i].index,				\
		     (p) = (xa)->entries[xa_i].value))
size_t xa_next(struct xarray *xa, size_t i, unsigned long index);

struct ida { struct xarray ids; u32 next; };
#define DEFINE_IDA(name)	struct ida name = { .ids = { .xa_lock = MUTEX_INIT } }
int ida_alloc_min(struct ida *ida, unsigned int min, gfp_t gfp);
void ida_free(struct ida *ida, unsigned int id);

/* --- devices, files ------------------------------------------------------------------ */

#undef dev_t
#define dev_t	u32
struct attribute_group;
struct class { const char *name; };
struct device {
	struct kref kref;
	void (*release)(struct device *dev);
	char name[64];
	dev_t devt;
	struct class *class;
	const struct attribute_group **groups;
};

void device_initialize(struct device *dev);
struct device *get_device(struct device *dev);
void put_device(struct device *dev);
#define dev_name(d)		((const char *)(d)->name)

struct cdev { struct module *owner; };
#define cdev_device_del(cdev, dev)	((void)(cdev), (void)(dev))

struct super_block { unsigned long s_magic; };
struct inode { struct cdev *i_cdev; struct super_block *i_sb; };
#define file_inode(f)	((f)->inode)
struct vm_area_struct;
struct file;
struct kiocb;
struct iov_iter;
typedef unsigned int __poll_t;
typedef struct poll_table_struct poll_table;
struct file_operations {
	struct module *owner;
	ssize_t (*read_iter)(struct kiocb *iocb, struct iov_iter *to);
	ssize_t (*write_iter)(struct kiocb *iocb, struct iov_iter *from);
	__poll_t (*poll)(struct file *file, poll_table *wait);
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
};

struct file {
	const struct file_operations *f_op;
	void *private_data;
	struct inode *inode;
	int refs;
};

long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
#define nonseekable_open(inode, file)	((void)(inode), (void)(file), 0)
#define stream_open(inode, file)	((void)(inode), (void)(file), 0)

struct file *fget(int fd);
void fput(struct file *file);
int get_unused_fd_flags(unsigned int flags);
void put_unused_fd(int fd);
void fd_install(int fd, struct file *file);
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				int flags);

/* What a process does with files; open and ioctl return a negative errno. */
int kernel_open(struct cdev *cdev, const struct file_operations *fops);
long kernel_ioctl(int fd, unsigned int cmd, void *arg);
int kernel_mmap(int fd, struct vm_area_struct *vma);
int kernel_dup(int fd);
void kernel_close(int fd);

/* --- memory of processes ------------------------------------------------------------- */

typedef unsigned long vm_flags_t;

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	vm_flags_t vm_flags;
	struct file *vm_file;
};

#define VM_WRITE	2ul
#define VM_SHARED	8ul
#define VM_PFNMAP	0x400ul
#define VM_IO		0x4000ul
#define vma_pages(vma)	(((vma)->vm_end - (vma)->vm_start) / PAGE_SIZE)

struct mm_struct {
	atomic64_t pinned_vm;
	int refs;
	struct vm_area_struct *vma;	/* the only one, or NULL */
	unsigned long memlock;		/* bytes */
	bool ipc_lock;
};

#define mmgrab(m)		((void)__atomic_add_fetch(&(m)->refs, 1, __ATOMIC_RELAXED))
#define mmdrop(m)		((void)__atomic_sub_fetch(&(m)->refs, 1, __ATOMIC_RELAXED))
#define mmap_read_lock(m)	((void)(m))
#define mmap_read_unlock(m)	((void)(m))
#define find_vma(m, addr)	((void)(addr), (m)->vma)
#define RLIMIT_MEMLOCK		8
#define rlimit(what)		((void)(what), current->mm->memlock)
#define CAP_IPC_LOCK		14
#define capable(what)		((void)(what), current->mm->ipc_lock)

/* A page is what flags it has. */
struct address_space;
struct page {
	struct address_space *mapping;
	bool owner_priv, compound;
	void *memory;
};

#define PageForeign(p)		((p)->owner_priv)
#define PageCompound(p)		((p)->compound)
#define page_address(p)		((p)->memory)
#define FOLL_WRITE		1u
#define FOLL_LONGTERM		2u
/* A test's own. */
long pin_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages);
void unpin_user_pages(struct page **pages, unsigned long nr);

/* --- Xen ------------------------------------------------------------------------------- */

typedef u16 domid_t;
typedef u32 grant_ref_t, grant_handle_t, evtchn_port_t;
struct grant_entry_v1 { u16 flags; domid_t domid; u32 frame; };
#define gnttab_max_grant_frames()	64u

struct xenbus_transaction { u32 id; };
#define XBT_NIL		((struct xenbus_transaction){ 0 })
enum xenbus_state { XenbusStateUnknown };
struct xenbus_device_id { char devicetype[32]; };
struct xenbus_driver { int unused; };
struct xenbus_device { domid_t otherend_id; };
struct dentry;
struct seq_file;

/* --- what VRPQ uses beyond ------------------------------------------------------------ */

#define min3(a, b, c)		min(min(a, b), c)
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define smp_rmb()		smp_mb()
#define smp_mb__before_atomic()	smp_mb()
#define xchg(p, v)		__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

#define BITS_PER_LONG		64
#define BIT_MASK_OF(nr)		(1ul << ((nr) % BITS_PER_LONG))
#define test_bit(nr, p)		(!!((p)[(nr) / BITS_PER_LONG] & BIT_MASK_OF(nr)))
#define __clear_bit(nr, p)	((void)((p)[(nr) / BITS_PER_LONG] &= ~BIT_MASK_OF(nr)))

static inline bool __test_and_clear_bit(unsigned int nr, unsigned long *p)
{
	bool was = test_bit(nr, p);

	__clear_bit(nr, p);
	return was;
}

static inline bool sync_test_and_set_bit(unsigned int nr, unsigned long *p)
{
	return __atomic_fetch_or(&p[nr / BITS_PER_LONG], BIT_MASK_OF(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK_OF(nr);
}

#define for_each_set_bit(bit, p, size)				\
	for ((bit) = 0; (bit) < (size); (bit)++)		\
		if (test_bit(bit, p))

#define list_last_entry(head, type, member)	list_entry((head)->prev, type, member)
#define list_for_each_entry_reverse(p, head, member)			\
	for (p = list_last_entry(head, typeof(*(p)), member);		\
	     &(p)->member != (head); p = list_entry((p)->member.prev, typeof(*(p)), member))

#define spin_lock_irqsave(l, flags)		((void)((flags) = 0), mutex_lock(l))
#define spin_unlock_irqrestore(l, flags)	((void)(flags), mutex_unlock(l))

typedef s64 ktime_t;
ktime_t ktime_get(void);		/* nanoseconds */
#define ktime_us_delta(a, b)	(((a) - (b)) / 1000)

#define kvzalloc(size, gfp)	kernel_alloc(1, size)
#define kvmalloc(size, gfp)	kernel_alloc(1, size)
void *kmemdup(const void *from, size_t size, gfp_t gfp);
void *memdup_user(const void __user *from, size_t size);

#define __module_get(m)		((void)(m))
#define module_put(m)		((void)(m))

/* --- what VBPIPE uses beyond ------------------------------------------------------------ */

/* For tests with one thread: nobody has to be waited for. */
#define __rcu
#define rcu_read_lock()			((void)0)
#define rcu_read_unlock()		((void)0)
#define synchronize_rcu()		((void)0)
#define rcu_dereference(p)		__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_protected(p, c)	((void)(c), (p))
#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#define swap(a, b)	({ typeof(a) swap_a = (a); (a) = (b); (b) = swap_a; })
#define wake_up_interruptible_all(wq)	wake_up_all(wq)

struct wakeup_source { unsigned int events; };
#define __pm_wakeup_event(source, ms)	((void)(ms), (void)(source)->events++)

#define wakeup_source_register(parent, name)	((void)(parent), (void)(name), (struct wakeup_source *)NULL)
#define wakeup_source_unregister(source)	((void)(source))
#define mutex_lock_interruptible(m)	(mutex_lock(m), 0)

#define MAJOR(dev)	((dev) >> 20)
#define MINOR(dev)	((dev) & 0xfffffu)
#define MKDEV(major, minor)	((dev_t)(major) << 20 | (dev_t)(minor))
#define alloc_chrdev_region(dev, first, nr, name)	(*(dev) = MKDEV(240, first), 0)
#define unregister_chrdev_region(dev, nr)	((void)(dev))
#define class_register(c)	((void)(c), 0)
#define class_unregister(c)	((void)(c))
#define cdev_init(cdev, fops)	((void)(cdev), (void)(fops))
#define cdev_device_add(cdev, dev)	((void)(cdev), (void)(dev), 0)
#define dev_set_name(dev, ...)	(snprintf((dev)->name, sizeof((dev)->name), __VA_ARGS__), 0)

#endif
