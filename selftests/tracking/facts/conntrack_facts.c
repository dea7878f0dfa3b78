// SPDX-License-Identifier: GPL-2.0
/*
 * Gives conntrack_facts.sh access to conntrack's internals, by a file in each
 * network namespace: /proc/net/conntrack_facts.
 *
 * Reading it returns these lines:
 *
 *   table count=N max=N visits=N	visits: entries that a walk has visited
 *   hook FAMILY HOOK PRIORITY TYPE FUNCTION
 *					hooks of PREROUTING, OUTPUT and
 *					POSTROUTING, in the order in which they
 *					run
 *   entry FAMILY PROTOCOL PORT ...	an entry; at most MOST of them
 *   packet WHEN ...			the last packet of TTL 77: before
 *					conntrack, tracked early, after it
 *   route ...				an output route, see below
 *
 * Writing to it executes a command:
 *
 *   track no|once|anew			pass packets of TTL 77 to conntrack
 *					before its own hook does; anew: also
 *					kill their entry and pass them again
 *   adopt TAG				adopt half-open connections, as
 *					lbhash_oneway_adopt() does; TAG: the
 *					server's verification tag, for SCTP
 *   note N			keep numbers in TCP entries, as oneway.c does
 *   hold SECONDS			set the timeout of all entries
 *   route ADDRESS			select the route that is reported
 */
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netns/generic.h>
#include <net/route.h>

#define NAME	"conntrack_facts"
#define MOST	2048
#define TTL	77

/**
 * struct sight - state of a packet at some point of its path
 * @info: enum ip_conntrack_info of the packet
 * @entry: a conntrack entry is attached to it
 * @template: a template is attached to it
 * @refs: reference count of the template
 * @confirmed: the entry is confirmed
 * @mark: conntrack mark of the entry
 * @lasts: timeout of the entry in seconds, if that is not a point in time
 * @frag_max: size of its largest fragment; 0 if it was not reassembled
 * @len: skb->len
 * @verdict: verdict of nf_conntrack_in(), if it was tracked early
 */
struct sight {
	unsigned int info;
	bool entry;
	bool template;
	unsigned int refs;
	bool confirmed;
	u32 mark;
	unsigned int lasts;
	unsigned int frag_max;
	unsigned int len;
	int verdict;
};

/**
 * struct facts - state of a namespace
 * @track: pass packets to conntrack early
 * @anew: kill the entry, and pass the packet again
 * @before: the last packet, before conntrack
 * @tracked: the same packet, tracked early
 * @after: the same packet, after conntrack's own hook
 * @family: NFPROTO_* of @address, 0 if there is none
 * @address: destination of the route that is reported
 */
struct facts {
	bool track;
	bool anew;
	struct sight before;
	struct sight tracked;
	struct sight after;
	u8 family;
	union nf_inet_addr address;
};

/**
 * struct walk - a walk over all entries of a namespace
 * @list: the first MOST entries, with a reference to each
 * @n: length of @list
 * @visits: number of entries visited
 */
struct walk {
	struct nf_conn **list;
	unsigned int n;
	unsigned int visits;
};

static unsigned int facts_id __read_mostly;

/* --- packets ------------------------------------------------------------- */

static bool is_ours(const struct sk_buff *skb, u8 family)
{
	return (family == NFPROTO_IPV4 ? ip_hdr(skb)->ttl :
					 ipv6_hdr(skb)->hop_limit) == TTL;
}

static struct sight look_at(struct sk_buff *skb, u8 family)
{
	struct sight sight = { .len = skb->len };
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	sight.info = info;
	sight.frag_max = family == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
						  IP6CB(skb)->frag_max_size;
	if (!ct)
		return sight;
	sight.template = nf_ct_is_template(ct);
	sight.entry = !sight.template;
	if (sight.template)
		sight.refs = refcount_read(&ct->ct_general.use);
	sight.confirmed = nf_ct_is_confirmed(ct);
	sight.mark = READ_ONCE(ct->mark);
	sight.lasts = READ_ONCE(ct->timeout) / HZ;
	return sight;
}

/* Track a packet early, as an LBHASH rule in the raw table does. */
static unsigned int track(struct sk_buff *skb,
			  const struct nf_hook_state *state, bool anew)
{
	unsigned int verdict = nf_conntrack_in(skb, state);
	enum ip_conntrack_info info;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (!anew || !ct || !nf_ct_is_confirmed(ct))
		return verdict;
	nf_ct_kill(ct);
	nf_reset_ct(skb);
	return nf_conntrack_in(skb, state);
}

