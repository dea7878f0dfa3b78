// SPDX-License-Identifier: GPL-2.0
/*
 * A model of the kernel that answers lbhashctl's requests. It has the module's
 * netlink policies (kmod/netlink_gen.c) and aborts on a request that violates
 * them. The operations are in kernel_ops.c.
 */
#include "redirect.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "../../kmod/netlink_gen.c"
#include "alloc.h"
#include "kernel.h"

#define FAMILY		0x17
#define GROUP		5
#define ROOM		(1024 * 1024)
#define MOST_A_MESSAGE	(64 * 1024)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct kernel kernel;

/* Messages that lbhashctl has not received yet. */
static struct {
	size_t size;
	u8 bytes[ROOM] __attribute((aligned(8)));
} queue;

static const struct nlmsghdr *request;

/**
 * kernel_start() - reset the model
 * @random: seed of its random numbers
 */
void kernel_start(u32 random)
{
	json_decref(kernel.services);
	memset(&kernel, 0, sizeof(kernel));
	kernel.services = json_object();
	kernel.limit = LBHASH_MEMORY_DEFAULT;
	kernel.random = random * 2 + 1;
	queue.size = 0;
}

/**
 * kernel_dice() - draw a random number
 * @sides: exclusive upper limit
 *
 * Return: a number below @sides.
 */
u32 kernel_dice(u32 sides)
{
	kernel.random ^= kernel.random << 13;
	kernel.random ^= kernel.random >> 17;
	kernel.random ^= kernel.random << 5;
	return kernel.random % sides;
}

/**
 * kernel_hex() - print bytes as hex digits
 * @bytes: what to print
 * @size: length of @bytes, at most 16
 *
 * Return: the digits, valid until the next call.
 */
const char *kernel_hex(const void *bytes, size_t size)
{
	static char text[33];
	size_t i;

	assert(size <= 16);
	text[0] = '\0';
	for (i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", ((const u8 *)bytes)[i]);
	return text;
}

/* --- requests --------------------------------------------------------------*/

static bool is_name(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	return len && len <= LBHASH_NAME_MAX && text[0] != '-';
}

/* Return: the value of an unsigned attribute of any width. */
u64 kernel_number(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	default:
		assert(mnl_attr_get_payload_len(attr) == 8);
		return mnl_attr_get_u64(attr);
	}
}

static void check_number(const struct nlattr *attr,
			 const struct nla_policy *policy)
{
	u64 value;

	assert(mnl_attr_get_payload_len(attr) == 1u << (policy->type - NLA_U8));
	value = kernel_number(attr);
	assert(value >= policy->min);
	assert(!policy->max || value <= policy->max);
	assert(!policy->mask || !(value & ~policy->mask));
}

/* Check an attribute as strictly as netlink does, and that names are valid. */
static void check_attr(const struct nlattr *attr,
		       const struct nla_policy *policy)
{
	const struct nlattr *tb[LBHASH_A_MAX + 1];
	const char *text = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);

	assert(!(attr->nla_type & NLA_F_NESTED) ==
	       (policy->type != NLA_NESTED));
	switch (policy->type) {
	case NLA_U8:
	case NLA_U16:
	case NLA_U32:
	case NLA_U64:
		check_number(attr, policy);
		break;
	case NLA_FLAG:
		assert(!size);
		break;
	case NLA_NUL_STRING:
		assert(size && memchr(text, '\0', size) == text + size - 1);
		assert(size - 1 <= policy->len);
		assert(is_name(text));
		break;
	case NLA_BINARY:
		assert(size == policy->len);
		break;
	default:
		assert(policy->type == NLA_NESTED);
		kernel_attrs(mnl_attr_get_payload(attr), size, tb,
			     policy->nested, policy->maxattr);
	}
}

/**
 * kernel_attrs() - check attributes and sort them by type
 * @data: the attributes, one after the other
 * @size: length of @data
 * @tb: out, attributes by type; has @most + 1 entries
 * @policies: policies by type
 * @most: largest type
 *
 * Only backends may be repeated; @tb has the first one.
 */
