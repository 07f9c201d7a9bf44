// SPDX-License-Identifier: LGPL-2.1-or-later
/* libvlinkcfg: the vlink list of domain configs, and the class file. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "vlinkcfg/vlinkcfg.h"

static char dir[] = "/tmp/vlinkcfg-test-XXXXXX";

static const char *file_with(const char *name, const char *text, size_t len)
{
	static char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(text, 1, len, out), len);
	CU_ASSERT_EQUAL(fclose(out), 0);
	return path;
}

static const char *file(const char *name, const char *text)
{
	return file_with(name, text, strlen(text));
}

/* Says what differs: CU_ASSERT_STRING_EQUAL prints its expressions only. */
static void expect_text(const char *got, const char *want)
{
	if (!got || strcmp(got, want))
		fprintf(stderr, "\n  got  '%s'\n  want '%s'\n", got ? got : "(null)", want);
	CU_ASSERT_TRUE(got && !strcmp(got, want));
}

static void expect_contains(const char *got, const char *want)
{
	if (!strstr(got, want))
		fprintf(stderr, "\n  got  '%s'\n  want '...%s...'\n", got, want);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, want));
}

#define FULL "link=pipe24,class=vbpipe,role=client,peer=vm-4.x,unit=17,name=vbpipe0,cid=9,mode=a=b,info=;;;wakeup=250;name=vbpipe0,link=x"

static void end_with_every_key(void)
{
	struct vlinkcfg_end end;
	char err[VLINKCFG_ERR_MAX], *text;

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_end_parse(FULL, &end, err), 0);
	expect_text(end.link, "pipe24");
	expect_text(end.class_name, "vbpipe");
	CU_ASSERT_EQUAL(end.role, VLINKCFG_CLIENT);
	expect_text(end.peer, "vm-4.x");
	CU_ASSERT_EQUAL(end.unit, 17);
	expect_text(end.name, "vbpipe0");
	CU_ASSERT_EQUAL_FATAL(end.nr_options, 2);
	expect_text(end.options[1].key, "mode");
	expect_text(end.options[1].value, "a=b");
	expect_text(end.info, ";;;wakeup=250;name=vbpipe0,link=x");
	text = vlinkcfg_end_format(&end);
	expect_text(text, FULL);
	free(text);
	vlinkcfg_end_clear(&end);
}

static void end_in_any_order(void)
{
	struct vlinkcfg_end end;
	char err[VLINKCFG_ERR_MAX], *text;

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_end_parse("unit=0,peer=Domain-0,role=server,class=a,link=L_-0,info=",
						 &end, err), 0);
	CU_ASSERT_PTR_NULL(end.name);
	text = vlinkcfg_end_format(&end);
	expect_text(text, "link=L_-0,class=a,role=server,peer=Domain-0,unit=0,info=");
	free(text);
	vlinkcfg_end_clear(&end);
}

/* One array slot more per option: the growth must keep all of them. */
static void end_with_many_options(void)
{
	char text[2048] = "link=x,class=c,role=server,peer=p,unit=1", err[VLINKCFG_ERR_MAX], *back;
	struct vlinkcfg_end end;
	size_t i, len = strlen(text);

	for (i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ",k%zu=v%zu", i, i * i);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_end_parse(text, &end, err), 0);
	CU_ASSERT_EQUAL(end.nr_options, 100);
	back = vlinkcfg_end_format(&end);
	expect_text(back, text);
	free(back);
	vlinkcfg_end_clear(&end);
}

#define GOOD "link=x,class=c,role=server,peer=p,unit=1"
#define L12 "abcdefghijkl"
#define L48 L12 L12 L12 L12
#define L60 L48 L12

