/* SPDX-License-Identifier: GPL-2.0 */
/* The interface of libFuzzer, under names in kernel style. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <linux/types.h>

int fuzz_init(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * struct orders - the rest of an input; zeroes follow its end
 * @data: the next byte
 * @size: number of bytes left
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
