/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ: writing parameters (a client's requests, a server's callbacks).
 *
 * In all macros @buf is a pointer to parameters that vrpqParamPostAlloc,
 * vrpqParamCallAlloc or vrpqCallbackParamAlloc returned, and @off an offset in bytes.
 * Arguments may be evaluated more than once.
 */
#ifndef VLX_VRPQ_CLIENT_DRV_H
#define VLX_VRPQ_CLIENT_DRV_H

#include <vlx/vrpq/common.h>

typedef void *VrpqParamInPtr;
typedef VrpqParamRef *VrpqParamOutPtr;

/* One operation of the statistics: the arguments of vrpqProf. */
typedef struct VrpqProfOp {
	int cmd;
	int count;
	VrpqStat *stats;
} VrpqProfOp;

/* Stores the scalar @data as a @type. @off is a multiple of sizeof(@type). */
#define VRPQ_PARAM_WRITE(buf, off, type, data)					\
	do {									\
		*(type *)(void *)VRPQ_PARAM_AT_(buf, off) = (data);	\
	} while (0)

/* VRPQ_PARAM_WRITE as some programs spell it. */
#define RPQ_PARAM_WRITE(buf, off, type, data)	VRPQ_PARAM_WRITE(buf, off, type, data)

/* Stores element @index of an array of @type that starts at @off. */
#define VRPQ_PARAM_ARRAY_WRITE(buf, off, type, data, index)			\
	do {									\
		((type *)(void *)VRPQ_PARAM_AT_(buf, off))[index] = (data);	\
	} while (0)

/* Copies @len bytes from @data. */
#define VRPQ_PARAM_BUF_WRITE(buf, off, data, len)				\
	do {									\
		__builtin_memcpy(VRPQ_PARAM_AT_(buf, off), (data), (len));	\
	} while (0)

/* Copies the string @str and its NUL. */
#define VRPQ_PARAM_STR_WRITE(buf, off, str)					\
	do {									\
		const char *vrpqStr_ = (str);					\
		__builtin_memcpy(VRPQ_PARAM_AT_(buf, off), vrpqStr_,		\
				 __builtin_strlen(vrpqStr_) + 1);		\
	} while (0)

/*
 * Fills the reference at @off, a multiple of 8: @len bytes at the address @ptr. As
 * input they are read when the request is posted; as output they are written before
 * vrpqCall returns 0. Size 0: the server sees a null pointer.
 */
#define VRPQ_PARAM_REF_WRITE(buf, off, len, ptr)				\
	do {									\
		VrpqParamRef *vrpqRef_ =					\
			(VrpqParamRef *)(void *)VRPQ_PARAM_AT_(buf, off);	\
		vrpqRef_->sizePadding = (VrpqSize)(len);			\
		vrpqRef_->uptrPadding = (nku64_f)(size_t)(ptr);			\
	} while (0)

#endif /* VLX_VRPQ_CLIENT_DRV_H */
