// SPDX-License-Identifier: GPL-2.0
/*
 * Makes values of attributes: by type and limits of the specification, and from
 * the model where random values would hardly ever be meaningful.
 *
 * Tables are small, because they are built by an emulated CPU.
 */
#include <stdio.h>
#include <string.h>

#include "nlfuzz.h"

#define SERVICES	10
#define BACKENDS	20
#define MANY		64
#define LARGE		5000

static const char * const odd_names[] = {
	"", "-", "-b0", ".", "_", "a b", "s\xe4", "s0/..", "%s%n", "S0",
	"a23456789012345678901234567890x", "a234567890123456789012345678901x",
};

static void unused_service(char *to)
{
	unsigned int i, n = below(SERVICES);

	for (i = 0; i < SERVICES; i++) {
		snprintf(to, NAME_SIZE, "s%u", (n + i) % SERVICES);
		if (!model_find(to))
			return;
	}
}

/* Choose a service; one with backends if they are needed and there is one. */
static void some_service(char *to, bool with_backends)
{
	unsigned int tries = with_backends ? 4 : 1;
	const struct service *svc;

	unused_service(to);
	while (model.n && tries--) {
		svc = model.services[below(model.n)];
		copy_name(to, svc->name);
		if (svc->n)
			break;
	}
}

/* Choose an operation, by weights. */
static uint8_t some_operation(void)
{
	static const uint8_t odds[][2] = {
		{ LBHASH_CMD_SERVICE_NEW, 8 }, { LBHASH_CMD_SERVICE_SET, 12 },
		{ LBHASH_CMD_SERVICE_APPLY, 10 }, { LBHASH_CMD_SERVICE_DEL, 5 },
		{ LBHASH_CMD_SERVICE_GET, 7 }, { LBHASH_CMD_BACKEND_NEW, 15 },
		{ LBHASH_CMD_BACKEND_SET, 13 }, { LBHASH_CMD_BACKEND_DEL, 5 },
		{ LBHASH_CMD_BACKEND_GET, 6 }, { LBHASH_CMD_STATS_GET, 3 },
		{ LBHASH_CMD_TABLE_GET, 3 }, { LBHASH_CMD_LOOKUP, 3 },
		{ LBHASH_CMD_MEMORY_GET, 2 }, { LBHASH_CMD_MEMORY_SET, 2 },
		{ LBHASH_CMD_ENTRY_GET, 2 }, { LBHASH_CMD_ENTRY_NEW, 3 },
		{ LBHASH_CMD_CHANGE, 1 },
	};
	unsigned int i, n = below(100);

	for (i = 0; i < ARRAY_SIZE(odds) - 1; i++) {
		if (n < odds[i][1])
			break;
		n -= odds[i][1];
	}
	return odds[i][0];
}

static bool wants_backends(const struct op_spec *op)
{
	return op->cmd == LBHASH_CMD_BACKEND_SET ||
	       op->cmd == LBHASH_CMD_BACKEND_DEL ||
	       op->cmd == LBHASH_CMD_BACKEND_GET ||
	       op->cmd == LBHASH_CMD_ENTRY_NEW;
}

static bool is_costly(const struct service *svc)
{
	return svc->n > MANY || svc->size > LARGE;
}

/**
 * choose_intent() - choose an operation and a service that it can be applied to
 * @in: out; an operation that is set remains
 */
void choose_intent(struct intent *in)
{
	bool chosen = in->op;

	if (!chosen)
		in->op = op_of(some_operation());
	if (!chosen && model.n >= SERVICES &&
	    in->op->cmd == LBHASH_CMD_SERVICE_NEW)
		in->op = op_of(LBHASH_CMD_SERVICE_DEL);
	if (in->op->cmd == LBHASH_CMD_SERVICE_NEW ? percent(93) : percent(5))
		unused_service(in->name);
	else
		some_service(in->name, wants_backends(in->op));
	in->svc = model_find(in->name);
	in->crowd = !below(250);
	/* Services that take long to build are soon replaced. */
	if (!chosen && in->svc && is_costly(in->svc) && in->op->admin &&
	    in->op->cmd < LBHASH_CMD_CHANGE && percent(80))
		in->op = op_of(LBHASH_CMD_SERVICE_APPLY);
	in->version = percent(50) ? 4 : 6;
}