static unsigned int before(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	struct facts *facts = net_generic(state->net, facts_id);
	unsigned int verdict = NF_ACCEPT;

	if (!is_ours(skb, state->pf))
		return NF_ACCEPT;
	facts->before = look_at(skb, state->pf);
	if (READ_ONCE(facts->track))
		verdict = track(skb, state, READ_ONCE(facts->anew));
	facts->tracked = look_at(skb, state->pf);
	facts->tracked.verdict = verdict;
	return verdict;
}

static unsigned int after(void *priv, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	struct facts *facts = net_generic(state->net, facts_id);

	if (is_ours(skb, state->pf))
		facts->after = look_at(skb, state->pf);
	return NF_ACCEPT;
}

#define HOOK(function, family, at) {					\
	.hook		= (function),					\
	.pf		= (family),					\
	.hooknum	= NF_INET_PRE_ROUTING,				\
	.priority	= (at),						\
}

static const struct nf_hook_ops hooks[] = {
	HOOK(before, NFPROTO_IPV4, NF_IP_PRI_RAW + 1),
	HOOK(before, NFPROTO_IPV6, NF_IP_PRI_RAW + 1),
	HOOK(after, NFPROTO_IPV4, NF_IP_PRI_CONNTRACK + 1),
	HOOK(after, NFPROTO_IPV6, NF_IP_PRI_CONNTRACK + 1),
};

/* --- entries ------------------------------------------------------------- */

static void walk(struct net *net, int (*visit)(struct nf_conn *ct, void *data),
		 void *data)
{
	struct nf_ct_iter_data iter = { .net = net, .data = data };

	nf_ct_iterate_cleanup_net(visit, &iter);
}

static int collect(struct nf_conn *ct, void *data)
{
	struct walk *walk = data;

	walk->visits++;
	if (walk->n < MOST && refcount_inc_not_zero(&ct->ct_general.use))
		walk->list[walk->n++] = ct;
	return 0;
}

/* Is the entry found by a lookup as in lbhash_pin_get_flow()? */
static bool is_found(struct net *net, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *own =
		nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	struct nf_conntrack_tuple tuple = {
		.src.u3 = own->src.u3,
		.src.u.all = own->src.u.all,
		.src.l3num = own->src.l3num,
		.dst.u3 = own->dst.u3,
		.dst.u.all = own->dst.u.all,
		.dst.protonum = own->dst.protonum,
		.dst.dir = IP_CT_DIR_ORIGINAL,
	};
	struct nf_conntrack_tuple_hash *found;
	bool same;

	found = nf_conntrack_find_get(net, nf_ct_zone(ct), &tuple);
	if (!found)
		return false;
	same = nf_ct_tuplehash_to_ctrack(found) == ct &&
	       NF_CT_DIRECTION(found) == IP_CT_DIR_ORIGINAL;
	nf_ct_put(nf_ct_tuplehash_to_ctrack(found));
	return same;
}

static void print_entry(struct seq_file *m, struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *tuple =
		nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	const struct ip_ct_sctp *sctp = &ct->proto.sctp;
	u32 until = READ_ONCE(ct->timeout);

	seq_printf(m, "entry %u %u %u", nf_ct_l3num(ct), nf_ct_protonum(ct),
		   ntohs(tuple->src.u.all));
	seq_printf(m, " reply=%u assured=%u mark=%u zone=%u found=%u",
		   test_bit(IPS_SEEN_REPLY_BIT, &ct->status),
		   test_bit(IPS_ASSURED_BIT, &ct->status), READ_ONCE(ct->mark),
		   nf_ct_zone(ct)->id, is_found(seq_file_single_net(m), ct));
	seq_printf(m, " until=%u left=%d top=%#lx", until,
		   DIV_ROUND_UP((s32)(until - nfct_time_stamp), HZ),
		   READ_ONCE(ct->status) >> (BITS_PER_LONG - 8));
	if (nf_ct_protonum(ct) == IPPROTO_TCP)
		seq_printf(m, " state=%u end=%u maxwin=%u,%u flags=%#x,%#x noted=%u,%u,%u",
			   tcp->state, tcp->seen[IP_CT_DIR_ORIGINAL].td_end,
			   tcp->seen[IP_CT_DIR_ORIGINAL].td_maxwin,
			   tcp->seen[IP_CT_DIR_REPLY].td_maxwin,
			   tcp->seen[IP_CT_DIR_ORIGINAL].flags,
			   tcp->seen[IP_CT_DIR_REPLY].flags,
			   tcp->seen[IP_CT_DIR_ORIGINAL].td_maxack,
			   tcp->seen[IP_CT_DIR_REPLY].td_end,
			   tcp->seen[IP_CT_DIR_REPLY].td_maxack);
	else if (nf_ct_protonum(ct) == IPPROTO_SCTP)
		seq_printf(m, " state=%u vtag=%#x,%#x flags=%#x", sctp->state,
			   ntohl(sctp->vtag[IP_CT_DIR_ORIGINAL]),
			   ntohl(sctp->vtag[IP_CT_DIR_REPLY]), sctp->flags);
	seq_putc(m, '\n');
}

