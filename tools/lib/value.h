/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_VALUE_H
#define _LB_VALUE_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define BIT(n)			(1u << (n))

struct lb_error;

/* The form of a field in JSON, and whether it can be left out. */
#define FIELD_INTEGER		BIT(0)
#define FIELD_STRING		BIT(1)
#define FIELD_LIST		BIT(2)	/* of strings; words of a line each */
#define FIELD_REQUIRED		BIT(3)
#define FIELD_HEX		BIT(4)	/* errors show the range in hex */

/**
 * struct lb_field - one field of a service, a backend or a flow
 * @key: key in JSON; a table ends with a NULL one
 * @parse: check the text and store the value at @offset of @into; Return: 0, or
 *	-EINVAL with a reason that starts with "must be" or the like, without
 *	the text
 * @offset: offset of the value in the structure that a table of fields fills
 * @min: smallest valid number
 * @max: largest valid number
 * @names: the words of a choice, their index is the value
 * @flags: FIELD_*
 *
 * The structure that a table of fields fills begins with a __u32, where bit n
 * says that field n is set.
 */
struct lb_field {
	const char *key;
	int (*parse)(const struct lb_field *field, const char *text,
		     void *into, struct lb_error *error);
	size_t offset;
	__u32 min;
	__u32 max;
	const char *const *names;
	unsigned int flags;
};

enum { SRC4, DST4, SRC6, DST6, PREFIXES };

/**
 * struct lb_hash - the fields of packets that a service hashes
 * @fields: flags of enum lbhash_hash_field
 * @prefix: lengths of the hashed prefixes of addresses, indexed by SRC4 and so
 *	on
 */
struct lb_hash {
	__u32 fields;
	__u8 prefix[PREFIXES];
};

/**
 * struct lb_addresses - one address per family
 * @has4: @addr4 is to be sent
 * @has6: @addr6 is to be sent
 * @none: both addresses are to be removed: they are sent as zeroes
 * @addr4: IPv4 address, in network order
 * @addr6: IPv6 address
 */
struct lb_addresses {
	bool has4;
	bool has6;
	bool none;
	struct in_addr addr4;
	struct in6_addr addr6;
};

/* One side of a flow; the port in host byte order. */
struct lb_endpoint {
	int family;
	bool has_port;
	__u16 port;
	union {
		struct in_addr addr4;
		struct in6_addr addr6;
	};
};

#define HASH_TEXT_MAX	128

int lb_parse_name(const char *text, struct lb_error *error);
int lb_parse_number(const struct lb_field *field, const char *text,
		    void *into, struct lb_error *error);
int lb_parse_choice(const struct lb_field *field, const char *text,
		    void *into, struct lb_error *error);
int lb_parse_hash(const struct lb_field *field, const char *text,
		  void *into, struct lb_error *error);
int lb_parse_seed(const struct lb_field *field, const char *text,
		  void *into, struct lb_error *error);
int lb_parse_address(const struct lb_field *field, const char *text,
		     void *into, struct lb_error *error);
int lb_parse_proto(const struct lb_field *field, const char *text,
		   void *into, struct lb_error *error);
int lb_parse_endpoint(const struct lb_field *field, const char *text,
		      void *into, struct lb_error *error);

void lb_hash_to_text(const struct lb_hash *hash, char text[HASH_TEXT_MAX]);

#endif /* _LB_VALUE_H */
