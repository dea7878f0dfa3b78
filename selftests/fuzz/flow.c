// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: kmod/flow.c as it is. Packets are in heap buffers of exactly
 * their size, so that AddressSanitizer detects every read beyond the end.
 *
 * The first byte of an input tells what the others are: a packet, or
 * instructions that build a valid packet, whose flow is known, and possibly
 * damage it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kmod/flow.c"
#include "../../kmod/hash.c"
#include "fuzz.h"

#define MOST_BYTES	8192
#define ICMP_HEADER	8

/**
 * struct packet - a packet under construction
 * @bytes: its contents so far
 * @size: length of @bytes
 * @ports: length of its ports in bytes, 0 or 4
 * @later: it is a fragment other than the first one
 * @flow: the expected result of parsing it
 */
struct packet {
	u8 bytes[MOST_BYTES];
	unsigned int size, ports;
	bool later;
	struct lbhash_flow flow;
};

/* How often each property was checked. */
static struct {
	unsigned long plain, fast, related, cut, foreign, damaged;
} tested;

/* --- parsing ---------------------------------------------------------------*/

static bool same_flow(const struct lbhash_flow *a, const struct lbhash_flow *b)
{
	return nf_inet_addr_cmp(&a->src, &b->src) &&
	       nf_inet_addr_cmp(&a->dst, &b->dst) &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->family == b->family && a->proto == b->proto &&
	       a->quoted == b->quoted && a->thoff == b->thoff;
}

static u8 *copy(const u8 *bytes, size_t size)
{
	u8 *heap = malloc(size);

	assert(heap);
	memcpy(heap, bytes, size);
	return heap;
}

/* Make a packet of two pieces; the first one, linear, has @linear bytes. */
static struct sk_buff take_apart(const u8 *bytes, unsigned int size,
				 unsigned int linear)
{
	return (struct sk_buff){
		.len = size, .linear = linear, .data = copy(bytes, linear),
		.paged = copy(bytes + linear, size - linear),
	};
}

static void discard(struct sk_buff *skb)
{
	free((void *)skb->data);
	free((void *)skb->paged);
}

/* Callers look for headers only if the IP header is in the linear piece. */
static unsigned int least_linear(u8 family)
{
	return family == NFPROTO_IPV4 ? sizeof(struct iphdr) :
					sizeof(struct ipv6hdr);
}

/* Read the headers that callers of the parser read next. */
static void read_headers(const struct sk_buff *skb, u8 family)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_SCTP };
	u8 buffer[20], bytes[20];
	const void *header;
	unsigned int i;

	for (i = 0; i < sizeof(protos); i++) {
		header = lbhash_flow_header(skb, family, protos[i],
					    sizeof(buffer), buffer);
		if (header)
			memcpy(bytes, header, sizeof(bytes));
	}
}

/* The fast path must compute the hash of the slow path, or none. */
static void check_fast(const struct sk_buff *skb,
		       const struct lbhash_flow *flow, int err)
{
	struct lbhash_hash how = {
		.key = { { 3, 4 } }, .sport = 0xffff,
		.symmetric = flow->sport & 1, .no_address = flow->dport & 1,
	};
	u64 hash;

	if (!how.no_address) {
		how.src4 = ~0u;
		memset(&how.src6, 0xff, sizeof(how.src6));
		memset(&how.dst6, 0xff, 5);
	}
	hash = lbhash_hash_fast(skb, flow->family, &how);
	if (hash == LBHASH_HASH_NOT_PLAIN)
		return;
	assert(!err && !flow->quoted);
	assert(hash == lbhash_hash_flow(flow, &how));
	tested.fast++;
}

static int parse_split(const u8 *bytes, unsigned int size, unsigned int linear,
		       u8 family, struct lbhash_flow *flow)
{
	struct sk_buff skb = take_apart(bytes, size, linear);
	int err;

	err = lbhash_flow_parse(&skb, family, flow);
	check_fast(&skb, flow, err);
	if (linear >= least_linear(family))
		read_headers(&skb, family);
	discard(&skb);
	return err;
}

/* The result of parsing must not depend on where the packet is split. */
static int parse(const u8 *bytes, unsigned int size, u8 family,
		 unsigned int split, struct lbhash_flow *flow)
{
	struct lbhash_flow other;
	int err, other_err;

	err = parse_split(bytes, size, size, family, flow);
	other_err = parse_split(bytes, size, size ? split % size : 0, family,
				&other);
	assert(!err == !other_err);
	assert(err || same_flow(flow, &other));
	assert(err || family == NFPROTO_IPV6 ||
	       flow->thoff >= sizeof(struct iphdr));
	return err;
}