static bool is_cmd(const struct intent *in, uint8_t a, uint8_t b)
{
	return in->op->cmd == a || in->op->cmd == b;
}

static unsigned int chance_in_service(const struct intent *in, uint16_t id)
{
	bool whole = is_cmd(in, LBHASH_CMD_SERVICE_NEW,
			    LBHASH_CMD_SERVICE_APPLY);

	switch (id) {
	case LBHASH_A_NAME:
		if (in->op->cmd == LBHASH_CMD_MEMORY_GET)
			return 20;
		return in->op->can_dump ? 85 : 100;
	case LBHASH_A_SIZE:
		return whole ? 98 : 25;
	case LBHASH_A_FIELDS:
		return 25;
	case LBHASH_A_SRC4_PREFIX:
	case LBHASH_A_DST4_PREFIX:
	case LBHASH_A_SRC6_PREFIX:
	case LBHASH_A_DST6_PREFIX:
		return 12;
	case LBHASH_A_SEED:
	case LBHASH_A_MASK:
		return whole ? 30 : 15;
	case LBHASH_A_DRY_RUN:
		return 15;
	case LBHASH_A_DISRUPTIVE:
		return 70;
	case LBHASH_A_BACKEND:
		return 97;
	case LBHASH_A_FLOW:
	case LBHASH_A_ENTRY:
		return 97;
	case LBHASH_A_MEMORY_KEY:
		return in->op->cmd == LBHASH_CMD_ENTRY_NEW ? 97 : 30;
	default:
		return 50;
	}
}

static unsigned int chance_in_backend(const struct intent *in, uint16_t id)
{
	bool named = is_cmd(in, LBHASH_CMD_BACKEND_DEL, LBHASH_CMD_BACKEND_GET);

	if (id == LBHASH_BACKEND_A_NAME)
		return 100;
	if (named)
		return 2;
	switch (id) {
	case LBHASH_BACKEND_A_MARK:
		return in->op->cmd == LBHASH_CMD_BACKEND_SET ? 20 : 100;
	case LBHASH_BACKEND_A_WEIGHT:
	case LBHASH_BACKEND_A_STATE:
		return 40;
	case LBHASH_BACKEND_A_ADDR4:
	case LBHASH_BACKEND_A_ADDR6:
		return 25;
	default:
		return 2;
	}
}

static unsigned int chance_in_flow(const struct intent *in, uint16_t id)
{
	switch (id) {
	case LBHASH_FLOW_A_SRC4:
	case LBHASH_FLOW_A_DST4:
		return in->version == 4 ? 98 : 3;
	case LBHASH_FLOW_A_SRC6:
	case LBHASH_FLOW_A_DST6:
		return in->version == 6 ? 98 : 3;
	case LBHASH_FLOW_A_PROTO:
		return 98;
	default:
		return 70;
	}
}

/* chance_of() - probability that an attribute is present, in percent */
unsigned int chance_of(const struct intent *in, const struct set_spec *set,
		       const struct attr_spec *attr)
{
	if (attr->kind == ATTR_PAD)
		return 0;
	if (set == &spec_backend)
		return chance_in_backend(in, attr->id);
	if (set == &spec_flow)
		return chance_in_flow(in, attr->id);
	if (set == &spec_entry)
		return 97;
	return chance_in_service(in, attr->id);
}

static uint32_t some_size(void)
{
	static const uint32_t odd[] = {
		0, 1, 250, 251, 1048574, 0x7fffffff, 0xffffffff
	};

	if (percent(3))
		return odd[below(ARRAY_SIZE(odd))];
	if (!below(4000))
		return LBHASH_SIZE_MAX;
	return 251 + below(percent(95) ? 250 : 3849);
}

/* Choose a settle time: short, long or invalid. */
static uint32_t some_settle(void)
{
	if (percent(30))
		return below(3);
	return percent(97) ? below(LBHASH_SETTLE_MAX + 1) : dice();
}

