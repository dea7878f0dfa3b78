// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic for the selftests. One process acts as all servers, and one as all
 * connections of a client, because starting processes is expensive on an
 * emulated CPU. They write their reports to a file:
 *
 *   flows servers|witness FILE VIP4 VIP6 NAMESPACE...
 *   flows client FILE NAMESPACE VIP [option]...
 *   flows queue FILE NAMESPACE MARKS
 *   flows frames NAMESPACE INTERFACE MAC VIP4 VIP6 SEED COUNT
 *   flows crowd NAMESPACE INTERFACE MAC SRC4 SRC6 VIP4 VIP6 [option]...
 *
 * SIGUSR1 requests another report, SIGTERM the last one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/signalfd.h>

#include "flows.h"

/** die() - print what failed, with errno, and exit */
void die(const char *what)
{
	fprintf(stderr, "flows: %s: %s\n", what, strerror(errno));
	exit(1);
}

/** enter_namespace() - move to a network namespace that ip(8) has named */
void enter_namespace(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(name);
	close(fd);
}

/** parse_endpoint() - an IPv4 or IPv6 address and a port, or die
 * Return: the endpoint.
 */
struct endpoint parse_endpoint(const char *text, unsigned int port)
{
	struct endpoint ep = {};

	if (inet_pton(AF_INET, text, &ep.in.sin_addr) == 1) {
		ep.in.sin_family = AF_INET;
		ep.in.sin_port = htons(port);
		ep.len = sizeof(ep.in);
	} else if (inet_pton(AF_INET6, text, &ep.in6.sin6_addr) == 1) {
		ep.in6.sin6_family = AF_INET6;
		ep.in6.sin6_port = htons(port);
		ep.len = sizeof(ep.in6);
	} else {
		errno = EINVAL;
		die(text);
	}
	return ep;
}

/** endpoint_port() - get the port; it has the same offset in both families
 * Return: the port, in host order.
 */
unsigned int endpoint_port(const struct endpoint *ep)
{
	return ntohs(ep->in.sin_port);
}

/** endpoint_text() - print address and port, separated by a blank
 * Return: a static string, valid until the next call.
 */
const char *endpoint_text(const struct endpoint *ep)
{
	static char text[INET6_ADDRSTRLEN + sizeof(" 65535")];
	const void *addr = &ep->in.sin_addr;
	size_t len;

	if (ep->sa.sa_family == AF_INET6)
		addr = &ep->in6.sin6_addr;
	inet_ntop(ep->sa.sa_family, addr, text, sizeof(text));
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, " %u", endpoint_port(ep));
	return text;
}

/** nanoseconds() - read the monotonic clock */
unsigned long long nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/** signal_socket() - block SIGUSR1, SIGTERM and SIGINT, to be read from a file
 * Return: the file descriptor, non-blocking.
 */
int signal_socket(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	return fd;
}

/** next_signal() - take one signal out of a signal_socket()
 * Return: its number, 0 if there is none.
 */
uint32_t next_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return info.ssi_signo;
}

static void report_path(char *path, size_t size, const char *final)
{
	snprintf(path, size, "%s.new", final);
}

/** report_open() - begin a report
 * Return: a temporary file, which report_close() renames to @path.
 */
FILE *report_open(const char *path)
{
	char new[PATH_MAX];
	FILE *f;

	report_path(new, sizeof(new), path);
	f = fopen(new, "w");
	if (!f)
		die(new);
	return f;
}

/** report_close() - publish a complete report, atomically */
void report_close(FILE *f, const char *path)
{
	char new[PATH_MAX];

	report_path(new, sizeof(new), path);
	if (fclose(f) || rename(new, path))
		die(path);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(int argc, char **argv);
	} parts[] = {
		{ "servers", servers_main },
		{ "witness", servers_main },
		{ "client", client_main },
		{ "queue", queue_main },
		{ "frames", frames_main },
		{ "crowd", crowd_main },
	};
	size_t i;

	for (i = 0; argc > 1 && i < ARRAY_SIZE(parts); i++)
		if (!strcmp(argv[1], parts[i].name))
			return parts[i].main(argc - 1, argv + 1);
	fprintf(stderr, "usage: flows servers|witness|client|queue|frames|crowd ...\n");
	return 1;
}