void kernel_attrs(const u8 *data, size_t size, const struct nlattr **tb,
		  const struct nla_policy *policies, unsigned int most)
{
	const struct nlattr *attr;
	unsigned int type;

	memset(tb, 0, (most + 1) * sizeof(*tb));
	while (size) {
		assert(size >= MNL_ATTR_HDRLEN);
		attr = (const void *)data;
		assert(attr->nla_len >= MNL_ATTR_HDRLEN);
		assert(MNL_ALIGN(attr->nla_len) <= size);
		type = mnl_attr_get_type(attr);
		assert(type <= most);
		check_attr(attr, &policies[type]);
		assert(!tb[type] || policies[type].nested ==
		       lbhash_backend_nl_policy);
		if (!tb[type])
			tb[type] = attr;
		data += MNL_ALIGN(attr->nla_len);
		size -= MNL_ALIGN(attr->nla_len);
	}
}

/* --- answers ---------------------------------------------------------------*/

static struct nlmsghdr *begin(u16 type, u16 flags)
{
	struct nlmsghdr *nlh;

	assert(queue.size + MOST_A_MESSAGE <= ROOM);
	nlh = mnl_nlmsg_put_header(queue.bytes + queue.size);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request ? request->nlmsg_seq : 0;
	return nlh;
}

static void deliver(const struct nlmsghdr *nlh)
{
	assert(nlh->nlmsg_len <= MOST_A_MESSAGE);
	queue.size += MNL_ALIGN(nlh->nlmsg_len);
}

/* Complete and queue a message that kernel_begin() began. */
void kernel_end(struct nlmsghdr *nlh)
{
	kernel_age(nlh);
	deliver(nlh);
}

static struct nlmsghdr *begin_genl(u16 type, u8 cmd)
{
	bool is_dump = request && request->nlmsg_flags & NLM_F_DUMP;
	struct nlmsghdr *nlh = begin(type, is_dump ? NLM_F_MULTI : 0);
	struct genlmsghdr *genl;

	/* The configuration changes during the dump. */
	if (is_dump && kernel.babbles && !kernel_dice(8))
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = LBHASH_GENL_VERSION;
	return nlh;
}

/* Begin a message of an LBHASH_CMD_*. Return: the message, for kernel_end(). */
struct nlmsghdr *kernel_begin(u8 cmd)
{
	return begin_genl(FAMILY, cmd);
}

static void acknowledge_about(int error, const char *sentence,
			      const struct nlattr *attr)
{
	struct nlmsghdr *nlh = begin(NLMSG_ERROR, NLM_F_CAPPED);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	err->error = -error;
	err->msg = *request;
	if (*sentence) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, sentence);
	}
	if (attr)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS,
				 (const char *)attr - (const char *)request);
	deliver(nlh);
}

static void acknowledge(int error, const char *sentence)
{
	acknowledge_about(error, sentence, NULL);
}

static void finish_dump(void)
{
	struct nlmsghdr *nlh = begin(NLMSG_DONE, NLM_F_MULTI);

	memset(mnl_nlmsg_put_extra_header(nlh, sizeof(int)), 0, sizeof(int));
	deliver(nlh);
}

/* --- service --------------------------------------------------------------*/

/* Return: the name of the service in a request, or NULL. */
const char *kernel_name(const struct genl_info *info)
{
	return info->attrs[LBHASH_A_NAME] ?
	       mnl_attr_get_str(info->attrs[LBHASH_A_NAME]) : NULL;
}

/* A dry run and the change itself are refused or accepted alike. */
static bool refuses(const struct genl_info *info)
{
	const char *name = kernel_name(info);
	u32 sum = info->cmd;

	while (name && *name)
		sum = sum * 31 + (u8)*name++;
	return kernel.refuses && !(sum % kernel.refuses);
}

