/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_SOCKET_H
#define _LB_SOCKET_H

#include <linux/types.h>

struct lb_error;
struct lb_request;
struct nlmsghdr;

/**
 * struct lb - a generic netlink socket to the module
 *
 * The first request opens it, in the network namespace of the calling thread,
 * and makes the kernel load the module. Requests are answered before their
 * function returns. One thread uses a socket at a time; a program that receives
 * events and sends requests has a socket for each.
 */
struct lb;

/* Called for each message of a complete answer. Return: 0 or -ENOMEM. */
typedef int lb_cb_t(const struct nlmsghdr *nlh, void *arg);

/* Called for a sentence of the kernel about a request that succeeds. */
typedef void lb_warn_t(const struct lb_error *warning, void *arg);

struct lb *lb_new(lb_warn_t *warn, void *arg);
void lb_free(struct lb *lb);

int lb_send(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	    struct lb_error *error);
int lb_do(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	  struct lb_error *error);
int lb_dump(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	    struct lb_error *error);

int lb_join(struct lb *lb, int *fd, struct lb_error *error);
int lb_leave(struct lb *lb, struct lb_error *error);
int lb_receive(struct lb *lb, lb_cb_t *cb, void *arg, struct lb_error *error);

#endif /* _LB_SOCKET_H */
