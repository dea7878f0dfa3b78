// SPDX-License-Identifier: GPL-2.0
/*
 * Continuations of deliver_out.h: the way of a packet after a hook that queued
 * it.
 */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "deliver_out.h"

/* Called when a packet that FORWARD or POSTROUTING queued is reinjected, for
 * each of its segments.
 */
int lbhash_out_forward(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	skb_clear_tstamp(skb);
	return dst_output(net, sk, skb);
}

int lbhash_out_reroute4(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IPCB(skb)->flags |= IPSKB_REROUTED;
	return dst_output(net, sk, skb);
}

int lbhash_out_reroute6(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IP6CB(skb)->flags |= IP6SKB_REROUTED;
	return dst_output(net, sk, skb);
}
