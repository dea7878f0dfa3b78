// SPDX-License-Identifier: GPL-2.0
/*
 * From text to values. One table of fields serves the command line and files,
 * so that both accept the same and refuse the same.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/lbhash.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "names.h"
#include "value.h"

#define refuse(error, ...)	lb_error_set(error, EINVAL, __VA_ARGS__)

/* As in "a, b, c". */
static void join(char *text, size_t room, const char *const *names)
{
	size_t len = 0;

	text[0] = '\0';
	for (; *names && len < room; names++)
		len += snprintf(text + len, room - len, "%s%s",
				len ? ", " : "", *names);
}

/* Check the name of a service or a backend. */
int lb_parse_name(const char *text, struct lb_error *error)
{
	size_t len = strlen(text), good = 0;

	while (isalnum((unsigned char)text[good]) ||
	       (text[good] && strchr("_.-", text[good])))
		good++;

	if (len < 1 || len > LBHASH_NAME_MAX || text[0] == '-' || good != len)
		return refuse(error,
			      "must be 1..%d of A-Za-z0-9_.-, not starting with a dash",
			      LBHASH_NAME_MAX);
	return 0;
}

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return UINT_MAX;
}

/* Digits only: strtoul() would also take signs and blanks: typing errors. */
static bool to_number(const char *text, __u64 max, __u64 *value)
{
	unsigned int base = 10, digit;
	const char *c = text;
	__u64 sum = 0;

	if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X')) {
		base = 16;
		c += 2;
	}
	if (!*c)
		return false;
	for (; *c; c++) {
		digit = digit_of(*c);
		if (digit >= base)
			return false;
		sum = sum * base + digit;
		if (sum > max)
			return false;
	}
	*value = sum;
	return true;
}

/* A __u32 in its range, decimal or 0x hex. */
int lb_parse_number(const struct lb_field *field, const char *text,
		    void *into, struct lb_error *error)
{
	__u64 value;

	if (!to_number(text, field->max, &value) || value < field->min)
		return refuse(error, field->flags & FIELD_HEX ?
			      "must be %u..0x%x" : "must be %u..%u",
			      field->min, field->max);
	*(__u32 *)((char *)into + field->offset) = value;
	return 0;
}

/* One word of a list; its index is stored as a __u32. */
int lb_parse_choice(const struct lb_field *field, const char *text,
		    void *into, struct lb_error *error)
{
	char names[128];
	__u32 i;

	for (i = 0; field->names[i]; i++) {
		if (strcmp(text, field->names[i]))
			continue;
		*(__u32 *)((char *)into + field->offset) = i;
		return 0;
	}
	join(names, sizeof(names), field->names);
	return refuse(error, "must be one of %s", names);
}

static int parse_prefix(struct lb_hash *hash, const char *name,
			const char *bits, struct lb_error *error)
{
	bool is_src = !strcmp(name, "src");
	__u64 len;
	__u8 *at;

	if (!is_src && strcmp(name, "dst"))
		return refuse(error, "%s takes no prefix", name);
	if (!to_number(bits, 128, &len) || !len)
		return refuse(error, "%s/%s: prefix must be 1..128", name,
			      bits);
	if (len <= 32)
		at = &hash->prefix[is_src ? SRC4 : DST4];
	else
		at = &hash->prefix[is_src ? SRC6 : DST6];
	if (*at)
		return refuse(error, "%s/%s: more than one %s prefix", name,
			      bits, len <= 32 ? "IPv4" : "IPv6");
	*at = len;
	return 0;
}

/*
 * proto,src[/N],dst[/N],sport,dport,symmetric. A prefix of up to 32 bits is for
 * IPv4, a longer one for IPv6; src and dst may stand twice to give both.
 */
int lb_parse_hash(const struct lb_field *field, const char *text,
		  void *into, struct lb_error *error)
{
	static const __u8 full[PREFIXES] = { 32, 32, 128, 128 };
	char copy[128], *name, *next, *bits;
	struct lb_hash hash = {};
	__u32 plain = 0, bit;
	unsigned int i;
	int rc;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return refuse(error, "too long");
	for (next = copy; next; ) {
		name = strsep(&next, ",");
		bits = strchr(name, '/');
		if (bits)
			*bits++ = '\0';
		for (i = 0; lb_hash_field_names[i]; i++)
			if (!strcmp(name, lb_hash_field_names[i]))
				break;
		if (!lb_hash_field_names[i]) {
			char names[128];

			join(names, sizeof(names), lb_hash_field_names);
			return refuse(error, "unknown field \"%s\" (%s)", name,
				      names);
		}
		bit = BIT(i);
		if ((plain & bit) || (!bits && (hash.fields & bit)))
			return refuse(error, "%s: given twice", name);
		if (bits) {
			rc = parse_prefix(&hash, name, bits, error);
			if (rc)
				return rc;
		} else {
			plain |= bit;
		}
		hash.fields |= bit;
	}
	if (!(hash.fields & ~LBHASH_HASH_FIELD_SYMMETRIC))
		return refuse(error, "symmetric needs another field");
	for (i = 0; i < PREFIXES; i++)
		if (!hash.prefix[i])
			hash.prefix[i] = full[i];
	*(struct lb_hash *)((char *)into + field->offset) = hash;
	return 0;
}

