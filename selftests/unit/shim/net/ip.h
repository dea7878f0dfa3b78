/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_IP_H
#define SHIM_IP_H

#include <linux/ip.h>
#include <linux/skbuff.h>

#define IP_OFFSET	0x1fff

static inline struct iphdr *ip_hdr(const struct sk_buff *skb)
{
	return (struct iphdr *)skb->data;
}

static inline unsigned int ip_hdrlen(const struct sk_buff *skb)
{
	return ip_hdr(skb)->ihl * 4;
}

#endif /* SHIM_IP_H */
