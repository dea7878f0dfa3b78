/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_BITOPS_H
#define SHIM_BITOPS_H

#include "types.h"

#define BITS_PER_LONG	(8 * sizeof(long))

static inline bool test_bit(u32 bit, const unsigned long *bits)
{
	return bits[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

#endif /* SHIM_BITOPS_H */
