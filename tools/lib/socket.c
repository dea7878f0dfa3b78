// SPDX-License-Identifier: GPL-2.0
/*
 * A generic netlink socket: requests of any size, complete answers, events.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attr.h"
#include "error.h"
#include "refusal.h"
#include "request.h"
#include "socket.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define DUMP_TRIES	10

/* More messages of the answer follow. */
#define PENDING		1

/* Receive buffer: holds events, and all parts of an answer. */
#define QUEUE_SIZE	(8 * 1024 * 1024)

/* What the kernel sends at a time fits, nearly always. */
#define BUFFER_SIZE	(64 * 1024)

/* Messages of one answer, kept until it is known to be complete. */
struct answer {
	char *data;
	size_t len;
	size_t room;
	bool is_torn;
};

/**
 * struct lb - a generic netlink socket to the module
 * @sock: NULL before the first request
 * @family: number of the module's family, 0 if it is not known yet
 * @group: multicast group of its events
 * @seq: sequence number of the last request
 * @sendable: length of the longest request that fits the send buffer
 * @warn: called for warnings, or NULL
 * @arg: passed to @warn
 * @buffer: memory for the messages of one receive call
 * @room: size of @buffer
 */
struct lb {
	struct mnl_socket *sock;
	__u16 family;
	__u32 group;
	__u32 seq;
	size_t sendable;
	lb_warn_t *warn;
	void *arg;
	struct nlmsghdr *buffer;
	size_t room;
};

/**
 * lb_new() - make a socket, which is not open yet
 * @warn: called for warnings, or NULL
 * @arg: passed to @warn
 *
 * Return: the socket, or NULL without memory.
 */
struct lb *lb_new(lb_warn_t *warn, void *arg)
{
	struct lb *lb = calloc(1, sizeof(*lb));

	if (!lb)
		return NULL;
	lb->sendable = BUFFER_SIZE;
	lb->warn = warn;
	lb->arg = arg;
	return lb;
}

void lb_free(struct lb *lb)
{
	if (!lb)
		return;
	if (lb->sock)
		mnl_socket_close(lb->sock);
	free(lb->buffer);
	free(lb);
}

static int broken(const char *call, struct lb_error *error)
{
	int code = errno;

	lb_error_set(error, code, "netlink %s: %s", call, strerror(code));
	error->is_complete = true;
	return -code;
}

/* --- receiving -------------------------------------------------------------*/

static int keep(struct answer *answer, const struct nlmsghdr *nlh)
{
	size_t len = MNL_ALIGN(nlh->nlmsg_len);
	char *data;

	if (!answer->data || answer->len + len > answer->room) {
		data = realloc(answer->data, 2 * (answer->len + len));
		if (!data)
			return -ENOMEM;
		answer->data = data;
		answer->room = 2 * (answer->len + len);
	}
	memcpy(answer->data + answer->len, nlh, nlh->nlmsg_len);
	answer->len += len;
	return 0;
}

/* Return: 0 at the end of the answer, PENDING before, or a negative errno. */
static int take(const struct lb_request *req, const struct nlmsghdr *nlh,
		struct answer *answer, struct lb_error *error)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const int *status = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->is_torn = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return PENDING;
	case NLMSG_ERROR:
		return lb_refusal_read(req, nlh, sizeof(*err), -err->error,
				       error);
	case NLMSG_DONE:
		if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*status)) ||
		    *status >= 0)
			return 0;
		return lb_refusal_read(req, nlh, sizeof(*status), -*status,
				       error);
	default:
		return keep(answer, nlh) ? lb_error_memory(error) : PENDING;
	}
}

/* Return: length of what was received into the buffer, or a negative errno. */
static ssize_t receive_some(struct lb *lb, struct lb_error *error)
{
	struct nlmsghdr *buffer;
	ssize_t len;
	size_t room;

	/* cppcheck-suppress nullPointer ; only the length is read */
	len = recv(mnl_socket_get_fd(lb->sock), NULL, 0, MSG_PEEK | MSG_TRUNC);
	if (len < 0)
		return broken("receive", error);
	if ((size_t)len > lb->room || !lb->buffer) {
		room = len > BUFFER_SIZE ? len : BUFFER_SIZE;
		buffer = realloc(lb->buffer, room);
		if (!buffer)
			return lb_error_memory(error);
		lb->buffer = buffer;
		lb->room = room;
	}
	len = mnl_socket_recvfrom(lb->sock, lb->buffer, lb->room);
	return len < 0 ? broken("receive", error) : len;
}

