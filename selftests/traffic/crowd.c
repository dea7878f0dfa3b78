// SPDX-License-Identifier: GPL-2.0
/*
 * flows crowd NAMESPACE INTERFACE MAC SRC4 SRC6 VIP4 VIP6 [option]...
 *
 *   -n N       number of connections (1), one half IPv4, the other half IPv6
 *   -i N       number of the first connection: earlier ones are skipped (0)
 *   -k N       packets per connection (1); all first packets are sent before
 *              all second ones
 *   -f FLAGS   TCP flags: S, A, F, R (S)
 *   -q SEQ     sequence number of the first packets (1000)
 *   -p PORT    destination port (80)
 *   -o 4|6     only IPv4, or only IPv6
 *   -t         print the nanoseconds from the first packet until the last one
 *              has been received
 *
 * Sends packets of more TCP connections than there could be sockets, straight
 * to the peer of the device. Each connection has its own port, if there are at
 * most PORTS per family, and one of ADDRESSES addresses.
 *
 * The program stays on one CPU, so that a packet has been processed on this
 * machine before the next one is sent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>

#include "flows.h"

#define FIRST_PORT	2000
#define PORTS		60000
#define ADDRESSES	250

static struct {
	struct endpoint src[2], vip[2];
	unsigned int conns, first, packets, seq, port, only;
	uint8_t flags;
	bool timed;
} opt = { .conns = 1, .packets = 1, .seq = 1000, .port = 80, .flags = TH_SYN };

static uint32_t add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return htons(~(sum + (sum >> 16)));
}

static struct tcphdr tcp_header(unsigned int port, unsigned int round,
				const void *src, const void *dst, size_t len)
{
	struct tcphdr th = {
		.th_sport = htons(port),
		.th_dport = htons(opt.port),
		.th_seq = htonl(opt.seq + round),
		.th_ack = opt.flags & TH_ACK ? htonl(1) : 0,
		.th_off = sizeof(th) / 4,
		.th_flags = opt.flags,
		.th_win = htons(65535),
	};
	uint32_t sum = IPPROTO_TCP + sizeof(th);

	sum = add(add(sum, src, len), dst, len);
	th.th_sum = fold(add(sum, &th, sizeof(th)));
	return th;
}

static size_t make4(char *packet, unsigned int i, unsigned int round)
{
	struct ip ip = {
		.ip_hl = sizeof(ip) / 4,
		.ip_v = 4,
		.ip_len = htons(sizeof(ip) + sizeof(struct tcphdr)),
		.ip_ttl = 64,
		.ip_p = IPPROTO_TCP,
		.ip_src = opt.src[0].in.sin_addr,
		.ip_dst = opt.vip[0].in.sin_addr,
	};
	struct tcphdr th;

	ip.ip_src.s_addr += htonl(1 + (i + i / PORTS) % ADDRESSES);
	ip.ip_sum = fold(add(0, &ip, sizeof(ip)));
	th = tcp_header(FIRST_PORT + i % PORTS, round, &ip.ip_src, &ip.ip_dst,
			sizeof(ip.ip_src));
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), &th, sizeof(th));
	return sizeof(ip) + sizeof(th);
}

static size_t make6(char *packet, unsigned int i, unsigned int round)
{
	struct ip6_hdr ip6 = {
		.ip6_flow = htonl(6 << 28),
		.ip6_plen = htons(sizeof(struct tcphdr)),
		.ip6_nxt = IPPROTO_TCP,
		.ip6_hlim = 64,
		.ip6_src = opt.src[1].in6.sin6_addr,
		.ip6_dst = opt.vip[1].in6.sin6_addr,
	};
	struct tcphdr th;

	ip6.ip6_src.s6_addr[15] += 1 + (i + i / PORTS) % ADDRESSES;
	th = tcp_header(FIRST_PORT + i % PORTS, round, &ip6.ip6_src,
			&ip6.ip6_dst, sizeof(ip6.ip6_src));
	memcpy(packet, &ip6, sizeof(ip6));
	memcpy(packet + sizeof(ip6), &th, sizeof(th));
	return sizeof(ip6) + sizeof(th);
}

static uint8_t parse_flags(const char *letters)
{
	static const char known[] = "FSRPA";
	uint8_t flags = 0;
	const char *at;

	for (; *letters; letters++) {
		at = strchr(known, *letters);
		if (!at) {
			errno = EINVAL;
			die(letters);
		}
		flags |= 1 << (at - known);
	}
	return flags;
}

static bool parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:i:k:f:q:p:o:t")) >= 0) {
		switch (c) {
		case 'n':
			opt.conns = strtoul(optarg, NULL, 0);
			break;
		case 'i':
			opt.first = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			opt.packets = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			opt.flags = parse_flags(optarg);
			break;
		case 'q':
			opt.seq = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			opt.port = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			opt.only = strtoul(optarg, NULL, 0);
			break;
		case 't':
			opt.timed = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc - 7;
}

static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void send_all(int fd, struct sockaddr_ll *to)
{
	unsigned int share = opt.only ? 1 : 2, round, i;
	char packet[128];
	size_t len;

	for (round = 0; round < opt.packets; round++) {
		for (i = opt.first; i < opt.first + opt.conns; i++) {
			if (opt.only ? opt.only == 6 : i % 2) {
				to->sll_protocol = htons(ETHERTYPE_IPV6);
				len = make6(packet, i / share, round);
			} else {
				to->sll_protocol = htons(ETHERTYPE_IP);
				len = make4(packet, i / share, round);
			}
			if (sendto(fd, packet, len, 0, (struct sockaddr *)to,
				   sizeof(*to)) < 0)
				die("sendto");
		}
	}
}

/* Does this CPU have packets that are left to ksoftirqd? */
static bool is_backlogged(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "r");
	unsigned int backlog;
	int found;

	if (!file)
		die("softnet_stat");
	found = fscanf(file, "%*x %*x %*x %*x %*x %*x %*x %*x %*x %*x %*x %x",
		       &backlog);
	fclose(file);
	if (found != 1) {
		errno = EPROTO;
		die("softnet_stat");
	}
	return backlog;
}

/* Wait for the last packet. Return: the time when it had been processed. */
static unsigned long long arrival(void)
{
	unsigned long long now = nanoseconds();

	while (is_backlogged()) {
		sched_yield();
		now = nanoseconds();
	}
	return now;
}

/** crowd_main() - send packets
 * Return: the exit code.
 */
int crowd_main(int argc, char **argv)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_halen = ETHER_ADDR_LEN,
	};
	unsigned char *m = to.sll_addr;
	unsigned long long start;
	int fd;

	if (!parse_options(argc, argv) ||
	    sscanf(argv[optind + 2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1,
		   m + 2, m + 3, m + 4, m + 5) != ETHER_ADDR_LEN) {
		fprintf(stderr, "usage: flows crowd NAMESPACE INTERFACE MAC ");
		fprintf(stderr, "SRC4 SRC6 VIP4 VIP6 [option]\n");
		return 1;
	}
	opt.src[0] = parse_endpoint(argv[optind + 3], 0);
	opt.src[1] = parse_endpoint(argv[optind + 4], 0);
	opt.vip[0] = parse_endpoint(argv[optind + 5], 0);
	opt.vip[1] = parse_endpoint(argv[optind + 6], 0);
	enter_namespace(argv[optind]);
	stay_here();
	to.sll_ifindex = if_nametoindex(argv[optind + 1]);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0)
		die("socket");
	start = nanoseconds();
	send_all(fd, &to);
	if (opt.timed)
		printf("%llu\n", arrival() - start);
	return 0;
}
