// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"
#include "mem.h"
#include "vlinkcfg/vlinkcfg.h"
#include "vlinkcfg/private.h"

static void advance(struct lexer *lexer, size_t len)
{
	for (; len; len--) {
		if (*lexer->at++ != '\n')
			continue;
		lexer->pos.line++;
		lexer->line = lexer->at;
		lexer->ordinal = 0;
	}
}

/* Moves behind the next @end; false: there is none. */
static bool skip_past(struct lexer *lexer, const char *end)
{
	const char *found = strstr(lexer->at, end);

	if (found)
		advance(lexer, (size_t)(found - lexer->at) + strlen(end));
	return found;
}

/* The text of a string literal behind @text, or NULL; *@end is behind its quote. */
static const char *marker_name(const char *text, const char **end)
{
	text += strspn(text, " \t");
	if (*text != '"')
		return NULL;
	*end = strpbrk(text + 1, "\"\n");
	return *end && *(*end)++ == '"' ? text + 1 : NULL;
}

/* Flags are all that may follow: dtc would read on behind them. */
static const char *marker_end(const char *at)
{
	at += strspn(at, " \t0123456789\r");
	if (*at && *at != '\n')
		return NULL;
	return *at ? at + 1 : at;
}

/*
 * What a preprocessor leaves at the beginning of a line: # LINE "FILE" FLAGS.
 * It says where the next line stands.
 */
static bool skip_line_marker(struct lexer *lexer)
{
	const char *at = lexer->at, *name, *end = NULL;
	unsigned long line;
	char *digits_end;

	if (*at != '#' || at != lexer->line)
		return false;
	at += strncmp(at, "#line", 5) ? 1 : 5;
	if (*at != ' ' && *at != '\t')
		return false;
	line = strtoul(at, &digits_end, 10);
	name = marker_name(digits_end, &end);
	at = name ? marker_end(end) : NULL;
	if (!at)
		return false;
	lexer->at = lexer->line = at;
	lexer->marked = true;
	lexer->ordinal = 0;
	lexer->pos.line = (unsigned int)line;
	lexer->pos.file = mem_copy(name, (size_t)(end - name - 1));
	return true;
}

/* False at a comment that does not end. */
static bool skip_blanks(struct lexer *lexer)
{
	for (;;) {
		advance(lexer, strspn(lexer->at, " \t\r\n\f\v"));
		if (!strncmp(lexer->at, "//", 2)) {
			lexer->comment_line = lexer->pos.line;
			advance(lexer, strcspn(lexer->at, "\n"));
		} else if (!strncmp(lexer->at, "/*", 2)) {
			if (!strstr(lexer->at + 2, "*/"))
				return false;
			advance(lexer, 2);
			skip_past(lexer, "*/");
		} else if (!skip_line_marker(lexer)) {
			return true;
		}
	}
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(",._+*#?@\\-", c));
}

static size_t name_length(const char *text)
{
	size_t len = 0;

	while (is_name_char(text[len]))
		len++;
	return len;
}

/* Length of /name/, 0 for any other slash. */
static size_t directive_length(const char *text)
{
	size_t len = 1;

	if (text[0] != '/' || !islower((unsigned char)text[1]))
		return 0;
	while (islower((unsigned char)text[len]) || isdigit((unsigned char)text[len]) ||
	       text[len] == '-')
		len++;
	return text[len] == '/' ? len + 1 : 0;
}

/* Length of a string or character literal with its quotes, 0 without an end. */
static size_t quoted_length(const char *text)
{
	size_t len;

	for (len = 1; text[len] && text[len] != text[0]; len++)
		if (text[len] == '\\' && text[len + 1])
			len++;
	return text[len] ? len + 1 : 0;
}

static size_t reference_length(const char *text)
{
	size_t len;

	if (text[0] != '&')
		return 0;
	if (text[1] != '{') {
		len = name_length(text + 1);
		return len ? len + 1 : 0;
	}
	len = strcspn(text, "}\n");
	return text[len] == '}' ? len + 1 : 0;
}

