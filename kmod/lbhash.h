/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all of the module shares: sizes, allocation flags, and the lock map.
 *
 * &lbhash_net.mutex (mutex)
 *	Protects the configuration of one namespace: its services and their
 *	numbers, the published tables against other writers, generations, the
 *	counts of connections elsewhere, the marks of lost backends, and when
 *	settle.c runs next. Taken in process context by netlink operations and
 *	dumps, by rules that get a service, by the settle and offload works,
 *	which hold it while they walk the flow memory and conntrack, and at the
 *	end of the namespace. Outermost of the module's locks. Netlink's and
 *	x_tables' own locks are outside it; &lbhash_memory.mutex, conntrack's
 *	bucket locks, &lbhash_net.nexthops_lock and those of allocators are
 *	inside.
 *
 * RCU
 *	Protects what packets read: &lbhash_service.table and all that a table
 *	points to, &lbhash_backend.nexthop4 and nexthop6, &lbhash_net.locals,
 *	&lbhash_memory.store. Packets never wait for a writer. In a published
 *	table only the words of slots change, and &lbhash_table.transitions,
 *	list, moves, aged and digest, all of them under &lbhash_net.mutex.
 *
 * &lbhash_memory.mutex (mutex)
 *	Protects &lbhash_memory.store and its buckets against others that
 *	replace or walk them. Taken by changes that start the flow memory, the
 *	settle work and the work that doubles the memory, which waits for a
 *	grace period. The locks of stripes are inside.
 *
 * stripe.lock of memory.c (spinlock, softirqs off)
 *	Protects the entries of a part of the flow memory against other
 *	writers. Taken by packets that begin or end a connection or complete
 *	its handshake, and by walks. Nothing is taken inside it.
 *
 * hooks_mutex (mutex, of the module)
 *	Protects &struct lbhash_hooks, the hooks of the services' rules. Taken
 *	in process context by rules that come and go, and inside
 *	&lbhash_net.mutex by changes of a service. The locks of netfilter's
 *	hooks and of conntrack are inside.
 *
 * &lbhash_net.nexthops_lock (spinlock, softirqs off)
 *	Protects &lbhash_net.nexthops, and keeps a nexthop on the list for as
 *	long as a backend points to it. Taken by packets that renew a route, by
 *	the notifier of devices, and where a backend is freed. Nothing is taken
 *	inside it.
 *
 * &nf_conn.lock (spinlock, softirqs off)
 *	Conntrack's own. Taken by oneway.c, inside RCU, where an entry is
 *	adopted, expects a connection, becomes another one's or gets back its
 *	state. Nothing is taken inside it.
 *
 * &lbhash_service.rules and the counters of backends are atomic or per CPU and
 * need no lock. A rule holds a reference to its service, whose
 * memory therefore outlives the namespace's if the rules are freed last.
 */
#ifndef LBHASH_LBHASH_H
#define LBHASH_LBHASH_H

#include <linux/gfp.h>
#include <uapi/linux/lbhash.h>

#define LBHASH_NAMESIZE	(LBHASH_NAME_MAX + 1)

/* GFP flags for temporary and for lasting memory; failure is reported to the
 * caller, not logged. An allocation over the limit of a cgroup fails instead of
 * killing one of the cgroup's processes.
 */
#define LBHASH_GFP	(GFP_KERNEL | __GFP_NOWARN)
#define LBHASH_GFP_KEPT	(LBHASH_GFP | __GFP_ACCOUNT | __GFP_RETRY_MAYFAIL)

/* For variables of the packet path that are written before they are read:
 * kernels can be built to zero all others.
 */
#if __has_attribute(__uninitialized__)
#define LBHASH_UNINITIALIZED	__attribute__((__uninitialized__))
#else
#define LBHASH_UNINITIALIZED
#endif

#endif /* LBHASH_LBHASH_H */
