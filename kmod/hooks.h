/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_HOOKS_H
#define LBHASH_HOOKS_H

#include <linux/types.h>

struct net;

/**
 * struct lbhash_hooks - hooks for the rules that follow a service
 * @track: the service tracks, so the rules need conntrack's hooks
 * @rules: number of these rules; IPv4, IPv6
 *
 * What is registered follows from the members: for a family with rules
 * conntrack's hooks or those of defragmentation, for any other family none. The
 * lock of hooks.c protects them.
 */
struct lbhash_hooks {
	bool track;
	u32 rules[2];
};

int lbhash_hooks_get(struct net *net, u8 family, bool track);
void lbhash_hooks_put(struct net *net, u8 family, bool track);

void lbhash_hooks_init(struct lbhash_hooks *hooks, bool track);
int lbhash_hooks_join(struct lbhash_hooks *hooks, struct net *net, u8 family);
void lbhash_hooks_leave(struct lbhash_hooks *hooks, struct net *net, u8 family);
int lbhash_hooks_set(struct lbhash_hooks *hooks, struct net *net, bool track);

#endif /* LBHASH_HOOKS_H */
