/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include "gfp.h"

#define kmalloc(size, gfp)		allocate(size, gfp)
#define kvmalloc(size, gfp)		allocate(size, gfp)
#define kzalloc(size, gfp)		allocate(size, (gfp) | __GFP_ZERO)
#define kvzalloc(size, gfp)		allocate(size, (gfp) | __GFP_ZERO)
#define kvmalloc_array(n, size, gfp)	allocate((n) * (size), gfp)
#define kvcalloc(n, size, gfp)		allocate((n) * (size), \
						 (gfp) | __GFP_ZERO)
#define kfree(memory)			free(memory)
#define kvfree(memory)			free(memory)

/* Nothing reads at the same time. */
#define kvfree_rcu(memory, member)	free(memory)

#endif /* SHIM_SLAB_H */
