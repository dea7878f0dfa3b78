// SPDX-License-Identifier: GPL-2.0
/*
 * From words to values. One table of settings serves the command line and
 * the JSON of apply, so that both accept the same and refuse the same.
 */
#include <ctype.h>
#include <arpa/inet.h>
#include <limits.h>
#include <linux/lbhash.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lbhashctl.h"
#include "parse.h"

const char *const hash_field_names[] = {
	"proto", "src", "dst", "sport", "dport", "symmetric", NULL
};

const char *const on_empty_names[] = { "drop", "continue", NULL };

const char *const state_names[] = { "up", "drain", "down", NULL };

const char *const reason_names[] = {
	"pinned", "picked", "previous", "repicked", "adopted", "reopened",
	"stateless", "related", "empty", "malformed", NULL
};

__printf(1, 2)
static const char *because(const char *fmt, ...)
{
	static char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return why;
}

/* "a, b, c" */
static void join(char *text, size_t room, const char *const *names)
{
	size_t len = 0;

	text[0] = '\0';
	for (; *names && len < room; names++)
		len += snprintf(text + len, room - len, "%s%s",
				len ? ", " : "", *names);
}

/**
 * parse_name() - check the name of a service or a backend
 * @text: the name
 *
 * Return: NULL, or why it is none.
 */
