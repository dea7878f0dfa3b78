/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LOG2_H
#define SHIM_LOG2_H

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	unsigned long power = 1;

	while (power < n)
		power *= 2;
	return power;
}

static inline int ilog2(unsigned long n)
{
	return 63 - __builtin_clzl(n);
}

#endif /* SHIM_LOG2_H */
