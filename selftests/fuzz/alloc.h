/* SPDX-License-Identifier: GPL-2.0 */
/* Memory allocation that fails on request. */
#ifndef FUZZ_ALLOC_H
#define FUZZ_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct alloc - state of the allocator that lbhashctl's files use
 * @until: which of the next allocations fails, from 1; 0 for none
 * @is_paused: allocations neither count nor fail
 * @has_failed: an allocation has failed
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
