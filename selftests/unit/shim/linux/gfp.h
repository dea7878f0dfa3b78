/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All kinds of kernel memory, by malloc(), so that AddressSanitizer detects
 * overruns and leaks. Allocations can be made to fail.
 */
#ifndef SHIM_GFP_H
#define SHIM_GFP_H

#include <stdlib.h>
#include "string.h"

#include <linux/types.h>

typedef unsigned int gfp_t;

#define GFP_KERNEL	0
#define __GFP_NOWARN	0
#define __GFP_ACCOUNT	0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_NORETRY	0
#define __GFP_ZERO	1

#define PAGE_SIZE	4096ul

/* Number of allocations that succeed before all others fail; -1: no limit. */
static long allocations_left __attribute((unused)) = -1;

static inline void *allocate(size_t size, gfp_t gfp)
{
	void *memory;

	if (!allocations_left)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	memory = malloc(size);
	if (memory)
		memset(memory, gfp & __GFP_ZERO ? 0 : 0xa5, size);
	return memory;
}

#endif /* SHIM_GFP_H */
