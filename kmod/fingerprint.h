/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_FINGERPRINT_H
#define LBHASH_FINGERPRINT_H

#include <linux/types.h>

/**
 * struct lbhash_print_key - key of the fingerprints by which the flow memory
 *	knows its connections
 * @words: random
 */
struct lbhash_print_key {
	u64 words[6];
};

#endif /* LBHASH_FINGERPRINT_H */
