/* SPDX-License-Identifier: GPL-2.0 */
/* Memory allocation that fails on request. */
#ifndef FUZZ_ALLOC_H
#define FUZZ_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct alloc - the allocator of lbhashctl's files
 * @until: allocations until one fails, 0 for never
 * @is_paused: they do not count: the kernel makes them
 * @has_failed: one failed
 */
struct alloc {
	unsigned long until;
	bool is_paused;
	bool has_failed;
};

extern struct alloc alloc;

void *fuzz_malloc(size_t size);
void *fuzz_calloc(size_t count, size_t size);
void *fuzz_realloc(void *old, size_t size);

#endif /* FUZZ_ALLOC_H */
