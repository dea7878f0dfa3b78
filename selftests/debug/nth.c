// SPDX-License-Identifier: GPL-2.0
/*
 * To be preloaded: makes the Nth allocation fail of the first setsockopt() that
 * is about IP, as which iptables-legacy hands over its rules.
 *
 *   FAIL_NTH    which allocation, from 1
 *   FAIL_LOG    file that gets "injected" once that has happened, or "past"
 *               when the call had fewer allocations
 *
 * The kernel counts (Documentation/fault-injection, fail-nth): it has to be
 * built with CONFIG_FAULT_INJECTION, and failslab's ignore-gfp-wait must allow
 * requests that may sleep to fail as well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void set_nth(int fd, const char *nth)
{
	if (pwrite(fd, nth, strlen(nth), 0) < 0)
		abort();
}

static void log_result(int fd)
{
	const char *path = getenv("FAIL_LOG");
	char left[16] = "";
	FILE *log;

	if (pread(fd, left, sizeof(left) - 1, 0) < 0)
		abort();
	set_nth(fd, "0");
	close(fd);
	log = path ? fopen(path, "w") : NULL;
	if (!log)
		abort();
	fputs(atoi(left) ? "past\n" : "injected\n", log);
	fclose(log);
}

/* Opens what counts, or -1 if this is not the call to fail. */
static int start(int level)
{
	const char *nth = getenv("FAIL_NTH");
	static int calls;
	int fd;

	if (!nth || (level != SOL_IP && level != SOL_IPV6) || calls++)
		return -1;
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	set_nth(fd, nth);
	return fd;
}

int setsockopt(int sock, int level, int name, const void *value, socklen_t len)
{
	static int (*real)(int, int, int, const void *, socklen_t);
	int fd, rc;

	if (!real)
		real = dlsym(RTLD_NEXT, "setsockopt");
	fd = start(level);
	rc = real(sock, level, name, value, len);
	if (fd >= 0)
		log_result(fd);
	return rc;
}