/* Append src, src/24, src/64 or src/24,src/64. */
static size_t side_to_text(char *text, size_t room, const char *name,
			   __u8 bits4, __u8 bits6)
{
	char short6[16] = "";
	char short4[16] = "";

	if (bits4 && bits4 < 32)
		snprintf(short4, sizeof(short4), "/%u", bits4);
	/* The grammar cannot say this: what is printed must be refused. */
	if (bits6 && bits6 <= 32)
		snprintf(short6, sizeof(short6), "6/%u", bits6);
	else if (bits6 && bits6 < 128)
		snprintf(short6, sizeof(short6), "/%u", bits6);
	if (*short4 && *short6)
		return snprintf(text, room, ",%s%s,%s%s", name, short4,
				name, short6);
	return snprintf(text, room, ",%s%s%s", name, short4, short6);
}

/* The inverse of lb_parse_hash(). */
void lb_hash_to_text(const struct lb_hash *hash, char text[HASH_TEXT_MAX])
{
	const __u8 *prefix = hash->prefix;
	char buf[HASH_TEXT_MAX] = ",";
	size_t len = 0;
	unsigned int i;

	for (i = 0; lb_hash_field_names[i]; i++) {
		const char *name = lb_hash_field_names[i];
		__u32 bit = BIT(i);

		if (!(hash->fields & bit))
			continue;
		if (bit == LBHASH_HASH_FIELD_SRC)
			len += side_to_text(buf + len, sizeof(buf) - len, name,
					    prefix[SRC4], prefix[SRC6]);
		else if (bit == LBHASH_HASH_FIELD_DST)
			len += side_to_text(buf + len, sizeof(buf) - len, name,
					    prefix[DST4], prefix[DST6]);
		else
			len += snprintf(buf + len, sizeof(buf) - len, ",%s",
					name);
	}
	memcpy(text, buf + 1, sizeof(buf) - 1);
}

/* 32 hex digits. */
int lb_parse_seed(const struct lb_field *field, const char *text,
		  void *into, struct lb_error *error)
{
	__u8 *seed = (__u8 *)into + field->offset;
	unsigned int i;

	if (strlen(text) != 2 * LBHASH_SEED_LEN ||
	    strspn(text, "0123456789abcdefABCDEF") != 2 * LBHASH_SEED_LEN)
		return refuse(error, "must be %d hex digits",
			      2 * LBHASH_SEED_LEN);
	for (i = 0; i < LBHASH_SEED_LEN; i++)
		seed[i] = digit_of(text[2 * i]) << 4 |
			  digit_of(text[2 * i + 1]);
	return 0;
}

/* The next hop of a backend, one of each family; none takes both away. */
int lb_parse_address(const struct lb_field *field, const char *text,
		     void *into, struct lb_error *error)
{
	struct lb_addresses *a = (void *)((char *)into + field->offset);
	bool none = !strcmp(text, "none");
	struct in6_addr addr6;
	struct in_addr addr4;

	if (a->none || (none && (a->has4 || a->has6)))
		return refuse(error, "none cannot be combined with an address");
	if (none) {
		a->none = true;
		a->has4 = true;
		a->has6 = true;
		return 0;
	}
	if (inet_pton(AF_INET, text, &addr4) == 1) {
		if (a->has4)
			return refuse(error, "more than one IPv4 address");
		if (addr4.s_addr == htonl(INADDR_ANY))
			return refuse(error, "must not be the unspecified address");
		a->has4 = true;
		a->addr4 = addr4;
		return 0;
	}
	if (inet_pton(AF_INET6, text, &addr6) == 1) {
		if (a->has6)
			return refuse(error, "more than one IPv6 address");
		if (IN6_IS_ADDR_UNSPECIFIED(&addr6))
			return refuse(error, "must not be the unspecified address");
		a->has6 = true;
		a->addr6 = addr6;
		return 0;
	}
	return refuse(error, "must be an IPv4 or IPv6 address or none");
}

/* tcp, udp or the number of an IP protocol; stored as a __u8. */
int lb_parse_proto(const struct lb_field *field, const char *text,
		   void *into, struct lb_error *error)
{
	__u64 value;

	if (!strcmp(text, "tcp"))
		value = IPPROTO_TCP;
	else if (!strcmp(text, "udp"))
		value = IPPROTO_UDP;
	else if (!to_number(text, 0xff, &value))
		return refuse(error, "must be tcp, udp or 0..255");
	*((__u8 *)into + field->offset) = value;
	return 0;
}

/* ADDR[:PORT], an IPv6 ADDR in brackets if a PORT follows. */
int lb_parse_endpoint(const struct lb_field *field, const char *text,
		      void *into, struct lb_error *error)
{
	static const char why[] =
		"must be ADDR or ADDR:PORT, as in 192.0.2.1:80 or [::1]:80";
	struct lb_endpoint *e = (void *)((char *)into + field->offset);
	char copy[64], *addr = copy, *port = NULL;
	__u64 number;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return refuse(error, "%s", why);
	if (*addr == '[') {
		port = strchr(++addr, ']');
		if (!port)
			return refuse(error, "%s", why);
		*port++ = '\0';
		if (*port && *port != ':')
			return refuse(error, "%s", why);
		port = *port ? port + 1 : NULL;
	} else if (strchr(addr, ':') == strrchr(addr, ':')) {
		port = strchr(addr, ':');
		if (port)
			*port++ = '\0';
	}
	if (addr == copy && inet_pton(AF_INET, addr, &e->addr4) == 1)
		e->family = AF_INET;
	else if (inet_pton(AF_INET6, addr, &e->addr6) == 1)
		e->family = AF_INET6;
	else
		return refuse(error, "%s", why);
	if (!port)
		return 0;
	if (!to_number(port, 0xffff, &number))
		return refuse(error, "port must be 0..65535");
	e->has_port = true;
	e->port = number;
	return 0;
}

