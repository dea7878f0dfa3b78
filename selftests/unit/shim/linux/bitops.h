/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_BITOPS_H
#define SHIM_BITOPS_H

#include <linux/types.h>

#define BIT(n)		(1ul << (n))
#define BITS_PER_LONG	(8 * sizeof(long))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline bool test_bit(u32 bit, const unsigned long *bits)
{
	return bits[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

static inline void set_bit(u32 bit, unsigned long *bits)
{
	bits[bit / BITS_PER_LONG] |= 1ul << bit % BITS_PER_LONG;
}

static inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

#endif /* SHIM_BITOPS_H */
