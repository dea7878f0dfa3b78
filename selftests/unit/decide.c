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
 * @mark: kinds of marks that match: 0 none, u of a usable backend, x of a
 *	backend that is deleted or down
 * @facts: the facts tracked, opens, adopted, reopened, related, quoted and
 *	hash_only, in this order: a letter if the fact must hold, - if it must
 *	not hold, . if it does not matter
 * @backend: expected backend: o owner, p previous owner, m the mark's, - none
 * @reason: expected reason
 */
struct row {
	const char *name, *slots, *mark, *facts;
	char backend;
	enum lbhash_reason reason;
};

static const struct row rows[] = {
	/* With "--track never" only the owner counts. */
	{ "hash only", "stc", "0ux", ".....-h", 'o', LBHASH_REASON_STATELESS },
	{ "hash only, ICMP error", "stc", "0ux", ".....qh", 'o',
	  LBHASH_REASON_RELATED },
	{ "hash only, no owner", "ne", "0ux", "......h", '-',
	  LBHASH_REASON_EMPTY },

	/* A usable backend keeps its connections, in any slot. */
	{ "pinned", "stcne", "u", "t.-.-.-", 'm', LBHASH_REASON_PINNED },
	{ "pinned, ICMP error", "stcne", "u", "t.-.r.-", 'm',
	  LBHASH_REASON_RELATED },
	{ "adopted", "stcne", "u", "t.a...-", 'm', LBHASH_REASON_ADOPTED },
	{ "invalid packet of a pinned connection", "stcne", "u", "-.....-",
	  'm', LBHASH_REASON_STATELESS },

	/* Without an entry, old and new connections look alike. */
	{ "no entry, settled or closing", "sc", "0x", "-....--", 'o',
	  LBHASH_REASON_STATELESS },
	{ "no entry, in transition", "tn", "0x", "-....--", 'p',
	  LBHASH_REASON_STATELESS },
	{ "ICMP error, no entry, settled or closing", "sc", "0x", "-....q-",
	  'o', LBHASH_REASON_RELATED },
	{ "ICMP error, no entry, in transition", "tn", "0x", "-....q-", 'p',
	  LBHASH_REASON_RELATED },
	{ "no entry, no backend", "e", "0x", "-.....-", '-',
	  LBHASH_REASON_EMPTY },

	/* A connection whose backend is lost gets the owner, as a new one. */
	{ "backend lost", "stc", "x", "t....--", 'o', LBHASH_REASON_REPICKED },
	{ "backend lost, ICMP error", "stc", "x", "t....q-", 'o',
	  LBHASH_REASON_RELATED },
	{ "backend lost, no owner", "ne", "x", "t.....-", '-',
	  LBHASH_REASON_EMPTY },

	/* A new connection gets the owner. */
	{ "opens", "stc", "0", "to.-.--", 'o', LBHASH_REASON_PICKED },
	{ "opens, ports reused", "stc", "0", "to.r.--", 'o',
	  LBHASH_REASON_REOPENED },
	{ "opens, no owner", "ne", "0", "to...--", '-', LBHASH_REASON_EMPTY },

	/* Any other packet without a mark may belong to an old connection. */
	{ "other, settled or closing", "sc", "0", "t-.-.--", 'o',
	  LBHASH_REASON_PICKED },
	{ "other, in transition", "tn", "0", "t-.-.--", 'p',
	  LBHASH_REASON_PREVIOUS },
	{ "other, ports reused, settled or closing", "sc", "0", "t-.r.--",
	  'o', LBHASH_REASON_REOPENED },
	{ "other, ports reused, in transition", "tn", "0", "t-.r.--", 'p',
	  LBHASH_REASON_REOPENED },
	{ "ICMP error, settled or closing", "sc", "0", "t-...q-", 'o',
	  LBHASH_REASON_RELATED },
	{ "ICMP error, in transition", "tn", "0", "t-...q-", 'p',
	  LBHASH_REASON_RELATED },
	{ "other, no backend", "e", "0", "t-....-", '-',
	  LBHASH_REASON_EMPTY },
};

static struct {
	struct lbhash_member members[MEMBERS];
	u16 marks[1 << MARKS_BITS];
	struct lbhash_table table;
} service;

/* Marks differ from indices; three of them have the same lowest four bits. */
static const u32 marks[MEMBERS] = { 0x10, 0x20, 0x31, 0x40 };

static void set_up(void)
{
	u32 i;

	service.table = (struct lbhash_table){
		.mask = 0xff, .size = 1, .n = MEMBERS,
		.members = service.members, .marks = service.marks,
		.marks_bits = MARKS_BITS,
	};
	memset(service.marks, 0xff, sizeof(service.marks));
	for (i = 0; i < MEMBERS; i++) {
		service.members[i] = (struct lbhash_member){
			.mark = marks[i], .weight = 1,
			.state = i == DOWN ? LBHASH_STATE_DOWN :
				 i == PREVIOUS ? LBHASH_STATE_DRAIN :
				 LBHASH_STATE_UP,
		};
		*lbhash_marks_at(service.marks, MARKS_BITS, service.members,
				 marks[i]) = i;
	}
}

/* Make a slot: s settled, t in transition, c closing, n in transition without
 * an owner, e empty.
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
	case 'n':
		return lbhash_slot(LBHASH_NONE, PREVIOUS);
	default:
		return lbhash_slot(LBHASH_NONE, LBHASH_NONE);
	}
}

static char mark_kind(u32 mark)
{
	if (!mark)
		return '0';
	return mark == marks[DOWN] || mark == 0x77 ? 'x' : 'u';
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
	       strchr(row->mark, mark_kind(facts->mark));
}

static const struct lbhash_member *expected(const struct row *row, u32 mark)
{
	u32 i;

	switch (row->backend) {
	case 'o':
		return &service.members[OWNER];
	case 'p':
		return &service.members[PREVIOUS];
	case 'm':
		for (i = 0; i < MEMBERS; i++)
			if (marks[i] == mark)
				return &service.members[i];
		abort();
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
	    decision.member != expected(&rows[at], facts->mark))
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

	for (slot = "stcne"; *slot; slot++)
		for (i = 0; i < ARRAY_SIZE(tried); i++)
			for (bits = 0; bits < 1 << 7; bits++) {
				struct lbhash_facts facts = {
					.mark = tried[i],
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
