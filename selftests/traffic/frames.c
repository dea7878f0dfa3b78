// SPDX-License-Identifier: GPL-2.0
/*
 * flows frames NAMESPACE INTERFACE MAC VIP4 VIP6 SEED COUNT
 *
 * Sends slightly broken frames: truncated frames, wrong lengths, extension
 * headers of all kinds in any order, ICMP errors that quote garbage, and
 * offload requests that no sane driver makes. Most have a correct IPv4
 * checksum: others are dropped before they are parsed. The same SEED sends the
 * same frames.
 *
 *   sent=N refused=N          refused: by the sender's kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/uio.h>

#include "flows.h"

/* Debian 12's headers are older than its kernels. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

#define MOST_BYTES	12000
#define MOST_DEPTH	3

/**
 * struct frame - a frame under construction
 * @bytes: its contents so far
 * @size: length of @bytes
 * @l3: offset of the outer network header
 * @family: version of that header, 4 or 6
 */
struct frame {
	uint8_t bytes[MOST_BYTES];
	size_t size;
	size_t l3;
	int family;
};

static uint64_t state;
static uint8_t vip4[4], vip6[16], mac[6];

/* xorshift64*: S. Vigna, 2014. */
static uint32_t draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL) >> 32;
}

static uint32_t below(uint32_t n)
{
	return draw() % n;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

static void put(struct frame *f, const void *data, size_t size)
{
	if (f->size + size > MOST_BYTES)
		size = MOST_BYTES - f->size;
	memcpy(f->bytes + f->size, data, size);
	f->size += size;
}

static void put_byte(struct frame *f, uint8_t byte)
{
	put(f, &byte, 1);
}

static void put_16(struct frame *f, uint16_t number)
{
	put_byte(f, number >> 8);
	put_byte(f, number);
}

static void put_noise(struct frame *f, size_t size)
{
	while (size--)
		put_byte(f, draw());
}

static void set_16(struct frame *f, size_t at, uint16_t number)
{
	if (at + 2 > f->size)
		return;
	f->bytes[at] = number >> 8;
	f->bytes[at + 1] = number;
}

static uint16_t port(void)
{
	static const uint16_t usual[] = { 80, 53, 0, 40000, 40001, 65535 };

	return usual[below(ARRAY_SIZE(usual))];
}

/* Put the client's or the virtual address, sometimes a random one. */
static void put_address(struct frame *f, int family, bool vip)
{
	uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x0c };

	if (one_in(16)) {
		put_noise(f, family == 4 ? 4 : 16);
	} else if (family == 4) {
		uint8_t client[4] = { 192, 0, 2, 1 + below(8) };

		put(f, vip ? vip4 : client, 4);
	} else {
		address[15] = 1 + below(8);
		put(f, vip ? vip6 : address, 16);
	}
}

static void put_packet(struct frame *f, int family, int depth, bool answer);

static void put_icmp(struct frame *f, int family, int depth)
{
	static const uint8_t types4[] = { 3, 4, 5, 8, 0, 11, 12, 13 };
	static const uint8_t types6[] = { 1, 2, 3, 4, 128, 129, 135, 0 };
	size_t quoted;

	put_byte(f, (family == 4 ? types4 : types6)[below(8)]);
	put_byte(f, below(16));
	put_noise(f, 6);
	quoted = f->size;
	if (depth < MOST_DEPTH && !one_in(8))
		put_packet(f, one_in(16) ? 10 - family : family, depth + 1,
			   true);
	else
		put_noise(f, below(64));
	/* Routers may quote only the beginning of a packet. */
	if (one_in(2) && f->size > quoted)
		f->size = quoted + below(f->size - quoted + 1);
}

static void put_transport(struct frame *f, int family, uint8_t proto, int depth)
{
	switch (proto) {
	case IPPROTO_TCP:
		put_16(f, port());
		put_16(f, port());
		put_noise(f, 8);
		put_byte(f, below(16) << 4 | below(16));
		put_byte(f, one_in(2) ? 0x02 : draw());
		put_noise(f, 6 + 4 * below(11));
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		put_16(f, port());
		put_16(f, port());
		put_16(f, below(100));
		put_16(f, one_in(2) ? 0 : draw());
		break;
	case IPPROTO_SCTP:
		put_16(f, port());
		put_16(f, port());
		put_noise(f, one_in(2) ? 8 : 0);
		put_byte(f, below(16));
		put_byte(f, below(4));
		put_16(f, below(64));
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		put_icmp(f, family, depth);
		return;
	default:
		put_noise(f, below(40));
	}
	put_noise(f, below(64));
}

static uint8_t any_proto(int family)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
		IPPROTO_DCCP, IPPROTO_UDPLITE, IPPROTO_GRE, IPPROTO_ESP,
	};

	if (one_in(4))
		return family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	if (one_in(16))
		return draw();
	return protos[below(sizeof(protos))];
}

static void put_ipv4(struct frame *f, int depth, bool answer)
{
	size_t start = f->size, options = 4 * (one_in(3) ? below(11) : 0);
	uint8_t proto = any_proto(4);

	put_byte(f, 0x40 | (5 + options / 4));
	put_byte(f, 0);
	put_16(f, 0);
	put_16(f, draw());
	put_16(f, one_in(8) ? draw() : 0x4000);
	put_byte(f, 1 + below(64));
	put_byte(f, proto);
	put_16(f, 0);
	put_address(f, 4, answer);
	put_address(f, 4, !answer);
	/* Mostly NOPs: random options are rarely valid, and others are refused.
	 */
	while (options--)
		put_byte(f, one_in(8) ? draw() : 1);
	put_transport(f, 4, proto, depth);
	set_16(f, start + 2, f->size - start);
}

