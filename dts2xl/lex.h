/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cuts device tree source into tokens, just well enough to find where blocks,
 * nodes and properties begin. What the source means, dtc says.
 */
#ifndef DTS2XL_LEX_H
#define DTS2XL_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "pos.h"

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
	size_t indent;		/* what stands before it on its line */
	struct pos pos;
	bool after_comment;	/* first on its line, and a // comment ends the line before */
};

struct lexer {
	const char *text;	/* of the file */
	const char *at;
	struct pos pos;		/* of @at, as line markers have it; without the column */
	const char *line;	/* where the line of @at begins */
	bool marked;		/* a preprocessor was here: columns are not the file's */
	unsigned int ordinal;	/* tokens on this line so far */
	struct pos long_string;	/* the first string that goes over a line; no line: none */
	unsigned int comment_line;	/* where the last // comment stands; 0: none */
};

void lex_start(struct lexer *lexer, const char *text, const char *file);
/* The column of a token that a preprocessor has moved; 0: not to be found. */
unsigned int lex_column(const struct pos *pos);

struct token lex_next(struct lexer *lexer);
bool token_is(const struct token *token, enum token_kind kind, const char *text);
bool token_is_char(const struct token *token, char c);
char *token_string(const struct token *token);

#endif
