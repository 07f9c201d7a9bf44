/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UNIT_TEXT_LOG2_H
#define UNIT_TEXT_LOG2_H

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	unsigned long power = 1;

	while (power < n)
		power <<= 1;
	return power;
}

#endif
