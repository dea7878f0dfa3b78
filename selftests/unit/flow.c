// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the parser, kmod/flow.c as it is: packets written byte by byte,
 * with the expected flows, and the fuzzer's properties on random inputs. Prints
 * TAP.
 *
 * The client's address ends in 17, the virtual address in 10, a router's in 2.
 * Ports are 0x1234 and 80.
 */
#include "../fuzz/flow.c"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUNDS		200000

#define IPV4(proto, src, dst)	IPV4_WITH("45", "00000000", proto, src, dst)
#define IPV4_WITH(first, frag, proto, src, dst)				\
	first "000000 " frag " 40" proto "0000 " src dst
#define IPV4_OPTIONS(proto, src, dst)					\
	IPV4_WITH("4f", "00000000", proto, src, dst OPTIONS40)
#define IPV6(proto, src, dst)						\
	"60000000 0000" proto "40 " src dst

#define CLIENT4		"c0000211 "
#define VIP4		"c633640a "
#define ROUTER4		"0a020002 "
#define CLIENT6		"20010db8000c0000 0000000000000017 "
#define VIP6		"20010db8000f0000 0000000000000010 "
#define ROUTER6		"20010db800020000 0000000000000002 "

#define TCP		"06"
#define UDP		"11"
#define ICMP		"01"
#define ICMPV6		"3a"
#define SCTP		"84"

#define NOP4		"01010101 "
#define OPTIONS40	"01010101 01010101 01010101 01010101 01010101 " \
			"01010101 01010101 01010101 01010101 01010101 "
#define ZERO8		"00000000 00000000 "

#define THERE		"12340050 "
#define BACK		"00501234 "
#define SEQ		"00000001 "
#define TCP_WITH(flags)	THERE SEQ SEQ "50" flags "ffff 00000000 "
#define SCTP_WITH(vtag)	THERE vtag "00000000 01000014 "
#define FRAG_NEEDED	"03040000 00000578 "
#define TOO_BIG		"02000000 00000578 "

/**
 * struct example - a packet and its expected flow
 * @what: description, for the report
 * @hex: the packet
 * @want: protocol, last digits of the addresses, ports; NULL for a packet that
 *	must be refused as malformed
 */
struct example {
	const char *what, *hex, *want;
};

