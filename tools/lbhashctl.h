/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_H
#define _LBHASHCTL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute((format(printf, a, b)))

/* Where ip-netns(8) keeps the names. */
#define NETNS_DIR	"/run/netns/"

/* Exit codes, and what every command returns. */
enum { DONE, USAGE, REFUSED };

/**
 * struct ctl - what the command line said before the object, and where we are
 * @json: print JSON
 * @pretty: indent it
 * @verbose: text shows all there is
 * @dry_run: change nothing, say what the command would do
 * @exist_ok: what is to be added may be there, what is to be deleted need not
 * @where: "FILE:LINE: " in front of every error, or ""
 * @what: the command that runs, without its keywords
 */
struct ctl {
	bool json;
	bool pretty;
	bool verbose;
	bool dry_run;
	bool exist_ok;
	char where[4096];
	char what[256];
};

extern struct ctl ctl;

struct setting;

/**
 * struct command - one command of an object; a table of them ends with no @run
 * @name: NULL if the object has this command only, without a word for it
 * @args: words that must stand first, those in brackets may be left out;
 *   NAME and SERVICE are checked for being names
 * @help: what it does
 * @settings: keywords that may follow, or NULL
 * @op: netlink command
 * @partial: the settings are a change, none of them is required
 * @exist_ok: it takes --exist-ok
 * @run: gets the words after the command, NULL-terminated
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	const struct setting *settings;
	__u8 op;
	bool partial;
	bool exist_ok;
	int (*run)(const struct command *cmd, char **argv);
};

struct object {
	const char *name;
	const char *help;
	const struct command *commands;
};

extern const struct command service_commands[];
extern const struct command backend_commands[];
extern const struct command apply_commands[];
extern const struct command save_commands[];
extern const struct command flush_commands[];
extern const struct command lookup_commands[];
extern const struct command table_commands[];
extern const struct command stats_commands[];
extern const struct command monitor_commands[];
extern const struct command metrics_commands[];
extern const struct command version_commands[];

int enter_netns(const char *name);

void *must_realloc(void *old, size_t size);

__printf(1, 2)
char *must_print(const char *fmt, ...);

__printf(2, 3)
int fail(int code, const char *fmt, ...);

__printf(1, 2)
int misuse(const char *fmt, ...);

#endif /* _LBHASHCTL_H */