static int print_table(struct seq_file *m)
{
	struct net *net = seq_file_single_net(m);
	struct walk seen = {};
	unsigned int i;

	seen.list = kvmalloc_array(MOST, sizeof(*seen.list), GFP_KERNEL);
	if (!seen.list)
		return -ENOMEM;
	walk(net, collect, &seen);
	seq_printf(m, "table count=%u max=%u visits=%u\n",
		   nf_conntrack_count(net), READ_ONCE(nf_conntrack_max),
		   seen.visits);
	for (i = 0; i < seen.n; i++) {
		print_entry(m, seen.list[i]);
		nf_ct_put(seen.list[i]);
	}
	kvfree(seen.list);
	return 0;
}

static int adopt(struct nf_conn *ct, void *data)
{
	const __be32 *tag = data;

	spin_lock_bh(&ct->lock);
	if (nf_ct_protonum(ct) == IPPROTO_TCP &&
	    ct->proto.tcp.state == TCP_CONNTRACK_SYN_SENT) {
		ct->proto.tcp.state = TCP_CONNTRACK_SYN_RECV;
		ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags |=
			IP_CT_TCP_FLAG_BE_LIBERAL |
			IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
		ct->proto.tcp.seen[IP_CT_DIR_REPLY].flags |=
			IP_CT_TCP_FLAG_BE_LIBERAL;
		set_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	} else if (nf_ct_protonum(ct) == IPPROTO_SCTP) {
		ct->proto.sctp.state = SCTP_CONNTRACK_ESTABLISHED;
		ct->proto.sctp.vtag[IP_CT_DIR_ORIGINAL] = *tag;
		set_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	}
	set_bit(BITS_PER_LONG - 1, &ct->status);
	spin_unlock_bh(&ct->lock);
	return 0;
}

/* What lbhash_oneway_expect() and others keep in an entry. */
static int note(struct nf_conn *ct, void *data)
{
	const u32 *value = data;

	spin_lock_bh(&ct->lock);
	if (nf_ct_protonum(ct) == IPPROTO_TCP) {
		ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].td_maxack = *value;
		ct->proto.tcp.seen[IP_CT_DIR_REPLY].td_end = *value + 1;
		ct->proto.tcp.seen[IP_CT_DIR_REPLY].td_maxack = *value + 2;
	}
	spin_unlock_bh(&ct->lock);
	return 0;
}

static int hold(struct nf_conn *ct, void *data)
{
	const u32 *seconds = data;

	WRITE_ONCE(ct->timeout, nfct_time_stamp + *seconds * HZ);
	return 0;
}

/* --- hooks and routes ---------------------------------------------------- */

static void print_hooks(struct seq_file *m, u8 family, unsigned int hook)
{
	const struct net *net = seq_file_single_net(m);
	const struct nf_hook_entries *entries;
	struct nf_hook_ops **ops;
	unsigned int i;

	rcu_read_lock();
	entries = family == NFPROTO_IPV4 ?
		rcu_dereference(net->nf.hooks_ipv4[hook]) :
		rcu_dereference(net->nf.hooks_ipv6[hook]);
	if (entries) {
		ops = nf_hook_entries_get_hook_ops(entries);
		for (i = 0; i < entries->num_hook_entries; i++)
			seq_printf(m, "hook %u %u %d %u %ps\n", family, hook,
				   ops[i]->priority, ops[i]->hook_ops_type,
				   ops[i]->hook);
	}
	rcu_read_unlock();
}

