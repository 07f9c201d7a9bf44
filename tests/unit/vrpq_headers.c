// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public headers, both in one file, with every macro in use: compiled as C of
 * several standards and as C++, for 64 and 32 bits.
 */
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

typedef char ref_is_16_bytes[sizeof(VrpqParamRef) == 16 ? 1 : -1];
typedef char req_is_12_bytes[sizeof(VrpqProcReq) == 12 ? 1 : -1];
typedef char size_is_32_bits[sizeof(VrpqSize) == 4 && sizeof(nku64_f) == 8 ? 1 : -1];

int use_all(void *buf, VrpqShmParamOutPtr out, void *base, char *text, VrpqProcReq *req);

int use_all(void *buf, VrpqShmParamOutPtr out, void *base, char *text, VrpqProcReq *req)
{
	int error = 0;
	nku8_f array[64] = { 0 };
	nku32_f value, *in_place;
	nku16_f *referenced;
	double number;
	char copy[16];
	VrpqSessionHandle any = VRPQ_SESSION_ANY;
	VrpqCallbackFunc func = 0;

	RPQ_PARAM_WRITE(buf, 0, nku32_f, 5);
	VRPQ_PARAM_WRITE(array, 0, nku32_f, 5);
	VRPQ_PARAM_ARRAY_WRITE(array, 0, nku32_f, 5, 2);
	VRPQ_PARAM_BUF_WRITE(array, 0, text, 3);
	VRPQ_PARAM_STR_WRITE(array, 0, text);
	VRPQ_PARAM_REF_WRITE(buf, 8, 5, text);
	VRPQ_PARAM_REF_WRITE(out, 0, 5, text);
	value = VRPQ_PARAM_READ(buf, 0, nku32_f);
	number = VRPQ_PARAM_READ(array, 0, double);
	VRPQ_PARAM_BUF_READ(buf, 0, array, 3);
	VRPQ_PARAM_STR_READ(buf, 0, copy);
	VRPQ_PARAM_STR_READ(buf, 0, text);
	in_place = VRPQ_PARAM_IN_PLACE(buf, 4, nku32_f *);
	referenced = VRPQ_PARAM_REF_IN_PLACE(out, 0 * sizeof(VrpqParamRef), nku16_f *, 4, error);
	if (any == base || func || !VRPQ_PARAM_ADDR(req->inOffset, base) || !referenced)
		return EREQSIZE + ECHANINVALID + ECHANBROKEN + ESESSIONBROKEN + EBADREQ;
	return error + (int)(value + number + *in_place + copy[0]) + *referenced +
	       VRPQ_ROUND_UP(5, VRPQ_PARAM_ALIGN_SIZE, int) +
	       (int)VRPQ_PROC_ID_GRP_GET(VRPQ_PROC_ID(2, 2));
}
