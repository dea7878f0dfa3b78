/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_MM_H
#define SHIM_MM_H

#include "gfp.h"
#include "log2.h"

#define alloc_pages_exact(size, gfp)	allocate(size, gfp)
#define free_pages_exact(memory, size)	((void)(size), free(memory))

#endif /* SHIM_MM_H */
