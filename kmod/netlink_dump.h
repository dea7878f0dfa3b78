/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_DUMP_H
#define LBHASH_NETLINK_DUMP_H

#include <linux/build_bug.h>
#include <linux/netlink.h>

struct lbhash_member;
struct lbhash_net;
struct lbhash_service;

/**
 * struct lbhash_dump - position of a dump
 * @id: number of the next service
 * @member: index of its next backend
 * @started: part of the service is in the message already
 * @trusted: the caller may see secrets, and the counts of connections are up to
 *	date
 */
struct lbhash_dump {
	unsigned long id;
	unsigned long member;
	unsigned long started;
	unsigned long trusted;
};

static inline struct lbhash_dump *lbhash_dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct lbhash_dump) > sizeof(cb->args));

	return (struct lbhash_dump *)cb->args;
}

/* Add a service, or what is left of it, to a message. Return: 0, or -EMSGSIZE
 * if not all of it fits.
 */
typedef int (*lbhash_dump_service)(struct sk_buff *skb, struct lbhash_net *ln,
				   struct lbhash_service *svc,
				   struct lbhash_dump *pos);

void lbhash_dump_count(struct sk_buff *skb, struct netlink_callback *cb,
		       void (*count)(struct lbhash_net *ln));
int lbhash_dump(struct sk_buff *skb, struct netlink_callback *cb,
		lbhash_dump_service put);
int lbhash_dump_members(struct sk_buff *skb, struct lbhash_net *ln,
			struct lbhash_service *svc, struct lbhash_dump *pos,
			int (*put)(struct sk_buff *msg,
				   const struct lbhash_member *m));

#endif /* LBHASH_NETLINK_DUMP_H */
