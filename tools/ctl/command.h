/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_COMMAND_H
#define _LBHASHCTL_COMMAND_H

#include <linux/types.h>
#include <stdbool.h>

struct lb_field;

/**
 * struct setting - a keyword of a command
 * @key: keyword, which may be abbreviated; a table ends with a NULL one
 * @value: placeholder of the value in help; NULL if there is no value
 * @help: description in help
 * @field: field that it sets; NULL if there is no value
 * @is_dry_run: it sets ctl.dry_run and no field
 *
 * The structure that a table of settings fills begins with a __u32, where bit n
 * says that setting n was given: fields have the same numbers in both tables.
 */
struct setting {
	const char *key;
	const char *value;
	const char *help;
	const struct lb_field *field;
	bool is_dry_run;
};

/* For every command that changes something. */
#define SETTING_DRY_RUN	{						\
	.key = "dry-run",						\
	.help = "change nothing, print what would change",		\
	.is_dry_run = true,						\
}

/**
 * struct command - one command of an object; a table of them ends with no @run
 * @name: word of the command; NULL if the object has no other commands
 * @args: placeholders of the words that come first; those in brackets are
 *	optional; NAME and SERVICE must be valid names
 * @help: description in help
 * @settings: keywords that may follow, or NULL
 * @op: LBHASH_CMD_* of its request, if it has one
 * @partial: no setting is required, those that are not given stay as they are
 * @exist_ok: it takes --exist-ok
 * @is_default: it runs if the object stands alone; the first of its commands
 * @run: called with the words after the command, NULL-terminated; returns an
 *	exit code
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	const struct setting *settings;
	__u8 op;
	bool partial;
	bool exist_ok;
	bool is_default;
	int (*run)(const struct command *cmd, char **argv);
};

/* A table of them ends with a NULL name. */
struct object {
	const char *name;
	const char *help;
	const struct command *commands;
};

#endif /* _LBHASHCTL_COMMAND_H */