static const struct {
	const char *text;
	const char *error;
} bad_ends[] = {
	{ "", "an item is empty" },
	{ GOOD ",", "an item is empty" },
	{ GOOD ",,cid=4", "an item is empty" },
	{ GOOD ",cid", "'cid' is not KEY=VALUE" },
	{ GOOD ",cid=", "cid: the value must have" },
	{ GOOD ",cid= 3", "cid: the value must be printable ASCII without blanks" },
	{ GOOD ",cid=3 ", "cid: the value must be printable ASCII without blanks" },
	{ GOOD ",cid=\t", "cid: the value must be printable" },
	{ GOOD ",cid=3,cid=3", "cid: given twice" },
	{ GOOD ", cid=3", "' cid' is not a key" },
	{ GOOD ",Cid=3", "'Cid' is not a key" },
	{ GOOD ",=3", "'' is not a key" },
	{ GOOD ",index=3", "index: this key is reserved" },
	{ GOOD ",link=x", "link: given twice" },
	{ GOOD ",link=y", "link: given twice" },
	{ GOOD ",name=", "name: ''" },
	{ GOOD ",name=.x", "name: '.x'" },
	{ GOOD ",name=-x", "name: '-x'" },
	{ GOOD ",name=../x", "name: '../x'" },
	{ GOOD ",name=a/b", "name: 'a/b'" },
	{ GOOD ",name=" L12 L12 "12345678", "name: 'abc" },
	{ GOOD ",info=a\tb", "info: contains" },
	{ GOOD ",info=\xc3\xa9", "info: contains" },
	{ "class=c,role=server,peer=p,unit=1", "link: missing" },
	{ "link=x,role=server,peer=p,unit=1", "class: missing" },
	{ "link=x,class=c,peer=p,unit=1", "role: missing" },
	{ "link=x,class=c,role=server,unit=1", "peer: missing" },
	{ "link=x,class=c,role=server,peer=p", "unit: missing" },
	{ "link=,class=c,role=server,peer=p,unit=1", "link: ''" },
	{ "link=a/b,class=c,role=server,peer=p,unit=1", "link: 'a/b'" },
	{ "link=" L48 "m,class=c,role=server,peer=p,unit=1", "link: 'abc" },
	{ "link=x,class=,role=server,peer=p,unit=1", "class: ''" },
	{ "link=x,class=1c,role=server,peer=p,unit=1", "class: '1c'" },
	{ "link=x,class=vboxen1234567890,role=server,peer=p,unit=1", "class: 'vboxen1234567890'" },
	{ "link=x,class=c,role=Server,peer=p,unit=1", "role: 'Server'" },
	{ "link=x,class=c,role=,peer=p,unit=1", "role: ''" },
	{ "link=x,class=c,role=server,peer=7,unit=1", "peer: '7'" },
	{ "link=x,class=c,role=server,peer=-a,unit=1", "peer: '-a'" },
	{ "link=x,class=c,role=server,peer=a/b,unit=1", "peer: 'a/b'" },
	{ "link=x,class=c,role=server,peer=" L60 "4444,unit=1", "peer: 'abc" },
	{ "link=x,class=c,role=server,peer=p,unit=4096", "unit: '4096'" },
	{ "link=x,class=c,role=server,peer=p,unit=-1", "unit: '-1'" },
	{ "link=x,class=c,role=server,peer=p,unit=01", "unit: '01'" },
	{ "link=x,class=c,role=server,peer=p,unit=0x1", "unit: '0x1'" },
	{ "link=x,class=c,role=server,peer=p,unit=", "unit: ''" },
	{ "link=x,class=c,role=server,peer=p,unit=99999999999999999999", "unit: '9" },
};

static void bad_ends_are_refused(void)
{
	struct vlinkcfg_end end;
	char err[VLINKCFG_ERR_MAX];
	size_t i;

	for (i = 0; i < sizeof(bad_ends) / sizeof(bad_ends[0]); i++) {
		err[0] = '\0';
		CU_ASSERT_EQUAL(vlinkcfg_end_parse(bad_ends[i].text, &end, err), -1);
		CU_ASSERT_EQUAL(strncmp(err, bad_ends[i].error, strlen(bad_ends[i].error)), 0);
		expect_contains(err, bad_ends[i].error);
	}
}

