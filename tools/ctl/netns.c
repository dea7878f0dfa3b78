// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "fail.h"
#include "netns.h"

/* Work in a network namespace from now on. Return: an exit code. */
int netns_enter(const char *name)
{
	char path[4096];
	int fd, err;

	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return fail(USAGE, "-n %s: must be the name of a network namespace",
			    name);
	snprintf(path, sizeof(path), NETNS_DIR "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(USAGE, "-n %s: %s", name, errno == ENOENT ?
			    "no such network namespace" : strerror(errno));
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (err)
		return fail(REFUSED, "-n %s: %s", name, strerror(err));
	return DONE;
}
