// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl lookup
 */
#include "../lib/error.h"
#include "../lib/lookup.h"
#include "commands.h"
#include "ctl.h"
#include "fail.h"
#include "print.h"
#include "session.h"
#include "usage.h"
#include "view.h"
#include "words.h"

static const struct setting lookup_settings[] = {
	[LB_FLOW_PROTO] = {
		.key = "proto", .value = "tcp|udp|N",
		.help = "protocol of the packets",
		.field = &lb_flow_fields[LB_FLOW_PROTO],
	},
	[LB_FLOW_SRC] = {
		.key = "src", .value = "ADDR[:PORT]",
		.help = "source of the packets, an IPv6 address with a port in brackets",
		.field = &lb_flow_fields[LB_FLOW_SRC],
	},
	[LB_FLOW_DST] = {
		.key = "dst", .value = "ADDR[:PORT]",
		.help = "destination of the packets",
		.field = &lb_flow_fields[LB_FLOW_DST],
	},
	{}
};

static const struct view_field lookup_view[] = {
	{ .key = "service", .flags = VIEW_NAME },
	{ .key = "slot", .label = "slot" },
	{ .key = "owner", .label = "owner" },
	{ .key = "previous", .label = "previous" },
	{ .key = "pinned", .label = "pinned" },
	{ .key = "backend", .label = "backend" },
	{ .key = "mark", .label = "mark", .flags = VIEW_HEX },
	{ .key = "reason", .label = "reason" },
	{}
};

static int lookup(const struct command *cmd, char **argv)
{
	struct lb_error error = {};
	struct lb_flow flow = {};
	const char *missing;
	json_t *decision;
	int rc;

	rc = words_parse(cmd->settings, argv + 1, &flow);
	if (rc)
		return rc;
	missing = words_missing(cmd->settings, flow.have);
	if (missing)
		return misuse("%s: %s is missing", ctl.what, missing);
	if (flow.src.family != flow.dst.family)
		return fail(USAGE, "%s: src and dst must both be IPv4 or both be IPv6",
			    ctl.what);
	rc = lb_lookup(session(), argv[0], &flow, &decision, &error);
	rc = session_result(rc, &error);
	return rc ? rc : print(decision, lookup_view);
}

const struct command lookup_commands[] = {
	{ .args = "SERVICE",
	  .help = "show slot, owner, backend and reason for a packet that arrives now",
	  .settings = lookup_settings, .run = lookup },
	{}
};
