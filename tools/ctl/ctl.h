/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_CTL_H
#define _LBHASHCTL_CTL_H

#include <stdbool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes, and what every command returns. */
enum { DONE, USAGE, REFUSED };

/**
 * struct ctl - the options of the command line, and the command that runs
 * @json: print JSON
 * @pretty: indent it
 * @verbose: text shows everything
 * @dry_run: change nothing, print what the command would do
 * @exist_ok: adding what exists sets it, deleting what does not exist succeeds
 * @where: "FILE:LINE: " in front of every error of a batch, or ""
 * @what: the command without its keywords, for errors
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

#endif /* _LBHASHCTL_CTL_H */
