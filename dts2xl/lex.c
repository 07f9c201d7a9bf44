// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"
#include "mem.h"

static void advance(struct lexer *lexer, size_t len)
{
	for (; len; len--)
		lexer->pos.line += *lexer->at++ == '\n';
}

/* Moves behind @end; false when it does not come any more. */
static bool skip_past(struct lexer *lexer, const char *end)
{
	const char *found = strstr(lexer->at, end);

	if (found)
		advance(lexer, (size_t)(found - lexer->at) + strlen(end));
	return found;
}

/*
 * What a preprocessor leaves at the beginning of a line: # LINE "FILE" FLAGS.
 * It says where the next line stands.
 */
static bool skip_line_marker(struct lexer *lexer)
{
	const char *at = lexer->at, *name, *end;
	unsigned long line;
	char *digits_end;

	if (*at != '#' || (at > lexer->text && at[-1] != '\n'))
		return false;
	at += strncmp(at, "#line", 5) ? 1 : 5;
	if (*at != ' ' && *at != '\t')
		return false;
	line = strtoul(at, &digits_end, 10);
	name = digits_end + strspn(digits_end, " \t");
	end = *name == '"' ? strpbrk(name + 1, "\"\n") : NULL;
	if (!end || *end != '"')
		return false;
	at = strchr(end, '\n');
	if (!at)
		at = end + strlen(end);
	lexer->at = *at ? at + 1 : at;
	lexer->pos.line = (unsigned int)line;
	lexer->pos.file = mem_copy(name + 1, (size_t)(end - name - 1));
	return true;
}

/* False at a comment that does not end. */
static bool skip_blanks(struct lexer *lexer)
{
	for (;;) {
		advance(lexer, strspn(lexer->at, " \t\r\n\f\v"));
		if (!strncmp(lexer->at, "//", 2)) {
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

/* Makes a token of @len characters, @strip_front and @strip_back of them decoration. */
static struct token make(struct lexer *lexer, enum token_kind kind, size_t len,
			 size_t strip_front, size_t strip_back)
{
	struct token token = {
		.kind = kind,
		.text = lexer->at + strip_front,
		.len = len - strip_front - strip_back,
		.start = lexer->at,
		.pos = lexer->pos,
	};

	advance(lexer, len);
	return token;
}

struct token lex_next(struct lexer *lexer)
{
	size_t len;

	if (!skip_blanks(lexer))
		return make(lexer, TOKEN_BROKEN, 0, 0, 0);
	if (!*lexer->at)
		return make(lexer, TOKEN_END, 0, 0, 0);
	if (*lexer->at == '"' || *lexer->at == '\'') {
		len = quoted_length(lexer->at);
		return len ? make(lexer, TOKEN_STRING, len, 1, 1)
			   : make(lexer, TOKEN_BROKEN, 0, 0, 0);
	}
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
