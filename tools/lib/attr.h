/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_ATTR_H
#define _LB_ATTR_H

#include <libmnl/libmnl.h>
#include <linux/types.h>

void lb_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, __u16 max);
void lb_nested(const struct nlattr *nest, const struct nlattr **tb, __u16 max);
__u64 lb_uint(const struct nlattr *attr);
const char *lb_str(const struct nlattr *attr);

#endif /* _LB_ATTR_H */
