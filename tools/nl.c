// SPDX-License-Identifier: GPL-2.0
/*
 * One generic netlink socket: requests of any size, whole answers, and the
 * kernel's own sentence when it refuses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lbhashctl.h"
#include "nl.h"
#include "progress.h"
#include "version.h"

#define DUMP_TRIES	10

/* An answer goes on. */
#define PENDING		(-1)

/* Where the kernel waits for us: events, and all parts of an answer. */
#define QUEUE_SIZE	(8 * 1024 * 1024)

static struct mnl_socket *sock;
static __u16 family;
static __u32 group;
static __u32 seq;

/* Messages of one answer, kept until it is known to be whole. */
struct answer {
	char *data;
	size_t len;
	size_t room;
	bool torn;
};

static struct nl_msg *request(__u16 type, __u8 op, __u8 version)
{
	struct nl_msg *msg = must_realloc(NULL, sizeof(*msg));
	struct genlmsghdr *genl;

	msg->about[0] = '\0';
	msg->forgiven = 0;
	msg->silent = false;
	msg->room = 4096;
	msg->nlh = must_realloc(NULL, msg->room);
	mnl_nlmsg_put_header(msg->nlh);
	msg->nlh->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(msg->nlh, sizeof(*genl));
	genl->cmd = op;
	genl->version = version;
	return msg;
}

/**
 * nl_request() - start a request
 * @op: LBHASH_CMD_*
 *
 * Return: the request; nl_do() and nl_dump() consume it.
 */
struct nl_msg *nl_request(__u8 op)
{
	return request(0, op, LBHASH_GENL_VERSION);
}

/**
 * nl_set_op() - make a request another one with the same attributes
 * @msg: the request
 * @op: LBHASH_CMD_*
 */
void nl_set_op(struct nl_msg *msg, __u8 op)
{
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg->nlh);

	genl->cmd = op;
}

/**
 * nl_free() - drop a request that was not sent
 * @msg: the request
 */
void nl_free(struct nl_msg *msg)
{
	free(msg->nlh);
	free(msg);
}

/* What an extended ack says: a sentence, and where in the request it points. */
struct extack {
	const char *sentence;
	unsigned int offset;
};

/* It stands behind the error number, in an NLMSG_ERROR as well as in the
 * NLMSG_DONE of a dump.
 */
static struct extack read_extack(const struct nlmsghdr *nlh, size_t skip)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = {}, *attr;
	struct extack extack = {};

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nlh->nlmsg_len < mnl_nlmsg_size(skip))
		return extack;
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) <= NLMSGERR_ATTR_MAX)
			tb[mnl_attr_get_type(attr)] = attr;
	extack.sentence = nl_str(tb[NLMSGERR_ATTR_MSG]);
	extack.offset = nl_uint(tb[NLMSGERR_ATTR_OFFS]);
	return extack;
}

static int refuse(const struct nl_msg *msg, int error,
		  const struct extack *extack)
{
	if (error == msg->forgiven)
		return FORGIVEN;
	if (error == ENOENT && msg->nlh->nlmsg_type == GENL_ID_CTRL)
		return fail(REFUSED,
			    "the xt_lbhash module is not loaded (modprobe xt_lbhash)");
	if (version_refuse(msg, error, extack->sentence, extack->offset))
		return REFUSED;
	if (extack->sentence)
		return fail(REFUSED, "%s%s", msg->about, extack->sentence);
	return fail(REFUSED, "%s: %s%s", ctl.what, strerror(error),
		    error != EPERM ? "" :
		    " (needs CAP_NET_ADMIN in this network namespace)");
}

/* An ack may carry a sentence too: done, but. */
static int accept_with(const struct nl_msg *msg, const char *sentence)
{
	if (sentence && !msg->silent)
		fail(DONE, "%s%s", msg->about, sentence);
	return DONE;
}

static int broken(const char *call)
{
	return fail(REFUSED, "netlink %s: %s", call, strerror(errno));
}

static void keep(struct answer *answer, const struct nlmsghdr *nlh)
{
	size_t len = MNL_ALIGN(nlh->nlmsg_len);

	if (answer->len + len > answer->room) {
		answer->room = 2 * (answer->len + len);
		answer->data = must_realloc(answer->data, answer->room);
	}
	memcpy(answer->data + answer->len, nlh, nlh->nlmsg_len);
	answer->len += len;
}