static void limits_are_inclusive(void)
{
	char text[4096], info[VLINK_INFO_MAX + 2], err[VLINKCFG_ERR_MAX];
	struct vlinkcfg_end end;

	memset(info, 'i', sizeof(info));
	info[VLINK_INFO_MAX] = '\0';
	snprintf(text, sizeof(text), "link=%s,class=c23456789012345,role=server,peer=%s555,unit=4095,name=%s1234567,info=%s",
		 L48, L60, L12 L12, info);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_end_parse(text, &end, err), 0);
	CU_ASSERT_EQUAL(strlen(end.link), VLINK_ID_MAX);
	CU_ASSERT_EQUAL(strlen(end.class_name), VLINK_CLASS_MAX);
	CU_ASSERT_EQUAL(strlen(end.peer), VLINK_PEER_MAX);
	CU_ASSERT_EQUAL(strlen(end.name), VLINK_NAME_MAX);
	CU_ASSERT_EQUAL(end.unit, VLINK_UNIT_MAX);
	vlinkcfg_end_clear(&end);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "i");
	CU_ASSERT_EQUAL(vlinkcfg_end_parse(text, &end, err), -1);
	expect_text(err, "info: 1025 bytes are more than 1024");
}

static void a_cfg_is_read(void)
{
	struct vlinkcfg_domain dom;
	char err[VLINKCFG_ERR_MAX];
	const char *path = file("vm2.cfg",
		"name = \"vm2\"\n"
		"memory = 64; vcpus=1\n"
		"vlink = [\n"
		"  \"link=a,class=vogl,role=server,peer=vm3,unit=0,info=k=\\\"v\\\\\\\";memory=9 #\",\n"
		"  'link=b,class=vogl,role=server,peer=vm4,unit=1',\n"
		"]\n");

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(path, &dom, err), 0);
	expect_text(dom.name, "vm2");
	expect_text(dom.path, path);
	CU_ASSERT_EQUAL_FATAL(dom.nr_ends, 2);
	expect_text(dom.ends[0].info, "k=\"v\\\";memory=9 #");
	expect_text(dom.ends[1].link, "b");
	vlinkcfg_domain_clear(&dom);
}

static void a_cfg_without_links_is_read(void)
{
	struct vlinkcfg_domain dom;
	char err[VLINKCFG_ERR_MAX];

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file("x.cfg", "name=\"x\"\n"), &dom, err), 0);
	CU_ASSERT_EQUAL(dom.nr_ends, 0);
	vlinkcfg_domain_clear(&dom);
}

/* Escaped text comes out of libxlutil as it went in. */
static void escaping_survives_libxlutil(void)
{
	char plain[128], err[VLINKCFG_ERR_MAX], *escaped, *text;
	struct vlinkcfg_domain dom;
	size_t i;

	for (i = 0; i < 95; i++)
		plain[i] = (char)(' ' + i);
	snprintf(plain + i, sizeof(plain) - i, "%s", "\\\\\"\"\\");
	escaped = vlinkcfg_escape(plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(escaped);
	CU_ASSERT_TRUE_FATAL(asprintf(&text, "name=\"n\"\nvlink=[\"" GOOD ",info=%s\"]\n", escaped) > 0);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file("e.cfg", text), &dom, err), 0);
	expect_text(dom.ends[0].info, plain);
	vlinkcfg_domain_clear(&dom);
	free(text);
	free(escaped);
}

static const struct {
	const char *text;
	const char *error;
} bad_cfgs[] = {
	{ "", ".cfg: the domain has no name" },
	{ "memory = 5\n", ".cfg: the domain has no name" },
	{ "name = 7\n", ".cfg: name is not a domain name" },
	{ "name = \"../x\"\n", ".cfg: name is not a domain name" },
	{ "name = [ \"x\" ]\n", ".cfg: name is not a domain name" },
	{ "name = \"x\n", ".cfg:1: " },
	{ "name = \"x\"\n\nfoo-bar = 3\n", ".cfg:3: " },
	{ "name = \"x\"\nvlink = \"" GOOD "\"\n", ".cfg: vlink is not a list" },
	{ "name = \"x\"\nvlink = [ [ \"a\" ] ]\n", ".cfg: vlink, string 1: not a string" },
	{ "name = \"x\"\nvlink = [\n\"" GOOD "\",\n\"link=y\" ]\n", ".cfg:4: vlink: class: missing" },
	{ "name = \"x\"\nvlink = [\n\"\\tlink=y\" ]\n", ".cfg: vlink, string 1: " },
	{ "name = \"p\"\nvlink = [ \"" GOOD "\" ]\n", ".cfg:2: vlink: link 'x' joins p to itself" },
	{ "name = \"x\"\nvlink = []\n vlink=[]\n", ".cfg:3: vlink is given twice" },
	{ "name = \"x\"\nname=\"y\"\n", ".cfg:2: name is given twice" },
};