static const struct example ipv4[] = {
	{ "TCP", IPV4(TCP, CLIENT4, VIP4) THERE SEQ,
	  "6 c0000211:1234 c633640a:50" },
	{ "UDP after 40 bytes of options",
	  IPV4_OPTIONS(UDP, CLIENT4, VIP4) THERE,
	  "17 c0000211:1234 c633640a:50" },
	{ "nothing but ports", IPV4("84", CLIENT4, VIP4) THERE,
	  "132 c0000211:1234 c633640a:50" },
	{ "three bytes of ports", IPV4("84", CLIENT4, VIP4) "123400", NULL },
	{ "ESP", IPV4("32", CLIENT4, VIP4) THERE, "50 c0000211:0 c633640a:0" },
	{ "GRE without a byte", IPV4("2f", CLIENT4, VIP4),
	  "47 c0000211:0 c633640a:0" },
	{ "first fragment",
	  IPV4_WITH("45", "00002000", UDP, CLIENT4, VIP4) THERE,
	  "17 c0000211:1234 c633640a:50" },
	{ "later fragment",
	  IPV4_WITH("45", "00000001", UDP, CLIENT4, VIP4) THERE,
	  "17 c0000211:0 c633640a:0" },
	{ "echo request", IPV4(ICMP, CLIENT4, VIP4) "08000000 00000000",
	  "1 c0000211:0 c633640a:0" },
	{ "redirect", IPV4(ICMP, ROUTER4, VIP4) "05000000 00000000 "
	  IPV4(TCP, VIP4, CLIENT4) BACK SEQ, "1 a020002:0 c633640a:0" },
	{ "frag-needed that quotes 8 bytes of TCP",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4(TCP, VIP4, CLIENT4) BACK SEQ,
	  "6 c0000211:1234 c633640a:50 quoted" },
	{ "source-quench that quotes UDP after options",
	  IPV4(ICMP, ROUTER4, VIP4) "04000000 00000000 "
	  IPV4_WITH("46", "00000000", UDP, VIP4, CLIENT4) NOP4 BACK SEQ,
	  "17 c0000211:1234 c633640a:50 quoted" },
	{ "frag-needed with options that quotes 8 bytes of TCP after options",
	  IPV4_OPTIONS(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4_OPTIONS(TCP, VIP4, CLIENT4) BACK SEQ,
	  "6 c0000211:1234 c633640a:50 quoted" },
	{ "frag-needed that quotes half of the options",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4_WITH("4f", "00000000", TCP, VIP4, CLIENT4) NOP4 BACK SEQ,
	  NULL },
	{ "frag-needed that quotes three bytes of ports",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4_OPTIONS(TCP, VIP4, CLIENT4) "005012", NULL },
	{ "frag-needed about a later fragment",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4_WITH("45", "00000001", UDP, VIP4, CLIENT4) BACK SEQ,
	  "17 c0000211:0 c633640a:0 quoted" },
	{ "time-exceeded that quotes ESP",
	  IPV4(ICMP, ROUTER4, VIP4) "0b000000 00000000 "
	  IPV4("32", VIP4, CLIENT4) SEQ SEQ,
	  "50 c0000211:0 c633640a:0 quoted" },
	{ "parameter-problem that quotes an echo reply",
	  IPV4(ICMP, ROUTER4, VIP4) "0c000000 00000000 "
	  IPV4(ICMP, VIP4, CLIENT4) "00000000 00000000",
	  "1 c0000211:0 c633640a:0 quoted" },
	{ "frag-needed about another address",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4(TCP, ROUTER4, CLIENT4) BACK SEQ, NULL },
	{ "frag-needed about the client's packet",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4(TCP, CLIENT4, VIP4) THERE SEQ, NULL },
	{ "frag-needed that quotes nothing",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED, NULL },
	{ "frag-needed that quotes an IP header only",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED IPV4(TCP, VIP4, CLIENT4),
	  NULL },
	{ "frag-needed that quotes IPv6",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV6(TCP, VIP6, CLIENT6) BACK SEQ, NULL },
	{ "version 5",
	  IPV4_WITH("55", "00000000", TCP, CLIENT4, VIP4) THERE, NULL },
	{ "a header of 16 bytes",
	  IPV4_WITH("44", "00000000", TCP, CLIENT4, VIP4) THERE, NULL },
	{ "19 bytes", IPV4("32", CLIENT4, "c63364"), NULL },
	{ "no byte", "", NULL },
};

static const struct example ipv6[] = {
	{ "TCP", IPV6(TCP, CLIENT6, VIP6) THERE SEQ,
	  "6 17:1234 10:50" },
	{ "UDP after hop-by-hop, routing, destination options",
	  IPV6("00", CLIENT6, VIP6)
	  "2b000104 00000000 3c01fd00 00000000 " ZERO8
	  "11021e14 00000000 " ZERO8 ZERO8 THERE,
	  "17 17:1234 10:50" },
	{ "SCTP after authentication of 12 and 28 bytes",
	  IPV6("33", CLIENT6, VIP6) "33010000 " ZERO8
	  "84050000 " ZERO8 ZERO8 ZERO8 THERE,
	  "132 17:1234 10:50" },
	{ "only fragment",
	  IPV6("2c", CLIENT6, VIP6) "11000000 00000001 " THERE,
	  "17 17:1234 10:50" },
	{ "later fragment",
	  IPV6("2c", CLIENT6, VIP6) "11000008 00000001 " THERE,
	  "17 17:0 10:0" },
	{ "no next header", IPV6("3b", CLIENT6, VIP6), "59 17:0 10:0" },
	{ "mobility is no extension header",
	  IPV6("87", CLIENT6, VIP6) "11000000 00000000 " THERE,
	  "135 17:0 10:0" },
	{ "an extension that ends beyond the end",
	  IPV6("3c", CLIENT6, VIP6) "11010104 00000000 " THERE, NULL },
	{ "an extension of one byte", IPV6("3c", CLIENT6, VIP6) "11", NULL },
	{ "echo request", IPV6(ICMPV6, CLIENT6, VIP6) "80000000 00000000",
	  "58 17:0 10:0" },
	{ "packet-too-big that quotes 8 bytes of TCP",
	  IPV6(ICMPV6, ROUTER6, VIP6) TOO_BIG
	  IPV6(TCP, VIP6, CLIENT6) BACK SEQ,
	  "6 17:1234 10:50 quoted" },
	{ "time-exceeded behind, and about one with, an extension",
	  IPV6("3c", ROUTER6, VIP6) "3a000104 00000000 03000000 00000000 "
	  IPV6("3c", VIP6, CLIENT6) "11000104 00000000 " BACK SEQ,
	  "17 17:1234 10:50 quoted" },
	{ "packet-too-big that quotes half an extension",
	  IPV6(ICMPV6, ROUTER6, VIP6) TOO_BIG
	  IPV6("3c", VIP6, CLIENT6) "11010104 00000000 ", NULL },
	{ "packet-too-big about another address",
	  IPV6(ICMPV6, ROUTER6, VIP6) TOO_BIG
	  IPV6(TCP, ROUTER6, CLIENT6) BACK SEQ, NULL },
	{ "packet-too-big that quotes IPv4",
	  IPV6(ICMPV6, ROUTER6, VIP6) TOO_BIG
	  IPV4(TCP, VIP4, CLIENT4) BACK SEQ, NULL },
	{ "version 4 in IPv6", "40000000 00000640 " CLIENT6 VIP6 THERE, NULL },
	{ "39 bytes",
	  IPV6("3b", CLIENT6, "20010db8000f0000 00000000000000"), NULL },
};

/**
 * struct opening - a packet that may open a connection
 * @what: description, for the report
 * @hex: the packet
 * @opens: whether it opens a connection
 */
struct opening {
	const char *what, *hex;
	bool opens;
};

static const struct opening openings[] = {
	{ "SYN", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("02"), true },
	{ "SYN for ECN", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("c2"), true },
	{ "SYN with data and urgent", IPV4(TCP, CLIENT4, VIP4)
	  TCP_WITH("2a") SEQ, true },
	{ "SYN and ACK", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("12"), false },
	{ "SYN and RST", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("06"), false },
	{ "SYN, ACK and RST", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("16"), false },
	{ "ACK", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("10"), false },
	{ "PSH and ACK", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("18") SEQ, false },
	{ "FIN", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("01"), false },
	{ "FIN and ACK", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("11"), false },
	{ "RST", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("04"), false },
	{ "RST and ACK", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("14"), false },
	{ "no flag", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("00"), false },
	{ "SYN after 40 bytes of options",
	  IPV4_OPTIONS(TCP, CLIENT4, VIP4) TCP_WITH("02"), true },
	{ "ACK after options that look like a SYN",
	  IPV4_WITH("4a", "00000000", TCP, CLIENT4, VIP4) TCP_WITH("02")
	  TCP_WITH("10"), false },
	{ "SYN without its last bytes",
	  IPV4(TCP, CLIENT4, VIP4) THERE SEQ SEQ "5002", false },
	{ "UDP with the bytes of a SYN",
	  IPV4(UDP, CLIENT4, VIP4) TCP_WITH("02"), false },
	{ "UDP with the bytes of an INIT",
	  IPV4(UDP, CLIENT4, VIP4) SCTP_WITH("00000000 "), false },
	{ "DCCP with the bytes of a SYN",
	  IPV4("21", CLIENT4, VIP4) TCP_WITH("02"), false },
	{ "ICMP with the bytes of a SYN",
	  IPV4(ICMP, CLIENT4, VIP4) "08000000 " SEQ SEQ "5002ffff 00000000",
	  false },
	{ "frag-needed that quotes a SYN",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4(TCP, VIP4, CLIENT4) BACK SEQ ZERO8 ZERO8, false },
	{ "frag-needed, its quote where a SYN would have its flags",
	  IPV4(ICMP, ROUTER4, VIP4) "03040000 02020202 "
	  IPV4_WITH("45", "02020202", TCP, VIP4, CLIENT4) BACK SEQ, false },
	{ "frag-needed that quotes SCTP",
	  IPV4(ICMP, ROUTER4, VIP4) "03040000 00000000 "
	  IPV4(SCTP, VIP4, CLIENT4) BACK ZERO8, false },
	{ "INIT", IPV4(SCTP, CLIENT4, VIP4) SCTP_WITH("00000000 "), true },
	{ "INIT after options",
	  IPV4_OPTIONS(SCTP, CLIENT4, VIP4) SCTP_WITH("00000000 "), true },
	{ "SCTP of an association",
	  IPV4(SCTP, CLIENT4, VIP4) SCTP_WITH("00000100 "), false },
	{ "SCTP of an association, by its first bit",
	  IPV4(SCTP, CLIENT4, VIP4) SCTP_WITH("80000000 "), false },
	{ "half an INIT", IPV4(SCTP, CLIENT4, VIP4) THERE "00000000 0000",
	  false },
	{ "SYN", IPV6(TCP, CLIENT6, VIP6) TCP_WITH("02"), true },
	{ "SYN and ACK", IPV6(TCP, CLIENT6, VIP6) TCP_WITH("12"), false },
	{ "RST", IPV6(TCP, CLIENT6, VIP6) TCP_WITH("04"), false },
	{ "SYN after extensions", IPV6("00", CLIENT6, VIP6)
	  "3c000104 00000000 06010000 " ZERO8 "00000000 " TCP_WITH("02"),
	  true },
	{ "ACK after an extension that looks like a SYN",
	  IPV6("3c", CLIENT6, VIP6) "06020104 " SEQ SEQ "5002ffff " ZERO8
	  TCP_WITH("10"), false },
	{ "INIT after an extension", IPV6("3c", CLIENT6, VIP6)
	  "84000104 00000000 " SCTP_WITH("00000000 "), true },
	{ "SCTP of an association",
	  IPV6(SCTP, CLIENT6, VIP6) SCTP_WITH("00000001 "), false },
	{ "packet-too-big that quotes a SYN",
	  IPV6(ICMPV6, ROUTER6, VIP6) TOO_BIG
	  IPV6(TCP, VIP6, CLIENT6) TCP_WITH("02"), false },
};

/**
 * struct header - a packet with a header to be found
 * @what: description, for the report
 * @hex: the packet
 * @proto: protocol of the header
 * @size: length of the part of the header that is requested
 * @at: expected offset in the packet, 0 if the header must not be found
 */
struct header {
	const char *what, *hex;
	u8 proto;
	u8 size;
	unsigned int at;
};

static const struct header headers[] = {
	{ "TCP", IPV4(TCP, CLIENT4, VIP4) TCP_WITH("10"), 6, 20, 20 },
	{ "TCP after a word of options",
	  IPV4_WITH("46", "00000000", TCP, CLIENT4, VIP4) NOP4
	  TCP_WITH("10"), 6, 20, 24 },
	{ "TCP after 40 bytes of options",
	  IPV4_OPTIONS(TCP, CLIENT4, VIP4) TCP_WITH("10") SEQ, 6, 20, 60 },
	{ "TCP without its last byte",
	  IPV4_OPTIONS(TCP, CLIENT4, VIP4) THERE SEQ SEQ "5010ffff 000000",
	  6, 20, 0 },
	{ "TCP where SCTP is wanted",
	  IPV4(TCP, CLIENT4, VIP4) TCP_WITH("10"), 132, 12, 0 },
	{ "SCTP after options",
	  IPV4_OPTIONS(SCTP, CLIENT4, VIP4) SCTP_WITH(SEQ), 132, 12, 60 },
	{ "SCTP where TCP is wanted",
	  IPV4(SCTP, CLIENT4, VIP4) SCTP_WITH(SEQ) ZERO8, 6, 20, 0 },
	{ "ICMP that quotes TCP",
	  IPV4(ICMP, ROUTER4, VIP4) FRAG_NEEDED
	  IPV4(TCP, VIP4, CLIENT4) TCP_WITH("10"), 6, 20, 0 },
	{ "TCP", IPV6(TCP, CLIENT6, VIP6) TCP_WITH("10"), 6, 20, 40 },
	{ "TCP after hop-by-hop and authentication",
	  IPV6("00", CLIENT6, VIP6) "33000104 00000000 06010000 " ZERO8
	  TCP_WITH("10"), 6, 20, 60 },
	{ "TCP after the only fragment's header",
	  IPV6("2c", CLIENT6, VIP6) "06000000 00000001 " TCP_WITH("10"),
	  6, 20, 48 },
	{ "a later fragment of TCP",
	  IPV6("2c", CLIENT6, VIP6) "06000008 00000001 " TCP_WITH("10"),
	  6, 20, 0 },
	{ "TCP without its last byte",
	  IPV6("3c", CLIENT6, VIP6) "06000104 00000000 "
	  THERE SEQ SEQ "5010ffff 000000", 6, 20, 0 },
	{ "an extension that ends beyond the end",
	  IPV6("3c", CLIENT6, VIP6) "06080104 00000000 " TCP_WITH("10"),
	  6, 20, 0 },
	{ "SCTP where TCP is wanted",
	  IPV6("3c", CLIENT6, VIP6) "84000104 00000000 " SCTP_WITH(SEQ) ZERO8,
	  6, 20, 0 },
	{ "SCTP after destination options",
	  IPV6("3c", CLIENT6, VIP6) "84000104 00000000 " SCTP_WITH(SEQ),
	  132, 12, 48 },
};

static int number, failures;

static void check(bool good, const char *what, const char *more)
{
	printf("%sok %d - %s%s\n", good ? "" : "not ", ++number, what, more);
	failures += !good;
}

static unsigned int from_hex(u8 *bytes, const char *hex)
{
	unsigned int size = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		sscanf(hex, "%2hhx", &bytes[size++]);
		hex += 2;
	}
	return size;
}

