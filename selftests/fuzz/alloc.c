// SPDX-License-Identifier: GPL-2.0
/*
 * Memory allocation that fails on request.
 */
#include <stdlib.h>

#include "alloc.h"

struct alloc alloc;

static bool fails(void)
{
	if (!alloc.until || alloc.is_paused || --alloc.until)
		return false;
	alloc.has_failed = true;
	return true;
}

void *fuzz_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *fuzz_calloc(size_t count, size_t size)
{
	return fails() ? NULL : calloc(count, size);
}

void *fuzz_realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}
