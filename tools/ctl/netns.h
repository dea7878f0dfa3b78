/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_NETNS_H
#define _LBHASHCTL_NETNS_H

/* Where ip-netns(8) keeps the names. */
#define NETNS_DIR	"/run/netns/"

int netns_enter(const char *name);

#endif /* _LBHASHCTL_NETNS_H */
