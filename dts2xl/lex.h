/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cuts device tree source into tokens, just well enough to find where blocks,
 * nodes and properties begin. What the source means, dtc says.
 */
#ifndef DTS2XL_LEX_H
#define DTS2XL_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,		/* of a node, property or label */
	TOKEN_STRING,		/* text without the quotes */
	TOKEN_REFERENCE,	/* &label or &{path}: text without the & */
	TOKEN_DIRECTIVE,	/* /name/: text without the slashes */
	TOKEN_PUNCTUATION,	/* one character */
	TOKEN_BROKEN,		/* a comment or string that never ends */
};

struct token {
	enum token_kind kind;
	const char *text;	/* in the source, not terminated */
	size_t len;
	const char *start;	/* with quotes and the like */
	struct pos pos;
};

struct lexer {
	const char *text;	/* of the file */
	const char *at;
	struct pos pos;		/* of @at, as line markers have it */
};

struct token lex_next(struct lexer *lexer);
bool token_is(const struct token *token, enum token_kind kind, const char *text);
bool token_is_char(const struct token *token, char c);
char *token_string(const struct token *token);

#endif
