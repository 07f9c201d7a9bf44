/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place in the input. */
#ifndef DTS2XL_POS_H
#define DTS2XL_POS_H

struct pos {
	const char *file;
	unsigned int line;	/* 0: the file as a whole */
	unsigned int column;	/* in bytes from 1; 0: unknown */
	/*
	 * Behind a preprocessor, which changes columns: the token's number on its line, from
	 * 1, and what it begins with. The column is looked up in the file.
	 */
	unsigned int ordinal;
	char begin[16];
};

#endif
