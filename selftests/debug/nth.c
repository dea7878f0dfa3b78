// SPDX-License-Identifier: GPL-2.0
/*
 * To be preloaded: makes the Nth allocation of a system call fail.
 *
 *   FAIL_CALL   sendmsg (a netlink request of a family, not of the family
 *               controller), setsockopt (a rule of iptables-legacy), unshare
 *   FAIL_SKIP   so many such calls of the program pass first
 *   FAIL_NTH    which allocation of it, from 1
 *   FAIL_LOG    file that gets "injected" once that has happened, or "past"
 *               when the call had fewer allocations
 *
 * The kernel counts (Documentation/fault-injection, fail-nth): it has to be
 * built with CONFIG_FAULT_INJECTION and told, by failslab's ignore-gfp-wait,
 * that requests which may sleep can fail, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int calls;

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
static int start(const char *call)
{
	const char *wanted = getenv("FAIL_CALL"), *nth = getenv("FAIL_NTH");
	const char *skip = getenv("FAIL_SKIP");
	int fd;

	if (!wanted || !nth || strcmp(wanted, call) != 0 ||
	    calls++ != (skip ? atoi(skip) : 0))
		return -1;
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	set_nth(fd, nth);
	return fd;
}

static int is_request(const void *data, size_t len)
{
	const struct nlmsghdr *nlh = data;

	return len >= sizeof(*nlh) && nlh->nlmsg_type > GENL_ID_CTRL;
}

ssize_t sendto(int sock, const void *data, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	static ssize_t (*real)(int, const void *, size_t, int,
			       const struct sockaddr *, socklen_t);
	ssize_t sent;
	int fd;

	if (!real)
		real = dlsym(RTLD_NEXT, "sendto");
	fd = is_request(data, len) ? start("sendmsg") : -1;
	sent = real(sock, data, len, flags, to, to_len);
	if (fd >= 0)
		log_result(fd);
	return sent;
}

ssize_t sendmsg(int sock, const struct msghdr *msg, int flags)
{
	static ssize_t (*real)(int, const struct msghdr *, int);
	ssize_t sent;
	int fd;

	if (!real)
		real = dlsym(RTLD_NEXT, "sendmsg");
	fd = msg->msg_iovlen && is_request(msg->msg_iov->iov_base,
					   msg->msg_iov->iov_len) ?
	     start("sendmsg") : -1;
	sent = real(sock, msg, flags);
	if (fd >= 0)
		log_result(fd);
	return sent;
}

int setsockopt(int sock, int level, int name, const void *value, socklen_t len)
{
	static int (*real)(int, int, int, const void *, socklen_t);
	int fd, rc;

	if (!real)
		real = dlsym(RTLD_NEXT, "setsockopt");
	fd = level == SOL_IP || level == SOL_IPV6 ? start("setsockopt") : -1;
	rc = real(sock, level, name, value, len);
	if (fd >= 0)
		log_result(fd);
	return rc;
}

int unshare(int flags)
{
	static int (*real)(int);
	int fd, rc;

	if (!real)
		real = dlsym(RTLD_NEXT, "unshare");
	fd = flags & CLONE_NEWNET ? start("unshare") : -1;
	rc = real(flags);
	if (fd >= 0)
		log_result(fd);
	return rc;
}
