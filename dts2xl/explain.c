// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "diag.h"
#include "explain.h"

int explain(const char *name)
{
	struct likeness likeness = { .wanted = name };
	enum diag_code code;

	for (code = 0; code < NR_CODES; code++) {
		if (!strcmp(name, "list"))
			puts(code_name(code));
		else if (!strcmp(name, code_name(code)))
			return fputs(code_text(code), stdout) < 0;
		diag_consider(&likeness, code_name(code));
	}
	if (!strcmp(name, "list"))
		return 0;
	diag_fatal("no message is called '%s'%s", name, diag_suggestion(&likeness));
}
