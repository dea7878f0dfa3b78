// SPDX-License-Identifier: GPL-2.0
/*
 * flows servers FILE VIP4 VIP6 NAMESPACE...
 * flows witness FILE VIP4 VIP6 NAMESPACE...
 *
 * "servers" runs in each namespace a TCP and a UDP server for both VIPs, which
 * answer with the namespace's name, and a witness, which counts all packets
 * that arrive for the VIPs, accepted or not; "witness" runs only the witness. A
 * report has a line for each flow that had packets since the last report:
 *
 *   tcp|udp SOURCE PORT NAMESPACE PACKETS STARTS
 *
 * STARTS is the number of SYNs, or of datagrams.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <sys/epoll.h>

#include "flows.h"

#define MAX_FLOWS	(1 << 16)
#define WITNESS_BUFFER	(32 << 20)

enum role { LISTENER, CONNECTION, DATAGRAMS, WITNESS, SIGNALS };

/**
 * struct port - a socket that is polled
 * @role: kind of socket, which determines the handler
 * @fd: the socket
 * @name: name of its namespace, which answers contain; NULL for signals
 * @got: number of bytes of @request that have arrived
 * @request: a request that arrives in pieces, of a TCP connection
 * @next: the next witness, of a witness
 */
struct port {
	enum role role;
	int fd;
	const char *name;
	size_t got;
	struct message request;
	struct port *next;
};

/**
 * struct flow - packets from one source that one server has received
 * @name: name of the server's namespace, NULL in an unused entry
 * @src: address and port of the source
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @packets: number of packets since the last report
 * @starts: number of SYNs or datagrams among them
 */
struct flow {
	const char *name;
	struct endpoint src;
	uint8_t proto;
	unsigned long packets, starts;
};

static struct flow flows[MAX_FLOWS];
static struct port *witnesses;
static struct endpoint vips[2];
static int poll_fd;

static struct port *watch(enum role role, int fd, const char *name)
{
	struct port *port = calloc(1, sizeof(*port));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = port };

	if (fd < 0)
		die("socket");
	port->role = role;
	port->fd = fd;
	port->name = name;
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
	return port;
}

static void open_server(const char *name, const struct endpoint *vip, int type)
{
	int fd = socket(vip->sa.sa_family, type | SOCK_NONBLOCK, 0);

	if (bind(fd, &vip->sa, vip->len))
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 4096))
		die("listen");
	watch(type == SOCK_STREAM ? LISTENER : DATAGRAMS, fd, name);
}

static void open_witness(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK,
			htons(ETH_P_ALL));
	int size = WITNESS_BUFFER;
	struct port *port;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	port = watch(WITNESS, fd, name);
	port->next = witnesses;
	witnesses = port;
}

static void accept_all(struct port *listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(CONNECTION, fd, listener->name);
	}
}

static void answer_stream(struct port *port)
{
	char *to = (char *)&port->request;
	ssize_t len;

	while ((len = recv(port->fd, to + port->got,
			   sizeof(port->request) - port->got, 0)) > 0) {
		port->got += len;
		if (port->got < sizeof(port->request))
			continue;
		port->got = 0;
		strncpy(port->request.name, port->name, NAME_SIZE - 1);
		if (send(port->fd, &port->request, sizeof(port->request),
			 MSG_NOSIGNAL) < 0)
			break;
	}
	if (len < 0 && port->got < sizeof(port->request))
		return;
	close(port->fd);
	free(port);
}

static void answer_datagrams(struct port *port)
{
	struct endpoint from = { .len = sizeof(from.in6) };
	struct message msg;

	while (recvfrom(port->fd, &msg, sizeof(msg), 0, &from.sa,
			&from.len) == sizeof(msg)) {
		strncpy(msg.name, port->name, NAME_SIZE - 1);
		sendto(port->fd, &msg, sizeof(msg), 0, &from.sa, from.len);
		from.len = sizeof(from.in6);
	}
}

static void count(const char *name, const struct endpoint *src, uint8_t proto,
		  bool is_start)
{
	uint32_t i = endpoint_port(src) * 2654435761u;
	struct flow *flow;

	for (;; i++) {
		flow = &flows[i % MAX_FLOWS];
		if (!flow->name)
			break;
		if (flow->name == name && flow->proto == proto &&
		    !memcmp(&flow->src, src, sizeof(*src)))
			break;
	}
	flow->name = name;
	flow->src = *src;
	flow->proto = proto;
	flow->packets++;
	flow->starts += is_start;
}

