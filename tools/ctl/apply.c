// SPDX-License-Identifier: GPL-2.0
/*
 * lbhashctl apply, save, flush: the whole configuration at once
 */
#include <linux/lbhash.h>
#include <stdio.h>

#include "../lib/backend.h"
#include "../lib/commit.h"
#include "../lib/config.h"
#include "../lib/error.h"
#include "commands.h"
#include "commit.h"
#include "ctl.h"
#include "load.h"
#include "print.h"
#include "session.h"
#include "words.h"

static const struct setting apply_settings[] = {
	{
		.key = "disruptive",
		.help = "allow changes that move connections",
	},
	SETTING_DRY_RUN,
	{}
};

static int run(const char *file, const json_t *root, bool is_disruptive)
{
	json_t *names = json_object();
	struct lb_commit commit = {};
	struct lb_error error = {};
	int rc;

	if (lb_config_read(root, is_disruptive, &commit, names, &error)) {
		rc = load_bad(file, &error);
	} else {
		rc = lb_config_prune(session(), names, &commit, &error);
		rc = session_result(rc, &error);
	}
	if (!rc)
		rc = commit_run(&commit);
	lb_commit_clear(&commit);
	json_decref(names);
	return rc;
}

static int apply(const struct command *cmd, char **argv)
{
	__u32 disruptive = 0;
	json_t *root;
	int rc;

	rc = words_parse(cmd->settings, argv + 1, &disruptive);
	root = rc ? NULL : load(argv[0]);
	if (!root)
		return USAGE;
	rc = run(argv[0], root, disruptive);
	json_decref(root);
	return rc;
}

static int save(const struct command *cmd, char **argv)
{
	struct lb_error error = {};
	json_t *config;
	int rc;

	(void)cmd;
	(void)argv;
	rc = lb_config_save(session(), &config, &error);
	rc = session_result(rc, &error);
	return rc ? rc : print_file(config);
}

static int flush_service(const char *service)
{
	return commit_one(lb_backend_request(LBHASH_CMD_BACKEND_DEL, service,
					     NULL, NULL));
}

static int flush(const struct command *cmd, char **argv)
{
	struct lb_commit commit = {};
	struct lb_error error = {};
	__u32 nothing = 0;
	int rc;

	if (argv[0]) {
		rc = words_parse(cmd->settings, argv + 1, &nothing);
		return rc ? rc : flush_service(argv[0]);
	}
	rc = lb_config_prune(session(), NULL, &commit, &error);
	rc = session_result(rc, &error);
	if (!rc)
		rc = commit_run(&commit);
	lb_commit_clear(&commit);
	return rc;
}

const struct command apply_commands[] = {
	{ .args = "FILE|-",
	  .help = "replace the configuration with the file; an invalid file changes nothing",
	  .settings = apply_settings, .run = apply },
	{}
};

const struct command save_commands[] = {
	{ .args = "", .help = "print the configuration as JSON", .run = save },
	{}
};

const struct command flush_commands[] = {
	{ .args = "[SERVICE]",
	  .help = "delete the backends of a service, or all services",
	  .settings = commit_settings, .run = flush },
	{}
};