/* @kind: 0 hop-by-hop, 43 routing, 44 fragment, 51 AH, 60 destination options
 */
static void put_extension(struct frame *f, uint8_t kind, uint8_t next)
{
	size_t more = one_in(4) ? below(8) : 0;

	put_byte(f, next);
	if (kind == IPPROTO_FRAGMENT) {
		put_byte(f, 0);
		put_16(f, one_in(2) ? 0 : draw());
		put_noise(f, 4);
	} else if (kind == IPPROTO_AH) {
		put_byte(f, 4 + more);
		put_noise(f, 2 + 4 + 4 + 4 * (3 + more));
	} else {
		put_byte(f, one_in(16) ? draw() : more);
		put_byte(f, 1);
		put_byte(f, 4 + 8 * more);
		put_noise(f, 4 + 8 * more);
	}
}

static void put_ipv6(struct frame *f, int depth, bool answer)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 60 };
	uint8_t chain[12], proto = any_proto(6);
	size_t start = f->size;
	unsigned int i, n = one_in(2) ? 0 : below(11);

	for (i = 0; i < n; i++)
		chain[i] = kinds[below(sizeof(kinds))];
	chain[n] = proto;
	put_16(f, 0x6000);
	put_16(f, draw());
	put_16(f, 0);
	put_byte(f, chain[0]);
	put_byte(f, 1 + below(64));
	put_address(f, 6, answer);
	put_address(f, 6, !answer);
	for (i = 0; i < n; i++)
		put_extension(f, chain[i], chain[i + 1]);
	put_transport(f, 6, proto, depth);
	set_16(f, start + 4, f->size - start - 40);
}

static void put_packet(struct frame *f, int family, int depth, bool answer)
{
	if (family == 4)
		put_ipv4(f, depth, answer);
	else
		put_ipv6(f, depth, answer);
}

static void damage(struct frame *f)
{
	unsigned int n = below(4);

	while (n--)
		f->bytes[f->l3 + below(f->size - f->l3)] = draw();
	if (one_in(4))
		set_16(f, f->l3 + (f->family == 4 ? 2 : 4), below(f->size));
	if (one_in(4))
		f->size = f->l3 + 1 + below(f->size - f->l3);
}

static void sum_ipv4(struct frame *f)
{
	size_t size = (f->bytes[f->l3] & 15) * 4, i;
	uint32_t sum = 0;

	if (size < 20 || f->l3 + size > f->size)
		return;
	set_16(f, f->l3 + 10, 0);
	for (i = 0; i < size; i += 2)
		sum += f->bytes[f->l3 + i] << 8 | f->bytes[f->l3 + i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	set_16(f, f->l3 + 10, ~(sum + (sum >> 16)));
}

static void make_frame(struct frame *f)
{
	f->size = 0;
	f->family = one_in(2) ? 4 : 6;
	put(f, mac, 6);
	put_noise(f, 6);
	f->bytes[6] = 2;
	put_16(f, f->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	f->l3 = f->size;
	put_packet(f, f->family, 0, false);
	if (one_in(8)) {
		put_noise(f, below(MOST_BYTES));
		set_16(f, f->l3 + (f->family == 4 ? 2 : 4),
		       f->size - f->l3 - (f->family == 4 ? 0 : 40));
	}
	if (one_in(2))
		damage(f);
	if (f->family == 4 && !one_in(16))
		sum_ipv4(f);
}

/* Make the header by which a driver requests segmentation or checksums. */
static struct virtio_net_hdr offload(const struct frame *f)
{
	static const uint8_t kinds[] = {
		VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6,
		VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_UDP_L4,
	};
	struct virtio_net_hdr hdr = {};

	/* With a short hdr_len, the rest of a large frame is in pages. */
	hdr.hdr_len = one_in(2) ? 0 : below(one_in(4) ? 65536 : 200);
	if (one_in(3)) {
		hdr.gso_type = one_in(16) ? draw() : kinds[below(4)];
		hdr.gso_size = one_in(8) ? draw() : 1 + below(1500);
	}
	if (hdr.gso_type || one_in(4)) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.csum_start = one_in(8) ? draw() :
				 f->l3 + (f->family == 4 ? 20 : 40);
		hdr.csum_offset = one_in(2) ? 16 : below(32);
	}
	return hdr;
}

/** frames_main() - send frames
 * Return: the exit code.
 */
int frames_main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned long sent = 0, refused = 0, count;
	struct virtio_net_hdr hdr;
	static struct frame f;
	int sock, on = 1;

	errno = EINVAL;
	if (argc != 8 || inet_pton(AF_INET, argv[4], vip4) != 1 ||
	    inet_pton(AF_INET6, argv[5], vip6) != 1 ||
	    sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1,
		   mac + 2, mac + 3, mac + 4, mac + 5) != 6)
		die("frames");
	state = strtoull(argv[6], NULL, 0) * 2 + 1;
	count = strtoul(argv[7], NULL, 0);
	enter_namespace(argv[1]);

	sock = socket(AF_PACKET, SOCK_RAW, 0);
	if (sock < 0 || setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &on,
				   sizeof(on)))
		die("packet socket");
	to.sll_ifindex = if_nametoindex(argv[2]);

	while (count--) {
		struct iovec iov[] = {
			{ &hdr, sizeof(hdr) }, { f.bytes, 0 },
		};
		struct msghdr msg = {
			.msg_name = &to, .msg_namelen = sizeof(to),
			.msg_iov = iov, .msg_iovlen = 2,
		};

		make_frame(&f);
		hdr = offload(&f);
		iov[1].iov_len = f.size;
		if (sendmsg(sock, &msg, 0) < 0)
			refused++;
		else
			sent++;
	}
	printf("sent=%lu refused=%lu\n", sent, refused);
	return 0;
}
