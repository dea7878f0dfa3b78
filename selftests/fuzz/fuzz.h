/* SPDX-License-Identifier: GPL-2.0 */
/* What libFuzzer calls, by names that it does not choose. */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>

int fuzz_init(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

#endif /* FUZZ_H */
