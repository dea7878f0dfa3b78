/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_REQUEST_H
#define _LB_REQUEST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct nlmsghdr;

/**
 * struct lb_request - a request of any size; 4096 backends take 400 KB
 * @nlh: the message, in a buffer that moves when it grows
 * @room: size of the buffer
 * @is_failed: memory ran out; what is appended is ignored, and sending fails
 * @is_silent: a warning of the kernel about it is dropped
 * @about: its name among the requests of a commit, for errors, or ""
 * @next: the one to send after it, see struct lb_commit
 *
 * All functions take NULL for a request that could not be allocated: only
 * sending fails, with ENOMEM.
 */
struct lb_request {
	struct nlmsghdr *nlh;
	size_t room;
	bool is_failed;
	bool is_silent;
	char about[48];
	struct lb_request *next;
};

struct lb_request *lb_request_new(__u16 type, __u8 op, __u8 version);
struct lb_request *lb_request_start(__u8 op);
void lb_request_set_op(struct lb_request *req, __u8 op);
void lb_request_free(struct lb_request *req);

void lb_put(struct lb_request *req, __u16 type, const void *data, size_t len);
void lb_put_u8(struct lb_request *req, __u16 type, __u8 value);
void lb_put_u16(struct lb_request *req, __u16 type, __u16 value);
void lb_put_u32(struct lb_request *req, __u16 type, __u32 value);
void lb_put_str(struct lb_request *req, __u16 type, const char *value);
void lb_put_flag(struct lb_request *req, __u16 type);
size_t lb_nest_start(struct lb_request *req, __u16 type);
void lb_nest_end(struct lb_request *req, size_t nest);

const char *lb_attr_name(const struct lb_request *req, unsigned int offset);

#endif /* _LB_REQUEST_H */