static void refuse(const struct genl_info *info)
{
	static const int errors[] = {
		EINVAL, EPERM, EBUSY, ENOENT, ENOMEM, EEXIST, EOPNOTSUPP
	};
	const char *name = kernel_name(info);

	kernel.refused = true;
	kernel.error = errors[kernel_dice(ARRAY_SIZE(errors))];
	if (kernel_dice(2))
		snprintf(kernel.refusal, sizeof(kernel.refusal),
			 "%s will not do", name ? name : "this");
	acknowledge(kernel.error, kernel.refusal);
}

static void introduce_itself(void)
{
	struct nlmsghdr *nlh = begin_genl(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	struct nlattr *groups, *group;

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME,
			  lbhash_nl_mcgrps[LBHASH_NLGRP_CONFIG].name);
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	deliver(nlh);
	acknowledge(0, "");
}

static const struct genl_ops *find_op(u8 cmd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lbhash_nl_ops); i++)
		if (lbhash_nl_ops[i].cmd == cmd)
			return &lbhash_nl_ops[i];
	return NULL;
}

static void serve(void)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);
	bool is_dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	const struct genl_ops *op = find_op(genl->cmd);
	const struct nlattr *tb[LBHASH_A_MAX + 1] = { NULL }, *unknown;
	struct genl_info info = {
		.cmd = genl->cmd, .nlhdr = request, .attrs = tb,
	};

	assert(genl->version == LBHASH_GENL_VERSION);
	unknown = kernel_unknown(request);
	if (kernel.lacks == genl->cmd) {
		acknowledge(EOPNOTSUPP, "");
		return;
	}
	if (unknown) {
		acknowledge_about(EINVAL, "Unknown attribute type", unknown);
		return;
	}
	assert(op && (is_dump ? !!op->dumpit : !!op->doit));
	kernel_attrs(mnl_nlmsg_get_payload_offset(request, GENL_HDRLEN),
		     mnl_nlmsg_get_payload_len(request) - GENL_HDRLEN, tb,
		     op->policy, op->maxattr);
	if (refuses(&info)) {
		refuse(&info);
	} else if (is_dump) {
		op->dumpit(NULL, NULL);
		finish_dump();
	} else {
		op->doit(NULL, &info);
		acknowledge(0, kernel_dice(8) ? "" : "warning: a few words");
	}
}

/* --- the socket ------------------------------------------------------------*/

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)flags;
	assert(bus == NETLINK_GENERIC);
	return (void *)&queue;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	assert(nl == (void *)&queue);
	return 0;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)pid;
	assert(!groups);
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *data,
			  socklen_t size)
{
	(void)nl;
	(void)type;
	(void)data;
	(void)size;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *data,
			  size_t size)
{
	(void)nl;
	request = data;
	assert(size >= MNL_NLMSG_HDRLEN + GENL_HDRLEN);
	assert(request->nlmsg_len == size);
	assert(request->nlmsg_flags & NLM_F_REQUEST);
	assert(request->nlmsg_flags & NLM_F_ACK);
	alloc.is_paused = true;
	queue.size = 0;
	kernel.requests++;
	if (request->nlmsg_type == GENL_ID_CTRL) {
		introduce_itself();
	} else {
		assert(request->nlmsg_type == FAMILY);
		serve();
	}
	request = NULL;
	alloc.is_paused = false;
	return size;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	(void)fd;
	(void)data;
	(void)size;
	assert(flags == (MSG_PEEK | MSG_TRUNC));
	if (queue.size)
		return queue.size;
	errno = EAGAIN;
	return -1;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *data,
			    size_t size)
{
	size_t got = queue.size;

	(void)nl;
	assert(got && got <= size);
	memcpy(data, queue.bytes, got);
	queue.size = 0;
	return got;
}

/* Report events, then a signal. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	bool more = kernel_dice(4);

	(void)timeout;
	assert(n == 2);
	fds[0].revents = more ? 0 : POLLIN;
	fds[1].revents = more ? POLLIN : 0;
	if (more)
		kernel_babble(LBHASH_CMD_CHANGE);
	return 1;
}
