/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_H
#define LBHASH_NETLINK_H

int lbhash_netlink_init(void);
void lbhash_netlink_exit(void);

#endif /* LBHASH_NETLINK_H */
