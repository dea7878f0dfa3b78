// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl lookup
 */
#include <sys/socket.h>

#include "lbhashctl.h"
#include "nl.h"
#include "parse.h"
#include "print.h"

/**
 * struct flow - what to ask about
 * @have: BIT() of the settings that were there
 */
struct flow {
	__u32 have;
	__u8 proto;
	struct endpoint src;
	struct endpoint dst;
};

static const struct setting lookup_settings[] = {
	{
		.key = "proto", .value = "tcp|udp|N",
		.help = "protocol of the packets",
		.parse = parse_proto,
		.offset = offsetof(struct flow, proto),
		.flags = SETTING_REQUIRED,
	}, {
		.key = "src", .value = "ADDR[:PORT]",
		.help = "source of the packets, an IPv6 address with a port in brackets",
		.parse = parse_endpoint,
		.offset = offsetof(struct flow, src),
		.flags = SETTING_REQUIRED,
	}, {
		.key = "dst", .value = "ADDR[:PORT]",
		.help = "destination of the packets",
		.parse = parse_endpoint,
		.offset = offsetof(struct flow, dst),
		.flags = SETTING_REQUIRED,
	},
	{}
};

static const struct print_field lookup_view[] = {
	{ .key = "service", .flags = PRINT_NAME },
	{ .key = "slot", .label = "slot" },
	{ .key = "owner", .label = "owner" },
	{ .key = "previous", .label = "previous" },
	{ .key = "pinned", .label = "pinned" },
	{ .key = "backend", .label = "backend" },
	{ .key = "mark", .label = "mark", .flags = PRINT_HEX },
	{ .key = "reason", .label = "reason" },
	{}
};

static void put_endpoint(struct nl_msg *msg, const struct endpoint *e,
			 __u16 type4, __u16 type6, __u16 port_type)
{
	if (e->family == AF_INET)
		nl_put(msg, type4, &e->addr4, sizeof(e->addr4));
	else
		nl_put(msg, type6, &e->addr6, sizeof(e->addr6));
	if (e->has_port)
		nl_put_u16(msg, port_type, e->port);
}

static void read_decision(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[LBHASH_DECISION_A_MAX + 1] = {};
	const struct nlattr *top[LBHASH_A_MAX + 1];

	nl_attrs(nlh, top, LBHASH_A_MAX);
	if (top[LBHASH_A_DECISION])
		nl_nested(top[LBHASH_A_DECISION], tb, LBHASH_DECISION_A_MAX);
	json_object_set_new(arg, "service", json_text(top[LBHASH_A_NAME]));
	json_object_set_new(arg, "slot", json_uint(tb[LBHASH_DECISION_A_SLOT]));
	json_object_set_new(arg, "owner",
			    json_text(tb[LBHASH_DECISION_A_OWNER]));
	json_object_set_new(arg, "previous",
			    json_text(tb[LBHASH_DECISION_A_PREVIOUS]));
	json_object_set_new(arg, "pinned",
			    json_text(tb[LBHASH_DECISION_A_PINNED]));
	json_object_set_new(arg, "backend",
			    json_text(tb[LBHASH_DECISION_A_BACKEND]));
	json_object_set_new(arg, "mark", json_uint(tb[LBHASH_DECISION_A_MARK]));
	json_object_set_new(arg, "reason",
			    json_name(tb[LBHASH_DECISION_A_REASON],
				      reason_names));
}

static int lookup(const struct command *cmd, char **argv)
{
	struct flow flow = {};
	json_t *decision;
	const char *missing;
	struct nl_msg *msg;
	size_t nest;
	int rc;

	rc = parse_settings(cmd->settings, argv + 1, &flow);
	if (rc)
		return rc;
	missing = parse_missing(cmd->settings, flow.have);
	if (missing)
		return misuse("%s: %s is missing", ctl.what, missing);
	if (flow.src.family != flow.dst.family)
		return fail(USAGE, "%s: src and dst must be both IPv4 or both IPv6",
			    ctl.what);

	msg = nl_request(LBHASH_CMD_LOOKUP);
	nl_put_str(msg, LBHASH_A_NAME, argv[0]);
	nest = nl_nest_start(msg, LBHASH_A_FLOW);
	nl_put_u8(msg, LBHASH_FLOW_A_PROTO, flow.proto);
	put_endpoint(msg, &flow.src, LBHASH_FLOW_A_SRC4, LBHASH_FLOW_A_SRC6,
		     LBHASH_FLOW_A_SPORT);
	put_endpoint(msg, &flow.dst, LBHASH_FLOW_A_DST4, LBHASH_FLOW_A_DST6,
		     LBHASH_FLOW_A_DPORT);
	nl_nest_end(msg, nest);

	decision = json_object();
	rc = nl_do(msg, read_decision, decision);
	if (!rc)
		return print(decision, lookup_view);
	json_decref(decision);
	return rc;
}

const struct command lookup_commands[] = {
	{ .args = "SERVICE",
	  .help = "show slot, owner, backend and reason for a packet that arrives now",
	  .settings = lookup_settings, .run = lookup },
	{}
};
