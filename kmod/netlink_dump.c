// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps: services and their backends, in as many messages as they need.
 */
#include <net/genetlink.h>

#include "compat.h"
#include "event.h"
#include "net.h"
#include "netlink_dump.h"
#include "service.h"

/**
 * lbhash_dump_count - count connections before the first message of a dump
 * @skb: message to fill
 * @cb: the dump; its position remembers that the caller may see the counts
 * @count: counts, with &lbhash_net.mutex held
 *
 * Counting is expensive: without CAP_NET_ADMIN nothing is counted.
 */
void lbhash_dump_count(struct sk_buff *skb, struct netlink_callback *cb,
		       void (*count)(struct lbhash_net *ln))
{
	struct lbhash_net *ln = lbhash_net(sock_net(skb->sk));
	struct lbhash_dump *pos = lbhash_dump_of(cb);

	if (pos->trusted || !netlink_net_capable(cb->skb, CAP_NET_ADMIN))
		return;
	mutex_lock(&ln->mutex);
	count(ln);
	mutex_unlock(&ln->mutex);
	pos->trusted = true;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct lbhash_net *ln, struct lbhash_service *svc,
		    lbhash_dump_service put)
{
	struct lbhash_dump *pos = lbhash_dump_of(cb);
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &lbhash_nl_family, NLM_F_MULTI,
			  ((struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);

	err = put(skb, ln, svc, pos);
	if (err == -EMSGSIZE && !pos->started)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/**
 * lbhash_dump - dump the service that a request names, or all
 * @skb: message to fill
 * @cb: the dump
 * @put: adds a service to the message
 *
 * -EMSGSIZE of @put means that the message is full; it has all up to the
 * position.
 *
 * Return: what the operation has to return.
 */
int lbhash_dump(struct sk_buff *skb, struct netlink_callback *cb,
		lbhash_dump_service put)
{
	struct lbhash_net *ln = lbhash_net(sock_net(skb->sk));
	struct nlattr **attrs = lbhash_compat_dump_attrs(cb);
	struct lbhash_dump *pos = lbhash_dump_of(cb);
	struct lbhash_service *svc, *only = NULL;
	int err = 0;

	mutex_lock(&ln->mutex);
	cb->seq = ln->generation;
	if (attrs[LBHASH_A_NAME]) {
		only = lbhash_service_find(ln, nla_data(attrs[LBHASH_A_NAME]));
		if (!only) {
			NL_SET_ERR_MSG_ATTR(cb->extack, attrs[LBHASH_A_NAME],
					    "service does not exist");
			err = -ENOENT;
			goto out;
		}
		if (!pos->id)
			pos->id = only->id;
	}

	while ((svc = lbhash_service_next(ln, &pos->id))) {
		if (only && svc != only)
			break;
		err = dump_one(skb, cb, ln, svc, put);
		if (err)
			break;
		*pos = (struct lbhash_dump){
			.id = pos->id + 1,
			.trusted = pos->trusted,
		};
	}
	if (err == -EMSGSIZE && skb->len)
		err = skb->len;
out:
	mutex_unlock(&ln->mutex);
	return err ?: skb->len;
}

/**
 * lbhash_dump_members - add the backends of a service, as many as fit
 * @skb: message
 * @ln: namespace of the service
 * @svc: service
 * @pos: in and out, the backend to go on with
 * @put: adds a backend
 *
 * Return: 0 or -EMSGSIZE.
 */
int lbhash_dump_members(struct sk_buff *skb, struct lbhash_net *ln,
			struct lbhash_service *svc, struct lbhash_dump *pos,
			int (*put)(struct sk_buff *msg,
				   const struct lbhash_member *m))
{
	struct lbhash_table *table = lbhash_service_table(ln, svc);

	for (; pos->member < table->n; pos->member++) {
		if (put(skb, &table->members[pos->member]))
			return -EMSGSIZE;
		pos->started = true;
	}
	return 0;
}
