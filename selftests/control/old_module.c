// SPDX-License-Identifier: GPL-2.0
/*
 * A former module, for iptables that preloads this: the kernel denies that its
 * LBHASH target has another revision than 0. iptables-legacy asks for revisions
 * with getsockopt(), iptables-nft by netlink.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#define QUESTION	(NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET)

static int is_unknown(const char *name, unsigned int revision)
{
	return !strcmp(name, "LBHASH") && revision > 0;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int (*next)(int fd, int level, int name, void *value, socklen_t *size);
	const struct xt_get_revision *asked = value;

	if (((level == IPPROTO_IP && name == IPT_SO_GET_REVISION_TARGET) ||
	     (level == IPPROTO_IPV6 && name == IP6T_SO_GET_REVISION_TARGET)) &&
	    is_unknown(asked->name, asked->revision)) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	next = dlsym(RTLD_NEXT, "getsockopt");
	return next(fd, level, name, value, size);
}

/* The kernel has no revision 255 of it, and says so. */
static void deny_nft(struct nlmsghdr *nlh)
{
	struct nlattr *attr, *revision = NULL;
	const char *name = "";

	if (nlh->nlmsg_type != QUESTION)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_COMPAT_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == NFTA_COMPAT_REV)
			revision = attr;
	}
	if (revision && is_unknown(name, ntohl(mnl_attr_get_u32(revision))))
		*(__be32 *)mnl_attr_get_payload(revision) = htonl(255);
}

ssize_t sendto(int fd, const void *message, size_t size, int flags,
	       const struct sockaddr *to, socklen_t length)
{
	ssize_t (*next)(int fd, const void *message, size_t size, int flags,
			const struct sockaddr *to, socklen_t length);
	char copy[4096];

	if (to && to->sa_family == AF_NETLINK && size <= sizeof(copy)) {
		message = memcpy(copy, message, size);
		deny_nft((struct nlmsghdr *)copy);
	}
	next = dlsym(RTLD_NEXT, "sendto");
	return next(fd, message, size, flags, to, length);
}
