// SPDX-License-Identifier: GPL-2.0
/*
 * Makes messages. Every third one is broken in one place: in turn, each
 * attribute of each operation, nested ones too, is broken in each way. Of the
 * others, more than half are well-formed, but the configuration may forbid
 * them; the rest are broken in many places, from bad values to wrong lengths.
 */
#include <string.h>

#include "nlfuzz.h"

/* Ways to break an attribute: SHAPES concern its header, ODDS its value. */
#define SHAPES	10
#define WAYS	(SHAPES + ODDS)

#define MESSAGES_MAX	8
#define MORE_MAX	8192

/**
 * struct draft - a message that is being made
 * @dg: datagram to which it is appended
 * @in: operation and service
 * @start: offset of the message in the datagram
 * @rate: number of attributes in 1000 that are broken at random
 * @victim: the only attribute that is broken, or NULL
 * @way: how @victim is broken, below WAYS
 * @heads: offsets of attributes in the datagram
 * @n_heads: number of @heads
 */
struct draft {
	struct datagram *dg;
	struct intent in;
	size_t start;
	unsigned int rate;
	const struct attr_spec *victim;
	unsigned int way;
	size_t heads[256];
	unsigned int n_heads;
};

static void put_bytes(struct draft *d, const void *data, size_t len)
{
	struct datagram *dg = d->dg;

	if (dg->len + len + NLMSG_ALIGNTO > sizeof(dg->data))
		return;
	memcpy(dg->data + dg->len, data, len);
	dg->len += len;
	while (dg->len % NLMSG_ALIGNTO)
		dg->data[dg->len++] = 0;
}

static size_t begin_attr(struct draft *d, uint16_t type)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN, .nla_type = type };
	size_t at = d->dg->len;

	if (d->n_heads < ARRAY_SIZE(d->heads))
		d->heads[d->n_heads++] = at;
	put_bytes(d, &attr, sizeof(attr));
	return at;
}

/* Lengths are truncated to 16 bits, as a careless program would do. */
static void end_attr(struct draft *d, size_t at)
{
	((struct nlattr *)(d->dg->data + at))->nla_len = d->dg->len - at;
}

static void put_attr(struct draft *d, uint16_t type, const void *data,
		     size_t len)
{
	size_t at = begin_attr(d, type);
	struct nlattr *attr = (struct nlattr *)(d->dg->data + at);

	if (d->dg->len != at) {
		put_bytes(d, data, len);
		attr->nla_len += len;
	}
}

static void put_nests(struct draft *d, uint16_t type, unsigned int depth)
{
	size_t at[64], i;

	for (i = 0; i < depth; i++)
		at[i] = begin_attr(d, type | NLA_F_NESTED);
	while (i--)
		end_attr(d, at[i]);
}

static void put_set(struct draft *d, const struct set_spec *set,
		    uint64_t allowed);

static void put_good(struct draft *d, const struct set_spec *set,
		     const struct attr_spec *attr)
{
	uint8_t value[VALUE_MAX];
	size_t at, len;

	if (attr->nested) {
		at = begin_attr(d, attr->id | NLA_F_NESTED);
		put_set(d, attr->nested, ~0ull);
		end_attr(d, at);
	} else {
		len = make_value(&d->in, set, attr, 0, value);
		put_attr(d, attr->id, value, len);
	}
}

static void put_broken(struct draft *d, const struct set_spec *set,
		       const struct attr_spec *attr, unsigned int way)
{
	uint16_t *type = (uint16_t *)(d->dg->data + d->dg->len) + 1;
	uint8_t value[VALUE_MAX + 64];
	size_t len;

	memset(value, dice(), sizeof(value));
	len = make_value(&d->in, set, attr,
			 way < SHAPES ? 0 : way - SHAPES + 1, value);
	switch (way) {
	case 0:
		break;
	case 1:
		put_good(d, set, attr);
		put_good(d, set, attr);
		break;
	case 2:
		put_attr(d, attr->id, value, len + 1 + below(63));
		break;
	case 3:
		put_attr(d, attr->id, value, below(len));
		break;
	case 4:
		put_attr(d, percent(70) ? below(40) : dice(), value, len);
		break;
	case 5:
		put_good(d, set, attr);
		*type ^= NLA_F_NESTED;
		break;
	case 6:
		put_good(d, set, attr);
		*type ^= NLA_F_NET_BYTEORDER;
		break;
	case 7:
		put_nests(d, attr->id, 1 + below(64));
		break;
	case 8:
		put_good(d, set, attr);
		put_attr(d, below(48), value, below(40));
		break;
	case 9:
		put_attr(d, attr->id, value, 0);
		break;
	default:
		put_attr(d, attr->id, value, len);
	}
}