static int receive(struct lb *lb, const struct lb_request *req,
		   struct answer *answer, struct lb_error *error)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int rc, len;

	for (;;) {
		got = receive_some(lb, error);
		if (got == -ENOBUFS)
			return lb_error_set(error, ENOBUFS,
					    "the kernel's answer was lost for lack of memory; a change may have been made");
		if (got < 0)
			return got;
		nlh = lb->buffer;
		for (len = got; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != lb->seq)
				continue;
			rc = take(req, nlh, answer, error);
			if (rc != PENDING)
				return rc;
		}
	}
}

/* --- sending ---------------------------------------------------------------*/

/*
 * The kernel refuses a message longer than the send buffer, and doubles what is
 * requested. Beyond the sysctl limit only CAP_NET_ADMIN helps.
 */
static void make_sendable(struct lb *lb, size_t len)
{
	int fd = mnl_socket_get_fd(lb->sock);
	int size = len;

	if (len <= lb->sendable)
		return;
	lb->sendable = len;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void warn(struct lb *lb, const struct lb_request *req,
		 const struct lb_error *error)
{
	if (*error->sentence && !req->is_silent && lb->warn)
		lb->warn(error, lb->arg);
}

static int transact(struct lb *lb, struct lb_request *req, __u16 flags,
		    struct answer *answer, struct lb_error *error)
{
	struct nlmsghdr *nlh = req->nlh;
	int rc;

	if (req->is_failed)
		return lb_error_memory(error);
	memset(error, 0, sizeof(*error));
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++lb->seq;
	answer->len = 0;
	answer->is_torn = false;

	make_sendable(lb, nlh->nlmsg_len);
	if (mnl_socket_sendto(lb->sock, nlh, nlh->nlmsg_len) < 0)
		return broken("send", error);
	rc = receive(lb, req, answer, error);
	if (!rc)
		warn(lb, req, error);
	return rc;
}

static int replay(const struct answer *answer, lb_cb_t *cb, void *arg,
		  struct lb_error *error)
{
	const struct nlmsghdr *nlh;
	int len = answer->len;

	if (!cb)
		return 0;
	for (nlh = (void *)answer->data; nlh && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		if (cb(nlh, arg))
			return lb_error_memory(error);
	return 0;
}

/* --- opening ---------------------------------------------------------------*/

static int open_socket(struct lb *lb, struct lb_error *error)
{
	static const int options[] = {
		NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK
	};
	int queue = QUEUE_SIZE, on = 1, rc = 0;
	struct mnl_socket *sock;
	unsigned int i;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock)
		return broken("socket", error);
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = broken("bind", error);
	for (i = 0; !rc && i < ARRAY_SIZE(options); i++)
		if (mnl_socket_setsockopt(sock, options[i], &on, sizeof(on)))
			rc = broken("option", error);
	if (rc) {
		mnl_socket_close(sock);
		return rc;
	}
	/* Best effort: unprivileged callers may lose very long answers. */
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &queue,
		   sizeof(queue));
	lb->sock = sock;
	return 0;
}

static void learn_group(struct lb *lb, const struct nlattr *nest)
{
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	const char *name;

	lb_nested(nest, tb, CTRL_ATTR_MCAST_GRP_MAX);
	name = lb_str(tb[CTRL_ATTR_MCAST_GRP_NAME]);
	if (name && !strcmp(name, LBHASH_MCGRP_CONFIG))
		lb->group = lb_uint(tb[CTRL_ATTR_MCAST_GRP_ID]);
}

static int learn_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[CTRL_ATTR_MAX + 1];
	struct lb *lb = arg;

	lb_attrs(nlh, tb, CTRL_ATTR_MAX);
	lb->family = lb_uint(tb[CTRL_ATTR_FAMILY_ID]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_for_each_nested(attr, tb[CTRL_ATTR_MCAST_GROUPS])
			learn_group(lb, attr);
	return 0;
}

