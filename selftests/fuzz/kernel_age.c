// SPDX-License-Identifier: GPL-2.0
/*
 * The modelled kernel as an older module, which lacks most attributes, and as a
 * newer one, which has attributes unknown to lbhashctl.
 */
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/lbhash.h>

#include "kernel.h"

static bool is_old(u16 type, u16 nest)
{
	if (nest == LBHASH_A_BACKEND)
		return type <= LBHASH_BACKEND_A_WEIGHT;
	return type <= LBHASH_A_SIZE || type == LBHASH_A_SEED ||
	       type == LBHASH_A_BACKEND || type == LBHASH_A_DRY_RUN ||
	       type == LBHASH_A_FLOW;
}

/**
 * kernel_unknown() - find an attribute that the modelled module does not know
 * @request: a message from lbhashctl
 *
 * Return: the first one, or NULL.
 */
const struct nlattr *kernel_unknown(const struct nlmsghdr *request)
{
	const struct nlattr *attr, *in;
	u16 type;

	if (!kernel.older)
		return NULL;
	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		type = mnl_attr_get_type(attr);
		if (!is_old(type, 0))
			return attr;
		if (type != LBHASH_A_BACKEND)
			continue;
		mnl_attr_for_each_nested(in, attr)
			if (!is_old(mnl_attr_get_type(in), type))
				return in;
	}
	return NULL;
}

/* Copy an attribute, changed for the module's age. A state that lbhashctl does
 * not know is printed as a number.
 */
static void copy(struct nlmsghdr *to, const struct nlattr *attr, u16 nest)
{
	u16 type = mnl_attr_get_type(attr);
	const struct nlattr *in;
	struct nlattr *inside;

	if (kernel.older && !is_old(type, nest))
		return;
	if (kernel.newer && nest && type == LBHASH_BACKEND_A_STATE) {
		mnl_attr_put_u32(to, type, 77);
	} else if (!nest && type == LBHASH_A_BACKEND) {
		inside = mnl_attr_nest_start(to, type);
		mnl_attr_for_each_nested(in, attr)
			copy(to, in, type);
		if (kernel.newer)
			mnl_attr_put_strz(to, LBHASH_BACKEND_A_MAX + 1, "?");
		mnl_attr_nest_end(to, inside);
	} else {
		mnl_attr_put(to, attr->nla_type, mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
	}
}

/**
 * kernel_age() - remove or add attributes for the module's age
 * @nlh: an answer, changed in place
 */
void kernel_age(struct nlmsghdr *nlh)
{
	static char buffer[64 * 1024] __attribute((aligned(8)));
	const struct nlmsghdr *was = (void *)buffer;
	const struct nlattr *attr;

	if (!kernel.older && !kernel.newer)
		return;
	memcpy(buffer, nlh, nlh->nlmsg_len);
	nlh->nlmsg_len = mnl_nlmsg_size(GENL_HDRLEN);
	mnl_attr_for_each(attr, was, GENL_HDRLEN)
		copy(nlh, attr, 0);
	if (kernel.newer)
		mnl_attr_put_u64(nlh, LBHASH_A_MAX + 1, 1);
}
