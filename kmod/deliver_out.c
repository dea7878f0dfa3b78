// SPDX-License-Identifier: GPL-2.0
/*
 * What remains of a packet's way to its backend once a hook gives it back;
 * deliver_out.h is the way itself.
 */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "deliver_out.h"

/* Each of these is the rest of the way of a packet that FORWARD or POSTROUTING
 * queued and that was reinjected later, or of one that was made of it.
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
