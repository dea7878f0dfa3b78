/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <linux/types.h>

/* Of u32 only. */
#define max_t(type, a, b)	greater(a, b)
#define min_t(type, a, b)	lesser(a, b)

static inline u32 greater(u32 a, u32 b)
{
	return a > b ? a : b;
}

static inline u32 lesser(u32 a, u32 b)
{
	return a < b ? a : b;
}

#endif /* SHIM_KERNEL_H */
