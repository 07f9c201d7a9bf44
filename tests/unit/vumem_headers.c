// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public headers of VUMEM beside those of VRPQ, with the forms of use that programs
 * have: compiled as C of several standards and as C++, for 64 and 32 bits.
 */
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#define IS(name, condition) typedef char (name)[(condition) ? 1 : -1]

IS(header_has_12_bytes, sizeof(VumemReqHeader) == 12);
IS(req_has_148_bytes, sizeof(VumemReq) == 148);
IS(alloc_in_has_136_bytes, sizeof(VumemBufferAllocIn) == 136);
IS(free_in_has_4_bytes, sizeof(VumemBufferFreeIn) == 4);
IS(ctl_in_has_136_bytes, sizeof(VumemBufferCtlIn) == 136);
IS(ctl_out_has_128_bytes, sizeof(VumemBufferCtlOut) == 128);
IS(resp_has_its_size, sizeof(VumemResp) == (sizeof(void *) == 8 ? 160 : 148));
IS(alloc_out_has_its_size, sizeof(VumemBufferAllocOut) == (sizeof(void *) == 8 ? 152 : 144));
IS(map_has_its_size, sizeof(VumemBufferMap) == 2 * sizeof(void *));
IS(chunk_has_its_size, sizeof(VumemBufferChunk) == 2 * sizeof(void *));
IS(layout_has_its_size, sizeof(VumemBufferLayout) == (sizeof(void *) == 8 ? 16 : 12));
IS(stat_has_8_bytes, sizeof(VumemStat) == 8);
IS(alloc_cmd_has_its_size, sizeof(VumemBufferAllocCmd) == (sizeof(void *) == 8 ? 32 : 24));

int use_all(VumemReq *req, VumemResp *resp, VumemBufferAttr attr, void *memory);

int use_all(VumemReq *req, VumemResp *resp, VumemBufferAttr attr, void *memory)
{
	VumemClientId client = req->header.clId;
	VrpqClientId same = client;

	switch (req->header.cmd) {
	case VUMEM_CMD_BUFFER_ALLOC:
		resp->bufferAlloc.bufferId = req->bufferAlloc.bufferId;
		resp->bufferAlloc.map.vaddr = memory ? memory : VUMEM_BUFFER_NO_VADDR;
		resp->bufferAlloc.map.size = req->bufferAlloc.size;
		resp->bufferAlloc.alloc[0] = req->bufferAlloc.alloc[0];
		break;
	case VUMEM_CMD_BUFFER_CTL:
		resp->bufferCtl.ctl[0] = req->bufferCtl.ctl[0];
		break;
	default:
		resp->retVal = req->bufferFree.bufferId + req->bufferRegister.bufferId +
			       req->bufferUnregister.bufferId + VUMEM_CMD_NR;
	}
	if (VUMEM_ATTR_CACHE_POLICY_GET(attr) == VUMEM_CACHE_WRITEBACK)
		attr |= VUMEM_ATTR_CACHE_POLICY(VUMEM_CACHE_NONE) | VUMEM_ATTR_IS_MAPPABLE;
	return (int)(attr + same.vmId + client.appId) + ESESSIONBROKEN;
}
