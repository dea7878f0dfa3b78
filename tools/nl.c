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

#define DUMP_TRIES	10
#define ANSWER_MAX	(256 * 1024)

static struct mnl_socket *sock;
static __u16 family;
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
	msg->rehearsal = false;
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
 * nl_free() - drop a request that was not sent
 * @msg: the request
 */
void nl_free(struct nl_msg *msg)
{
	free(msg->nlh);
	free(msg);
}

/**
 * nl_put() - append an attribute, the buffer grows as needed
 * @msg: the request
 * @type: the attribute
 * @data: its value
 * @len: length of the value
 */
void nl_put(struct nl_msg *msg, __u16 type, const void *data, size_t len)
{
	size_t need = msg->nlh->nlmsg_len + MNL_ATTR_HDRLEN + MNL_ALIGN(len);

	if (need > msg->room) {
		msg->room = 2 * need;
		msg->nlh = must_realloc(msg->nlh, msg->room);
	}
	mnl_attr_put(msg->nlh, type, len, data);
}

/* nl_put() for one kind of value each. */
void nl_put_u8(struct nl_msg *msg, __u16 type, __u8 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_u16(struct nl_msg *msg, __u16 type, __u16 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_u32(struct nl_msg *msg, __u16 type, __u32 value)
{
	nl_put(msg, type, &value, sizeof(value));
}

void nl_put_str(struct nl_msg *msg, __u16 type, const char *value)
{
	nl_put(msg, type, value, strlen(value) + 1);
}

void nl_put_flag(struct nl_msg *msg, __u16 type)
{
	nl_put(msg, type, "", 0);
}

/**
 * nl_nest_start() - open a nested attribute
 * @msg: the request
 * @type: the attribute
 *
 * Return: a handle for nl_nest_end(); not a pointer, since the buffer moves.
 */
size_t nl_nest_start(struct nl_msg *msg, __u16 type)
{
	size_t nest = msg->nlh->nlmsg_len;

	nl_put(msg, type | NLA_F_NESTED, "", 0);
	return nest;
}

/**
 * nl_nest_end() - close a nested attribute
 * @msg: the request
 * @nest: what nl_nest_start() returned
 */
void nl_nest_end(struct nl_msg *msg, size_t nest)
{
	struct nlattr *attr = (void *)((char *)msg->nlh + nest);

	attr->nla_len = msg->nlh->nlmsg_len - nest;
}

/*
 * The message of an extended ack stands behind the error number, in an
 * NLMSG_ERROR as well as in the NLMSG_DONE of a dump.
 */
static const char *extack(const struct nlmsghdr *nlh, size_t skip)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nlh->nlmsg_len < mnl_nlmsg_size(skip))
		return NULL;
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return nl_str(attr);
	return NULL;
}

static int refuse(const struct nl_msg *msg, int error, const char *sentence)
{
	if (error == ENOENT && msg->nlh->nlmsg_type == GENL_ID_CTRL)
		return fail(REFUSED,
			    "the xt_lbhash module is not loaded (modprobe xt_lbhash)");
	if (sentence)
		return fail(REFUSED, "%s%s", msg->about, sentence);
	return fail(REFUSED, "%s: %s%s", ctl.what, strerror(error),
		    error != EPERM ? "" :
		    " (needs CAP_NET_ADMIN in this network namespace)");
}

/* An ack may carry a sentence too: done, but. */
static int accept_with(const struct nl_msg *msg, const char *sentence)
{
	if (sentence && !msg->rehearsal)
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

/* Return: an exit code, or -1 if this message is not the last one. */
static int take(const struct nl_msg *msg, const struct nlmsghdr *nlh,
		struct answer *answer)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const int *status = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->torn = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return -1;
	case NLMSG_ERROR:
		if (err->error)
			return refuse(msg, -err->error,
				      extack(nlh, sizeof(*err)));
		return accept_with(msg, extack(nlh, sizeof(*err)));
	case NLMSG_DONE:
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*status) &&
		    *status < 0)
			return refuse(msg, -*status,
				      extack(nlh, sizeof(*status)));
		return DONE;
	default:
		keep(answer, nlh);
		return -1;
	}
}

static int receive(const struct nl_msg *msg, struct answer *answer)
{
	static struct nlmsghdr buf[ANSWER_MAX / sizeof(struct nlmsghdr)];
	const struct nlmsghdr *nlh;
	ssize_t got;
	int rc, len;

	for (;;) {
		got = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (got < 0)
			return broken("receive");
		len = got;
		for (nlh = buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			rc = take(msg, nlh, answer);
			if (rc >= 0)
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
	unsigned int i;
	int on = 1;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock)
		return broken("socket");
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return broken("bind");
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (mnl_socket_setsockopt(sock, options[i], &on, sizeof(on)))
			return broken("option");
	return DONE;
}

static void learn_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	(void)arg;
	nl_attrs(nlh, tb, CTRL_ATTR_MAX);
	family = nl_uint(tb[CTRL_ATTR_FAMILY_ID]);
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

	for (i = 0; !rc && i < count; i++) {
		size_t len = msgs[i]->nlh->nlmsg_len;

		nl_put_flag(msgs[i], LBHASH_A_DRY_RUN);
		msgs[i]->rehearsal = true;
		rc = send_again(msgs[i], NULL, NULL);
		msgs[i]->rehearsal = false;
		msgs[i]->nlh->nlmsg_len = len;
	}
	for (i = 0; !rc && i < count; i++)
		rc = send_again(msgs[i], NULL, NULL);
	return rc;
}

static void file_attr(const struct nlattr *attr, const struct nlattr **tb,
		      __u16 max)
{
	__u16 type = mnl_attr_get_type(attr);

	if (type <= max)
		tb[type] = attr;
}

/**
 * nl_attrs() - sort the attributes of a message by type
 * @nlh: the message
 * @tb: filled in, @max + 1 entries; NULL where an attribute is absent
 * @max: types above are ignored
 */
void nl_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb,
	      __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		file_attr(attr, tb, max);
}

/**
 * nl_nested() - sort the attributes inside another one by type
 * @nest: the attribute
 * @tb: filled in, @max + 1 entries; NULL where an attribute is absent
 * @max: types above are ignored
 */
void nl_nested(const struct nlattr *nest, const struct nlattr **tb,
	       __u16 max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		file_attr(attr, tb, max);
}

/**
 * nl_uint() - value of an unsigned attribute of any width
 * @attr: the attribute, or NULL
 *
 * Return: the value, 0 for none.
 */
__u64 nl_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

/**
 * nl_str() - value of a string attribute
 * @attr: the attribute, or NULL
 *
 * Return: the string, or NULL if there is none or it does not end.
 */
const char *nl_str(const struct nlattr *attr)
{
	if (!attr || !memchr(mnl_attr_get_payload(attr), '\0',
			     mnl_attr_get_payload_len(attr)))
		return NULL;
	return mnl_attr_get_str(attr);
}
