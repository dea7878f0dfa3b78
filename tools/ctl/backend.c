// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl backend
 */
#include <linux/lbhash.h>

#include "../lib/backend.h"
#include "../lib/error.h"
#include "commands.h"
#include "commit.h"
#include "ctl.h"
#include "print.h"
#include "session.h"
#include "usage.h"
#include "view.h"
#include "words.h"

static const struct setting backend_settings[] = {
	[LB_BACKEND_MARK] = {
		.key = "mark", .value = "N",
		.help = "mark of the packets: not 0, unique in the service, within its mask",
		.field = &lb_backend_fields[LB_BACKEND_MARK],
	},
	[LB_BACKEND_WEIGHT] = {
		.key = "weight", .value = "W",
		.help = "share of the slots, relative to other backends, 0..65535; 1 by default",
		.field = &lb_backend_fields[LB_BACKEND_WEIGHT],
	},
	[LB_BACKEND_STATE] = {
		.key = "state", .value = "up|drain|down",
		.help = "drain: takes no new connections; down: keeps no connections",
		.field = &lb_backend_fields[LB_BACKEND_STATE],
	},
	[LB_BACKEND_ADDRESS] = {
		.key = "address", .value = "ADDR|none",
		.help = "next hop for --forward, one IPv4 and one IPv6 address; none: remove both",
		.field = &lb_backend_fields[LB_BACKEND_ADDRESS],
	},
	SETTING_DRY_RUN,
	{}
};

static const struct view_field backend_view[] = {
	{ .key = "name", .flags = VIEW_NAME },
	{ .key = "mark", .flags = VIEW_HEX },
	{ .key = "weight" },
	{ .key = "state", .flags = VIEW_STATE },
	{ .key = "slots" },
	{ .key = "addresses", .label = "address" },
	{}
};

static int backend_commit(const struct command *cmd, char **argv)
{
	struct lb_backend be = {};
	struct lb_request *req;
	const char *missing;
	int rc;

	rc = words_parse(cmd->settings, argv + 2, &be);
	if (rc)
		return rc;
	missing = words_missing(cmd->settings, be.have);
	if (missing && !cmd->partial)
		return misuse("%s: %s is missing", ctl.what, missing);
	if (!be.have)
		return misuse("%s: nothing to change", ctl.what);
	req = lb_backend_request(cmd->op, argv[0], argv[1], &be);
	return cmd->partial ? commit_one(req) :
	       commit_add(req, cmd->op, LBHASH_CMD_BACKEND_SET);
}

static int backend_del(const struct command *cmd, char **argv)
{
	struct lb_request *req;
	__u32 nothing = 0;
	int rc;

	rc = words_parse(cmd->settings, argv + 2, &nothing);
	if (rc)
		return rc;
	req = lb_backend_request(cmd->op, argv[0], argv[1], NULL);
	return commit_del(req, argv[0]);
}

static int backend_show(const struct command *cmd, char **argv)
{
	json_t *backends, *found = json_object();
	struct lb_error error = {};
	int rc;

	(void)cmd;
	rc = lb_backends(session(), argv[0], argv[1], found, &error);
	rc = session_result(rc, &error);
	if (!rc) {
		backends = json_object_get(found, argv[0]);
		rc = print(backends ? json_incref(backends) : json_array(),
			   backend_view);
	}
	json_decref(found);
	return rc;
}

const struct command backend_commands[] = {
	{ .name = "add", .args = "SERVICE NAME",
	  .help = "add a backend to a service",
	  .settings = backend_settings,
	  .op = LBHASH_CMD_BACKEND_NEW, .exist_ok = true,
	  .run = backend_commit },
	{ .name = "set", .args = "SERVICE NAME",
	  .help = "change the given settings, keep the others",
	  .settings = backend_settings,
	  .op = LBHASH_CMD_BACKEND_SET, .partial = true,
	  .run = backend_commit },
	{ .name = "del", .args = "SERVICE NAME",
	  .help = "delete a backend; its connections are reassigned",
	  .settings = commit_settings,
	  .op = LBHASH_CMD_BACKEND_DEL, .exist_ok = true,
	  .run = backend_del },
	{ .name = "show", .args = "SERVICE [NAME]",
	  .help = "show one backend of a service, or all",
	  .run = backend_show },
	{}
};