/* Return: an exit code, FORGIVEN, or PENDING before the last message. */
static int take(const struct nl_msg *msg, const struct nlmsghdr *nlh,
		struct answer *answer)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const int *status = mnl_nlmsg_get_payload(nlh);
	struct extack extack;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->torn = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return PENDING;
	case NLMSG_ERROR:
		extack = read_extack(nlh, sizeof(*err));
		if (err->error)
			return refuse(msg, -err->error, &extack);
		return accept_with(msg, extack.sentence);
	case NLMSG_DONE:
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*status) &&
		    *status < 0) {
			extack = read_extack(nlh, sizeof(*status));
			return refuse(msg, -*status, &extack);
		}
		return DONE;
	default:
		keep(answer, nlh);
		return PENDING;
	}
}

/*
 * What the kernel sends at a time, however much it is.
 * Return: the length, or -1.
 */
static ssize_t receive_some(const struct nlmsghdr **messages)
{
	static struct nlmsghdr *buf;
	static size_t room;
	ssize_t len;

	/* cppcheck-suppress nullPointer ; the length is asked for, no byte */
	len = recv(mnl_socket_get_fd(sock), NULL, 0, MSG_PEEK | MSG_TRUNC);
	if (len < 0)
		return len;
	if ((size_t)len > room || !buf) {
		room = len > 64 * 1024 ? len : 64 * 1024;
		buf = must_realloc(buf, room);
	}
	*messages = buf;
	return mnl_socket_recvfrom(sock, buf, room);
}

static int receive(const struct nl_msg *msg, struct answer *answer)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int rc, len;

	for (;;) {
		got = receive_some(&nlh);
		if (got < 0 && errno == ENOBUFS)
			return fail(REFUSED, "%s: the kernel had no memory to answer; a change may have been made",
				    ctl.what);
		if (got < 0)
			return broken("receive");
		for (len = got; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			rc = take(msg, nlh, answer);
			if (rc != PENDING)
				return rc;
		}
	}
}

/*
 * The kernel refuses a message longer than the send buffer, and doubles what
 * is asked for. Past the sysctl limit only CAP_NET_ADMIN helps.
 */
static void make_room(size_t len)
{
	int fd = mnl_socket_get_fd(sock);
	static size_t room = 64 * 1024;
	int size = len;

	if (len <= room)
		return;
	room = len;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int transact(struct nl_msg *msg, __u16 flags, struct answer *answer)
{
	msg->nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlh->nlmsg_seq = ++seq;
	answer->len = 0;
	answer->torn = false;

	make_room(msg->nlh->nlmsg_len);
	if (mnl_socket_sendto(sock, msg->nlh, msg->nlh->nlmsg_len) < 0)
		return broken("send");
	return receive(msg, answer);
}

static void replay(const struct answer *answer, nl_cb_t *cb, void *arg)
{
	const struct nlmsghdr *nlh;
	int len = answer->len;

	if (!cb)
		return;
	for (nlh = (void *)answer->data; nlh && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		cb(nlh, arg);
}

static int open_socket(void)
{
	static const int options[] = {
		NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK
	};
	int queue = QUEUE_SIZE, on = 1;
	unsigned int i;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock)
		return broken("socket");
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return broken("bind");
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (mnl_socket_setsockopt(sock, options[i], &on, sizeof(on)))
			return broken("option");
	/* Who may not have it does not get the answers that need it. */
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &queue,
		   sizeof(queue));
	return DONE;
}

static void learn_group(const struct nlattr *nest)
{
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	const char *name;

	nl_nested(nest, tb, CTRL_ATTR_MCAST_GRP_MAX);
	name = nl_str(tb[CTRL_ATTR_MCAST_GRP_NAME]);
	if (name && !strcmp(name, LBHASH_MCGRP_CONFIG))
		group = nl_uint(tb[CTRL_ATTR_MCAST_GRP_ID]);
}

static void learn_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *tb[CTRL_ATTR_MAX + 1];

	(void)arg;
	nl_attrs(nlh, tb, CTRL_ATTR_MAX);
	family = nl_uint(tb[CTRL_ATTR_FAMILY_ID]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_for_each_nested(attr, tb[CTRL_ATTR_MCAST_GROUPS])
			learn_group(attr);
}

/* Asking for the family by name also makes the kernel load the module. */
static int find_family(void)
{
	struct answer answer = {};
	struct nl_msg *msg;
	int rc;

	if (family)
		return DONE;
	if (!sock) {
		rc = open_socket();
		if (rc)
			return rc;
	}
	msg = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	nl_put_str(msg, CTRL_ATTR_FAMILY_NAME, LBHASH_GENL_NAME);
	rc = transact(msg, NLM_F_ACK, &answer);
	if (!rc)
		replay(&answer, learn_family, NULL);
	free(answer.data);
	nl_free(msg);
	return rc;
}

/* As nl_do(), but the request may be sent again. */
static int send_again(struct nl_msg *msg, nl_cb_t *cb, void *arg)
{
	struct answer answer = {};
	int rc;

	rc = find_family();
	if (rc)
		return rc;
	msg->nlh->nlmsg_type = family;
	rc = transact(msg, NLM_F_ACK, &answer);
	if (!rc)
		replay(&answer, cb, arg);
	free(answer.data);
	return rc;
}