/* A request for the family by name also makes the kernel load the module. */
static int find_family(struct lb *lb, struct lb_error *error)
{
	struct answer answer = {};
	struct lb_request *req;
	int rc;

	if (lb->family)
		return 0;
	if (!lb->sock) {
		rc = open_socket(lb, error);
		if (rc)
			return rc;
	}
	req = lb_request_new(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	if (!req)
		return lb_error_memory(error);
	lb_put_str(req, CTRL_ATTR_FAMILY_NAME, LBHASH_GENL_NAME);
	rc = transact(lb, req, NLM_F_ACK, &answer, error);
	if (!rc)
		rc = replay(&answer, learn_family, lb, error);
	free(answer.data);
	lb_request_free(req);
	return rc;
}

static int prepare(struct lb *lb, struct lb_request *req,
		   struct lb_error *error)
{
	int rc;

	if (!req)
		return lb_error_memory(error);
	rc = find_family(lb, error);
	req->nlh->nlmsg_type = lb->family;
	return rc;
}

/**
 * lb_send() - send a request and read the answer
 * @lb: from lb_new()
 * @req: not consumed, may be sent again
 * @cb: called for each message of the answer, or NULL
 * @arg: passed to @cb
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_send(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	    struct lb_error *error)
{
	struct answer answer = {};
	int rc;

	rc = prepare(lb, req, error);
	if (!rc)
		rc = transact(lb, req, NLM_F_ACK, &answer, error);
	if (!rc)
		rc = replay(&answer, cb, arg, error);
	free(answer.data);
	return rc;
}

/* As lb_send(), and free the request. */
int lb_do(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	  struct lb_error *error)
{
	int rc = lb_send(lb, req, cb, arg, error);

	lb_request_free(req);
	return rc;
}

/* As lb_do(), for a dump, which is repeated until no change interrupts it. */
int lb_dump(struct lb *lb, struct lb_request *req, lb_cb_t *cb, void *arg,
	    struct lb_error *error)
{
	struct answer answer = {};
	unsigned int tries;
	int rc;

	rc = prepare(lb, req, error);
	for (tries = 0; !rc; tries++) {
		rc = transact(lb, req, NLM_F_ACK | NLM_F_DUMP, &answer, error);
		if (rc || !answer.is_torn)
			break;
		if (tries == DUMP_TRIES)
			rc = lb_error_set(error, EAGAIN,
					  "the configuration changes faster than it can be read");
	}
	if (!rc)
		rc = replay(&answer, cb, arg, error);
	free(answer.data);
	lb_request_free(req);
	return rc;
}

/* --- events ----------------------------------------------------------------*/

/* The controller reports that the family goes away; the module cannot. */
static int set_membership(struct lb *lb, int option, struct lb_error *error)
{
	int notify = GENL_ID_CTRL, config = lb->group;

	if (mnl_socket_setsockopt(lb->sock, option, &config, sizeof(config)) ||
	    mnl_socket_setsockopt(lb->sock, option, &notify, sizeof(notify)))
		return broken("group", error);
	return 0;
}

/**
 * lb_join() - receive events from now on
 * @lb: from lb_new()
 * @fd: out, is readable when there is an event
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_join(struct lb *lb, int *fd, struct lb_error *error)
{
	int rc = find_family(lb, error);

	if (rc)
		return rc;
	*fd = mnl_socket_get_fd(lb->sock);
	return set_membership(lb, NETLINK_ADD_MEMBERSHIP, error);
}

/* Receive events no longer. */
int lb_leave(struct lb *lb, struct lb_error *error)
{
	return set_membership(lb, NETLINK_DROP_MEMBERSHIP, error);
}

static bool is_farewell(const struct lb *lb, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (nlh->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	lb_attrs(nlh, tb, CTRL_ATTR_MAX);
	return lb_uint(tb[CTRL_ATTR_FAMILY_ID]) == lb->family;
}

/**
 * lb_receive() - read events, wait for one if there is none
 * @lb: from lb_new(), after lb_join()
 * @cb: called for each message of the family
 * @arg: passed to @cb
 * @error: set on failure
 *
 * Return: 0; -ENOBUFS if the kernel had more than the receive buffer holds, and
 * dropped events; -ENODEV if the module is gone; or another negative errno.
 */
int lb_receive(struct lb *lb, lb_cb_t *cb, void *arg, struct lb_error *error)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int len;

	got = receive_some(lb, error);
	if (got == -ENOBUFS)
		return lb_error_set(error, ENOBUFS,
				    "the receive buffer was full, events were lost");
	if (got < 0)
		return got;
	nlh = lb->buffer;
	for (len = got; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (is_farewell(lb, nlh))
			return lb_error_set(error, ENODEV,
					    "the xt_lbhash module was unloaded");
		if (nlh->nlmsg_type == lb->family && cb(nlh, arg))
			return lb_error_memory(error);
	}
	return 0;
}
