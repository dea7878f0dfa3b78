/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <linux/types.h>

/* Of integers of up to 32 bits. */
#define max_t(type, a, b)	((type)greater((type)(a), (type)(b)))
#define min_t(type, a, b)	((type)lesser((type)(a), (type)(b)))

static inline s64 greater(s64 a, s64 b)
{
	return a > b ? a : b;
}

static inline s64 lesser(s64 a, s64 b)
{
	return a < b ? a : b;
}

#endif /* SHIM_KERNEL_H */
