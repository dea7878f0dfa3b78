// SPDX-License-Identifier: GPL-2.0
/*
 * What a service decides about the packets of a flow.
 */
#include <errno.h>
#include <linux/lbhash.h>
#include <sys/socket.h>

#include "attr.h"
#include "error.h"
#include "json.h"
#include "lookup.h"
#include "names.h"
#include "request.h"
#include "socket.h"

const struct lb_field lb_flow_fields[LB_FLOW_FIELDS + 1] = {
	[LB_FLOW_PROTO] = {
		.key = "proto",
		.parse = lb_parse_proto,
		.offset = offsetof(struct lb_flow, proto),
		.flags = FIELD_REQUIRED,
	},
	[LB_FLOW_SRC] = {
		.key = "src",
		.parse = lb_parse_endpoint,
		.offset = offsetof(struct lb_flow, src),
		.flags = FIELD_REQUIRED,
	},
	[LB_FLOW_DST] = {
		.key = "dst",
		.parse = lb_parse_endpoint,
		.offset = offsetof(struct lb_flow, dst),
		.flags = FIELD_REQUIRED,
	},
	{}
};

static void put_endpoint(struct lb_request *req, const struct lb_endpoint *e,
			 __u16 type4, __u16 type6, __u16 port_type)
{
	if (e->family == AF_INET)
		lb_put(req, type4, &e->addr4, sizeof(e->addr4));
	else
		lb_put(req, type6, &e->addr6, sizeof(e->addr6));
	if (e->has_port)
		lb_put_u16(req, port_type, e->port);
}

static int read_decision(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_DECISION_A_MAX + 1] = {};
	const struct nlattr *top[LBHASH_A_MAX + 1];
	json_t **decision = arg;

	lb_attrs(nlh, top, LBHASH_A_MAX);
	if (top[LBHASH_A_DECISION])
		lb_nested(top[LBHASH_A_DECISION], tb, LBHASH_DECISION_A_MAX);
	json_decref(*decision);
	*decision = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			      "service", lb_json_text(top[LBHASH_A_NAME]),
			      "slot", lb_json_uint(tb[LBHASH_DECISION_A_SLOT]),
			      "owner",
			      lb_json_text(tb[LBHASH_DECISION_A_OWNER]),
			      "previous",
			      lb_json_text(tb[LBHASH_DECISION_A_PREVIOUS]),
			      "pinned",
			      lb_json_text(tb[LBHASH_DECISION_A_PINNED]),
			      "backend",
			      lb_json_text(tb[LBHASH_DECISION_A_BACKEND]),
			      "mark", lb_json_uint(tb[LBHASH_DECISION_A_MARK]),
			      "reason",
			      lb_json_choice(tb[LBHASH_DECISION_A_REASON],
					     lb_reason_names));
	return *decision ? 0 : -ENOMEM;
}

/**
 * lb_lookup() - ask what a packet of a flow would meet now
 * @lb: from lb_new()
 * @service: name of the service
 * @flow: all of its fields are set
 * @decision: out, an object; NULL on failure
 * @error: set on failure
 *
 * Return: 0 or a negative errno.
 */
int lb_lookup(struct lb *lb, const char *service, const struct lb_flow *flow,
	      json_t **decision, struct lb_error *error)
{
	struct lb_request *req = lb_request_start(LBHASH_CMD_LOOKUP);
	size_t nest;
	int rc;

	lb_put_str(req, LBHASH_A_NAME, service);
	nest = lb_nest_start(req, LBHASH_A_FLOW);
	lb_put_u8(req, LBHASH_FLOW_A_PROTO, flow->proto);
	put_endpoint(req, &flow->src, LBHASH_FLOW_A_SRC4, LBHASH_FLOW_A_SRC6,
		     LBHASH_FLOW_A_SPORT);
	put_endpoint(req, &flow->dst, LBHASH_FLOW_A_DST4, LBHASH_FLOW_A_DST6,
		     LBHASH_FLOW_A_DPORT);
	lb_nest_end(req, nest);
	*decision = NULL;
	rc = lb_do(lb, req, read_decision, decision, error);
	if (rc || *decision)
		return rc;
	*decision = json_object();
	return *decision ? 0 : lb_error_memory(error);
}
