// SPDX-License-Identifier: GPL-2.0
/*
 * A rule that names a service the kernel does not have is refused with a bare
 * ENOENT, which iptables words as "No chain/target/match by that name". So
 * the extension asks the kernel first and names the missing service.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <xtables.h>

#include <linux/lbhash.h>
#include "service.h"

static const char name_chars[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

/**
 * lbhash_name_check - refuse an invalid name of a service or a backend
 * @cb: the option being parsed; its argument is the name
 *
 * Does not return if the name is invalid.
 */
void lbhash_name_check(const struct xt_option_call *cb)
{
	size_t len = strlen(cb->arg);

	if (len >= 1 && len <= LBHASH_NAME_MAX && cb->arg[0] != '-' &&
	    strspn(cb->arg, name_chars) == len)
		return;

	xtables_error(PARAMETER_PROBLEM,
		      "%s: --%s \"%s\": must be 1..%d of A-Za-z0-9_.-, not starting with a dash",
		      cb->ext_name, cb->entry->name, cb->arg, LBHASH_NAME_MAX);
}

static int family_attr_cb(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		*(unsigned int *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr_cb,
			      data);
}

static int service_cb(const struct nlmsghdr *nlh, void *data)
{
	return MNL_CB_OK;
}

/* Send a request with one string; return 0 or a negative errno. */
static int ask(struct mnl_socket *nl, unsigned int family, unsigned int cmd,
	       unsigned int attr, const char *name, mnl_cb_t cb, void *data)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	unsigned int seq = time(NULL);
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	int ret;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = LBHASH_GENL_VERSION;
	mnl_attr_put_strz(nlh, attr, name);

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;

	do {
		ssize_t len = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, seq, mnl_socket_get_portid(nl), cb,
				 data);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? -errno : 0;
}

/**
 * lbhash_service_warn - warn if a service does not exist
 * @ext: name of the extension, a prefix of the warning
 * @service: name of the service, in the namespace of the caller
 *
 * Only a warning: the kernel decides whether to accept the rule, and
 * "iptables-restore --test" or "iptables -D" may name a missing service. No
 * answer except ENOENT causes a warning.
 */
void lbhash_service_warn(const char *ext, const char *service)
{
	unsigned int family = 0;
	struct mnl_socket *nl;

	nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl)
		return;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    ask(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		LBHASH_GENL_NAME, family_cb, &family) == 0 && family &&
	    ask(nl, family, LBHASH_CMD_SERVICE_GET, LBHASH_A_NAME, service,
		service_cb, NULL) == -ENOENT)
		fprintf(stderr,
			"%s: %s: service \"%s\" does not exist (lbhashctl service add %s)\n",
			xt_params->program_name, ext, service, service);

	mnl_socket_close(nl);
}
