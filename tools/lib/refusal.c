// SPDX-License-Identifier: GPL-2.0
/*
 * From the kernel's answer to an error: its own sentence if there is one, and
 * the attribute at which it points.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "error.h"
#include "refusal.h"
#include "request.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* An extended ack: a sentence, and where in the request it points. */
struct extack {
	const char *sentence;
	unsigned int offset;
};

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
	extack.sentence = lb_str(tb[NLMSGERR_ATTR_MSG]);
	extack.offset = lb_uint(tb[NLMSGERR_ATTR_OFFS]);
	return extack;
}

/* The kernel's sentences for an attribute, or a value of it, that it lacks. */
static bool is_about_attr(const char *sentence)
{
	static const char *const sentences[] = {
		"Unknown attribute type", "Unsupported attribute",
		"integer out of range", "reserved bit set"
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sentences); i++)
		if (!strcmp(sentence, sentences[i]))
			return true;
	return false;
}

/* The sentence of a dump has no room for names. */
static void quote(const struct lb_request *req, const struct extack *extack,
		  struct lb_error *error)
{
	lb_error_set(error, error->code, "%s", extack->sentence);
	error->is_complete = !(req->nlh->nlmsg_flags & NLM_F_DUMP);
	error->is_unknown = error->code == EINVAL &&
			    is_about_attr(extack->sentence);
	memcpy(error->about, req->about, sizeof(error->about));
	if (error->is_unknown || extack->offset)
		snprintf(error->attr, sizeof(error->attr), "%s",
			 lb_attr_name(req, extack->offset));
}

/**
 * lb_refusal_read() - read what the kernel says about a request
 * @req: the request that is answered, to which the offset in @nlh refers
 * @nlh: an NLMSG_ERROR, or the NLMSG_DONE of a dump
 * @skip: length of the payload in front of the extended ack
 * @code: errno, or 0 for an ack, which may carry a warning
 * @error: set, if there is an errno or a warning
 *
 * Return: -@code.
 */
int lb_refusal_read(const struct lb_request *req, const struct nlmsghdr *nlh,
		    size_t skip, int code, struct lb_error *error)
{
	struct extack extack = read_extack(nlh, skip);

	error->code = code;
	if (code == ENOENT && req->nlh->nlmsg_type == GENL_ID_CTRL) {
		lb_error_set(error, ENODEV,
			     "the xt_lbhash module is not loaded (modprobe xt_lbhash)");
		error->is_complete = true;
	} else if (extack.sentence) {
		quote(req, &extack, error);
	} else if (code) {
		lb_error_set(error, code, "%s%s", strerror(code),
			     code == EPERM ?
			     " (needs CAP_NET_ADMIN in this network namespace)"
			     : "");
		error->is_unknown = code == EOPNOTSUPP;
	}
	return -error->code;
}