/**
 * nl_do() - send a request and read the answer
 * @msg: the request, consumed
 * @cb: called for the answer, or NULL
 * @arg: for @cb
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_do(struct nl_msg *msg, nl_cb_t *cb, void *arg)
{
	int rc = send_again(msg, cb, arg);

	nl_free(msg);
	return rc;
}

/**
 * nl_dump() - send a dump request and read the answer
 * @msg: the request, consumed
 * @cb: called for every message of a dump that no change interrupted
 * @arg: for @cb
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_dump(struct nl_msg *msg, nl_cb_t *cb, void *arg)
{
	struct answer answer = {};
	unsigned int tries;
	int rc;

	/* A dump has no room for a sentence with names in it. */
	snprintf(msg->about, sizeof(msg->about), "%.60s: ", ctl.what);
	rc = find_family();
	msg->nlh->nlmsg_type = family;
	for (tries = 0; !rc; tries++) {
		rc = transact(msg, NLM_F_ACK | NLM_F_DUMP, &answer);
		if (rc || !answer.torn)
			break;
		if (tries == DUMP_TRIES)
			rc = fail(REFUSED,
				  "%s: the configuration changes faster than it can be read",
				  ctl.what);
	}
	if (!rc)
		replay(&answer, cb, arg);
	free(answer.data);
	nl_free(msg);
	return rc;
}

/**
 * nl_rehearse() - ask the kernel what requests would do
 * @msgs: the requests; their operations know LBHASH_A_DRY_RUN
 * @count: how many
 * @cb: called for every message of the answers; NULL to hear only refusals
 * @arg: for @cb
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_rehearse(struct nl_msg **msgs, size_t count, nl_cb_t *cb, void *arg)
{
	int rc = DONE;
	size_t i;

	for (i = 0; !rc && i < count; i++) {
		size_t len = msgs[i]->nlh->nlmsg_len;

		progress("checked", i, count);
		nl_put_flag(msgs[i], LBHASH_A_DRY_RUN);
		msgs[i]->silent = !cb;
		rc = send_again(msgs[i], cb, arg);
		msgs[i]->silent = false;
		msgs[i]->nlh->nlmsg_len = len;
	}
	progress_end();
	return rc;
}

/**
 * nl_do_all() - send requests, but none for real if the kernel refuses one
 * @msgs: the requests; their operations know LBHASH_A_DRY_RUN
 * @count: how many
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_do_all(struct nl_msg **msgs, size_t count)
{
	int rc = DONE;
	size_t i;

	if (count > 1)
		rc = nl_rehearse(msgs, count, NULL, NULL);
	for (i = 0; !rc && i < count; i++) {
		progress("changed", i, count);
		rc = send_again(msgs[i], NULL, NULL);
	}
	progress_end();
	return rc;
}

/* The controller says when the family goes away, which nobody else does. */
static int change_membership(int option)
{
	int notify = GENL_ID_CTRL, config = group;

	if (mnl_socket_setsockopt(sock, option, &config, sizeof(config)) ||
	    mnl_socket_setsockopt(sock, option, &notify, sizeof(notify)))
		return broken("group");
	return DONE;
}

/**
 * nl_join() - listen to changes from now on
 * @fd: out, becomes readable when there is an event
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_join(int *fd)
{
	int rc = find_family();

	if (rc)
		return rc;
	*fd = mnl_socket_get_fd(sock);
	return change_membership(NETLINK_ADD_MEMBERSHIP);
}

/**
 * nl_leave() - do not listen any more
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_leave(void)
{
	return change_membership(NETLINK_DROP_MEMBERSHIP);
}

static bool is_farewell(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (nlh->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	nl_attrs(nlh, tb, CTRL_ATTR_MAX);
	return nl_uint(tb[CTRL_ATTR_FAMILY_ID]) == family;
}

/**
 * nl_events() - read events, wait for one if there is none
 * @cb: called for every event
 *
 * That the kernel had more than there was room for is told and no reason to
 * stop.
 *
 * Return: DONE, or REFUSED after an error message.
 */
int nl_events(nl_cb_t *cb)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int len;

	got = receive_some(&nlh);
	if (got < 0 && errno == ENOBUFS)
		return fail(DONE, "%s: too slow, events were lost", ctl.what);
	if (got < 0)
		return broken("receive");
	for (len = got; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (is_farewell(nlh))
			return fail(REFUSED, "%s: the xt_lbhash module is gone",
				    ctl.what);
		if (nlh->nlmsg_type == family)
			cb(nlh, NULL);
	}
	return DONE;
}
