/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint of decisions, for tracefs, bpftrace and perf. All fields are
 * computed behind the static key of the tracepoint.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM	lbhash

#if !defined(LBHASH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LBHASH_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>

#include "decide.h"
#include "service.h"

#ifndef LBHASH_TRACE_ONCE
#define LBHASH_TRACE_ONCE

#define LBHASH_TRACE_REASONSIZE	16

const char *lbhash_trace_reason(enum lbhash_reason reason);
int lbhash_trace_flow(const struct lbhash_table *table,
		      const struct sk_buff *skb, struct lbhash_flow *flow);
void lbhash_trace_addr(u8 *to, const struct lbhash_flow *flow,
		       const union nf_inet_addr *addr);
void lbhash_trace_sockaddr(u8 *to, const struct lbhash_flow *flow,
			   const union nf_inet_addr *addr, __be16 port);

#endif /* LBHASH_TRACE_ONCE */

/* Without a backend its name is empty; without a slot the slot is -1. @src and
 * @dst are for programs, IPv4 addresses as ::ffff:192.0.2.1. The other two are
 * for the text, which has the words of lbhashctl lookup.
 */
TRACE_EVENT(lbhash_decision,
	TP_PROTO(const struct lbhash_service *svc,
		 const struct lbhash_table *table,
		 const struct sk_buff *skb,
		 const struct lbhash_decision *decision),

	TP_ARGS(svc, table, skb, decision),

	TP_STRUCT__entry(
		__array(char, service, LBHASH_NAMESIZE)
		__array(char, backend, LBHASH_NAMESIZE)
		__array(char, reason, LBHASH_TRACE_REASONSIZE)
		__field(u32, mark)
		__field(int, slot)
		__field(u16, family)
		__field(u16, proto)
		__field(u16, sport)
		__field(u16, dport)
		__array(u8, src, sizeof(struct in6_addr))
		__array(u8, dst, sizeof(struct in6_addr))
		__array(u8, src_text, sizeof(struct sockaddr_in6))
		__array(u8, dst_text, sizeof(struct sockaddr_in6))
	),

	TP_fast_assign(
		const struct lbhash_member *member = decision->member;
		struct lbhash_flow flow;

		strscpy_pad(__entry->service, svc->name, LBHASH_NAMESIZE);
		strscpy_pad(__entry->backend,
			    member ? member->backend->name : "",
			    LBHASH_NAMESIZE);
		strscpy_pad(__entry->reason,
			    lbhash_trace_reason(decision->reason),
			    LBHASH_TRACE_REASONSIZE);
		__entry->mark = member ? member->mark : 0;
		__entry->slot = lbhash_trace_flow(table, skb, &flow);
		__entry->family = flow.family;
		__entry->proto = flow.proto;
		__entry->sport = be16_to_cpu(flow.sport);
		__entry->dport = be16_to_cpu(flow.dport);
		lbhash_trace_addr(__entry->src, &flow, &flow.src);
		lbhash_trace_addr(__entry->dst, &flow, &flow.dst);
		lbhash_trace_sockaddr(__entry->src_text, &flow, &flow.src,
				      flow.sport);
		lbhash_trace_sockaddr(__entry->dst_text, &flow, &flow.dst,
				      flow.dport);
	),

	TP_printk("service=%s backend=%s mark=%#x slot=%d reason=%s proto=%u src=%pISpc dst=%pISpc",
		  __entry->service, __entry->backend, __entry->mark,
		  __entry->slot, __entry->reason, __entry->proto,
		  __entry->src_text, __entry->dst_text)
);

#endif /* LBHASH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH	kmod
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE	trace
#include <trace/define_trace.h>