static bool starts(uint8_t proto, const struct tcphdr *tcp, size_t len)
{
	if (proto == IPPROTO_TCP)
		return len >= sizeof(*tcp) && tcp->syn && !tcp->ack;
	return proto == IPPROTO_UDP;
}

/*
 * No sender in the tests uses IP options or extension headers, so the ports
 * follow the fixed header.
 */
static void witness_packet(const char *name, const uint8_t *p, size_t len)
{
	const struct ip6_hdr *ip6 = (const void *)p;
	const struct ip *ip = (const void *)p;
	struct endpoint src = {};

	if (len >= sizeof(*ip) + 4 && ip->ip_v == 4 &&
	    ip->ip_dst.s_addr == vips[0].in.sin_addr.s_addr) {
		src.in.sin_family = AF_INET;
		src.in.sin_addr = ip->ip_src;
		memcpy(&src.in.sin_port, p + sizeof(*ip), 2);
		count(name, &src, ip->ip_p,
		      starts(ip->ip_p, (const void *)(p + sizeof(*ip)),
			     len - sizeof(*ip)));
	} else if (len >= sizeof(*ip6) + 4 && ip->ip_v == 6 &&
		   IN6_ARE_ADDR_EQUAL(&ip6->ip6_dst, &vips[1].in6.sin6_addr)) {
		src.in6.sin6_family = AF_INET6;
		src.in6.sin6_addr = ip6->ip6_src;
		memcpy(&src.in6.sin6_port, p + sizeof(*ip6), 2);
		count(name, &src, ip6->ip6_nxt,
		      starts(ip6->ip6_nxt, (const void *)(p + sizeof(*ip6)),
			     len - sizeof(*ip6)));
	}
}

static void witness_all(struct port *port)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t packet[128];
	ssize_t len;

	while ((len = recvfrom(port->fd, packet, sizeof(packet), 0,
			       (struct sockaddr *)&from, &from_len)) >= 0)
		if (from.sll_pkttype == PACKET_HOST)
			witness_packet(port->name, packet, len);
}

static void report(const char *path)
{
	FILE *f = report_open(path);
	struct port *port;
	struct flow *flow;

	/* The report includes all packets that have arrived by now. */
	for (port = witnesses; port; port = port->next)
		witness_all(port);
	for (flow = flows; flow < flows + MAX_FLOWS; flow++)
		if (flow->name &&
		    (flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_UDP))
			fprintf(f, "%s %s %s %lu %lu\n",
				flow->proto == IPPROTO_TCP ? "tcp" : "udp",
				endpoint_text(&flow->src), flow->name,
				flow->packets, flow->starts);
	report_close(f, path);
	memset(flows, 0, sizeof(flows));
}

static void serve(struct port *port)
{
	switch (port->role) {
	case LISTENER:
		accept_all(port);
		break;
	case CONNECTION:
		answer_stream(port);
		break;
	case DATAGRAMS:
		answer_datagrams(port);
		break;
	case WITNESS:
		witness_all(port);
		break;
	case SIGNALS:
		break;
	}
}

/** servers_main() - answer requests, or only count packets, until SIGTERM
 * Return: the exit code.
 */
int servers_main(int argc, char **argv)
{
	bool answer = !strcmp(argv[0], "servers");
	struct epoll_event ev[64];
	struct port *signals;
	uint32_t sig = 0;
	int i, n;

	if (argc < 5) {
		fprintf(stderr, "usage: flows servers|witness FILE VIP4 VIP6 NS...\n");
		return 1;
	}
	vips[0] = parse_endpoint(argv[2], FLOWS_PORT);
	vips[1] = parse_endpoint(argv[3], FLOWS_PORT);
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	signals = watch(SIGNALS, signal_socket(), NULL);
	for (i = 4; i < argc; i++) {
		enter_namespace(argv[i]);
		open_witness(argv[i]);
		for (n = 0; n < 2 && answer; n++) {
			open_server(argv[i], &vips[n], SOCK_STREAM);
			open_server(argv[i], &vips[n], SOCK_DGRAM);
		}
	}
	report(argv[1]);

	while (sig != SIGTERM && sig != SIGINT) {
		n = epoll_wait(poll_fd, ev, ARRAY_SIZE(ev), -1);
		for (i = 0; i < n; i++)
			serve(ev[i].data.ptr);
		sig = next_signal(signals->fd);
		if (sig)
			report(argv[1]);
	}
	return 0;
}