static void put_some(struct draft *d, const struct set_spec *set,
		     const struct attr_spec *attr)
{
	if (attr == d->victim) {
		d->victim = NULL;
		put_broken(d, set, attr, d->way);
	} else if (below(1000) < d->rate) {
		put_broken(d, set, attr, below(WAYS));
	} else {
		put_good(d, set, attr);
	}
}

static bool is_wanted(const struct draft *d, const struct set_spec *set,
		      uint64_t allowed, const struct attr_spec *attr)
{
	if (!(allowed >> attr->id & 1))
		return below(20000) < d->rate;
	if (d->victim && (attr == d->victim || attr->nested))
		return true;
	return percent(chance_of(&d->in, set, attr));
}

static unsigned int how_many(const struct draft *d,
			     const struct attr_spec *attr)
{
	uint8_t cmd = d->in.op->cmd;

	if (attr->nested == &spec_entry)
		return 1 + below(5);
	if (attr->nested != &spec_backend || cmd == LBHASH_CMD_BACKEND_GET)
		return 1;
	if (cmd == LBHASH_CMD_SERVICE_APPLY)
		return d->in.crowd ? 200 + below(500) : below(8);
	return 1 + below(3);
}

/* Put attributes in the order of the specification, sometimes rotated. */
static void put_set(struct draft *d, const struct set_spec *set,
		    uint64_t allowed)
{
	unsigned int i, n, first = percent(70) ? 0 : below(set->n);
	const struct attr_spec *attr;

	for (i = 0; i < set->n; i++) {
		attr = &set->attrs[(first + i) % set->n];
		if (!is_wanted(d, set, allowed, attr))
			continue;
		for (n = how_many(d, attr); n; n--)
			put_some(d, set, attr);
	}
}

/* Return: the next attribute of an operation that can be broken, from @n on. */
static const struct attr_spec *nth_attr(const struct op_spec *op,
					unsigned int *n)
{
	const struct attr_spec *attr;
	unsigned int i;

	for (i = 0; i < op->set->n; i++) {
		attr = &op->set->attrs[i];
		if (!(op->request >> attr->id & 1))
			continue;
		if (!(*n)--)
			return attr;
		if (!attr->nested)
			continue;
		if (*n < attr->nested->n)
			return &attr->nested->attrs[*n];
		*n -= attr->nested->n;
	}
	return NULL;
}

static unsigned int count_attrs(const struct op_spec *op)
{
	unsigned int n = ~0u;

	nth_attr(op, &n);
	return ~0u - n;
}

/* Each attribute is the victim in turn; then each is again, in the next way. */
static void choose_victim(struct draft *d, uint32_t turn)
{
	static unsigned int victims;
	unsigned int i, n;

	if (!victims)
		for (i = 0; i < spec_n_ops; i++)
			victims += count_attrs(&spec_ops[i]);
	d->way = turn / victims % WAYS;
	n = turn % victims;
	for (i = 0; !d->victim; i++) {
		d->victim = nth_attr(&spec_ops[i], &n);
		d->in.op = &spec_ops[i];
	}
}

static uint16_t some_flags(const struct draft *d)
{
	uint16_t flags = NLM_F_REQUEST;

	if (percent(90))
		flags |= NLM_F_ACK;
	if (d->in.op->can_dump ? percent(30) : percent(1))
		flags |= NLM_F_DUMP;
	if (percent(5))
		flags |= NLM_F_ECHO;
	if (below(2000) < d->rate)
		flags ^= percent(50) ? 1u << below(16) : dice();
	return flags;
}

