/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_COMMIT_H
#define _LBHASHCTL_COMMIT_H

#include <linux/types.h>

#include "command.h"

struct lb_commit;
struct lb_request;

extern const struct setting commit_settings[];

int commit_run(struct lb_commit *commit);
int commit_one(struct lb_request *req);
int commit_add(struct lb_request *req, __u8 add, __u8 set);
int commit_del(struct lb_request *req, const char *service);

#endif /* _LBHASHCTL_COMMIT_H */
