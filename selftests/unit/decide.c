// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of the decision, kmod/decide.c as it is. Every combination of
 * facts, marks and slots that can occur is compared with a table written by
 * hand. Prints TAP.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/decide.c"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MARKS_BITS	4

/* Members of the table. Any other backend has been deleted. */
enum {
	OWNER,
	PREVIOUS,
	OTHER,
	DOWN,
	MEMBERS,
};

/**
 * struct row - a kind of packets and the expected decision
 * @name: description, for the report
 * @slots: kinds of slots that match, letters of slot_of()
 * @mark: kinds of marks, or of numbers in the flow memory, that match: 0 none,
 *	u of a usable backend, x of a backend that is deleted or down
 * @facts: the facts tracked, opens, adopted, reopened, related, quoted and
 *	hash_only, in this order: a letter if the fact must hold, - if it must
 *	not hold, . if it does not matter
 * @backend: expected backend: o owner, p previous owner, m the mark's or the
 *	number's, - none
 * @reason: expected reason
 */
struct row {
	const char *name, *slots, *mark, *facts;
	char backend;
	enum lbhash_reason reason;
};

static const struct row rows[] = {
	/* With "--track never" only the owner counts. */
	{ "hash only", "stcd", "0ux", ".....-h", 'o', LBHASH_REASON_STATELESS },
	{ "hash only, ICMP error", "stcd", "0ux", ".....qh", 'o',
	  LBHASH_REASON_RELATED },
	{ "hash only, no owner", "nfe", "0ux", "......h", '-',
	  LBHASH_REASON_EMPTY },

	/* A usable backend keeps its connections, in any slot. */
	{ "pinned", "stcdnfe", "u", "t.-.-.-", 'm', LBHASH_REASON_PINNED },
	{ "pinned, ICMP error", "stcdnfe", "u", "t.-.r.-", 'm',
	  LBHASH_REASON_RELATED },
	{ "adopted", "stcdnfe", "u", "t.a...-", 'm', LBHASH_REASON_ADOPTED },
	{ "invalid packet of a pinned connection", "stcdnfe", "u", "-.....-",
	  'm', LBHASH_REASON_STATELESS },

	/* Without an entry, old and new connections look alike. "At the owner":
	 * the slot is settled or closing, or its previous owner is down.
	 */
	{ "no entry, at the owner", "scd", "0x", "-....--", 'o',
	  LBHASH_REASON_STATELESS },
	{ "no entry, in transition", "tn", "0x", "-....--", 'p',
	  LBHASH_REASON_STATELESS },
	{ "ICMP error, no entry, at the owner", "scd", "0x", "-....q-",
	  'o', LBHASH_REASON_RELATED },
	{ "ICMP error, no entry, in transition", "tn", "0x", "-....q-", 'p',
	  LBHASH_REASON_RELATED },
	{ "no entry, no backend", "fe", "0x", "-.....-", '-',
	  LBHASH_REASON_EMPTY },

	/* A connection whose backend is lost gets the owner, as a new one. */
	{ "backend lost", "stcd", "x", "t....--", 'o', LBHASH_REASON_REPICKED },
	{ "backend lost, ICMP error", "stcd", "x", "t....q-", 'o',
	  LBHASH_REASON_RELATED },
	{ "backend lost, no owner", "nfe", "x", "t.....-", '-',
	  LBHASH_REASON_EMPTY },

	/* A new connection gets the owner. */
	{ "opens", "stcd", "0", "to.-.--", 'o', LBHASH_REASON_PICKED },
	{ "opens, ports reused", "stcd", "0", "to.r.--", 'o',
	  LBHASH_REASON_REOPENED },
	{ "opens, no owner", "nfe", "0", "to...--", '-', LBHASH_REASON_EMPTY },

	/* Any other packet without a mark may belong to an old connection. */
	{ "other, at the owner", "scd", "0", "t-.-.--", 'o',
	  LBHASH_REASON_PICKED },
	{ "other, in transition", "tn", "0", "t-.-.--", 'p',
	  LBHASH_REASON_PREVIOUS },
	{ "other, ports reused, at the owner", "scd", "0", "t-.r.--", 'o',
	  LBHASH_REASON_REOPENED },
	{ "other, ports reused, in transition", "tn", "0", "t-.r.--", 'p',
	  LBHASH_REASON_REOPENED },
	{ "ICMP error, at the owner", "scd", "0", "t-...q-", 'o',
	  LBHASH_REASON_RELATED },
	{ "ICMP error, in transition", "tn", "0", "t-...q-", 'p',
	  LBHASH_REASON_RELATED },
	{ "other, no backend", "fe", "0", "t-....-", '-',
	  LBHASH_REASON_EMPTY },
};

static struct {
	struct lbhash_member members[MEMBERS];
	u16 marks[1 << MARKS_BITS], ids[1 << MARKS_BITS];
	struct lbhash_table table;
} service;

/* Marks differ from indices; three of them have the same lowest four bits.
 * Numbers in the flow memory differ from both.
 */
static const u32 marks[MEMBERS] = { 0x10, 0x20, 0x31, 0x40 };
static const u32 ids[MEMBERS] = { 0x31, 0x40, 0x10, 0x20 };

