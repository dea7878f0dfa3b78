/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet that begins with its network header and has two pieces, like real
 * ones: the linear one, with direct access, and the paged one, which is copied.
 */
#ifndef SHIM_SKBUFF_H
#define SHIM_SKBUFF_H

#include <errno.h>
#include <string.h>
#include <asm/byteorder.h>

#include "types.h"

#define __force
#ifndef noinline
#define noinline	__attribute__((noinline))
#endif
#ifndef likely
#define likely(x)	(x)
#endif
#define le16_to_cpu(n)	__le16_to_cpu(n)
#define le32_to_cpu(n)	__le32_to_cpu(n)
#define le64_to_cpu(n)	__le64_to_cpu(n)
#define be16_to_cpu(n)	__be16_to_cpu(n)
#define be32_to_cpu(n)	__be32_to_cpu(n)
#define be64_to_cpu(n)	__be64_to_cpu(n)
#ifndef htons
#define htonl(n)	__cpu_to_be32(n)
#define htons(n)	__cpu_to_be16(n)
#define ntohs(n)	__be16_to_cpu(n)
#endif

#define swap(a, b)	swap_bytes(&(a), &(b), sizeof(a))

static inline void swap_bytes(void *a, void *b, size_t size)
{
	u8 old[64];

	memcpy(old, a, size);
	memcpy(a, b, size);
	memcpy(b, old, size);
}

/**
 * struct sk_buff - a packet in two pieces
 * @len: length of both pieces
 * @linear: length of the linear piece
 * @data: the linear piece
 * @paged: the other piece
 */
struct sk_buff {
	unsigned int len;
	unsigned int linear;
	const u8 *data;
	const u8 *paged;
};

static inline int skb_network_offset(const struct sk_buff *skb)
{
	(void)skb;
	return 0;
}

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->linear;
}

static inline void *skb_header_pointer(const struct sk_buff *skb, int offset,
				       int size, void *buffer)
{
	unsigned int from = offset, until = from + size, first = 0;

	if (offset < 0 || size < 0 || until > skb->len)
		return NULL;
	if (until <= skb->linear)
		return (void *)(skb->data + from);
	if (from < skb->linear) {
		first = skb->linear - from;
		memcpy(buffer, skb->data + from, first);
		from = skb->linear;
	}
	memcpy((u8 *)buffer + first, skb->paged + (from - skb->linear),
	       until - from);
	return buffer;
}

#endif /* SHIM_SKBUFF_H */
