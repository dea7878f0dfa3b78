/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_VMALLOC_H
#define SHIM_VMALLOC_H

#include "gfp.h"

#define __vmalloc(size, gfp)	allocate(size, gfp)
#define is_vmalloc_addr(memory)	false

#endif /* SHIM_VMALLOC_H */
