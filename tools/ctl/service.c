// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl service
 */
#include <linux/lbhash.h>

#include "../lib/error.h"
#include "../lib/service.h"
#include "commands.h"
#include "commit.h"
#include "ctl.h"
#include "print.h"
#include "session.h"
#include "usage.h"
#include "view.h"
#include "words.h"

static const struct setting service_settings[] = {
	[LB_SERVICE_SIZE] = {
		.key = "size", .value = "N",
		.help = "slots of the table, 251..1048573, rounded up to a prime; 65537 by default",
		.field = &lb_service_fields[LB_SERVICE_SIZE],
	},
	[LB_SERVICE_HASH] = {
		.key = "hash", .value = "FIELDS",
		.help = "fields that are hashed: proto,src[/BITS],dst[/BITS],sport,dport,symmetric",
		.field = &lb_service_fields[LB_SERVICE_HASH],
	},
	[LB_SERVICE_SEED] = {
		.key = "seed", .value = "HEX",
		.help = "key of the hash, 32 hex digits; derived from the name by default",
		.field = &lb_service_fields[LB_SERVICE_SEED],
	},
	[LB_SERVICE_MASK] = {
		.key = "mask", .value = "M",
		.help = "bits of the mark that belong to the service; all by default",
		.field = &lb_service_fields[LB_SERVICE_MASK],
	},
	[LB_SERVICE_ON_EMPTY] = {
		.key = "on-empty", .value = "drop|continue",
		.help = "drop packets that no backend can take, or continue with the next rule",
		.field = &lb_service_fields[LB_SERVICE_ON_EMPTY],
	},
	[LB_SERVICE_SETTLE] = {
		.key = "settle", .value = "SECS",
		.help = "minimum time that a slot remembers its previous owner; 600 by default",
		.field = &lb_service_fields[LB_SERVICE_SETTLE],
	},
	[LB_SERVICE_TRACK] = {
		.key = "track", .value = "always|changed|never",
		.help = "which connections to track, for rules without --track; always by default",
		.field = &lb_service_fields[LB_SERVICE_TRACK],
	},
	[LB_SERVICE_DELIVER] = {
		.key = "deliver", .value = "mark|nexthop",
		.help = "mark packets, or send them to the backend's address as --forward does",
		.field = &lb_service_fields[LB_SERVICE_DELIVER],
	},
	[LB_SERVICE_IDLE] = {
		.key = "idle", .value = "SECS",
		.help = "time for which silent connections are remembered; 300 by default",
		.field = &lb_service_fields[LB_SERVICE_IDLE],
	},
	[LB_SERVICE_UDP_IDLE] = {
		.key = "udp-idle", .value = "SECS",
		.help = "silence after which a flow without handshake is new; 30 by default",
		.field = &lb_service_fields[LB_SERVICE_UDP_IDLE],
	},
	[LB_SERVICE_SETTLE_MAX] = {
		.key = "settle-max", .value = "SECS",
		.help = "time after which a slot settles in any case; 0, the default, is never",
		.field = &lb_service_fields[LB_SERVICE_SETTLE_MAX],
	},
	[LB_SERVICE_SAMPLE] = {
		.key = "sample", .value = "N",
		.help = "track one in N settled slots as if in transition; 0, the default, is none",
		.field = &lb_service_fields[LB_SERVICE_SAMPLE],
	},
	[LB_SERVICE_DISRUPTIVE] = {
		.key = "disruptive",
		.help = "allow a change of size, hash, seed or track that moves connections",
	},
	SETTING_DRY_RUN,
	{}
};

static const struct view_field service_view[] = {
	{ .key = "name", .flags = VIEW_NAME },
	{ .key = "size" },
	{ .key = "hash" },
	{ .key = "seed", .flags = VIEW_VERBOSE },
	{ .key = "mask", .flags = VIEW_HEX },
	{ .key = "on_empty", .label = "on-empty" },
	{ .key = "settle" },
	{ .key = "track" },
	{ .key = "deliver" },
	{ .key = "idle", .flags = VIEW_VERBOSE },
	{ .key = "udp_idle", .label = "udp-idle", .flags = VIEW_VERBOSE },
	{ .key = "settle_max", .label = "settle-max", .flags = VIEW_VERBOSE },
	{ .key = "sample", .flags = VIEW_VERBOSE },
	{ .key = "backends" },
	{ .key = "rules" },
	{ .key = "generation", .flags = VIEW_VERBOSE },
	{ .key = "digest" },
	{ .key = "transition_slots", .label = "transition",
	  .flags = VIEW_NONZERO },
	{ .key = "settles_in", .label = "settles-in" },
	{ .key = "holding", .flags = VIEW_NONZERO },
	{}
};

static int service_commit(const struct command *cmd, char **argv)
{
	struct lb_service svc = {};
	struct lb_request *req;
	int rc;

	rc = words_parse(cmd->settings, argv + 1, &svc);
	if (rc)
		return rc;
	if (cmd->partial && !svc.have)
		return misuse("%s: nothing to change", ctl.what);
	req = lb_service_request(cmd->op, argv[0], &svc);
	return cmd->partial ? commit_one(req) :
	       commit_add(req, cmd->op, LBHASH_CMD_SERVICE_SET);
}

static int service_del(const struct command *cmd, char **argv)
{
	__u32 nothing = 0;
	int rc;

	rc = words_parse(cmd->settings, argv + 1, &nothing);
	return rc ? rc : commit_del(lb_service_request(cmd->op, argv[0], NULL),
				    NULL);
}

static int service_show(const struct command *cmd, char **argv)
{
	json_t *services = json_array();
	struct lb_error error = {};
	int rc;

	(void)cmd;
	rc = lb_services(session(), argv[0], services, &error);
	rc = session_result(rc, &error);
	if (!rc)
		return print(services, service_view);
	json_decref(services);
	return rc;
}

const struct command service_commands[] = {
	{ .name = "add", .args = "NAME",
	  .help = "create a service",
	  .settings = service_settings,
	  .op = LBHASH_CMD_SERVICE_NEW, .exist_ok = true,
	  .run = service_commit },
	{ .name = "set", .args = "NAME",
	  .help = "change the given settings, keep the others",
	  .settings = service_settings,
	  .op = LBHASH_CMD_SERVICE_SET, .partial = true,
	  .run = service_commit },
	{ .name = "del", .args = "NAME",
	  .help = "delete a service that no rule refers to",
	  .settings = commit_settings,
	  .op = LBHASH_CMD_SERVICE_DEL, .exist_ok = true,
	  .run = service_del },
	{ .name = "show", .args = "[NAME]",
	  .help = "show one service, or all",
	  .run = service_show },
	{}
};
