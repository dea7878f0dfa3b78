/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SipHash-2-4 for user space, written after J.-P. Aumasson and D. J. Bernstein,
 * "SipHash: a fast short-input PRF", 2012. Selftests compare digests made with
 * it and with the kernel's implementation.
 */
#ifndef SHIM_SIPHASH_H
#define SHIM_SIPHASH_H

#include <string.h>

#include <linux/types.h>

#define SIPHASH_ALIGNMENT	__alignof__(u64)

typedef struct {
	u64 key[2];
} siphash_key_t;

static inline u64 sip_rotate(u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(u64 *a, u64 *b, u64 *c, u64 *d)
{
	*a += *b;
	*c += *d;
	*b = sip_rotate(*b, 13) ^ *a;
	*d = sip_rotate(*d, 16) ^ *c;
	*a = sip_rotate(*a, 32);
	*c += *b;
	*a += *d;
	*b = sip_rotate(*b, 17) ^ *c;
	*d = sip_rotate(*d, 21) ^ *a;
	*c = sip_rotate(*c, 32);
}

static inline void sip_rounds(u64 v[4], int rounds)
{
	while (rounds--)
		sip_round(&v[0], &v[1], &v[2], &v[3]);
}

/* A round and the initial state, under the kernel's names. */
#define SIPHASH_PERMUTATION(a, b, c, d)	sip_round(&(a), &(b), &(c), &(d))
#define SIPHASH_CONST_0	0x736f6d6570736575
#define SIPHASH_CONST_1	0x646f72616e646f6d
#define SIPHASH_CONST_2	0x6c7967656e657261
#define SIPHASH_CONST_3	0x7465646279746573

static inline u64 siphash(const void *data, size_t len,
			  const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ SIPHASH_CONST_0,
		key->key[1] ^ SIPHASH_CONST_1,
		key->key[0] ^ SIPHASH_CONST_2,
		key->key[1] ^ SIPHASH_CONST_3,
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
