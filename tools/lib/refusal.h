/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_REFUSAL_H
#define _LB_REFUSAL_H

#include <stddef.h>

struct lb_error;
struct lb_request;
struct nlmsghdr;

int lb_refusal_read(const struct lb_request *req, const struct nlmsghdr *nlh,
		    size_t skip, int code, struct lb_error *error);

#endif /* _LB_REFUSAL_H */