static void place(struct lexer *lexer, struct token *token)
{
	token->pos = lexer->pos;
	token->indent = (size_t)(lexer->at - lexer->line);
	lexer->ordinal++;
	token->after_comment = lexer->ordinal == 1 && lexer->comment_line &&
			       lexer->pos.line == lexer->comment_line + 1;
	if (!lexer->marked) {
		token->pos.column = (unsigned int)token->indent + 1;
		return;
	}
	token->pos.ordinal = lexer->ordinal;
	snprintf(token->pos.begin, sizeof(token->pos.begin), "%.15s", lexer->at);
}

/* Makes a token of @len characters, @strip_front and @strip_back of them decoration. */
static struct token make(struct lexer *lexer, enum token_kind kind, size_t len,
			 size_t strip_front, size_t strip_back)
{
	struct token token = {
		.kind = kind,
		.text = lexer->at + strip_front,
		.len = len - strip_front - strip_back,
		.start = lexer->at,
	};

	place(lexer, &token);
	advance(lexer, len);
	return token;
}

/*
 * Where a quote is missing, the string goes on to the next one, and so on through the file:
 * the first that goes over the end of a line is the one to tell of.
 */
static struct token make_string(struct lexer *lexer)
{
	size_t len = quoted_length(lexer->at);
	struct token token;

	if (len) {
		token = make(lexer, TOKEN_STRING, len, 1, 1);
		if (!lexer->long_string.line && memchr(token.text, '\n', token.len))
			lexer->long_string = token.pos;
		return token;
	}
	token = make(lexer, TOKEN_BROKEN, 0, 0, 0);
	if (lexer->long_string.line)
		token.pos = lexer->long_string;
	return token;
}

struct token lex_next(struct lexer *lexer)
{
	size_t len;

	if (!skip_blanks(lexer))
		return make(lexer, TOKEN_BROKEN, 0, 0, 0);
	if (!*lexer->at)
		return make(lexer, TOKEN_END, 0, 0, 0);
	if (*lexer->at == '"' || *lexer->at == '\'')
		return make_string(lexer);
	if ((len = reference_length(lexer->at)))
		return make(lexer, TOKEN_REFERENCE, len, 1, 0);
	if ((len = directive_length(lexer->at)))
		return make(lexer, TOKEN_DIRECTIVE, len, 1, 1);
	if ((len = name_length(lexer->at)))
		return make(lexer, TOKEN_NAME, len, 0, 0);
	return make(lexer, TOKEN_PUNCTUATION, 1, 0, 0);
}

bool token_is(const struct token *token, enum token_kind kind, const char *text)
{
	return token->kind == kind && token->len == strlen(text) &&
	       !memcmp(token->text, text, token->len);
}

bool token_is_char(const struct token *token, char c)
{
	return token->kind == TOKEN_PUNCTUATION && *token->text == c;
}

char *token_string(const struct token *token)
{
	return mem_copy(token->text, token->len);
}

void lex_start(struct lexer *lexer, const char *text, const char *file)
{
	memset(lexer, 0, sizeof(*lexer));
	/* A byte order mark is no part of the text. */
	text += strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3;
	lexer->text = lexer->at = lexer->line = text;
	lexer->pos.file = file;
	lexer->pos.line = 1;
}

/*
 * A macro may have made one token of several or the other way round, so the token
 * must begin like the one that is sought.
 */
unsigned int lex_column(const struct pos *pos)
{
	char err[VLINKCFG_ERR_MAX], *text = vlinkcfg_file_text(pos->file, err);
	size_t begin = strcspn(pos->begin, " \t\n");
	unsigned int column = 0;
	struct lexer lexer;
	struct token token;

	if (!text)
		return 0;
	lex_start(&lexer, text, pos->file);
	do {
		token = lex_next(&lexer);
		if (token.pos.line == pos->line && !strncmp(token.start, pos->begin, begin) &&
		    (!column || lexer.ordinal <= pos->ordinal))
			column = token.pos.column;
	} while (token.kind != TOKEN_END && token.kind != TOKEN_BROKEN &&
		 token.pos.line <= pos->line);
	free(text);
	return column;
}