static void bad_cfgs_are_refused(void)
{
	struct vlinkcfg_domain dom;
	char err[VLINKCFG_ERR_MAX];
	size_t i;

	for (i = 0; i < sizeof(bad_cfgs) / sizeof(bad_cfgs[0]); i++) {
		err[0] = '\0';
		CU_ASSERT_EQUAL(vlinkcfg_domain_read(file("bad.cfg", bad_cfgs[i].text), &dom, err), -1);
		expect_contains(err, bad_cfgs[i].error);
		CU_ASSERT_PTR_NULL(dom.name);
	}
}

static void what_is_no_cfg_is_refused(void)
{
	static const char nul[] = "name=\"x\"\n\0vlink=[]\n";
	struct vlinkcfg_domain dom;
	char err[VLINKCFG_ERR_MAX], path[64];

	CU_ASSERT_EQUAL(vlinkcfg_domain_read(file_with("nul.cfg", nul, sizeof(nul) - 1), &dom, err), -1);
	expect_contains(err, "nul.cfg:2: contains a NUL byte");
	CU_ASSERT_EQUAL(vlinkcfg_domain_read(dir, &dom, err), -1);
	expect_contains(err, "not a regular file");
	CU_ASSERT_EQUAL(vlinkcfg_domain_read("/nonexistent.cfg", &dom, err), -1);
	expect_contains(err, "/nonexistent.cfg: No such file");
	snprintf(path, sizeof(path), "%s/fifo.cfg", dir);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(vlinkcfg_domain_read(path, &dom, err), -1);
	expect_contains(err, "fifo.cfg: not a regular file");
}

/* Added keys: += appends to the list, as xl itself has it. */
static void lists_may_be_appended_to(void)
{
	struct vlinkcfg_domain dom;
	char err[VLINKCFG_ERR_MAX];

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file("a.cfg",
		"name=\"x\"\nvlink=[\"" GOOD "\"]\nvlink+=[\"link=y,class=c,role=client,peer=p,unit=1\"]\n"),
		&dom, err), 0);
	CU_ASSERT_EQUAL(dom.nr_ends, 2);
	vlinkcfg_domain_clear(&dom);
}

struct findings {
	char text[2048];
};

static void note_finding(void *arg, const char *text)
{
	struct findings *all = arg;
	size_t len = strlen(all->text);

	snprintf(all->text + len, sizeof(all->text) - len, "%s\n", text);
}

/* Two cfgs by their vlink lists; a NULL list: no such cfg. */
static size_t check_two(const char *vm2, const char *vm3, struct findings *all)
{
	struct vlinkcfg_classes classes;
	struct vlinkcfg_domain doms[2];
	char err[VLINKCFG_ERR_MAX], name[16], *text;
	const char *lists[2] = { vm2, vm3 };
	size_t i, nr, found;

	all->text[0] = '\0';
	for (nr = 0; nr < 2 && lists[nr]; nr++) {
		snprintf(name, sizeof(name), "vm%zu.cfg", nr + 2);
		CU_ASSERT_TRUE_FATAL(asprintf(&text, "name=\"vm%zu\"\nvlink=[%s]\n", nr + 2, lists[nr]) > 0);
		CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file(name, text), &doms[nr], err), 0);
		free(text);
	}
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read(file("classes.conf", "camera: vrpq vbpipe\n"),
						    &classes, err), 0);
	found = vlinkcfg_check(doms, nr, &classes, note_finding, all);
	vlinkcfg_classes_clear(&classes);
	for (i = 0; i < nr; i++)
		vlinkcfg_domain_clear(&doms[i]);
	return found;
}