const char *parse_name(const char *text)
{
	size_t len = strlen(text), good = 0;

	while (isalnum((unsigned char)text[good]) ||
	       (text[good] && strchr("_.-", text[good])))
		good++;

	if (len < 1 || len > LBHASH_NAME_MAX || text[0] == '-' || good != len)
		return because("a name is 1..%d of A-Za-z0-9_.- and does not start with a dash",
			       LBHASH_NAME_MAX);
	return NULL;
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

/* Digits only: what strtoul() also takes (signs, spaces) is a typing error. */
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

/**
 * parse_number() - a __u32 in its range, decimal or 0x hex
 * @set: the setting
 * @text: its value
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_number(const struct setting *set, const char *text,
			 void *into)
{
	__u64 value;

	if (!to_number(text, set->max, &value) || value < set->min)
		return because(set->flags & SETTING_HEX ?
			       "must be %u..0x%x" : "must be %u..%u",
			       set->min, set->max);
	*(__u32 *)((char *)into + set->offset) = value;
	return NULL;
}

/**
 * parse_choice() - one word of a list, its index is kept as a __u32
 * @set: the setting
 * @text: its value
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_choice(const struct setting *set, const char *text,
			 void *into)
{
	char names[128];
	__u32 i;

	for (i = 0; set->names[i]; i++) {
		if (strcmp(text, set->names[i]))
			continue;
		*(__u32 *)((char *)into + set->offset) = i;
		return NULL;
	}
	join(names, sizeof(names), set->names);
	return because("must be one of %s", names);
}

static const char *parse_prefix(struct hash *hash, const char *field,
				const char *bits)
{
	bool is_src = !strcmp(field, "src");
	__u64 len;
	__u8 *at;

	if (!is_src && strcmp(field, "dst"))
		return because("%s takes no prefix", field);
	if (!to_number(bits, 128, &len) || !len)
		return because("%s/%s: a prefix is 1..128 bits", field, bits);
	if (len <= 32)
		at = &hash->prefix[is_src ? SRC4 : DST4];
	else
		at = &hash->prefix[is_src ? SRC6 : DST6];
	if (*at)
		return because("%s/%s: a second %s prefix", field, bits,
			       len <= 32 ? "IPv4" : "IPv6");
	*at = len;
	return NULL;
}

/**
 * parse_hash() - proto,src[/N],dst[/N],sport,dport,symmetric
 * @set: the setting
 * @text: its value
 * @into: the structure to fill
 *
 * A prefix of up to 32 bits is an IPv4 one, a longer one an IPv6 one; a field
 * may stand twice to give both.
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_hash(const struct setting *set, const char *text,
		       void *into)
{
	static const __u8 full[PREFIXES] = { 32, 32, 128, 128 };
	__u32 plain = 0, bit;
	struct hash hash = {};
	char copy[128], *field, *next, *bits;
	const char *why;
	unsigned int i;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return "too long";
	for (next = copy; next; ) {
		field = strsep(&next, ",");
		bits = strchr(field, '/');
		if (bits)
			*bits++ = '\0';
		for (i = 0; hash_field_names[i]; i++)
			if (!strcmp(field, hash_field_names[i]))
				break;
		if (!hash_field_names[i]) {
			char names[128];

			join(names, sizeof(names), hash_field_names);
			return because("\"%s\" is no field (%s)", field, names);
		}
		bit = BIT(i);
		if ((plain & bit) || (!bits && (hash.fields & bit)))
			return because("%s is there twice", field);
		if (bits) {
			why = parse_prefix(&hash, field, bits);
			if (why)
				return why;
		} else {
			plain |= bit;
		}
		hash.fields |= bit;
	}
	if (!(hash.fields & ~LBHASH_HASH_FIELD_SYMMETRIC))
		return "symmetric alone leaves nothing to hash";
	for (i = 0; i < PREFIXES; i++)
		if (!hash.prefix[i])
			hash.prefix[i] = full[i];
	*(struct hash *)((char *)into + set->offset) = hash;
	return NULL;
}

/* Appends src, src/24, src/64 or src/24,src/64. */
static size_t side_to_text(char *text, size_t room, const char *name,
			   __u8 bits4, __u8 bits6)
{
	char short6[16] = "";
	char short4[16] = "";

	if (bits4 && bits4 < 32)
		snprintf(short4, sizeof(short4), "/%u", bits4);
	/* The grammar has no word for this one: be refused, not mistaken. */
	if (bits6 && bits6 <= 32)
		snprintf(short6, sizeof(short6), "6/%u", bits6);
	else if (bits6 && bits6 < 128)
		snprintf(short6, sizeof(short6), "/%u", bits6);
	if (*short4 && *short6)
		return snprintf(text, room, ",%s%s,%s%s", name, short4,
				name, short6);
	return snprintf(text, room, ",%s%s%s", name, short4, short6);
}

/**
 * hash_to_text() - the inverse of parse_hash()
 * @hash: the fields
 * @text: filled in
 */
void hash_to_text(const struct hash *hash, char text[HASH_TEXT_MAX])
{
	const __u8 *prefix = hash->prefix;
	char buf[HASH_TEXT_MAX] = ",";
	size_t len = 0;
	unsigned int i;

	for (i = 0; hash_field_names[i]; i++) {
		const char *name = hash_field_names[i];
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

/**
 * parse_seed() - 32 hex digits
 * @set: the setting
 * @text: its value
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_seed(const struct setting *set, const char *text,
		       void *into)
{
	__u8 *seed = (__u8 *)into + set->offset;
	unsigned int i;

	if (strlen(text) != 2 * LBHASH_SEED_LEN ||
	    strspn(text, "0123456789abcdefABCDEF") != 2 * LBHASH_SEED_LEN)
		return because("must be %d hex digits", 2 * LBHASH_SEED_LEN);
	for (i = 0; i < LBHASH_SEED_LEN; i++)
		seed[i] = digit_of(text[2 * i]) << 4 |
			  digit_of(text[2 * i + 1]);
	return NULL;
}

/**
 * parse_address() - a backend's next hop, one of each family
 * @set: the setting
 * @text: an address, or none to take both away
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_address(const struct setting *set, const char *text,
			  void *into)
{
	struct addresses *a = (void *)((char *)into + set->offset);
	bool none = !strcmp(text, "none");
	struct in6_addr addr6;
	struct in_addr addr4;

	if (a->none || (none && (a->has4 || a->has6)))
		return "none stands alone";
	if (none) {
		a->none = true;
		a->has4 = true;
		a->has6 = true;
		return NULL;
	}
	if (inet_pton(AF_INET, text, &addr4) == 1) {
		if (a->has4)
			return "a second IPv4 address";
		if (addr4.s_addr == htonl(INADDR_ANY))
			return "no address of a backend";
		a->has4 = true;
		a->addr4 = addr4;
		return NULL;
	}
	if (inet_pton(AF_INET6, text, &addr6) == 1) {
		if (a->has6)
			return "a second IPv6 address";
		if (IN6_IS_ADDR_UNSPECIFIED(&addr6))
			return "no address of a backend";
		a->has6 = true;
		a->addr6 = addr6;
		return NULL;
	}
	return "must be an IPv4 or IPv6 address or none";
}

/**
 * parse_proto() - an IP protocol, kept as a __u8
 * @set: the setting
 * @text: tcp, udp or a number
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_proto(const struct setting *set, const char *text,
			void *into)
{
	__u64 value;

	if (!strcmp(text, "tcp"))
		value = IPPROTO_TCP;
	else if (!strcmp(text, "udp"))
		value = IPPROTO_UDP;
	else if (!to_number(text, 0xff, &value))
		return "must be tcp, udp or 0..255";
	*((__u8 *)into + set->offset) = value;
	return NULL;
}

/**
 * parse_endpoint() - ADDR[:PORT], an IPv6 ADDR with PORT in brackets
 * @set: the setting
 * @text: its value
 * @into: the structure to fill
 *
 * Return: NULL, or why it is refused.
 */
const char *parse_endpoint(const struct setting *set, const char *text,
			   void *into)
{
	static const char why[] =
		"must be an address, with a port as 192.0.2.1:80 or [::1]:80";
	struct endpoint *e = (void *)((char *)into + set->offset);
	char copy[64], *addr = copy, *port = NULL;
	__u64 number;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return why;
	if (*addr == '[') {
		port = strchr(++addr, ']');
		if (!port)
			return why;
		*port++ = '\0';
		if (*port && *port != ':')
			return why;
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
		return why;
	if (!port)
		return NULL;
	if (!to_number(port, 0xffff, &number))
		return "a port is 0..65535";
	e->has_port = true;
	e->port = number;
	return NULL;
}

/**
 * parse_find() - find a word or an unambiguous beginning of it in a table
 * @word: what the user wrote
 * @table: structures that begin with the name; a NULL name ends it
 * @stride: size of a structure
 * @matches: out, how many there are that begin so; or NULL
 *
 * Return: the structure, or NULL.
 */
const void *parse_find(const char *word, const void *table, size_t stride,
		       unsigned int *matches)
{
	const void *found = NULL;
	const char *entry, *name;
	unsigned int count = 0;

	for (entry = table; (name = *(char *const *)entry); entry += stride) {
		if (!strcmp(name, word))
			return entry;
		if (*word && !strncmp(name, word, strlen(word))) {
			found = entry;
			count++;
		}
	}
	if (matches)
		*matches = count;
	return count == 1 ? found : NULL;
}

/**
 * parse_keyword() - as parse_find(), but says what there is instead
 * @what: what the words of the table are
 * @word: what the user wrote
 * @table: structures that begin with the name; a NULL name ends it
 * @stride: size of a structure
 *
 * Return: the structure, or NULL after an error message.
 */
const void *parse_keyword(const char *what, const char *word,
			  const void *table, size_t stride)
{
	const char *entry, *name;
	unsigned int matches = 0;
	char names[256] = "";
	const void *found;
	size_t len = 0;

	found = parse_find(word, table, stride, &matches);
	if (found)
		return found;
	for (entry = table; (name = *(char *const *)entry); entry += stride)
		if (len < sizeof(names) &&
		    (!matches || !strncmp(name, word, strlen(word))))
			len += snprintf(names + len, sizeof(names) - len,
					"%s%s", len ? ", " : "", name);
	fail(USAGE, "%s: %s %s (%s)", word,
	     matches ? "ambiguous" : "unknown", what, names);
	return NULL;
}

/**
 * parse_missing() - look for what cannot be left out
 * @settings: the table
 * @have: bit n is set if setting n is there
 *
 * Return: the first required setting that is not there, or NULL.
 */
const char *parse_missing(const struct setting *settings, __u32 have)
{
	unsigned int i;

	for (i = 0; settings[i].key; i++)
		if ((settings[i].flags & SETTING_REQUIRED) &&
		    !(have & BIT(i)))
			return settings[i].key;
	return NULL;
}

/**
 * parse_settings() - keywords and their values
 * @settings: the table
 * @argv: the words, NULL-terminated
 * @into: the structure to fill
 *
 * Return: DONE, or USAGE after an error message.
 */
int parse_settings(const struct setting *settings, char **argv, void *into)
{
	__u32 *have = into;
	const char *why;

	while (*argv) {
		const struct setting *set;
		__u32 bit;

		set = parse_keyword("keyword", *argv++, settings,
				    sizeof(*settings));
		if (!set)
			return USAGE;
		if (set->flags & SETTING_DRY_RUN) {
			ctl.dry_run = true;
			continue;
		}
		bit = BIT(set - settings);
		if ((*have & bit) && !(set->flags & SETTING_LIST))
			return misuse("%s: given twice", set->key);
		*have |= bit;
		if (!set->value)
			continue;
		if (!*argv)
			return misuse("%s: %s is missing", set->key,
				      set->value);
		why = set->parse(set, *argv, into);
		if (why)
			return fail(USAGE, "%s %s: %s", set->key, *argv, why);
		argv++;
	}
	return DONE;
}