/* Times of silence: short, any, invalid. */
static uint32_t some_idle(void)
{
	if (percent(30))
		return 1 + below(3);
	return percent(97) ? 1 + below(LBHASH_IDLE_MAX) : dice();
}

/* Never, after any settle time, invalid or less than most settle times. */
static uint32_t some_settle_max(void)
{
	if (percent(60))
		return percent(50) ? 0 : LBHASH_SETTLE_MAX;
	return percent(95) ? below(LBHASH_SETTLE_MAX + 1) : dice();
}

static uint32_t some_sample(void)
{
	return percent(97) ? below(LBHASH_SAMPLE_MAX + 1) : dice();
}

/* Small, so that the memory becomes full. */
static uint32_t some_limit(void)
{
	return percent(95) ? LBHASH_MEMORY_MIN + below(1024) : dice();
}

static uint32_t some_mask(void)
{
	static const uint32_t masks[] = {
		0xffffffff, 0xffffffff, 0xffff, 0xff, 0xff00, 0x3f3f0000
	};

	return percent(98) ? masks[below(ARRAY_SIZE(masks))] : dice() | 1;
}

static uint32_t some_fields(void)
{
	uint32_t fields = 1 + below(63);

	/* Often both ends are hashed alike, as symmetric hashing requires. */
	if (percent(70))
		fields |= (fields & 2) << 1 | (fields & 4) >> 1 |
			(fields & 8) << 1 | (fields & 16) >> 1;
	return fields;
}

/* Spread the bits of a small number over the bits of the mask. */
static uint32_t under_mask(uint32_t number, uint32_t mask)
{
	uint32_t bit, mark = 0;

	for (bit = 1; bit && number; bit <<= 1) {
		if (!(mask & bit))
			continue;
		if (number & 1)
			mark |= bit;
		number >>= 1;
	}
	return mark;
}

static bool mark_is_free(const struct service *svc, uint32_t mark)
{
	unsigned int i;

	for (i = 0; i < svc->n; i++)
		if (svc->backends[i].mark == mark)
			return false;
	return true;
}

static uint32_t some_mark(const struct intent *in)
{
	unsigned int tries = percent(95) ? 4 : 1;
	uint32_t mark;

	if (in->crowd)
		return 1 + below(0xffffffff);
	if (percent(2) || in->op->cmd == LBHASH_CMD_SERVICE_APPLY || !in->svc)
		return 1 + below(percent(95) ? 255 : 0xffffffff);
	do {
		mark = under_mask(1 + below(63), in->svc->mask);
	} while (--tries && !mark_is_free(in->svc, mark));
	return mark;
}

static uint32_t some_weight(void)
{
	static const uint32_t odd[] = { 0, 0, 65535, 65536, 0xffffffff };

	return percent(94) ? 1 + below(100) : odd[below(ARRAY_SIZE(odd))];
}

static void some_backend(const struct intent *in, char *to)
{
	bool fresh = is_cmd(in, LBHASH_CMD_BACKEND_NEW,
			    LBHASH_CMD_SERVICE_APPLY);
	unsigned int tries = fresh && percent(95) ? 6 : 1;

	if (!fresh && in->svc && in->svc->n && percent(97)) {
		copy_name(to, in->svc->backends[below(in->svc->n)].name);
		return;
	}
	do {
		snprintf(to, NAME_SIZE, "b%u",
			 below(in->crowd ? 1000000 : BACKENDS));
	} while (--tries && in->svc && service_backend(in->svc, to));
}

static size_t name_value(const struct intent *in, const struct set_spec *set,
			 unsigned int odd, uint8_t *to)
{
	char name[NAME_SIZE + 8];
	size_t len;

	if (odd)
		snprintf(name, sizeof(name), "%s",
			 odd_names[below(ARRAY_SIZE(odd_names))]);
	else if (set == &spec_backend || set == &spec_entry)
		some_backend(in, name);
	else
		copy_name(name, in->name);
	len = strlen(name) + 1;
	memcpy(to, name, len);
	/* Bytes after the terminating zero are not part of the name. */
	if (odd == ODDS) {
		memset(to + len, 'z', 3);
		len += 3;
	}
	return len;
}

