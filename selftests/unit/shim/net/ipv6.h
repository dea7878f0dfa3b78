/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_IPV6_H
#define SHIM_IPV6_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>

static inline struct ipv6hdr *ipv6_hdr(const struct sk_buff *skb)
{
	return (struct ipv6hdr *)skb->data;
}

static inline int ipv6_addr_cmp(const struct in6_addr *a,
				const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* Copy the leading @bits bits of an address. */
static inline void ipv6_addr_prefix(struct in6_addr *prefix,
				    const struct in6_addr *addr, int bits)
{
	int i;

	for (i = 0; i < 16; i++, bits -= 8)
		prefix->s6_addr[i] = addr->s6_addr[i] &
			(bits >= 8 ? 0xff : bits > 0 ? 0xff00 >> bits : 0);
}

/* Return: the length of an extension header (RFC 8200, section 4; RFC 4302,
 * section 2.2), 0 if @proto is not an extension header.
 */
static inline unsigned int ipv6_extension_size(u8 proto, const u8 *header)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (header[1] + 1) * 8;
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH:
		return (header[1] + 2) * 4;
	default:
		return 0;
	}
}

/* Walk from the IPv6 header at *offset to the header of type @target, or, for
 * -1, to the first one that is not an extension header, and store its place in
 * *offset. In fragments other than the first one the walk ends at the fragment
 * header: they do not contain the next header.
 */
static inline int ipv6_find_hdr(const struct sk_buff *skb,
				unsigned int *offset, int target,
				unsigned short *frag_off, int *flags)
{
	const u8 none[2] = { 0 };
	const struct ipv6hdr *ip6h;
	struct ipv6hdr ip6_buffer;
	const u8 *header;
	unsigned int at, size;
	u8 buffer[4], proto;

	(void)flags;
	ip6h = skb_header_pointer(skb, *offset, sizeof(*ip6h), &ip6_buffer);
	if (!ip6h || ip6h->version != 6)
		return -EBADMSG;
	proto = ip6h->nexthdr;
	at = *offset + sizeof(*ip6h);

	while (proto != target && ipv6_extension_size(proto, none)) {
		size = proto == IPPROTO_FRAGMENT || proto == IPPROTO_ROUTING ?
		       4 : 2;
		header = skb_header_pointer(skb, at, size, buffer);
		if (!header)
			return -EBADMSG;
		size = ipv6_extension_size(proto, header);
		if (proto == IPPROTO_FRAGMENT &&
		    (header[2] || header[3] & 0xf8)) {
			if (target >= 0 ||
			    ipv6_extension_size(header[0], none))
				return -ENOENT;
			*frag_off = header[2] << 8 | (header[3] & 0xf8);
			return header[0];
		}
		if (size > skb->len - at)
			return -EBADMSG;
		proto = header[0];
		at += size;
	}
	if (target >= 0 && proto != target)
		return -ENOENT;
	*offset = at;
	return proto;
}

#endif /* SHIM_IPV6_H */