/* --- hashing ---------------------------------------------------------------*/

static struct lbhash_flow reversed(const struct lbhash_flow *flow)
{
	struct lbhash_flow other = *flow;

	other.src = flow->dst;
	other.dst = flow->src;
	other.sport = flow->dport;
	other.dport = flow->sport;
	return other;
}

/* Compare with two keys: hashes of 32 bits collide now and then. */
static bool same_hash(const struct lbhash_flow *a, const struct lbhash_flow *b,
		      const struct lbhash_hash *how)
{
	struct lbhash_hash other = *how;

	other.key.key[0] ^= 1;
	return lbhash_hash_flow(a, how) == lbhash_hash_flow(b, how) &&
	       lbhash_hash_flow(a, &other) == lbhash_hash_flow(b, &other);
}

/* With all fields, the hash is SipHash of their bytes in a row, on a machine of
 * either endianness.
 */
static void check_bytes(const struct lbhash_flow *flow,
			const struct lbhash_hash *all)
{
	unsigned int size = flow->family == NFPROTO_IPV4 ? 4 : 16;
	unsigned int n = 2 * size;
	u8 bytes[37];

	memcpy(bytes, &flow->src, size);
	memcpy(bytes + size, &flow->dst, size);
	memcpy(bytes + n, &flow->sport, 2);
	memcpy(bytes + n + 2, &flow->dport, 2);
	bytes[n + 4] = flow->proto;
	assert(lbhash_hash_flow(flow, all) ==
	       (u32)siphash(bytes, n + 5, &all->key));
}

/* Fields that are not hashed must not change the hash, nor the family if no
 * address is hashed; the direction must, unless the hash is symmetric.
 */
static void check_hash(const struct lbhash_flow *flow)
{
	struct lbhash_hash how = { .key = { { 1, 2 } }, .proto = 0xff };
	struct lbhash_flow other = *flow;

	other.src.ip ^= 1;
	other.sport ^= 1;
	assert(same_hash(flow, &other, &how));
	other.proto ^= 1;
	assert(!same_hash(flow, &other, &how));

	how.sport = 0xffff;
	how.no_address = true;
	other = *flow;
	other.src.ip ^= 1;
	other.family ^= NFPROTO_IPV4 ^ NFPROTO_IPV6;
	assert(same_hash(flow, &other, &how));
	other.sport ^= 1;
	assert(!same_hash(flow, &other, &how));

	how.no_address = false;
	how.src4 = ~0u;
	how.dst4 = ~0u;
	memset(&how.src6, 0xff, sizeof(how.src6));
	memset(&how.dst6, 0xff, sizeof(how.dst6));
	how.dport = 0xffff;
	check_bytes(flow, &how);
	other = reversed(flow);
	assert(same_flow(flow, &other) == same_hash(flow, &other, &how));
	how.symmetric = true;
	assert(same_hash(flow, &other, &how));
}

/* --- building --------------------------------------------------------------*/

