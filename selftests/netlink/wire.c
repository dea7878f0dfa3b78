// SPDX-License-Identifier: GPL-2.0
/*
 * Two sockets: one for requests, one for events. When send() returns, the
 * kernel has queued all answers: there is nothing to wait for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nlfuzz.h"

/* A message of a dump has at most 32 KiB; other messages can be longer. */
#define RECEIVE_MAX	(512 * 1024)
#define QUEUE_ROOM	(4 * 1024 * 1024)

uint16_t family;
uint32_t portid;

static struct mnl_socket *asking, *listening;
static uint32_t group;

/* Received answers; those from @at on have not been read yet. */
static struct {
	uint8_t *data;
	size_t len, at;
	bool lost;
} queue;

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);
	int size = QUEUE_ROOM, on = 1;
	int fd;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	fd = mnl_socket_get_fd(nl);
	/* Only privileged callers may exceed the sysctl limit. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on)))
		die("NETLINK_EXT_ACK");
	return nl;
}

/* wire_cap() - set whether acks repeat the request that they refuse */
void wire_cap(bool on)
{
	int value = !on;

	mnl_socket_setsockopt(asking, NETLINK_CAP_ACK, &value, sizeof(value));
}

static void note_group(const struct nlattr *groups)
{
	const struct nlattr *one, *attr;

	mnl_attr_for_each_nested(one, groups)
		mnl_attr_for_each_nested(attr, one)
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				group = mnl_attr_get_u32(attr);
}

static int note_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			note_group(attr);
	}
	return MNL_CB_OK;
}

static void find_family(void)
{
	uint8_t buf[MNL_SOCKET_BUFFER_SIZE];
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	ssize_t len;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, LBHASH_GENL_NAME);
	if (mnl_socket_sendto(asking, nlh, nlh->nlmsg_len) < 0)
		die("send");
	len = mnl_socket_recvfrom(asking, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, portid, note_family, NULL) < 0)
		die("no family " LBHASH_GENL_NAME);
}

void wire_open(void)
{
	asking = open_socket();
	listening = open_socket();
	portid = mnl_socket_get_portid(asking);
	wire_cap(true);
	find_family();
	if (mnl_socket_setsockopt(listening, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)))
		die("NETLINK_ADD_MEMBERSHIP");
}

static ssize_t receive(struct mnl_socket *nl, void *to)
{
	ssize_t got = recv(mnl_socket_get_fd(nl), to, RECEIVE_MAX,
			   MSG_DONTWAIT | MSG_TRUNC);

	if (got < 0 && errno == ENOBUFS && options.failures)
		queue.lost = true;
	else if (got < 0 && errno != EAGAIN)
		complain("no answers: %s", strerror(errno));
	if (got > RECEIVE_MAX)
		complain("an answer of %zd bytes", got);
	return got;
}

static void take_answers(void)
{
	static size_t room;
	ssize_t got;

	queue.len = 0;
	queue.at = 0;
	queue.lost = false;
	do {
		if (queue.len + RECEIVE_MAX > room) {
			room = queue.len + 2 * RECEIVE_MAX;
			queue.data = realloc(queue.data, room);
			if (!queue.data)
				die("memory");
		}
		got = receive(asking, queue.data + queue.len);
		if (got > 0)
			queue.len += NLMSG_ALIGN(got);
		/* More answers may follow a lost one. */
	} while (got > 0 || (got < 0 && errno == ENOBUFS));
}

/* wire_send() - send a datagram and receive all answers */
void wire_send(const void *data, size_t len)
{
	if (mnl_socket_sendto(asking, data, len) != (ssize_t)len)
		complain("send: %s", strerror(errno));
	take_answers();
}

/**
 * wire_send_failing() - as wire_send(), while an allocation in the kernel fails
 * @data: the datagram
 * @len: its length
 * @nth: number of the allocation, of all during the system call; from 1
 *
 * The kernel counts them (Documentation/fault-injection, fail-nth).
 *
 * Return: what became of the datagram.
 */
enum failure wire_send_failing(const void *data, size_t len, unsigned int nth)
{
	static int fd = -1;
	char left[16] = "";
	ssize_t sent;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%u", nth) < 0)
		die("fail-nth");
	sent = mnl_socket_sendto(asking, data, len);
	if (sent < 0 && errno != ENOMEM && errno != ENOBUFS)
		complain("send: %s", strerror(errno));
	if (pread(fd, left, sizeof(left) - 1, 0) < 0 ||
	    pwrite(fd, "0", 1, 0) < 0)
		die("fail-nth");
	take_answers();
	if (atoi(left))
		return NO_FAILURE;
	return sent < 0 ? NOT_SENT : queue.lost ? ANSWER_LOST : FAILED;
}

/* wire_error() - the error that the last answer has, 0 if there is none */
int wire_error(void)
{
	const struct nlmsghdr *nlh;
	size_t at;
	int error = 0;

	for (at = 0; at < queue.len; at += NLMSG_ALIGN(nlh->nlmsg_len)) {
		nlh = (void *)(queue.data + at);
		if (!mnl_nlmsg_ok(nlh, queue.len - at))
			complain("an answer that is no message");
		if (nlh->nlmsg_type == NLMSG_ERROR ||
		    nlh->nlmsg_type == NLMSG_DONE)
			error = -*(const int *)mnl_nlmsg_get_payload(nlh);
	}
	return error;
}

/* wire_answer() - the next answer, NULL at the end */
const struct nlmsghdr *wire_answer(void)
{
	const struct nlmsghdr *nlh = (void *)(queue.data + queue.at);

	if (queue.at == queue.len)
		return NULL;
	if (!mnl_nlmsg_ok(nlh, queue.len - queue.at))
		complain("an answer that is no message");
	return nlh;
}

/* wire_next_answer() - as wire_answer(), and remove it from the queue */
const struct nlmsghdr *wire_next_answer(void)
{
	const struct nlmsghdr *nlh = wire_answer();

	if (nlh)
		queue.at += NLMSG_ALIGN(nlh->nlmsg_len);
	return nlh;
}

/* wire_event() - the next event, NULL if there is none yet */
const struct nlmsghdr *wire_event(void)
{
	static uint32_t data[RECEIVE_MAX / sizeof(uint32_t)];
	const struct nlmsghdr *nlh = (void *)data;
	ssize_t got = receive(listening, data);

	if (got < 0)
		return NULL;
	if (!mnl_nlmsg_ok(nlh, got))
		complain("an event that is no message");
	return nlh;
}
