// SPDX-License-Identifier: GPL-2.0
/*
 * A library for LD_PRELOAD. The Nth allocation of the first setsockopt() at
 * level IP or IPv6 fails; iptables-legacy passes its rules to the kernel with
 * it.
 *
 *   FAIL_NTH    which allocation fails, from 1
 *   FAIL_LOG    file to which "injected" is written if the allocation failed,
 *               and "past" if the call had fewer allocations
 *
 * The kernel counts the allocations (Documentation/fault-injection, fail-nth).
 * It must have CONFIG_FAULT_INJECTION, and failslab's ignore-gfp-wait must be
 * off, so that requests that may sleep fail, too.
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

/* Start counting. Return: the file descriptor of the counter, or -1 if this is
 * not the call to fail.
 */
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
