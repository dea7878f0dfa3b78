// SPDX-License-Identifier: GPL-2.0
/*
 * The checks that netlink itself makes, derived from the specification: strict
 * validation, as documented in include/net/netlink.h. They are independent of
 * the policies that are generated from the same file.
 */
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

/* The attribute that netlink blames; NULL: bytes after the last attribute. */
const struct nlattr *oracle_blames;

const struct op_spec *op_of(uint8_t cmd)
{
	unsigned int i;

	for (i = 0; i < spec_n_ops; i++)
		if (spec_ops[i].cmd == cmd)
			return &spec_ops[i];
	return NULL;
}

static const struct attr_spec *attr_of(const struct set_spec *set, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < set->n; i++)
		if (set->attrs[i].id == id)
			return &set->attrs[i];
	return NULL;
}

static bool number_is_good(const struct attr_spec *attr, const uint8_t *data,
			   size_t len)
{
	static const size_t sizes[] = {
		[ATTR_U8] = 1, [ATTR_U16] = 2, [ATTR_U32] = 4, [ATTR_U64] = 8
	};
	uint64_t value = 0;

	if (len != sizes[attr->kind])
		return false;
	/* Works on little-endian machines only. */
	memcpy(&value, data, len);
	if (attr->mask)
		return !(value & ~attr->mask);
	return value >= attr->min && value <= attr->max;
}

/* The value must have a zero byte among its first max + 1 bytes, and be at most
 * max bytes long, not counting a zero byte at its end.
 */
static bool string_is_good(const struct attr_spec *attr, const uint8_t *data,
			   size_t len)
{
	size_t head = len < attr->max + 1 ? len : attr->max + 1;

	if (!head || !memchr(data, 0, head))
		return false;
	return len - !data[len - 1] <= attr->max;
}

static bool attr_is_good(const struct attr_spec *attr, const struct nlattr *nla)
{
	const uint8_t *data = (const uint8_t *)(nla + 1);
	bool is_nest = attr->kind == ATTR_NEST;
	size_t len = nla->nla_len - NLA_HDRLEN;

	if (is_nest != !!(nla->nla_type & NLA_F_NESTED))
		return false;
	switch (attr->kind) {
	case ATTR_FLAG:
		return !len;
	case ATTR_U8:
	case ATTR_U16:
	case ATTR_U32:
	case ATTR_U64:
		return number_is_good(attr, data, len);
	case ATTR_STRING:
		return string_is_good(attr, data, len);
	case ATTR_BINARY:
		return len >= attr->min && len <= attr->max;
	case ATTR_NEST:
		return (!len || len >= NLA_HDRLEN) &&
		       oracle_attrs(attr->nested, ~0ull, data, len, NULL);
	default:
		return false;
	}
}

/**
 * oracle_attrs() - does netlink accept these attributes?
 * @set: the set that they are from
 * @allowed: a bit for each attribute of the set that may be present
 * @data: the first attribute
 * @len: length of all of them
 * @tb: out, if not NULL, the last attribute of each type
 *
 * Return: true if it does; otherwise oracle_blames is the refused attribute.
 */
bool oracle_attrs(const struct set_spec *set, uint64_t allowed,
		  const uint8_t *data, size_t len, const struct nlattr **tb)
{
	const struct attr_spec *attr;
	const struct nlattr *nla;
	size_t step;
	uint16_t id;

	if (tb)
		memset(tb, 0, ATTRS_MAX * sizeof(*tb));
	while (len >= NLA_HDRLEN) {
		nla = (const struct nlattr *)data;
		if (nla->nla_len < NLA_HDRLEN || nla->nla_len > len)
			break;
		id = nla->nla_type & NLA_TYPE_MASK;
		attr = attr_of(set, id);
		oracle_blames = nla;
		if (!attr || !(allowed >> id & 1) || !attr_is_good(attr, nla))
			return false;
		if (tb)
			tb[id] = nla;
		step = NLA_ALIGN(nla->nla_len);
		if (step >= len)
			return true;
		data += step;
		len -= step;
	}
	oracle_blames = NULL;
	return !len;
}
