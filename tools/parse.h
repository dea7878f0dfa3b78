/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_PARSE_H
#define _LBHASHCTL_PARSE_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define BIT(n)			(1u << (n))

/* How a setting may stand in JSON, and whether it must be there. */
#define SETTING_INTEGER		BIT(0)
#define SETTING_STRING		BIT(1)
#define SETTING_LIST		BIT(2)	/* strings, a word each */
#define SETTING_REQUIRED	BIT(3)
#define SETTING_HEX		BIT(4)	/* ranges are told in hex */
#define SETTING_DRY_RUN		BIT(5)	/* sets ctl.dry_run only */

/**
 * struct setting - one keyword, on the command line and in JSON
 * @key: the word; a table ends with a NULL one
 * @value: what help calls the value; NULL if the keyword stands alone
 * @help: what it is for
 * @json: key in JSON, NULL if it has none there
 * @parse: checks the value and puts it at @offset of @into;
 *   Return: NULL, or why it refuses, good until the next call
 * @offset: where in the parsed structure
 * @min: smallest number
 * @max: largest number
 * @names: words allowed, their index is the value
 * @flags: SETTING_*
 *
 * The structure that a table fills begins with a __u32, where bit n says
 * that setting n was there.
 */
struct setting {
	const char *key;
	const char *value;
	const char *help;
	const char *json;
	const char *(*parse)(const struct setting *set, const char *text,
			     void *into);
	size_t offset;
	__u32 min;
	__u32 max;
	const char *const *names;
	unsigned int flags;
};

enum { SRC4, DST4, SRC6, DST6, PREFIXES };

/**
 * struct hash - the fields that a service hashes
 * @fields: of enum lbhash_hash_field
 * @prefix: leading bits, in the order of the netlink attributes
 */
struct hash {
	__u32 fields;
	__u8 prefix[PREFIXES];
};

/* One address per family; an all-zero one takes the address away. */
struct addresses {
	bool has4;
	bool has6;
	bool none;
	struct in_addr addr4;
	struct in6_addr addr6;
};

/* One side of a flow. */
struct endpoint {
	int family;
	bool has_port;
	__u16 port;
	union {
		struct in_addr addr4;
		struct in6_addr addr6;
	};
};

#define HASH_TEXT_MAX	128

/* In the order of the enums of linux/lbhash.h, NULL-terminated. */
extern const char *const hash_field_names[];
extern const char *const on_empty_names[];
extern const char *const state_names[];
extern const char *const reason_names[];

const char *parse_name(const char *text);
const char *parse_number(const struct setting *set, const char *text,
			 void *into);
const char *parse_choice(const struct setting *set, const char *text,
			 void *into);
const char *parse_hash(const struct setting *set, const char *text,
		       void *into);
const char *parse_seed(const struct setting *set, const char *text,
		       void *into);
const char *parse_address(const struct setting *set, const char *text,
			  void *into);
const char *parse_proto(const struct setting *set, const char *text,
			void *into);
const char *parse_endpoint(const struct setting *set, const char *text,
			   void *into);

void hash_to_text(const struct hash *hash, char text[HASH_TEXT_MAX]);

const void *parse_find(const char *word, const void *table, size_t stride,
		       unsigned int *matches);
const void *parse_keyword(const char *what, const char *word,
			  const void *table, size_t stride);
const char *parse_missing(const struct setting *settings, __u32 have);
int parse_settings(const struct setting *settings, char **argv, void *into);

#endif /* _LBHASHCTL_PARSE_H */
