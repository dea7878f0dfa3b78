// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of parsing in lbhashctl, tools/lib/value.c and tools/ctl/words.c as
 * they are: values of each kind with their meaning, or why they are refused;
 * keywords, abbreviations and omissions. Prints TAP.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "../../tools/lib/error.c"
#include "../../tools/lib/names.c"
#include "../../tools/lib/value.c"
#include "../../tools/ctl/words.c"

#define MOST_WORDS	8

static int number, failures;
static char text[512];

static void check(bool good, const char *what, const char *in,
		  const char *want)
{
	printf("%sok %d - %s: '%s' is '%s'\n", good ? "" : "not ", ++number,
	       what, in, want);
	failures += !good;
}

/* --- what these take from other files --------------------------------------*/

struct ctl ctl;

int fail(int code, const char *fmt, ...)
{
	va_list ap;

	text[0] = '!';
	va_start(ap, fmt);
	vsnprintf(text + 1, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	return code;
}

int misuse(const char *fmt, ...)
{
	va_list ap;

	text[0] = '!';
	va_start(ap, fmt);
	vsnprintf(text + 1, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	return USAGE;
}

/* --- one value -------------------------------------------------------------*/

#define NAME_OF_31	"abcdefghijklmnopqrstuvwxyz01234"
#define SEED		"000102030405060708090a0b0c0d0e0f"

enum kind { NAME, SIZE, MASK, STATE, HASH, SEEDS, PROTO, ENDPOINT };

static const char *const kinds[] = {
	"name", "size", "mask", "state", "hash", "seed", "proto", "endpoint",
};

/**
 * struct example - a word and its expected meaning
 * @kind: kind of value that it is parsed as
 * @in: the word
 * @want: the value as it is printed; for a refusal ! and the beginning of the
 *	error message
 */
struct example {
	enum kind kind;
	const char *in, *want;
};

static const struct example examples[] = {
	{ NAME, "a", "a" }, { NAME, "A-z.0_9", "A-z.0_9" },
	{ NAME, ".", "." }, { NAME, "_-", "_-" }, { NAME, "0", "0" },
	{ NAME, NAME_OF_31, NAME_OF_31 },
	{ NAME, NAME_OF_31 "5", "!must be 1..31 of A-Za-z0-9_.-, not start" },
	{ NAME, "", "!must be 1..31" }, { NAME, "-", "!must be 1..31" },
	{ NAME, "-a", "!must be 1..31" }, { NAME, "a b", "!must be 1..31" },
	{ NAME, "a/b", "!must be 1..31" }, { NAME, "a\tb", "!must be 1..31" },
	{ NAME, "\xc3\xa4", "!must be 1..31" },
	{ NAME, "a:", "!must be 1..31" },

	{ SIZE, "251", "251" }, { SIZE, "1048573", "1048573" },
	{ SIZE, "0x100", "256" }, { SIZE, "0X1fF", "511" },
	{ SIZE, "000300", "300" }, { SIZE, "0300", "300" },
	{ SIZE, "250", "!must be 251..1048573" },
	{ SIZE, "1048574", "!must be 251..1048573" },
	{ SIZE, "0", "!must be 251..1048573" },
	{ SIZE, "4294967547", "!must be" },
	{ SIZE, "18446744073709551867", "!must be" },
	{ SIZE, "0x100000000000000fb", "!must be" },
	{ SIZE, "", "!must be" }, { SIZE, "0x", "!must be" },
	{ SIZE, "x100", "!must be" }, { SIZE, "-300", "!must be" },
	{ SIZE, "+300", "!must be" }, { SIZE, " 300", "!must be" },
	{ SIZE, "300 ", "!must be" }, { SIZE, "300.0", "!must be" },
	{ SIZE, "1a0", "!must be" }, { SIZE, "0x1g", "!must be" },
	{ SIZE, "3e2", "!must be" },

	{ MASK, "1", "1" }, { MASK, "0xffffffff", "4294967295" },
	{ MASK, "4294967295", "4294967295" },
	{ MASK, "0XABCDEF09", "2882400009" },
	{ MASK, "0xabcdef09", "2882400009" },
	{ MASK, "4294967296", "!must be 1..0xffffffff" },
	{ MASK, "0", "!must be 1..0xffffffff" },

	{ STATE, "up", "0" }, { STATE, "drain", "1" }, { STATE, "down", "2" },
	{ STATE, "dra", "!must be one of up, drain, down" },
	{ STATE, "Up", "!must be one of up, drain, down" },
	{ STATE, "", "!must be one of up, drain, down" },

	{ HASH, "src", "0x02 32 32 128 128 src" },
	{ HASH, "proto,src,dst,sport,dport",
	  "0x1f 32 32 128 128 proto,src,dst,sport,dport" },
	{ HASH, "dport,symmetric,proto",
	  "0x31 32 32 128 128 proto,dport,symmetric" },
	{ HASH, "src/1", "0x02 1 32 128 128 src/1" },
	{ HASH, "src/32,dst/31", "0x06 32 31 128 128 src,dst/31" },
	{ HASH, "dst/33", "0x04 32 32 128 33 dst/33" },
	{ HASH, "src/64,src/24", "0x02 24 32 64 128 src/24,src/64" },
	{ HASH, "dst/128,dst/8", "0x04 32 8 128 128 dst/8" },
	{ HASH, "src/24,dst/56,sport,src/48",
	  "0x0e 24 32 48 56 src/24,src/48,dst/56,sport" },
	{ HASH, "symmetric", "!symmetric needs another field" },
	{ HASH, "",
	  "!unknown field \"\" (proto, src, dst, sport, dport, symmetric)" },
	{ HASH, "src,", "!unknown field \"\"" },
	{ HASH, "src,,dst", "!unknown field \"\"" },
	{ HASH, "ports", "!unknown field \"ports\"" },
	{ HASH, "Src", "!unknown field \"Src\"" },
	{ HASH, "src,src", "!src: given twice" },
	{ HASH, "src/24,src", "!src: given twice" },
	{ HASH, "src,src/24", "!src: given twice" },
	{ HASH, "src/24,src/8", "!src/8: more than one IPv4 prefix" },
	{ HASH, "dst/64,dst/65", "!dst/65: more than one IPv6 prefix" },
	{ HASH, "src/0", "!src/0: prefix must be 1..128" },
	{ HASH, "src/129", "!src/129: prefix must be 1..128" },
	{ HASH, "src/", "!src/: prefix must be 1..128" },
	{ HASH, "src/24/8", "!src/24/8: prefix must be 1..128" },
	{ HASH, "sport/8", "!sport takes no prefix" },
	{ HASH, "proto/8", "!proto takes no prefix" },

	{ SEEDS, SEED, SEED },
	{ SEEDS, "FFeeDDccBBaa99887766554433221100",
	  "ffeeddccbbaa99887766554433221100" },
	{ SEEDS, "000102030405060708090a0b0c0d0e0", "!must be 32 hex digits" },
	{ SEEDS, SEED "0", "!must be 32 hex digits" },
	{ SEEDS, "0x0102030405060708090a0b0c0d0e0f", "!must be 32 hex" },
	{ SEEDS, "g00102030405060708090a0b0c0d0e0f", "!must be 32 hex" },
	{ SEEDS, "", "!must be 32 hex digits" },

	{ PROTO, "tcp", "6" }, { PROTO, "udp", "17" }, { PROTO, "132", "132" },
	{ PROTO, "0", "0" }, { PROTO, "255", "255" }, { PROTO, "0x11", "17" },
	{ PROTO, "256", "!must be tcp, udp or 0..255" },
	{ PROTO, "TCP", "!must be tcp, udp or 0..255" },
	{ PROTO, "sctp", "!must be tcp, udp or 0..255" },
	{ PROTO, "", "!must be tcp, udp or 0..255" },

	{ ENDPOINT, "192.0.2.1", "192.0.2.1" },
	{ ENDPOINT, "192.0.2.1:80", "192.0.2.1 80" },
	{ ENDPOINT, "192.0.2.1:0", "192.0.2.1 0" },
	{ ENDPOINT, "192.0.2.1:65535", "192.0.2.1 65535" },
	{ ENDPOINT, "2001:db8::1", "2001:db8::1" },
	{ ENDPOINT, "2001:db8::1:80", "2001:db8::1:80" },
	{ ENDPOINT, "[2001:db8::1]", "2001:db8::1" },
	{ ENDPOINT, "[2001:db8::1]:80", "2001:db8::1 80" },
	{ ENDPOINT, "::", "::" }, { ENDPOINT, "[::]:1", ":: 1" },
	{ ENDPOINT, "192.0.2.1:65536", "!port must be 0..65535" },
	{ ENDPOINT, "192.0.2.1:", "!port must be 0..65535" },
	{ ENDPOINT, "[::1]:", "!port must be 0..65535" },
	{ ENDPOINT, "192.0.2.1:http", "!port must be 0..65535" },
	{ ENDPOINT, "[::1]:-1", "!port must be 0..65535" },
	{ ENDPOINT, "[::1]80", "!must be ADDR or" },
	{ ENDPOINT, "[::1", "!must be ADDR or" },
	{ ENDPOINT, "[192.0.2.1]:80", "!must be ADDR or" },
	{ ENDPOINT, "192.0.2", "!must be ADDR or" },
	{ ENDPOINT, "192.0.2.256", "!must be ADDR or" },
	{ ENDPOINT, "localhost:80", "!must be ADDR or" },
	{ ENDPOINT, "", "!must be ADDR or" },
	{ ENDPOINT, ":80", "!must be ADDR or" },
};

static int parse_name_into(const struct lb_field *field, const char *in,
			   void *into, struct lb_error *error)
{
	(void)field;
	snprintf(into, sizeof(text), "%s", in);
	return lb_parse_name(in, error);
}

static const struct lb_field fields[] = {
	[NAME] = { .parse = parse_name_into },
	[SIZE] = { .parse = lb_parse_number, .min = 251, .max = 1048573 },
	[MASK] = { .parse = lb_parse_number, .min = 1, .max = 0xffffffff,
		   .flags = FIELD_HEX },
	[STATE] = { .parse = lb_parse_choice, .names = lb_state_names },
	[HASH] = { .parse = lb_parse_hash },
	[SEEDS] = { .parse = lb_parse_seed },
	[PROTO] = { .parse = lb_parse_proto },
	[ENDPOINT] = { .parse = lb_parse_endpoint },
};

static void print_hash(const struct lb_hash *hash)
{
	char back[HASH_TEXT_MAX];

	lb_hash_to_text(hash, back);
	snprintf(text, sizeof(text), "0x%02x %u %u %u %u %s", hash->fields,
		 hash->prefix[SRC4], hash->prefix[DST4], hash->prefix[SRC6],
		 hash->prefix[DST6], back);
}

static void print_seed(const __u8 *seed)
{
	size_t i;

	for (i = 0; i < LBHASH_SEED_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", seed[i]);
}

static void print_endpoint(const struct lb_endpoint *e)
{
	size_t len;

	inet_ntop(e->family, &e->addr6, text, sizeof(text));
	len = strlen(text);
	if (e->has_port)
		snprintf(text + len, sizeof(text) - len, " %u", e->port);
}

static void print_value(enum kind kind, const void *value)
{
	switch (kind) {
	case NAME:
		snprintf(text, sizeof(text), "%s", (const char *)value);
		break;
	case HASH:
		print_hash(value);
		break;
	case SEEDS:
		print_seed(value);
		break;
	case PROTO:
		snprintf(text, sizeof(text), "%u", *(const __u8 *)value);
		break;
	case ENDPOINT:
		print_endpoint(value);
		break;
	default:
		snprintf(text, sizeof(text), "%u", *(const __u32 *)value);
	}
}

/* Of an error message, only the beginning must match. */
static bool is_wanted(const char *want)
{
	return *want == '!' ? !strncmp(text, want, strlen(want)) :
			      !strcmp(text, want);
}

static void test_value(enum kind kind, const char *in, const char *want)
{
	static char into[sizeof(text)] __attribute((aligned(8)));
	struct lb_error error = {};

	memset(into, 0, sizeof(into));
	if (fields[kind].parse(&fields[kind], in, into, &error))
		snprintf(text, sizeof(text), "!%.500s", error.sentence);
	else
		print_value(kind, into);
	check(is_wanted(want), kinds[kind], in, want);
	if (!is_wanted(want))
		printf("# got '%s'\n", text);
}

static void test_values(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++)
		test_value(examples[i].kind, examples[i].in,
			   examples[i].want);
}

/* --- addresses, one word after the other -----------------------------------*/

static const struct {
	const char *words, *want;
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" }, { "2001:db8::1", "2001:db8::1" },
	{ "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1" },
	{ "2001:db8::1 192.0.2.1", "192.0.2.1 2001:db8::1" },
	{ "none", "0.0.0.0 ::" },
	{ "none none", "!none cannot be combined with an address" },
	{ "none 192.0.2.1", "!none cannot be combined with an address" },
	{ "192.0.2.1 none", "!none cannot be combined with an address" },
	{ "::1 none", "!none cannot be combined with an address" },
	{ "192.0.2.1 192.0.2.2", "!more than one IPv4 address" },
	{ "192.0.2.1 ::1 ::2", "!more than one IPv6 address" },
	{ "0.0.0.0", "!must not be the unspecified address" },
	{ "::", "!must not be the unspecified address" },
	{ "192.0.2.1:80", "!must be an IPv4 or IPv6 address or none" },
	{ "192.0.2.1/32", "!must be an IPv4 or IPv6 address or none" },
	{ "None", "!must be an IPv4 or IPv6 address or none" },
};

static void test_addresses(const char *words, const char *want)
{
	const struct lb_field field = { .parse = lb_parse_address };
	char copy[128], *next = copy, addr[INET6_ADDRSTRLEN];
	struct lb_addresses into = {};
	struct lb_error error = {};
	int rc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while (next && !rc)
		rc = field.parse(&field, strsep(&next, " "), &into, &error);
	text[0] = '\0';
	if (!rc && into.has4)
		strcat(text, inet_ntop(AF_INET, &into.addr4, addr,
				       sizeof(addr)));
	if (!rc && into.has4 && into.has6)
		strcat(text, " ");
	if (!rc && into.has6)
		strcat(text, inet_ntop(AF_INET6, &into.addr6, addr,
				       sizeof(addr)));
	if (rc)
		snprintf(text, sizeof(text), "!%.500s", error.sentence);
	check(is_wanted(want), "address", words, want);
}

/* --- keywords --------------------------------------------------------------*/

struct thing {
	__u32 have;
	__u32 mark;
	__u32 weight;
	struct lb_addresses addr;
};

static const struct lb_field thing_fields[] = {
	{ .parse = lb_parse_number, .max = 9, .min = 1,
	  .offset = offsetof(struct thing, mark), .flags = FIELD_REQUIRED },
	{ .parse = lb_parse_number, .max = 99,
	  .offset = offsetof(struct thing, weight) },
	{ .parse = lb_parse_address,
	  .offset = offsetof(struct thing, addr), .flags = FIELD_LIST },
};

static const struct setting keywords[] = {
	{ .key = "mark", .value = "N", .field = &thing_fields[0] },
	{ .key = "weight", .value = "W", .field = &thing_fields[1] },
	{ .key = "weightless" },
	{ .key = "address", .value = "ADDR", .field = &thing_fields[2] },
	{ .key = "dry-run", .is_dry_run = true },
	{}
};

static const struct {
	const char *words, *want;
} lines[] = {
	{ "", "have 0 mark 0 weight 0" },
	{ "mark 7", "have 1 mark 7 weight 0" },
	{ "weight 99 mark 1", "have 3 mark 1 weight 99" },
	{ "m 7 weight 0", "have 3 mark 7 weight 0" },
	{ "weightl", "have 4 mark 0 weight 0" },
	{ "dry-run mark 2", "have 1 mark 2 weight 0 dry" },
	{ "a 192.0.2.1 a ::1", "have 8 mark 0 weight 0 4 6" },
	{ "a 192.0.2.1 a 192.0.2.2", "!address 192.0.2.2: more than one IPv4" },
	{ "mark 7 mark 8", "!mark: given twice" },
	{ "weightless weightless", "!weightless: given twice" },
	{ "mark", "!mark: N is missing" },
	{ "mark 10", "!mark 10: must be 1..9" },
	{ "mark 0", "!mark 0: must be 1..9" },
	{ "weight -1", "!weight -1: must be 0..99" },
	{ "w 1", "!w: ambiguous keyword (weight, weightless)" },
	{ "colour 1",
	  "!colour: unknown keyword (mark, weight, weightless, address, dry-run)"
	},
	{ "marks 1", "!marks: unknown keyword" },
	{ "mark 1 2", "!2: unknown keyword" },
};

static void test_line(const char *words, const char *want)
{
	char copy[128], *argv[MOST_WORDS + 1] = { NULL }, *next = copy;
	struct thing into = {};
	unsigned int n = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while (*words && next && n < MOST_WORDS)
		argv[n++] = strsep(&next, " ");
	ctl.dry_run = false;
	if (words_parse(keywords, argv, &into) == DONE)
		snprintf(text, sizeof(text), "have %u mark %u weight %u%s%s%s",
			 into.have, into.mark, into.weight,
			 into.addr.has4 ? " 4" : "", into.addr.has6 ? " 6" : "",
			 ctl.dry_run ? " dry" : "");
	check(is_wanted(want), "line", words, want);
	if (!is_wanted(want))
		printf("# got '%s'\n", text);
}

static void test_missing(void)
{
	const char *missing = words_missing(keywords, BIT(1) | BIT(3));

	check(missing && !strcmp(missing, "mark"), "missing", "weight address",
	      "mark");
	check(!words_missing(keywords, BIT(0)), "missing", "mark", "");
}

int main(void)
{
	unsigned int i;

	test_values();
	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		test_addresses(addresses[i].words, addresses[i].want);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		test_line(lines[i].words, lines[i].want);
	test_missing();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