static u8 family_of(const char *hex)
{
	return *hex == '4' ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static void check_packet(bool good, const char *hex, const char *what)
{
	check(good, family_of(hex) == NFPROTO_IPV4 ? "IPv4: " : "IPv6: ",
	      what);
}

static u32 last_digits(const union nf_inet_addr *addr, u8 family)
{
	return be32_to_cpu(addr->all[family == NFPROTO_IPV4 ? 0 : 3]);
}

static void check_example(const struct example *example, u8 family)
{
	unsigned int size, split;
	struct lbhash_flow flow;
	char text[80] = "";
	bool good = true;
	u8 bytes[256];
	int err;

	size = from_hex(bytes, example->hex);
	for (split = 0; split <= size; split++) {
		err = parse(bytes, size, family, split, &flow);
		if (!err)
			snprintf(text, sizeof(text), "%d %x:%x %x:%x%s",
				 flow.proto, last_digits(&flow.src, family),
				 be16_to_cpu(flow.sport),
				 last_digits(&flow.dst, family),
				 be16_to_cpu(flow.dport),
				 flow.quoted ? " quoted" : "");
		good = good && (example->want ?
				!err && !strcmp(text, example->want) : err);
	}
	check(good, family == NFPROTO_IPV4 ? "IPv4: " : "IPv6: ",
	      example->what);
	if (!good)
		printf("# got %s\n", err ? "malformed" : text);
}

/* Check with every split of the packet into two pieces. */
static void check_opening(const struct opening *opening)
{
	u8 bytes[256], family = family_of(opening->hex);
	unsigned int size = from_hex(bytes, opening->hex), split;
	struct lbhash_flow flow;
	struct sk_buff skb;
	bool good = true;

	for (split = 0; split <= size; split++) {
		good = !parse(bytes, size, family, split, &flow) && good;
		skb = take_apart(bytes, size, split);
		good = good && lbhash_flow_opens(&skb, &flow) ==
		       opening->opens;
		discard(&skb);
	}
	check_packet(good, opening->hex, opening->what);
	if (!good)
		printf("# must%s open\n", opening->opens ? "" : " not");
}

static void check_header(const struct header *header)
{
	u8 bytes[256], buffer[20], family = family_of(header->hex);
	unsigned int size = from_hex(bytes, header->hex), split;
	struct sk_buff skb;
	bool good = true;
	const void *got;

	for (split = least_linear(family); split <= size; split++) {
		skb = take_apart(bytes, size, split);
		got = lbhash_flow_header(&skb, family, header->proto,
					 header->size, buffer);
		good = good && !got == !header->at &&
		       (!got || !memcmp(got, bytes + header->at,
					header->size));
		discard(&skb);
	}
	check_packet(good, header->hex, header->what);
}

/* Marsaglia's xorshift: every run draws the same numbers. */
static u32 draw(void)
{
	static u32 state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void check_random(void)
{
	unsigned int round, i, size;
	u8 bytes[64];

	for (round = 0; round < ROUNDS; round++) {
		size = 1 + draw() % sizeof(bytes);
		for (i = 0; i < size; i++)
			bytes[i] = draw();
		fuzz_one(bytes, size);
	}
	check(tested.plain > ROUNDS / 10, "random: ", "valid packets");
	check(tested.fast > ROUNDS / 400, "random: ", "packets that the fast way hashes");
	check(tested.related > ROUNDS / 10, "random: ", "ICMP errors");
	check(tested.cut > ROUNDS / 30, "random: ", "errors that lack ports");
	check(tested.damaged > ROUNDS / 10, "random: ", "damaged packets");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ipv4); i++)
		check_example(&ipv4[i], NFPROTO_IPV4);
	for (i = 0; i < ARRAY_SIZE(ipv6); i++)
		check_example(&ipv6[i], NFPROTO_IPV6);
	for (i = 0; i < ARRAY_SIZE(openings); i++)
		check_opening(&openings[i]);
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		check_header(&headers[i]);
	check_random();
	printf("1..%d\n", number);
	return failures;
}