static uint64_t number_value(const struct intent *in,
			     const struct set_spec *set,
			     const struct attr_spec *attr, unsigned int odd)
{
	uint64_t edges[ODDS] = {
		attr->min - 1, attr->min, attr->max, attr->max + 1,
		1ull << below(64), dice()
	};

	if (odd)
		return edges[odd - 1];
	if (set == &spec_service) {
		switch (attr->id) {
		case LBHASH_A_SIZE:
			return some_size();
		case LBHASH_A_FIELDS:
			return some_fields();
		case LBHASH_A_MASK:
			return some_mask();
		case LBHASH_A_SETTLE:
			return some_settle();
		case LBHASH_A_IDLE:
		case LBHASH_A_UDP_IDLE:
			return some_idle();
		case LBHASH_A_SETTLE_MAX:
			return some_settle_max();
		case LBHASH_A_SAMPLE:
			return some_sample();
		case LBHASH_A_FIRST_SLOT:
			return below(percent(90) ? 251 : 5000);
		case LBHASH_A_LIMIT:
			return some_limit();
		}
	} else if (set == &spec_backend) {
		switch (attr->id) {
		case LBHASH_BACKEND_A_MARK:
			return some_mark(in);
		case LBHASH_BACKEND_A_WEIGHT:
			return some_weight();
		}
	} else if (set == &spec_entry) {
		switch (attr->id) {
		case LBHASH_ENTRY_A_SLOT:
			return below(percent(97) && in->svc ?
				     in->svc->size : 5000);
		case LBHASH_ENTRY_A_AGE:
			return percent(97) ? below(60) : dice();
		case LBHASH_ENTRY_A_FLAGS:
			return percent(80) ? below(32) | 1 : below(32);
		}
	}
	/* 0 removes an address. */
	if (attr->max == 0xffffffff && percent(20))
		return 0;
	return attr->min + dice() % (attr->max - attr->min + 1ull ?: ~0ull);
}

static size_t blob_value(const struct attr_spec *attr, unsigned int odd,
			 uint8_t *to)
{
	size_t lens[ODDS] = {
		attr->min - 1, attr->min + 1, 0, 2 * attr->min, below(40), 4
	};
	size_t i, len = odd ? lens[odd - 1] % VALUE_MAX : attr->min;
	uint8_t few = below(3);

	if (!odd && attr->id == LBHASH_A_MEMORY_KEY &&
	    attr->min == sizeof(model.key) && percent(90)) {
		memcpy(to, model.key, sizeof(model.key));
		return sizeof(model.key);
	}
	/* There are three values only, so that some changes change nothing. */
	for (i = 0; i < len; i++)
		to[i] = percent(1) ? (uint8_t)dice() : few;
	return len;
}

/**
 * make_value() - make the value of an attribute
 * @in: operation and service of the message
 * @set: attribute set that @attr is from
 * @attr: attribute to make, not a nest
 * @odd: 0 for a valid value; 1..ODDS for different kinds of mostly invalid ones
 * @to: out, with room for VALUE_MAX bytes
 *
 * Return: the value's length.
 */
size_t make_value(const struct intent *in, const struct set_spec *set,
		  const struct attr_spec *attr, unsigned int odd, uint8_t *to)
{
	static const size_t sizes[] = {
		[ATTR_U8] = 1, [ATTR_U16] = 2, [ATTR_U32] = 4, [ATTR_U64] = 8
	};
	uint64_t number;

	switch (attr->kind) {
	case ATTR_U8:
	case ATTR_U16:
	case ATTR_U32:
	case ATTR_U64:
		number = number_value(in, set, attr, odd);
		memcpy(to, &number, sizes[attr->kind]);
		return sizes[attr->kind];
	case ATTR_STRING:
		return name_value(in, set, odd, to);
	case ATTR_BINARY:
		return blob_value(attr, odd, to);
	default:
		return odd;
	}
}