#define SRV(link, class, unit) "\"link=" link ",class=" class ",role=server,peer=vm3,unit=" unit "\""
#define CLT(link, class, unit) "\"link=" link ",class=" class ",role=client,peer=vm2,unit=" unit "\""

static void agreeing_cfgs_have_no_findings(void)
{
	struct findings all;

	CU_ASSERT_EQUAL(check_two(SRV("a", "vogl", "0") "," SRV("b", "vogl", "1"),
				  CLT("b", "vogl", "0") "," CLT("a", "vogl", "1"), &all), 0);
	expect_text(all.text, "");
	CU_ASSERT_EQUAL(check_two(SRV("a", "vogl", "0"), NULL, &all), 0);
}

static void expect_finding(const char *vm2, const char *vm3, const char *want)
{
	struct findings all;

	CU_ASSERT_EQUAL(check_two(vm2, vm3, &all), 1);
	expect_contains(all.text, want);
}

static void disagreeing_cfgs_are_found(void)
{
	expect_finding(SRV("a", "vogl", "0"), CLT("a", "vomx", "0"),
		       "vm3.cfg: link 'a' is of class 'vomx' here, of class 'vogl' in ");
	expect_finding(SRV("a", "vogl", "0"), "",
		       "vm2.cfg: link 'a': its peer 'vm3' (");
	expect_finding("\"link=a,class=vogl,role=server,peer=vm9,unit=0\"", CLT("a", "vogl", "0"),
		       "vm2.cfg: link 'a': its peer is 'vm9', yet domain 'vm3' (");
}

static void clashes_within_a_domain_are_found(void)
{
	expect_finding(SRV("a", "vogl", "0") "," SRV("b", "vogl", "0"), NULL,
		       "link 'b' has the unit 0, as link 'a' of the same class and role");
	expect_finding(SRV("a", "vogl", "0") "," SRV("a", "vogl", "1"), NULL,
		       "link 'a' is given twice");
	expect_finding("\"link=a,class=vbpipe,role=server,peer=vm3,unit=0,name=n\","
		       "\"link=b,class=vbpipe,role=client,peer=vm3,unit=1,name=n\"", NULL,
		       "link 'b' has the name 'n', as link 'a' of the same class");
}

#define PIPE(link, class, role, rest) "\"link=" link ",class=" class ",role=" role ",peer=vm3," rest "\""

static void pipes_of_a_domain_are_numbered_together(void)
{
	expect_finding(PIPE("a", "vbpipe", "server", "unit=3") "," PIPE("b", "vbpipe", "client", "unit=3"),
		       NULL, "link 'b' has the unit 3, as link 'a': those of pipes count for both roles together");
	expect_finding(PIPE("a", "camera", "server", "unit=3") "," PIPE("b", "vbpipe", "server", "unit=3"),
		       NULL, "link 'b' has the unit 3, as link 'a': ");
	expect_finding(PIPE("a", "vbpipe", "server", "unit=256"), NULL,
		       "link 'a' has the unit 256: that of a pipe is at most 255");
}

static void device_nodes_of_pipes_differ(void)
{
	expect_finding(PIPE("a", "vbpipe", "server", "unit=3") "," PIPE("b", "vbpipe", "client", "unit=4,name=vbpipe3"),
		       NULL, "link 'b' is /dev/vbpipe3, as link 'a'");
	expect_finding(PIPE("a", "vbpipe", "server", "unit=3,info=;;;name=x") ","
		       PIPE("b", "camera", "client", "unit=4,name=x"),
		       NULL, "link 'b' is /dev/x, as link 'a'");
}

static void roles_must_differ(void)
{
	expect_finding("\"link=a,class=vogl,role=client,peer=vm3,unit=0\"", CLT("a", "vogl", "0"),
		       "vm3.cfg: link 'a' is a client here and in ");
}

