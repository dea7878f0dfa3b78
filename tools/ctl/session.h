/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_SESSION_H
#define _LBHASHCTL_SESSION_H

struct lb;
struct lb_error;

struct lb *session(void);
int session_result(int rc, const struct lb_error *error);
void session_warn(const struct lb_error *warning, void *arg);

#endif /* _LBHASHCTL_SESSION_H */