static void set_up(void)
{
	u32 i;

	service.table = (struct lbhash_table){
		.mask = 0xff, .size = 1, .n = MEMBERS,
		.members = service.members, .marks = service.marks,
		.ids = service.ids, .marks_bits = MARKS_BITS,
	};
	memset(service.marks, 0xff, sizeof(service.marks));
	memset(service.ids, 0xff, sizeof(service.ids));
	for (i = 0; i < MEMBERS; i++) {
		service.members[i] = (struct lbhash_member){
			.mark = marks[i], .id = ids[i], .weight = 1,
			.state = i == DOWN ? LBHASH_STATE_DOWN :
				 i == PREVIOUS ? LBHASH_STATE_DRAIN :
				 LBHASH_STATE_UP,
		};
		*lbhash_marks_at(service.marks, MARKS_BITS, service.members,
				 marks[i]) = i;
		*lbhash_ids_at(service.ids, MARKS_BITS, service.members,
			       ids[i]) = i;
	}
}

/* Make a slot: s settled, t in transition, c closing, d in transition from a
 * backend that is down; n and f as t and d, without an owner; e empty.
 */
static u32 slot_of(char kind)
{
	switch (kind) {
	case 's':
		return lbhash_slot(OWNER, LBHASH_NONE);
	case 't':
		return lbhash_slot(OWNER, PREVIOUS);
	case 'c':
		return lbhash_slot(OWNER, OWNER);
	case 'd':
		return lbhash_slot(OWNER, DOWN);
	case 'n':
		return lbhash_slot(LBHASH_NONE, PREVIOUS);
	case 'f':
		return lbhash_slot(LBHASH_NONE, DOWN);
	default:
		return lbhash_slot(LBHASH_NONE, LBHASH_NONE);
	}
}

/* Return: the index of the backend that the mark or the number names, MEMBERS
 * for none.
 */
static u32 backend_of(const struct lbhash_facts *facts)
{
	u32 i;

	for (i = 0; i < MEMBERS; i++)
		if (facts->mark ? marks[i] == facts->mark : ids[i] == facts->id)
			break;
	return i;
}

static char mark_kind(const struct lbhash_facts *facts)
{
	u32 backend = backend_of(facts);

	if (!facts->mark && !facts->id)
		return '0';
	return backend == DOWN || backend == MEMBERS ? 'x' : 'u';
}

static bool matches(const struct row *row, char slot,
		    const struct lbhash_facts *facts)
{
	const bool has[] = {
		facts->tracked, facts->opens, facts->adopted, facts->reopened,
		facts->related, facts->quoted, facts->hash_only,
	};
	u32 i;

	assert(strlen(row->facts) == ARRAY_SIZE(has));
	for (i = 0; i < ARRAY_SIZE(has); i++)
		if (row->facts[i] != '.' && has[i] != (row->facts[i] != '-'))
			return false;
	return strchr(row->slots, slot) &&
	       strchr(row->mark, mark_kind(facts));
}

static const struct lbhash_member *expected(const struct row *row,
					    const struct lbhash_facts *facts)
{
	switch (row->backend) {
	case 'o':
		return &service.members[OWNER];
	case 'p':
		return &service.members[PREVIOUS];
	case 'm':
		assert(backend_of(facts) < MEMBERS);
		return &service.members[backend_of(facts)];
	default:
		return NULL;
	}
}

static unsigned long walked[ARRAY_SIZE(rows)], wrong[ARRAY_SIZE(rows)];
static unsigned long unknown, ambiguous;

static void try(char slot, const struct lbhash_facts *facts)
{
	struct lbhash_decision decision;
	u32 i, n = 0, at = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(&rows[i], slot, facts))
			continue;
		at = i;
		n++;
	}
	unknown += !n;
	ambiguous += n > 1;
	if (n != 1)
		return;
	walked[at]++;
	decision = lbhash_decide(&service.table, slot_of(slot), facts);
	if (decision.reason != rows[at].reason ||
	    decision.member != expected(&rows[at], facts))
		wrong[at]++;
}

/* Try all combinations, except of an ICMP error that opens a connection: there
 * is no such packet.
 */
static void walk(void)
{
	static const u32 tried[] = { 0, 0x10, 0x20, 0x31, 0x40, 0x77 };
	const char *slot;
	u32 i, bits;

	for (slot = "stcdnfe"; *slot; slot++)
		for (i = 0; i < ARRAY_SIZE(tried); i++)
			for (bits = 0; bits < 1 << 8; bits++) {
				struct lbhash_facts facts = {
					.mark = bits & 128 ? 0 : tried[i],
					.id = bits & 128 ? tried[i] : 0,
					.tracked = bits & 1,
					.opens = bits & 2,
					.adopted = bits & 4,
					.reopened = bits & 8,
					.related = bits & 16,
					.quoted = bits & 32,
					.hash_only = bits & 64,
				};

				if (!facts.opens || !facts.quoted)
					try(*slot, &facts);
			}
}

int main(void)
{
	unsigned long bad = 0;
	u32 i;

	set_up();
	walk();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool good = walked[i] && !wrong[i];

		printf("%sok %u - %s: %lu, wrong %lu\n", good ? "" : "not ",
		       i + 1, rows[i].name, walked[i], wrong[i]);
		bad += !good;
	}
	printf("%sok %u - the table has one row for everything, %lu %lu\n",
	       unknown || ambiguous ? "not " : "", i + 1, unknown, ambiguous);
	printf("1..%u\n", i + 1);
	return bad || unknown || ambiguous;
}
