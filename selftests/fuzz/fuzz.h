/* SPDX-License-Identifier: GPL-2.0 */
/* What libFuzzer calls, by names that it does not choose, and what it gives. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <linux/types.h>

int fuzz_init(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * struct orders - what is left of an input; without end, but with zeroes
 */
struct orders {
	const u8 *data;
	size_t size;
};

static inline u8 take(struct orders *orders)
{
	if (!orders->size)
		return 0;
	orders->size--;
	return *orders->data++;
}

static inline u8 take_below(struct orders *orders, unsigned int n)
{
	return take(orders) % n;
}

#endif /* FUZZ_H */
