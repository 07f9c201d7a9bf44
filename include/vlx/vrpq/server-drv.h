/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ: reading parameters (a server's requests, a client's callbacks).
 *
 * Parameters lie in memory that the peer can write at any time. What a program
 * has read it may use; what it reads again may have changed. VRPQ_PARAM_READ,
 * VRPQ_PARAM_BUF_READ and VRPQ_PARAM_STR_READ copy once; a program
 * that checks data behind VRPQ_PARAM_IN_PLACE copies them first, or receives the
 * whole request into memory of its own with vrpqLocalBufReceive.
 *
 * In all macros @buf is a pointer that vrpqParamInGet, vrpqParamOutGet,
 * VRPQ_PARAM_ADDR or vrpqLocalBufReceive yielded, and @off an offset in bytes.
 * Arguments may be evaluated more than once.
 */
#ifndef VLX_VRPQ_SERVER_DRV_H
#define VLX_VRPQ_SERVER_DRV_H

#include <vlx/vrpq/common.h>

typedef void *VrpqShmParamInPtr;
typedef VrpqParamRef *VrpqShmParamOutPtr;

/*
 * The older form of parameters by reference: their size, then the data. No request is
 * delivered in this form; the type is there for programs that name it.
 */
typedef struct VrpqShmParamExt {
	VrpqSize size;
	VrpqSize pad;
	__extension__ nku8_f val[];
} VrpqShmParamExt;

#ifdef __cplusplus
extern "C" {
#endif

/* What VRPQ_PARAM_REF_IN_PLACE and VRPQ_PARAM_STR_READ call; programs use the macros. */
void *vrpqParamRefResolve(const void *ref, VrpqSize size, int *bad);
void vrpqParamStringCopy(char *to, size_t room, const void *from);

#ifdef __cplusplus
}
#endif

/* The address of the offset @off in the memory that vrpqShmMap returned. */
#define VRPQ_PARAM_ADDR(off, shmBase)	((void *)VRPQ_PARAM_AT_(shmBase, off))

/* Yields the scalar of @type, read once. */
#define VRPQ_PARAM_READ(buf, off, type)						\
	__extension__ ({							\
		type vrpqValue_;						\
		__builtin_memcpy(&vrpqValue_, VRPQ_PARAM_AT_(buf, off), sizeof(type)); \
		__asm__ __volatile__("" : : : "memory");			\
		vrpqValue_;							\
	})

/* Copies @len bytes to @data. */
#define VRPQ_PARAM_BUF_READ(buf, off, data, len)				\
	do {									\
		__builtin_memcpy((data), VRPQ_PARAM_AT_(buf, off), (len));	\
		__asm__ __volatile__("" : : : "memory");			\
	} while (0)

/*
 * Copies a string to @str. The copy always ends with NUL and with the
 * memory of the request, and is cut to the size of @str where the compiler knows that
 * (an array does; a pointer often does not: then the peer decides how long the
 * string is, and VRPQ_PARAM_BUF_READ is the better choice).
 */
#define VRPQ_PARAM_STR_READ(buf, off, str)					\
	vrpqParamStringCopy((str), __builtin_object_size((str), 0),		\
			    VRPQ_PARAM_AT_(buf, off))

/* Yields a pointer to the parameter itself. @type is the type of the pointer (nku32_f *). */
#define VRPQ_PARAM_IN_PLACE(buf, off, type)					\
	__extension__ ({ (type)(void *)VRPQ_PARAM_AT_(buf, off); })

/*
 * Yields a pointer of type @type to what the reference at @off refers to, or NULL if
 * that has 0 bytes. @error, an integer variable, is incremented if the reference does
 * not have exactly @size bytes. It is incremented too, and the result NULL, if these do
 * not lie in the memory of the session or of the local buffers. The reference is
 * read once; a pointer that is not NULL has at least @size bytes.
 */
#define VRPQ_PARAM_REF_IN_PLACE(buf, off, type, size, error)			\
	__extension__ ({							\
		int vrpqBad_ = 0;						\
		void *vrpqData_ = vrpqParamRefResolve(VRPQ_PARAM_AT_(buf, off),	\
						      (VrpqSize)(size), &vrpqBad_); \
		if (vrpqBad_)							\
			(error)++;						\
		(type)vrpqData_;						\
	})

#endif /* VLX_VRPQ_SERVER_DRV_H */
