// SPDX-License-Identifier: GPL-2.0
/*
 * Parses answers, which must all follow the specification.
 */
#include <string.h>

#include "nlfuzz.h"

/* parse_message() - attributes of an answer or an event by their type */
void parse_message(const struct nlattr **tb, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct op_spec *op;

	if (nlh->nlmsg_type != family ||
	    nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		complain("an answer of type %u", nlh->nlmsg_type);
	op = op_of(genl->cmd);
	if (!op || genl->version != LBHASH_GENL_VERSION ||
	    !oracle_attrs(op->set, op->reply, (const uint8_t *)(genl + 1),
			  nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, tb))
		complain("an answer that is not in the specification");
}

/* parse_nest() - as parse_message(), of a nest */
void parse_nest(const struct nlattr **tb, const struct set_spec *set,
		const struct nlattr *attr)
{
	if (!attr || !oracle_attrs(set, ~0ull, mnl_attr_get_payload(attr),
				   mnl_attr_get_payload_len(attr), tb))
		complain("no nest of %s", set->name);
}

static const void *must_have(const struct nlattr **tb, unsigned int id)
{
	if (!tb[id])
		complain("attribute %u is missing in the answer", id);
	return mnl_attr_get_payload(tb[id]);
}

static uint8_t read_u8(const struct nlattr **tb, unsigned int id)
{
	return *(const uint8_t *)must_have(tb, id);
}

uint32_t read_u32(const struct nlattr **tb, unsigned int id)
{
	return *(const uint32_t *)must_have(tb, id);
}

uint64_t read_u64(const struct nlattr **tb, unsigned int id)
{
	uint64_t value;

	memcpy(&value, must_have(tb, id), sizeof(value));
	return value;
}

const char *read_name(const struct nlattr **tb, unsigned int id)
{
	return must_have(tb, id);
}

/* read_service() - an answer to service-get */
void read_service(const struct nlmsghdr *nlh, struct seen_service *seen)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct service *svc = &seen->svc;

	parse_message(tb, nlh);
	memset(seen, 0, sizeof(*seen));
	copy_name(svc->name, read_name(tb, LBHASH_A_NAME));
	svc->size = read_u32(tb, LBHASH_A_SIZE);
	svc->fields = read_u32(tb, LBHASH_A_FIELDS);
	svc->src4 = read_u8(tb, LBHASH_A_SRC4_PREFIX);
	svc->dst4 = read_u8(tb, LBHASH_A_DST4_PREFIX);
	svc->src6 = read_u8(tb, LBHASH_A_SRC6_PREFIX);
	svc->dst6 = read_u8(tb, LBHASH_A_DST6_PREFIX);
	seen->has_seed = tb[LBHASH_A_SEED];
	if (seen->has_seed)
		memcpy(svc->seed, must_have(tb, LBHASH_A_SEED),
		       sizeof(svc->seed));
	svc->mask = read_u32(tb, LBHASH_A_MASK);
	svc->on_empty = read_u32(tb, LBHASH_A_ON_EMPTY);
	svc->settle = read_u32(tb, LBHASH_A_SETTLE);
	svc->track = read_u32(tb, LBHASH_A_TRACK);
	svc->deliver = read_u32(tb, LBHASH_A_DELIVER);
	svc->idle = read_u32(tb, LBHASH_A_IDLE);
	svc->udp_idle = read_u32(tb, LBHASH_A_UDP_IDLE);
	svc->settle_max = read_u32(tb, LBHASH_A_SETTLE_MAX);
	svc->sample = read_u32(tb, LBHASH_A_SAMPLE);
	svc->generation = read_u64(tb, LBHASH_A_GENERATION);
	svc->rules = read_u32(tb, LBHASH_A_RULES);
	seen->digest = read_u64(tb, LBHASH_A_DIGEST);
	seen->backends = read_u32(tb, LBHASH_A_BACKENDS);
	seen->transitions = read_u32(tb, LBHASH_A_TRANSITION_SLOTS);
	seen->has_settles_in = tb[LBHASH_A_SETTLES_IN];
	seen->has_holding = tb[LBHASH_A_HOLDING];
	if (seen->has_holding)
		seen->holding = read_u32(tb, LBHASH_A_HOLDING);
}

/* read_backend() - a nest of an answer to backend-get */
void read_backend(const struct nlattr *nest, struct seen_backend *seen)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct backend *b = &seen->backend;

	parse_nest(tb, &spec_backend, nest);
	memset(seen, 0, sizeof(*seen));
	copy_name(b->name, read_name(tb, LBHASH_BACKEND_A_NAME));
	b->mark = read_u32(tb, LBHASH_BACKEND_A_MARK);
	b->weight = read_u32(tb, LBHASH_BACKEND_A_WEIGHT);
	b->state = read_u32(tb, LBHASH_BACKEND_A_STATE);
	if (tb[LBHASH_BACKEND_A_ADDR4])
		memcpy(b->addr4, must_have(tb, LBHASH_BACKEND_A_ADDR4), 4);
	if (tb[LBHASH_BACKEND_A_ADDR6])
		memcpy(b->addr6, must_have(tb, LBHASH_BACKEND_A_ADDR6), 16);
	seen->slots = read_u32(tb, LBHASH_BACKEND_A_SLOTS);
}
