/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_HASH_H
#define SHIM_HASH_H

#include <linux/types.h>

#define GOLDEN_RATIO_64	0x61c8864680b583ebull

static inline u32 hash_32(u32 value, unsigned int bits)
{
	return value * 0x61c88647 >> (32 - bits);
}

static inline u32 reciprocal_scale(u32 value, u32 limit)
{
	return (u64)value * limit >> 32;
}

#endif /* SHIM_HASH_H */