static void put(struct packet *packet, const void *bytes, unsigned int size)
{
	assert(packet->size + size <= MOST_BYTES);
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put_filler(struct packet *packet, unsigned int size, u8 filler)
{
	assert(packet->size + size <= MOST_BYTES);
	memset(packet->bytes + packet->size, filler, size);
	packet->size += size;
}

/* Append an IPv4 header (RFC 791) with options; if @later, of a fragment other
 * than the first one.
 */
static void put_ipv4(struct packet *packet, struct orders *orders, u8 proto,
		     bool later)
{
	unsigned int options = take_below(orders, 11) * 4;
	u8 header[20] = { 0x45 + options / 4 };

	if (later)
		header[7] = 1 + take_below(orders, 255);
	else if (take(orders) & 1)
		header[6] = 0x20;
	header[9] = proto;
	memcpy(header + 12, &packet->flow.src, 4);
	memcpy(header + 16, &packet->flow.dst, 4);
	put(packet, header, sizeof(header));
	put_filler(packet, options, take(orders));
}

/* Append an IPv6 header with extension headers (RFC 8200, RFC 4302), any ones
 * in any order. In a fragment other than the first one the fragment header
 * comes last.
 */
static void put_ipv6(struct packet *packet, struct orders *orders, u8 proto,
		     bool later)
{
	static const u8 kinds[] = {
		IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH,
		IPPROTO_FRAGMENT,
	};
	u8 header[40] = { 0x60 }, extension[8] = { 0 };
	unsigned int i, n = take_below(orders, 8), size, at;
	u8 kind;

	memcpy(header + 8, &packet->flow.src, 16);
	memcpy(header + 24, &packet->flow.dst, 16);
	at = packet->size + 6;
	put(packet, header, sizeof(header));

	for (i = 0; i < n + later; i++) {
		kind = i == n ? IPPROTO_FRAGMENT :
		       kinds[take_below(orders, sizeof(kinds))];
		packet->bytes[at] = kind;
		at = packet->size;
		memset(extension, 0, sizeof(extension));
		switch (kind) {
		case IPPROTO_FRAGMENT:
			size = 8;
			extension[3] = take(orders) & 7;
			if (i == n)
				extension[2] = 1 + take_below(orders, 255);
			break;
		case IPPROTO_AH:
			extension[1] = take_below(orders, 32);
			size = (extension[1] + 2) * 4;
			break;
		default:
			extension[1] = take_below(orders, 32);
			size = (extension[1] + 1) * 8;
		}
		put(packet, extension, sizeof(extension));
		put_filler(packet, size - sizeof(extension), take(orders));
	}
	packet->bytes[at] = proto;
}

static void put_ip(struct packet *packet, struct orders *orders, u8 proto,
		   bool later)
{
	if (packet->flow.family == NFPROTO_IPV4)
		put_ipv4(packet, orders, proto, later);
	else
		put_ipv6(packet, orders, proto, later);
}

/* Build a packet of the flow that is in @packet. If it becomes a fragment
 * without ports, the flow loses its ports.
 */
static void put_packet(struct packet *packet, struct orders *orders)
{
	struct lbhash_flow *flow = &packet->flow;
	u8 l4[16] = { 0 };
	unsigned int size;

	packet->later = take_below(orders, 4) == 3;
	put_ip(packet, orders, flow->proto, packet->later);
	flow->thoff = packet->size;
	if (packet->later) {
		flow->sport = 0;
		flow->dport = 0;
		put_filler(packet, take_below(orders, 32), take(orders));
		return;
	}
	packet->ports = lbhash_flow_has_ports(flow->proto) ? 4 : 0;
	size = 8 + take_below(orders, 9);
	memcpy(l4, &flow->sport, 2);
	memcpy(l4 + 2, &flow->dport, 2);
	put(packet, l4, size);
}

static void draw_address(union nf_inet_addr *addr, struct orders *orders,
			 u8 family)
{
	memset(addr, 0, sizeof(*addr));
	memset(addr, take(orders), family == NFPROTO_IPV4 ? 4 : 16);
	addr->all[0] ^= take(orders);
}

/* Draw a flow. Protocol numbers of IPv6 extension headers are left out: they
 * would be parsed as such. For ICMP, check_plain() makes an echo
 * request.
 */
static void draw_flow(struct lbhash_flow *flow, struct orders *orders)
{
	static const u8 with_ports[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP,
		IPPROTO_DCCP,
	};
	static const u8 without[] = {
		IPPROTO_GRE, IPPROTO_ESP, IPPROTO_IPIP, 59, 253,
	};
	bool ipv4 = take(orders) & 1;
	u8 kind = take_below(orders, 8);

	memset(flow, 0, sizeof(*flow));
	flow->family = ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	draw_address(&flow->src, orders, flow->family);
	draw_address(&flow->dst, orders, flow->family);
	if (kind < 5) {
		flow->proto = with_ports[kind];
		flow->sport = take(orders) << 8 | take(orders);
		flow->dport = take(orders) << 8 | take(orders);
	} else if (kind < 7) {
		flow->proto = without[take_below(orders, sizeof(without))];
	} else {
		flow->proto = ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	}
}

static bool is_echo(const struct lbhash_flow *flow)
{
	return flow->proto == IPPROTO_ICMP || flow->proto == IPPROTO_ICMPV6;
}

/* --- properties ------------------------------------------------------------*/

/* A valid packet is parsed to the flow that it was built from. */
static void check_plain(struct orders *orders)
{
	struct packet packet = { .size = 0 };
	struct lbhash_flow got;

	draw_flow(&packet.flow, orders);
	put_packet(&packet, orders);
	if (is_echo(&packet.flow) && packet.size > packet.flow.thoff)
		packet.bytes[packet.flow.thoff] =
			packet.flow.family == NFPROTO_IPV4 ? 8 : 128;

	assert(!parse(packet.bytes, packet.size, packet.flow.family,
		      take(orders), &got));
	if (packet.later)	/* there is no transport header */
		got.thoff = packet.flow.thoff;
	assert(same_flow(&got, &packet.flow));
	check_hash(&got);
	tested.plain++;
}

static u8 draw_error(struct orders *orders, u8 family)
{
	static const u8 icmp[] = { 3, 4, 11, 12 }, icmpv6[] = { 1, 2, 3, 4 };
	u8 which = take_below(orders, sizeof(icmp));

	return family == NFPROTO_IPV4 ? icmp[which] : icmpv6[which];
}

/* Build an ICMP error that quotes the first @quoted bytes of @about, a packet
 * from the virtual address.
 */
static void put_error(struct packet *error, const struct packet *about,
		      unsigned int quoted, struct orders *orders)
{
	bool ipv4 = about->flow.family == NFPROTO_IPV4;
	u8 header[ICMP_HEADER] = { draw_error(orders, about->flow.family) };

	error->flow.family = about->flow.family;
	draw_address(&error->flow.src, orders, about->flow.family);
	error->flow.dst = about->flow.src;
	put_ip(error, orders, ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, false);
	error->flow.thoff = error->size;
	put(error, header, sizeof(header));
	put(error, about->bytes, quoted);
}

/* An error about a server's packet has the flow of the client's packets, if it
 * quotes the packet up to the ports. An error that quotes less, or a packet of
 * another host, has no flow.
 */
static void check_error(struct orders *orders)
{
	struct packet about = { .size = 0 }, error = { .size = 0 };
	struct lbhash_flow want, got;
	unsigned int quoted, least;

	draw_flow(&about.flow, orders);
	put_packet(&about, orders);
	want = reversed(&about.flow);
	want.quoted = true;
	least = about.flow.thoff + about.ports;
	quoted = take(orders) & 1 ? about.size : least +
		 take_below(orders, about.size - least + 1);
	put_error(&error, &about, quoted, orders);
	want.thoff = error.flow.thoff;

	assert(!parse(error.bytes, error.size, want.family, take(orders),
		      &got));
	assert(same_flow(&got, &want));
	tested.related++;

	/* The quoted packet is not from the address that the error is sent to.
	 */
	error.bytes[want.family == NFPROTO_IPV4 ? 17 : 33] ^= 1;
	assert(parse(error.bytes, error.size, want.family, 0, &got));
	error.bytes[want.family == NFPROTO_IPV4 ? 17 : 33] ^= 1;
	tested.foreign++;

	/* The quote ends before the end of the ports. */
	if (about.ports) {
		quoted = take_below(orders, 255) % least;
		assert(parse(error.bytes,
			     want.thoff + ICMP_HEADER + quoted,
			     want.family, take(orders), &got));
		tested.cut++;
	}
}

/* No input makes the parser read beyond the packet. */
static void check_damaged(struct orders *orders)
{
	struct packet about = { .size = 0 }, error = { .size = 0 };
	unsigned int n = 1 + take_below(orders, 8);
	struct lbhash_flow got;
	u16 at;

	draw_flow(&about.flow, orders);
	put_packet(&about, orders);
	put_error(&error, &about, about.size, orders);
	while (n--) {
		at = take(orders) << 8 | take(orders);
		error.bytes[at % error.size] ^= take(orders);
	}
	at = take(orders) << 8 | take(orders);
	parse(error.bytes, at & 1 ? error.size : at % error.size,
	      about.flow.family, take(orders), &got);
	tested.damaged++;
}

static void report(void)
{
	printf("tested: plain %lu fast %lu related %lu cut %lu", tested.plain,
	       tested.fast, tested.related, tested.cut);
	printf(" foreign %lu damaged %lu\n", tested.foreign, tested.damaged);
}

int fuzz_init(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(report);
}

int fuzz_one(const u8 *data, size_t size)
{
	struct orders orders = { .data = data, .size = size };
	struct lbhash_flow flow;
	u8 split;

	switch (take_below(&orders, 5)) {
	case 0:
		split = take(&orders);
		parse(orders.data, orders.size, NFPROTO_IPV4, split, &flow);
		break;
	case 1:
		split = take(&orders);
		parse(orders.data, orders.size, NFPROTO_IPV6, split, &flow);
		break;
	case 2:
		check_plain(&orders);
		break;
	case 3:
		check_error(&orders);
		break;
	default:
		check_damaged(&orders);
	}
	return 0;
}
