/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_NETFILTER_XT_LBHASH_H
#define _UAPI_LINUX_NETFILTER_XT_LBHASH_H

#include <linux/types.h>
#include <linux/lbhash.h>

#define XT_LBHASH_NAMESIZE	(LBHASH_NAME_MAX + 1)

/**
 * enum xt_lbhash_track - the connections that the target tracks; the first
 *	three are those of enum lbhash_track
 * @XT_LBHASH_TRACK_ALWAYS: every connection's backend is kept in conntrack
 * @XT_LBHASH_TRACK_NEVER: no connection is tracked, the hash alone decides
 * @XT_LBHASH_TRACK_CHANGED: backends are kept where slots are in transition;
 *	in the mangle table, always
 * @XT_LBHASH_TRACK_SERVICE: as the service says; since revision 1
 */
enum xt_lbhash_track {
	XT_LBHASH_TRACK_ALWAYS,
	XT_LBHASH_TRACK_NEVER,
	XT_LBHASH_TRACK_CHANGED,
	XT_LBHASH_TRACK_SERVICE,
};

/**
 * enum xt_lbhash_target_flags - flags of the LBHASH target
 * @XT_LBHASH_ADOPT: only adopt one-way connections, choose no backend;
 *   no service is named then
 * @XT_LBHASH_FORWARD: send packets to the backend's address at once; in
 *   PREROUTING only. Without it, packets are marked only in revision 0, and
 *   delivered as the service says in revision 1
 */
enum xt_lbhash_target_flags {
	XT_LBHASH_ADOPT		= 1 << 0,
	XT_LBHASH_FORWARD	= 1 << 1,
};

/**
 * struct xt_lbhash_target_info - the LBHASH target in a rule, revisions 0 and 1
 * @service: name of the service, zero-padded
 * @track: one of enum xt_lbhash_track
 * @flags: of enum xt_lbhash_target_flags
 * @pad: zero
 * @svc: the kernel's own; user space neither fills nor compares it
 * @way: the kernel's own
 * @follow: the kernel's own
 */
struct xt_lbhash_target_info {
	char service[XT_LBHASH_NAMESIZE];
	__u8 track;
	__u8 flags;
	__u8 pad[6];

	struct lbhash_service *svc __attribute__((aligned(8)));
	__u8 way __attribute__((aligned(8)));
	__u8 follow;
};

/**
 * enum xt_lbhash_match_flags - flags of the lbhash match
 * @XT_LBHASH_SYN_SEEN: the packet's connection is one-way and its SYN was seen
 * @XT_LBHASH_SYN_SEEN_INV: invert it
 * @XT_LBHASH_PINNED_TO: the packet's connection is pinned to the backend
 * @XT_LBHASH_PINNED_TO_INV: invert it
 */
enum xt_lbhash_match_flags {
	XT_LBHASH_SYN_SEEN	= 1 << 0,
	XT_LBHASH_SYN_SEEN_INV	= 1 << 1,
	XT_LBHASH_PINNED_TO	= 1 << 2,
	XT_LBHASH_PINNED_TO_INV	= 1 << 3,
};

/**
 * struct xt_lbhash_match_info - the lbhash match in a rule, revision 0
 * @service: name of the service that @backend belongs to, zero-padded
 * @backend: name of a backend, zero-padded
 * @flags: of enum xt_lbhash_match_flags
 * @pad: zero
 * @svc: the kernel's own; user space neither fills nor compares it
 */
struct xt_lbhash_match_info {
	char service[XT_LBHASH_NAMESIZE];
	char backend[XT_LBHASH_NAMESIZE];
	__u8 flags;
	__u8 pad[7];

	struct lbhash_service *svc __attribute__((aligned(8)));
};

#endif /* _UAPI_LINUX_NETFILTER_XT_LBHASH_H */