static void cids_are_checked(void)
{
	static const char *const good[] = { "3", "100", "4294967294" };
	static const char *const bad[] = {
		"", "0", "2", "03", "-3", "3 ", "x", "4294967295", "99999999999999999999",
	};
	unsigned int cid;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CU_ASSERT_TRUE(vlinkcfg_cid_parse("vm2", good[i], &cid));
	CU_ASSERT_EQUAL(cid, VLINK_CID_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(vlinkcfg_cid_parse("vm2", bad[i], &cid));
	CU_ASSERT_TRUE(vlinkcfg_cid_parse("Domain-0", "2", &cid));
	CU_ASSERT_FALSE(vlinkcfg_cid_parse("Domain-0", "3", &cid));
	expect_finding("\"link=a,class=vsock,role=server,peer=vm3,unit=0,cid=1\"", NULL,
		       "vm2.cfg: link 'a': cid '1' is not a number from 3 to 4294967294");
	expect_finding("\"link=a,class=vsock,role=server,peer=vm3,unit=0,cid=7\","
		       "\"link=b,class=vsock,role=server,peer=vm3,unit=1\","
		       "\"link=c,class=vsock,role=server,peer=vm3,unit=2,cid=8\"", NULL,
		       "link 'c' has the cid 8, link 'a' 7: a domain has one");
	expect_finding("\"link=a,class=vsock,role=server,peer=vm3,unit=0,cid=7\"",
		       "\"link=a,class=vsock,role=client,peer=vm2,unit=0,cid=7\"",
		       "link 'a' has the cid 7 here and in ");
}

static void a_domain_stands_once(void)
{
	struct vlinkcfg_domain doms[2];
	struct findings all = { "" };
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read(NULL, &classes, err), 0);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file("1.cfg", "name=\"x\"\n"), &doms[0], err), 0);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_domain_read(file("2.cfg", "name=\"x\"\n"), &doms[1], err), 0);
	CU_ASSERT_EQUAL(vlinkcfg_check(doms, 2, &classes, note_finding, &all), 1);
	expect_contains(all.text, "2.cfg: domain 'x' stands in ");
	expect_contains(all.text, "1.cfg already");
	vlinkcfg_classes_clear(&classes);
	vlinkcfg_domain_clear(&doms[0]);
	vlinkcfg_domain_clear(&doms[1]);
}

/* Never NULL: the test ends where a class is missing. */
static const struct vlinkcfg_class *need_class(const struct vlinkcfg_classes *classes,
					       const char *name)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(classes, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(class);
	if (!class)
		abort();
	return class;
}

static void built_in_classes(void)
{
	struct vlinkcfg_classes classes;
	const struct vlinkcfg_class *class;
	char err[VLINKCFG_ERR_MAX];

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read(NULL, &classes, err), 0);
	CU_ASSERT_EQUAL(classes.nr, 6);
	class = need_class(&classes, "vogl");
	CU_ASSERT_EQUAL_FATAL(class->nr_services, 2);
	expect_text(class->services[0], "vrpq");
	expect_text(class->services[1], "vumem");
	CU_ASSERT_PTR_NULL(vlinkcfg_class_find(&classes, "vog"));
	vlinkcfg_classes_clear(&classes);
}

static void the_shipped_class_file_says_what_is_built_in(void)
{
	struct vlinkcfg_classes shipped, built_in;
	const struct vlinkcfg_class *class;
	char err[VLINKCFG_ERR_MAX];
	size_t i, j;

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read("toolstack/classes.conf", &shipped, err), 0);
	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read(NULL, &built_in, err), 0);
	CU_ASSERT_EQUAL(shipped.nr, built_in.nr);
	for (i = 0; i < built_in.nr; i++) {
		class = need_class(&shipped, built_in.classes[i].name);
		CU_ASSERT_EQUAL_FATAL(class->nr_services, built_in.classes[i].nr_services);
		for (j = 0; j < class->nr_services; j++)
			expect_text(class->services[j], built_in.classes[i].services[j]);
	}
	vlinkcfg_classes_clear(&shipped);
	vlinkcfg_classes_clear(&built_in);
}

