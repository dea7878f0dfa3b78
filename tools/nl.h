/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_NL_H
#define _LBHASHCTL_NL_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct nl_msg - a request of any size; 4096 backends take 400 KB
 * @nlh: the message, in a buffer that moves when it grows
 * @room: size of the buffer
 * @about: stands before the kernel's sentence about this request
 * @forgiven: errno of a refusal that is not told but returned as FORGIVEN
 * @silent: the kernel's warnings are not shown
 */
struct nl_msg {
	struct nlmsghdr *nlh;
	size_t room;
	char about[64];
	int forgiven;
	bool silent;
};

/* Beside the exit codes. */
#define FORGIVEN	(-2)

/* Called for every message of a complete answer. */
typedef void nl_cb_t(const struct nlmsghdr *nlh, void *arg);

struct nl_msg *nl_request(__u8 op);
void nl_set_op(struct nl_msg *msg, __u8 op);
void nl_free(struct nl_msg *msg);

void nl_put(struct nl_msg *msg, __u16 type, const void *data, size_t len);
void nl_put_u8(struct nl_msg *msg, __u16 type, __u8 value);
void nl_put_u16(struct nl_msg *msg, __u16 type, __u16 value);
void nl_put_u32(struct nl_msg *msg, __u16 type, __u32 value);
void nl_put_str(struct nl_msg *msg, __u16 type, const char *value);
void nl_put_flag(struct nl_msg *msg, __u16 type);
size_t nl_nest_start(struct nl_msg *msg, __u16 type);
void nl_nest_end(struct nl_msg *msg, size_t nest);

/* Return an exit code, or FORGIVEN. */
int nl_do(struct nl_msg *msg, nl_cb_t *cb, void *arg);
int nl_dump(struct nl_msg *msg, nl_cb_t *cb, void *arg);
int nl_do_all(struct nl_msg **msgs, size_t count);
int nl_rehearse(struct nl_msg **msgs, size_t count, nl_cb_t *cb, void *arg);

int nl_join(int *fd);
int nl_leave(void);
int nl_events(nl_cb_t *cb);

void nl_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb,
	      __u16 max);
void nl_nested(const struct nlattr *nest, const struct nlattr **tb,
	       __u16 max);
__u64 nl_uint(const struct nlattr *attr);
const char *nl_str(const struct nlattr *attr);
const char *nl_attr_name(const struct nl_msg *msg, unsigned int offset);

#endif /* _LBHASHCTL_NL_H */
