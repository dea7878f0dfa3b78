/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_NETLINK_DIFF_H
#define LBHASH_NETLINK_DIFF_H

struct genl_info;
struct lbhash_diff;

int lbhash_nl_answer_diff(struct genl_info *info, const char *name,
			  const struct lbhash_diff *diff);

#endif /* LBHASH_NETLINK_DIFF_H */