/* Look up the route as lbhash_nexthop_ipv4() does. */
static void print_route_ipv4(struct seq_file *m, const union nf_inet_addr *to)
{
	struct net *net = seq_file_single_net(m);
	struct flowi4 fl4 = {
		.daddr = to->ip,
		.flowi4_flags = FLOWI_FLAG_KNOWN_NH,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return;
	seq_printf(m, "route input=%ps checked=%u genid=%d now=%d",
		   rt->dst.input, rt->dst.obsolete == DST_OBSOLETE_FORCE_CHK,
		   rt->rt_genid, rt_genid_ipv4(net));
	if (rt->rt_gw_family == AF_INET)
		seq_printf(m, " via=%pI4", &rt->rt_gw4);
	seq_putc(m, '\n');
	ip_rt_put(rt);
}

/* Look up the route as lbhash_nexthop_ipv6() does. */
static void print_route_ipv6(struct seq_file *m, const union nf_inet_addr *to)
{
	struct net *net = seq_file_single_net(m);
	struct in6_addr elsewhere = IN6ADDR_LOOPBACK_INIT;
	struct flowi6 fl6 = {
		.daddr = to->in6,
		.flowi6_flags = FLOWI_FLAG_KNOWN_NH,
	};
	struct dst_entry *dst = ip6_route_output(net, NULL, &fl6);

	seq_printf(m, "route input=%ps via=%pI6c\n", dst->input,
		   rt6_nexthop(container_of(dst, struct rt6_info, dst),
			       &elsewhere));
	dst_release(dst);
}

/* --- the file ------------------------------------------------------------ */

static void print_packet(struct seq_file *m, const char *when,
			 const struct sight *sight)
{
	seq_printf(m, "packet %s info=%u entry=%u template=%u refs=%u", when,
		   sight->info, sight->entry, sight->template, sight->refs);
	seq_printf(m, " confirmed=%u mark=%u lasts=%u", sight->confirmed,
		   sight->mark, sight->lasts);
	seq_printf(m, " frag_max=%u len=%u verdict=%d\n", sight->frag_max,
		   sight->len, sight->verdict);
}

static int show(struct seq_file *m, void *v)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	const struct facts *facts;
	unsigned int i;
	int err;

	facts = net_generic(seq_file_single_net(m), facts_id);
	err = print_table(m);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		print_hooks(m, families[i], NF_INET_PRE_ROUTING);
		print_hooks(m, families[i], NF_INET_LOCAL_OUT);
		print_hooks(m, families[i], NF_INET_POST_ROUTING);
	}
	print_packet(m, "before", &facts->before);
	print_packet(m, "tracked", &facts->tracked);
	print_packet(m, "after", &facts->after);
	if (facts->family == NFPROTO_IPV4)
		print_route_ipv4(m, &facts->address);
	else if (facts->family == NFPROTO_IPV6)
		print_route_ipv6(m, &facts->address);
	return 0;
}

static int set_route(struct facts *facts, const char *text)
{
	union nf_inet_addr address = {};

	if (in4_pton(text, -1, (u8 *)&address.ip, -1, NULL))
		facts->family = NFPROTO_IPV4;
	else if (in6_pton(text, -1, (u8 *)&address.in6, -1, NULL))
		facts->family = NFPROTO_IPV6;
	else
		return -EINVAL;
	facts->address = address;
	return 0;
}

static int command(struct file *file, char *text, size_t size)
{
	struct net *net = seq_file_single_net(file->private_data);
	struct facts *facts = net_generic(net, facts_id);
	char *word;
	__be32 tag;
	u32 n;

	text = strim(text);
	word = strsep(&text, " ");
	if (!text)
		return -EINVAL;
	if (!strcmp(word, "track")) {
		WRITE_ONCE(facts->track, strcmp(text, "no"));
		WRITE_ONCE(facts->anew, !strcmp(text, "anew"));
		return 0;
	}
	if (!strcmp(word, "route"))
		return set_route(facts, text);
	if (kstrtou32(text, 0, &n))
		return -EINVAL;
	if (!strcmp(word, "adopt")) {
		tag = htonl(n);
		walk(net, adopt, &tag);
	} else if (!strcmp(word, "note")) {
		walk(net, note, &n);
	} else if (!strcmp(word, "hold")) {
		walk(net, hold, &n);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int __net_init net_init(struct net *net)
{
	int err = nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));

	if (err)
		return err;
	if (proc_create_net_single_write(NAME, 0600, net->proc_net, show,
					 command, NULL))
		return 0;
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	return -ENOMEM;
}

static void __net_exit net_exit(struct net *net)
{
	remove_proc_entry(NAME, net->proc_net);
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

static struct pernet_operations net_ops = {
	.init	= net_init,
	.exit	= net_exit,
	.id	= &facts_id,
	.size	= sizeof(struct facts),
};

static int __init facts_init(void)
{
	return register_pernet_subsys(&net_ops);
}

static void __exit facts_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

module_init(facts_init);
module_exit(facts_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Conntrack's insides, for a test of xt_lbhash");
