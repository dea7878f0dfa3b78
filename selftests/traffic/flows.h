/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FLOWS_H
#define FLOWS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <netinet/in.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define FLOWS_PORT	80
#define NAME_SIZE	12

/**
 * struct message - a request, or an answer, on the wire
 * @seq: number of the request, which the answer repeats
 * @name: name of the server in an answer, zeroes in a request
 */
struct message {
	uint32_t seq;
	char name[NAME_SIZE];
};

/**
 * struct endpoint - an IPv4 or IPv6 socket address
 * @sa: the address, of either family
 * @in: likewise, if it is IPv4
 * @in6: likewise, if it is IPv6
 * @len: length of the address
 */
struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

void die(const char *what) __attribute__((noreturn));
void enter_namespace(const char *name);
struct endpoint parse_endpoint(const char *text, unsigned int port);
unsigned int endpoint_port(const struct endpoint *ep);
const char *endpoint_text(const struct endpoint *ep);
unsigned long long nanoseconds(void);
int signal_socket(void);
uint32_t next_signal(int fd);
FILE *report_open(const char *path);
void report_close(FILE *f, const char *path);

int servers_main(int argc, char **argv);
int client_main(int argc, char **argv);
int queue_main(int argc, char **argv);
int crowd_main(int argc, char **argv);
int frames_main(int argc, char **argv);

#endif /* FLOWS_H */
