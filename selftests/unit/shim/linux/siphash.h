/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SipHash-2-4 for user space, after J.-P. Aumasson and D. J. Bernstein,
 * "SipHash: a fast short-input PRF", 2012. A second opinion on the kernel's:
 * selftests compare digests made with either.
 */
#ifndef SHIM_SIPHASH_H
#define SHIM_SIPHASH_H

#include <string.h>

#include "types.h"

#define SIPHASH_ALIGNMENT	__alignof__(u64)

typedef struct {
	u64 key[2];
} siphash_key_t;

static inline u64 sip_rotate(u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_rounds(u64 v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = sip_rotate(v[1], 13) ^ v[0];
		v[3] = sip_rotate(v[3], 16) ^ v[2];
		v[0] = sip_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = sip_rotate(v[1], 17) ^ v[2];
		v[3] = sip_rotate(v[3], 21) ^ v[0];
		v[2] = sip_rotate(v[2], 32);
	}
}

static inline u64 siphash(const void *data, size_t len,
			  const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575,
		key->key[1] ^ 0x646f72616e646f6d,
		key->key[0] ^ 0x6c7967656e657261,
		key->key[1] ^ 0x7465646279746573,
	};
	const u8 *bytes = data;
	u64 word = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		word |= (u64)bytes[i] << (i % 8 * 8);
		if (i % 8 == 7) {
			v[3] ^= word;
			sip_rounds(v, 2);
			v[0] ^= word;
			word = 0;
		}
	}
	word |= (u64)len << 56;
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline u64 siphash_2u64(u64 first, u64 second, const siphash_key_t *key)
{
	u8 bytes[16];
	int i;

	for (i = 0; i < 8; i++) {
		bytes[i] = first >> (i * 8);
		bytes[i + 8] = second >> (i * 8);
	}
	return siphash(bytes, sizeof(bytes), key);
}

#endif /* SHIM_SIPHASH_H */