static void the_class_file_overlays(void)
{
	struct vlinkcfg_classes classes;
	const struct vlinkcfg_class *class;
	char err[VLINKCFG_ERR_MAX];

	CU_ASSERT_EQUAL_FATAL(vlinkcfg_classes_read(file("classes",
		"# mine\r\n\n  camera :vumem vrpq  # both\nvogl: vrpq"), &classes, err), 0);
	CU_ASSERT_EQUAL(classes.nr, 7);
	class = need_class(&classes, "camera");
	CU_ASSERT_EQUAL_FATAL(class->nr_services, 2);
	expect_text(class->services[0], "vumem");
	class = need_class(&classes, "vogl");
	CU_ASSERT_EQUAL(class->nr_services, 1);
	vlinkcfg_classes_clear(&classes);
}

static const struct {
	const char *text;
	const char *error;
} bad_classes[] = {
	{ "\nfoo\n", "classes:2: 'foo' is not CLASS: SERVICE..." },
	{ "foo:\n", "classes:1: class 'foo' has no service" },
	{ "Foo: vrpq\n", "classes:1: 'Foo' is not a class" },
	{ "a b: vrpq\n", "classes:1: 'a b' is not a class" },
	{ ": vrpq\n", "classes:1: '' is not a class" },
	{ "a: vrpq0\n", "classes:1: 'vrpq0' is not a service" },
	{ "a: abcdefgh\n", "classes:1: 'abcdefgh' is not a service" },
	{ "a: b: c\n", "classes:1: 'b:' is not a service" },
	{ "a: vrpq vumem vrpq\n", "classes:1: class 'a' has the service 'vrpq' twice" },
	{ "a: vrpq\n#\na: vumem\n", "classes:3: class 'a' stands in the file already" },
};

static void bad_class_files_are_refused(void)
{
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];
	size_t i;

	for (i = 0; i < sizeof(bad_classes) / sizeof(bad_classes[0]); i++) {
		CU_ASSERT_EQUAL(vlinkcfg_classes_read(file("classes", bad_classes[i].text), &classes, err), -1);
		expect_contains(err, bad_classes[i].error);
	}
	CU_ASSERT_EQUAL(vlinkcfg_classes_read("/nonexistent", &classes, err), -1);
	expect_contains(err, "/nonexistent: No such file");
}

static const struct unit_test end_tests[] = {
	{ "an end with every key", end_with_every_key },
	{ "keys in any order", end_in_any_order },
	{ "many options", end_with_many_options },
	{ "bad ends are refused", bad_ends_are_refused },
	{ "limits are inclusive", limits_are_inclusive },
};

static const struct unit_test cfg_tests[] = {
	{ "a cfg is read", a_cfg_is_read },
	{ "a cfg without links is read", a_cfg_without_links_is_read },
	{ "escaping survives libxlutil", escaping_survives_libxlutil },
	{ "bad cfgs are refused", bad_cfgs_are_refused },
	{ "what is no cfg is refused", what_is_no_cfg_is_refused },
	{ "lists may be appended to", lists_may_be_appended_to },
	{ "agreeing cfgs have no findings", agreeing_cfgs_have_no_findings },
	{ "disagreeing cfgs are found", disagreeing_cfgs_are_found },
	{ "clashes within a domain are found", clashes_within_a_domain_are_found },
	{ "pipes of a domain are numbered together", pipes_of_a_domain_are_numbered_together },
	{ "device nodes of pipes differ", device_nodes_of_pipes_differ },
	{ "roles must differ", roles_must_differ },
	{ "CIDs are checked", cids_are_checked },
	{ "a domain stands once", a_domain_stands_once },
};

static const struct unit_test class_tests[] = {
	{ "built-in classes", built_in_classes },
	{ "the shipped class file says what is built in", the_shipped_class_file_says_what_is_built_in },
	{ "the class file overlays", the_class_file_overlays },
	{ "bad class files are refused", bad_class_files_are_refused },
};

int main(void)
{
	char command[64];
	int ret;

	if (!mkdtemp(dir))
		return 2;
	UNIT_ADD("ends", end_tests);
	UNIT_ADD("configs", cfg_tests);
	UNIT_ADD("classes", class_tests);
	ret = unit_run("vlinkcfg");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) ? 2 : ret;
}
