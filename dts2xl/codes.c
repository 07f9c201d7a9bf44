// SPDX-License-Identifier: LGPL-2.1-or-later
#include <vlink/info.h>
#include <vlink/limits.h>

#include "codes.h"

#define TEXT_OF(value)	#value
#define NUMBER(macro)	TEXT_OF(macro)

static const struct {
	const char *name;
	const char *text;
} codes[NR_CODES] = {
	[CODE_FILE] = { "file",
		"A file cannot be read: it is not there, is no regular file, is too large, or\n"
		"a text file has a NUL byte in it.\n" },
	[CODE_EMPTY_INPUT] = { "empty-input",
		"No VM has a container of device nodes in the input. Containers are blocks\n"
		"    &vm2_vdevs { ... };\n"
		"or nodes with such a label in a tree.\n" },
	[CODE_SYNTAX] = { "syntax",
		"The device tree compiler does not understand the text. Often a ';' is missing\n"
		"before the place that is named, or a ',' between the strings of a list.\n" },
	[CODE_UNTERMINATED] = { "unterminated",
		"A string or a comment begins here, and the file ends before it does.\n" },
	[CODE_WRAPPED_COMMENT] = { "wrapped-comment",
		"A // comment ends with its line. When an editor or a mail program breaks a\n"
		"long comment, its rest stands on a line of its own and is taken for source:\n"
		"    info = \"vrpq-reqs=4K\", // how many requests\n"
		"may wait\n"
		"Join the lines, or write // before the rest.\n" },
	[CODE_BLOCK_NOT_CLOSED] = { "block-not-closed",
		"A new block or the end of the file comes before the '};' of this block.\n" },
	[CODE_OUTSIDE] = { "outside",
		"Nodes and properties belong into a block of their VM:\n"
		"    &vm2_vdevs { camera: vogl@be { compatible = \"vogl\"; }; };\n" },
	[CODE_DIRECTIVE] = { "directive",
		"This directive of device trees has no meaning for links, or not at this place.\n" },
	[CODE_INCBIN] = { "incbin",
		"/incbin/ would put the bytes of any file into a config. It is refused.\n" },
	[CODE_INCLUDE] = { "include",
		"An included file cannot be read, includes itself, or is included in the\n"
		"middle of a block by /include/, which is supported outside of blocks\n"
		"only; #include is supported everywhere.\n" },
	[CODE_PREPROCESSOR] = { "preprocessor",
		"The C preprocessor, which files with #include, #ifdef and the like are run\n"
		"through, has failed, is not installed, or was switched off by --no-cpp.\n" },
	[CODE_TOO_DEEP] = { "too-deep", "Nodes may be nested 64 deep, includes 16.\n" },
	[CODE_DTC_LIMIT] = { "dtc-limit",
		"dtc has run out of its parser's stack. It takes about 9900 nodes in one\n"
		"block; put the nodes into several blocks of the same VM.\n" },
	[CODE_BAD_BLOB] = { "bad-blob",
		"A device tree blob is truncated or damaged, or of a version before 16.\n" },
	[CODE_BLOB_LIMIT] = { "blob-limit",
		"A device tree blob has more than 64 MiB or 2000000 nodes.\n" },
	[CODE_UNKNOWN_LABEL] = { "unknown-label",
		"A block is named by the label of a container (&vm2_vdevs), of a VM (&vm2), or of\n"
		"a node that stands before it in the text, or in another input. From there on\n"
		"dtc knows the label, until the node is deleted.\n" },
	[CODE_LABEL_TWICE] = { "label-twice",
		"Labels are what links are known by: each stands once in all files together.\n" },
	[CODE_BY_PATH] = { "by-path",
		"A peer is a reference in < >, as in <&camera>: without them, it is the text of a\n"
		"path. /delete-node/ outside of blocks is for &label.\n" },
	[CODE_UNDEFINED_VM] = { "undefined-vm",
		"A board file of the input defines the containers of VMs, but not this one. It is\n"
		"made all the same; the number may be a slip.\n" },
	[CODE_PROPERTY_TYPE] = { "property-type",
		"The value of a property has the wrong form: cells instead of strings, say.\n" },
	[CODE_UNUSED_PROPERTY] = { "unused-property",
		"No property of this name means anything on a device node.\n" },
	[CODE_UNUSED_NODE] = { "unused-node",
		"A device node is one end of a link. This one points to no other, and no\n"
		"other points to it.\n" },
	[CODE_NODE_TWICE] = { "node-twice",
		"Two blocks have a device of one name in the same container. dtc makes one node\n"
		"of them, and the properties of the later one replace those of the other: one\n"
		"link is lost. Names mean nothing: give one of them another.\n" },
	[CODE_STRAY] = { "stray",
		"A node with a peer-phandle, or of a class of links, is one end of a link. It\n"
		"counts only in a container of a VM: a node with the label vmN_vdevs, or one\n"
		"called vdevs below a node vmN.\n" },
	[CODE_NODE_BELOW] = { "node-below", "Device nodes have no nodes below them.\n" },
	[CODE_INFO] = { "info",
		"An info has up to " NUMBER(VLINK_INFO_MAX) " bytes of printable ASCII. That of a pipe is\n"
		"POLICY;SIZE;MINOR;KEY=VALUE..., where POLICY is empty or 'a'; that of other\n"
		"classes is a list of KEY=VALUE, separated by commas, blanks or the ends of\n"
		"strings. Sizes may have a suffix K, M or G.\n" },
	[CODE_ROLE] = { "role",
		"One end of a link is the server, the other the client. Without a mark, the\n"
		"end with the label serves.\n" },
	[CODE_PEER] = { "peer",
		"The peer is one reference: peer-phandle = <&label>;\n" },
	[CODE_UNKNOWN_PEER] = { "unknown-peer",
		"The label, or the phandle of a blob, belongs to no device node of a VM.\n" },
	[CODE_PEER_CHAIN] = { "peer-chain",
		"A node points to another, which points to a third one. A link has two ends:\n"
		"one points to the other, or both to each other.\n" },
	[CODE_SELF_LINK] = { "self-link",
		"Both ends of the link are in the same VM.\n" },
	[CODE_DISABLED_PEER] = { "disabled-peer",
		"The node is left out, because the other end of its link has a status other\n"
		"than okay.\n" },
	[CODE_UNKNOWN_CLASS] = { "unknown-class",
		"The first string of 'compatible' that is a class counts, and here is none. A\n"
		"class of one's own is a line of the class file: see vlink-config(5).\n" },
	[CODE_FOREIGN] = { "foreign",
		"The class of the node is served by others: it stands behind 'foreign' in the class\n"
		"file, or is unknown and --skip-unknown is given. Its links are left out.\n" },
	[CODE_NO_CLASS] = { "no-class",
		"One end of a link at least is 'compatible' with a class.\n" },
	[CODE_CLASS_DIFFERS] = { "class-differs",
		"Both ends of a link name a class, and not the same one.\n" },
	[CODE_CLONE] = { "clone",
		"#clone stands at the end with the label: \"auto\", or the number of nodes that\n"
		"point to it.\n" },
	[CODE_STATUS] = { "status", "A status is \"okay\" or \"disabled\".\n" },
	[CODE_OPTION] = { "option",
		"options are strings KEY=VALUE without a comma. The key is formed like a class\n"
		"name and none of those that the converter writes itself.\n" },
	[CODE_LINK_NAME] = { "link-name",
		"A link's name has 1 to " NUMBER(VLINK_ID_MAX) " characters of A-Z a-z 0-9 _ -, and each link has its\n"
		"own.\n" },
	[CODE_UNIT] = { "unit",
		"Device nodes are numbered from 0 to " NUMBER(VLINK_UNIT_MAX) ", for each class and role in a VM;\n"
		"pipes together, below " NUMBER(VBPIPE_MINORS) ". A number that a node asks for is its own.\n" },
	[CODE_DEVICE_NAME] = { "device-name",
		"The name of a pipe's device node stands once in a VM.\n" },
	[CODE_DELETE] = { "delete", "What /delete-node/ names is not there.\n" },
	[CODE_VM_PROPERTY] = { "vm-property",
		"A VM's properties are memory, maxmem, vcpus (cells), type, kernel, ramdisk,\n"
		"cmdline, domain-name (a string each), disk, vif (lists of strings) and\n"
		"driver-domain (empty). Strings are printable ASCII.\n" },
	[CODE_VM_MAP] = { "vm-map",
		"--map and domain-name give VMs the names of their domains. Each is unique, has\n"
		"1 to " NUMBER(VLINK_PEER_MAX) " characters of A-Z a-z 0-9 _ . + - and does not consist of digits.\n" },
	[CODE_DEFAULTS] = { "defaults",
		"A file of --defaults is a piece of xl config without name and vlink, for all\n"
		"guests or a VM of the input.\n" },
	[CODE_BASE] = { "base",
		"A file of --base is a complete xl config with a name and without links of its\n"
		"own; it is for a VM of the input that has no other settings.\n" },
	[CODE_DRIVER_DOMAIN] = { "driver-domain",
		"A guest with a server end is to have driver_domain = 1.\n" },
	[CODE_GRANTS] = { "grants",
		"The links of a VM may need more grant frames, maptrack frames or event\n"
		"channels than Xen gives by default. The config asks for them; Xen allows them\n"
		"if it was booted with gnttab_max_frames= and gnttab_max_maptrack_frames= of\n"
		"at least as many. An info item vumem-mem=SIZE says how much memory a link's\n"
		"buffers have at a time; all links without it are counted with 64M together.\n" },
	[CODE_CLASS_FILE] = { "class-file",
		"The class file has lines CLASS: SERVICE... See vlink-config(5).\n" },
	[CODE_FOREIGN_FILE] = { "foreign-file",
		"A file that dts2xl did not write is replaced with --force only.\n" },
	[CODE_STALE] = { "stale",
		"The directory has a config of an earlier run for a VM that the input no longer\n"
		"has. Its links would still be made.\n" },
	[CODE_CFG] = { "cfg", "An xl config, or its vlink list, cannot be read.\n" },
	[CODE_REVERSE] = { "reverse",
		"To make fragments of configs, both ends of every link must be among them.\n" },
	[CODE_DIFFERS] = { "differs", "--diff found configs that would change.\n" },
	[CODE_INTERNAL] = { "internal",
		"What was written does not read back as it was meant. Nothing was put into\n"
		"place. This is an error of dts2xl.\n" },
};

const char *code_name(enum diag_code code)
{
	return codes[code].name;
}

const char *code_text(enum diag_code code)
{
	return codes[code].text;
}