static void break_header(struct nlmsghdr *nlh, struct genlmsghdr *genl)
{
	switch (below(8)) {
	case 0:
		nlh->nlmsg_type = below(NLMSG_MIN_TYPE);
		break;
	case 1:
		nlh->nlmsg_type = 0xffff - below(1000);
		break;
	case 2:
		nlh->nlmsg_len = below(NLMSG_HDRLEN);
		break;
	case 3:
		nlh->nlmsg_len = below(2 * nlh->nlmsg_len);
		break;
	case 4:
		nlh->nlmsg_pid = dice();
		break;
	case 5:
		genl->cmd = dice();
		break;
	case 6:
		genl->reserved = dice();
		break;
	default:
		nlh->nlmsg_flags = dice();
	}
}

static void break_bytes(struct draft *d)
{
	uint8_t *message = d->dg->data + d->start;
	size_t len = d->dg->len - d->start;
	unsigned int n = 1 + below(6);
	struct nlattr *attr;

	if (d->n_heads && percent(50)) {
		attr = (void *)(d->dg->data + d->heads[below(d->n_heads)]);
		attr->nla_len = percent(50) ? (uint16_t)dice() :
			attr->nla_len + below(17) - 8;
		return;
	}
	while (n--)
		message[below(len)] ^= 1 << below(8);
}

/* Cut off the message, or put bytes after its end. */
static void break_end(struct draft *d)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(d->dg->data + d->start);
	uint8_t rubbish[64];
	unsigned int i;

	if (percent(50)) {
		d->dg->len -= below(d->dg->len - d->start);
		if (percent(50))
			nlh->nlmsg_len = d->dg->len - d->start;
		return;
	}
	for (i = 0; i < sizeof(rubbish); i++)
		rubbish[i] = percent(50) ? 0 : dice();
	put_bytes(d, rubbish, below(sizeof(rubbish)));
	if (percent(70))
		nlh->nlmsg_len = d->dg->len - d->start;
}

static void break_message(struct draft *d)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(d->dg->data + d->start);

	if (below(1000) < d->rate)
		break_header(nlh, (struct genlmsghdr *)(nlh + 1));
	if (below(1500) < d->rate)
		break_bytes(d);
	if (below(2000) < d->rate)
		break_end(d);
}

static void put_message(struct datagram *dg)
{
	static uint32_t made;
	struct genlmsghdr genl = { .version = LBHASH_GENL_VERSION };
	struct nlmsghdr *nlh = (struct nlmsghdr *)(dg->data + dg->len);
	struct draft d = { .dg = dg, .start = dg->len };

	if (made++ % 3 == 0)
		choose_victim(&d, made / 3);
	else if (percent(40))
		d.rate = 250;
	choose_intent(&d.in);
	memset(nlh, 0, sizeof(*nlh));
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = some_flags(&d);
	nlh->nlmsg_seq = made;
	dg->len += sizeof(*nlh);
	genl.cmd = d.in.op->cmd;
	if (percent(10))
		genl.version = dice();
	put_bytes(&d, &genl, sizeof(genl));
	put_set(&d, d.in.op->set, d.in.op->request);
	nlh->nlmsg_len = dg->len - d.start;
	break_message(&d);
}

static bool is_dump(const struct datagram *dg, size_t at)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(dg->data + at);

	return (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/**
 * make_datagram() - make messages to be sent at once, often just one
 * @dg: out
 *
 * A dump comes last, because its answers may come later than those to the next
 * message. The size is limited so that the answers fit into the queue.
 */
void make_datagram(struct datagram *dg)
{
	unsigned int i, n = percent(50) ? 1 : 2 + below(MESSAGES_MAX - 1);
	size_t at = 0;

	dg->len = 0;
	for (i = 0; i < n && dg->len < MORE_MAX; i++) {
		while (dg->len % NLMSG_ALIGNTO)
			dg->data[dg->len++] = 0;
		if (i && is_dump(dg, at))
			break;
		at = dg->len;
		put_message(dg);
	}
}
