// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of what becomes of slots, kmod/transition.c as it is: the life of
 * one slot, told step by step, and random lives of a few with connections that
 * packets follow by the rules of pick.c, none of which may move without need.
 * Prints TAP.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/transition.c"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MOST_SLOTS	4
#define BACKENDS	6
#define SETTLE		60

/**
 * struct table - slots, and those of them that are in transition
 * @list: of exactly @n, so that the sanitizer sees whoever goes too far
 */
struct table {
	u32 slots[MOST_SLOTS];
	u32 size;
	u32 n;
	struct lbhash_transition *list;
};

static int number, failures;

static void check(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++number);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	failures += !good;
}

static struct lbhash_transition *make_list(u32 n)
{
	struct lbhash_transition *list = malloc(n * sizeof(*list));

	assert(list || !n);
	return list;
}

/* The order of calls that table.c has. */
static void change(struct table *table, const u16 *owners, const u16 *heirs,
		   u32 now)
{
	struct table old = *table;
	u32 i;

	for (i = 0; i < table->size; i++)
		table->slots[i] = lbhash_slot(owners[i], LBHASH_NOBODY);
	table->n = lbhash_transition_carry(table->slots, table->size,
					   old.slots, old.list, heirs);
	table->list = make_list(table->n);
	lbhash_transition_list(table->list, table->slots, table->size,
			       old.slots, old.list, heirs, now);
	free(old.list);
}

static u32 close_slots(struct table *table, u32 now)
{
	return lbhash_transition_close(table->slots, table->list, table->n,
				       SETTLE, now);
}

/* @held: bit per slot */
static void settle_slots(struct table *table, unsigned long held)
{
	table->n = lbhash_transition_settle(table->slots, table->list,
					    table->n, &held);
}

/* --- one slot, step by step ----------------------------------------------- */

/*
 * A story begins with a slot and goes on with what happens and how the slot is
 * after that; a slot is its owner and its previous owner.
 *
 *	B!A:xx	B becomes the owner, nobody can stay with A; "-": nobody does
 *	wait:xx	the settle time passes
 *	look:xx	... and conntrack knows nobody who is not at the owner
 *	held:xx	... or does
 */
static const struct {
	const char *what, *steps;
} stories[] = {
	{ "nothing happens", "A- A:A- wait:A- look:A-" },
	{ "the previous owner is the one that was", "A- B:BA B:BA" },
	{ "one change comes to its end", "A- B:BA wait:BB look:B-" },
	{ "a slot does not settle before it has closed", "A- B:BA look:BA" },
	{ "a slot that is held does not settle",
	  "A- B:BA wait:BB held:BB held:BB look:B-" },
	{ "there and back closes at once", "A- B:BA A:AA look:A-" },
	{ "there and back, and there again", "A- B:BA A:AA B:BA" },
	{ "the oldest of three previous owners is kept",
	  "A- B:BA C:CA D:DA wait:DD look:D-" },
	{ "there and back by a detour", "A- B:BA C:CA A:AA held:AA look:A-" },
	{ "a settled slot's owner goes", "A- B!A:B-" },
	{ "... and comes back to what was never its own",
	  "A- B!A:B- A:AB wait:AA look:A-" },
	{ "of two owners the previous one goes", "A- B:BA B!A:B-" },
	{ "of several owners the previous one goes",
	  "A- B:BA C:CA C!A:CC held:CC look:C-" },
	{ "... after a change of nothing", "A- B:BA C:CA C:CA C!A:CC" },
	{ "... with the last change", "A- B:BA C!A:CC look:C-" },
	{ "of several owners the middle one goes",
	  "A- B:BA C:CA D!B:DA wait:DD" },
	{ "the owner goes, the previous one stays", "A- B:BA C!B:CA" },
	{ "both go", "A- B:BA C!AB:CC look:C-" },
	{ "closing, the owner goes", "A- B:BA A:AA C!A:CC" },
	{ "closing, the owner changes", "A- B:BA wait:BB C:CB" },
	{ "closing, another one goes", "A- B:BA A:AA A!B:AA look:A-" },
	{ "closed once, several for good",
	  "A- B:BA wait:BB C:CB C!B:CC look:C-" },
	{ "nobody owns it: all can stay", "A- -:-A" },
	{ "... and its owner comes back", "A- -:-A A:AA look:A-" },
	{ "... and another one comes", "A- -:-A B:BA" },
	{ "... and nobody is left", "A- -:-A -!A:--" },
	{ "... and somebody comes, who knows who is where",
	  "A- -:-A -!A:-- B:BB held:BB look:B-" },
	{ "nobody owns it after a change", "A- B:BA -:-A wait:-A" },
	{ "... and somebody comes back",
	  "A- B:BA -:-A wait:-A B:BA wait:BB look:B-" },
	{ "all leave at once", "A- -!A:-- B:BB look:B-" },
};

static u16 from_letter(char letter)
{
	return letter == '-' ? LBHASH_NOBODY : letter - 'A';
}

static char to_letter(u16 index)
{
	return index == LBHASH_NOBODY ? '-' : 'A' + index;
}

static void change_to(struct table *table, const char *step, u32 now)
{
	u16 owner = from_letter(step[0]), heirs[BACKENDS], i;

	for (i = 0; i < BACKENDS; i++)
		heirs[i] = i;
	if (step[1] == '!')
		for (step += 2; *step != ':'; step++)
			heirs[from_letter(*step)] = LBHASH_NOBODY;
	change(table, &owner, heirs, now);
}

/* Whether the list says what the slot says. */
static bool is_listed(const struct table *table)
{
	if (!lbhash_slot_in_transition(table->slots[0]))
		return !table->n;
	return table->n == 1 && table->list[0].slot == 0 &&
	       (!lbhash_slot_is_closing(table->slots[0]) ||
		table->list[0].several);
}

static void tell(const char *what, const char *steps)
{
	struct table table = { .size = 1 };
	char got[3] = "", copy[80], *step;
	bool good = true;
	u32 now = 0;

	snprintf(copy, sizeof(copy), "%s", steps);
	step = strtok(copy, " ");
	table.slots[0] = lbhash_slot(from_letter(step[0]),
				     from_letter(step[1]));
	while (good && (step = strtok(NULL, " "))) {
		if (!strncmp(step, "wait", 4)) {
			now += SETTLE;
			close_slots(&table, now);
		} else if (!strncmp(step, "look", 4)) {
			settle_slots(&table, 0);
		} else if (!strncmp(step, "held", 4)) {
			settle_slots(&table, 1);
		} else {
			change_to(&table, step, ++now);
		}
		got[0] = to_letter(lbhash_slot_owner(table.slots[0]));
		got[1] = to_letter(lbhash_slot_previous(table.slots[0]));
		good = !strcmp(strchr(step, ':') + 1, got) &&
		       is_listed(&table);
	}
	check(good, "%s: %s", what, steps);
	if (!good)
		printf("# %s: got %s, %u listed\n", step, got, table.n);
	free(table.list);
}

static void test_stories(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stories); i++)
		tell(stories[i].what, stories[i].steps);
}

/* --- time, and what else is not a slot's own ------------------------------ */

static u32 wait_for(const struct table *table, u32 now, bool last)
{
	return lbhash_transition_wait(table->slots, table->list, table->n,
				      SETTLE, now, last);
}

static bool waits(const struct table *table, u32 now, u32 first, u32 last)
{
	return wait_for(table, now, false) == first &&
	       wait_for(table, now, true) == last;
}

static void test_times(void)
{
	const u16 heirs[] = { 0, 1, 2 };
	struct table table = { .slots = {
		lbhash_slot(0, LBHASH_NOBODY), lbhash_slot(0, LBHASH_NOBODY),
		lbhash_slot(0, LBHASH_NOBODY),
	}, .size = 3 };

	check(waits(&table, 7, U32_MAX, U32_MAX), "nothing to wait for");
	change(&table, (u16[]){ 1, 0, 0 }, heirs, 100);
	change(&table, (u16[]){ 1, 1, 0 }, heirs, 110);
	check(waits(&table, 110, SETTLE - 10, SETTLE), "the first and the last");
	check(waits(&table, 300, 0, 0), "nothing less than now");
	change(&table, (u16[]){ 2, 1, 0 }, heirs, 120);
	check(waits(&table, 120, SETTLE - 10, SETTLE),
	      "a change lets the slot wait anew, and no other");
	change(&table, (u16[]){ 2, 1, 0 }, heirs, 130);
	check(waits(&table, 130, SETTLE - 20, SETTLE - 10),
	      "a change of nothing does not");
	check(!close_slots(&table, 169) && close_slots(&table, 170) == 1 &&
	      close_slots(&table, 179) == 1 && close_slots(&table, 180) == 2,
	      "slots close on time");
	check(waits(&table, 180, 0, 0), "closing is now");
	settle_slots(&table, 2);
	check(table.n == 1 && table.list[0].slot == 1 &&
	      lbhash_slot_is_closing(table.slots[1]), "who is held stays");

	/* Seconds are 32 bits wide and go round. */
	change(&table, (u16[]){ 0, 1, 0 }, heirs, -10u);
	check(wait_for(&table, 20, true) == SETTLE - 30, "time goes round");
	free(table.list);
}

static void test_close_all(void)
{
	struct lbhash_transition list[3];
	u32 slots[3] = {
		lbhash_slot(0, LBHASH_NOBODY), lbhash_slot(1, 2),
		lbhash_slot(LBHASH_NOBODY, LBHASH_NOBODY),
	};
	u32 n = lbhash_transition_close_all(slots, 3, list, 9);

	check(n == 2 && slots[0] == lbhash_slot(0, 0) &&
	      slots[1] == lbhash_slot(1, 1) && list[1].slot == 1 &&
	      list[0].several && list[1].since == 9,
	      "slots that mean something else close, all of them");
	check(slots[2] == lbhash_slot(LBHASH_NOBODY, LBHASH_NOBODY),
	      "but those that nobody owns");
}

/* --- random lives --------------------------------------------------------- */

#define HISTORIES	20000
#define STEPS		60
#define CONNECTIONS	12

/**
 * struct connection - one of a client's, and conntrack's entry for its ports
 * @open: it goes on
 * @slot: where its packets hash to
 * @at: backend that it is with
 * @safe: which has been usable ever since
 * @mark: backend that the entry names, or LBHASH_NOBODY
 */
struct connection {
	bool open;
	u8 slot;
	u16 at;
	bool safe;
	u16 mark;
};

/**
 * struct world - all that the table has to do with
 * @usable: backends that connections can stay with
 * @names: of the table's members; backends change their place in it
 * @n: number of members
 */
static struct world {
	struct table table;
	struct connection connections[CONNECTIONS];
	bool usable[BACKENDS];
	u16 names[BACKENDS];
	u32 n;
	u32 now;
} w;

static struct {
	u32 packets, settled, follow, home, lost, held;
} seen;

/* Marsaglia's xorshift: the same numbers every time. */
static u32 draw(u32 limit)
{
	static u32 state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static u16 name_of(u16 index)
{
	return index == LBHASH_NOBODY ? LBHASH_NOBODY : w.names[index];
}

static bool is_usable(u16 name)
{
	return name != LBHASH_NOBODY && w.usable[name];
}

/* Whom a packet goes to, as pick.c has it for --track changed. */
static u16 pick(struct connection *c, bool opens)
{
	u32 slot = w.table.slots[c->slot];
	u16 to = lbhash_slot_home(slot);

	if (lbhash_slot_is_settled(slot)) {
		seen.settled++;
		return name_of(lbhash_slot_owner(slot));
	}
	if (is_usable(c->mark)) {
		seen.follow++;
		return c->mark;
	}
	if (opens || c->mark != LBHASH_NOBODY)
		to = lbhash_slot_owner(slot);
	else
		seen.home++;
	if (to != LBHASH_NOBODY)
		c->mark = name_of(to);
	return name_of(to);
}

/* Who hears of a connection of another one's resets it. False if that need not
 * have been.
 */
static bool send(struct connection *c)
{
	seen.packets++;
	if (pick(c, false) == c->at)
		return true;
	seen.lost++;
	c->open = false;
	return !c->safe;
}

static bool send_all(void)
{
	bool good = true;
	u32 i;

	for (i = 0; i < CONNECTIONS; i++)
		if (w.connections[i].open)
			good = send(&w.connections[i]) && good;
	return good;
}

/* An entry outlives its connection, and its slot's transition, until the ports
 * are used again.
 */
static void begin(struct connection *c)
{
	c->mark = LBHASH_NOBODY;
	c->at = pick(c, true);
	c->open = c->at != LBHASH_NOBODY;
	c->safe = true;
}

/* Backends come and go, and to and fro in the table; slots find owners. */
static void change_world(void)
{
	u16 heirs[BACKENDS], places[BACKENDS], owners[MOST_SLOTS];
	u16 old_names[BACKENDS], active[BACKENDS];
	u32 i, n = w.n, n_active = 0;

	memcpy(old_names, w.names, sizeof(old_names));
	memset(places, 0xff, sizeof(places));
	w.n = 0;
	for (i = 0; i < BACKENDS; i++)
		w.usable[i] = draw(4) ? w.usable[i] : draw(2);
	for (i = 0; i < BACKENDS; i++) {
		u16 name = (i + w.now) % BACKENDS;

		if (!w.usable[name] && draw(2))
			continue;
		places[name] = w.n;
		if (w.usable[name] && draw(3))
			active[n_active++] = w.n;
		w.names[w.n++] = name;
	}
	for (i = 0; i < n; i++)
		heirs[i] = is_usable(old_names[i]) ? places[old_names[i]] :
						     LBHASH_NOBODY;
	for (i = 0; i < w.table.size; i++)
		owners[i] = n_active ? active[draw(n_active)] : LBHASH_NOBODY;
	/* Often enough a slot's owner is the same. */
	for (i = 0; i < w.table.size && n_active; i++) {
		u16 owner = lbhash_slot_owner(w.table.slots[i]);

		if (owner != LBHASH_NOBODY && heirs[owner] != LBHASH_NOBODY &&
		    draw(2))
			owners[i] = heirs[owner];
	}
	change(&w.table, owners, heirs, w.now);
	for (i = 0; i < CONNECTIONS; i++)
		if (!is_usable(w.connections[i].at))
			w.connections[i].safe = false;
}

static void sweep(void)
{
	unsigned long held = 0;
	u32 i, slot;

	if (!close_slots(&w.table, w.now))
		return;
	for (i = 0; i < CONNECTIONS; i++) {
		slot = w.table.slots[w.connections[i].slot];
		if (is_usable(w.connections[i].mark) &&
		    lbhash_slot_in_transition(slot) &&
		    w.connections[i].mark != name_of(lbhash_slot_owner(slot)))
			held |= 1ul << w.connections[i].slot;
	}
	seen.held += !!held;
	settle_slots(&w.table, held);
}

static bool step(void)
{
	struct connection *c = &w.connections[draw(CONNECTIONS)];

	switch (draw(8)) {
	case 0:
		change_world();
		return true;
	case 1:
		/* Nobody is silent for as long as a slot waits. */
		w.now += draw(SETTLE);
		if (!send_all())
			return false;
		sweep();
		return true;
	case 2:
		if (!c->open)
			c->mark = LBHASH_NOBODY;
		c->open = false;
		return true;
	default:
		if (c->open)
			return send(c);
		begin(c);
		return true;
	}
}

static void begin_world(void)
{
	u32 i;

	free(w.table.list);
	memset(&w, 0, sizeof(w));
	w.table.size = 1 + draw(MOST_SLOTS);
	w.n = BACKENDS;
	for (i = 0; i < BACKENDS; i++) {
		w.names[i] = i;
		w.usable[i] = true;
	}
	for (i = 0; i < w.table.size; i++)
		w.table.slots[i] = lbhash_slot(draw(BACKENDS), LBHASH_NOBODY);
	for (i = 0; i < CONNECTIONS; i++) {
		w.connections[i].slot = draw(w.table.size);
		w.connections[i].mark = LBHASH_NOBODY;
	}
}

/* The list has the slots in transition, in order; who is safe will be found
 * where the slot or the entry says.
 */
static bool is_sound(void)
{
	u32 i, n = 0;

	for (i = 0; i < w.table.size; i++) {
		if (!lbhash_slot_in_transition(w.table.slots[i]))
			continue;
		if (n == w.table.n || w.table.list[n].slot != i)
			return false;
		n++;
	}
	if (n != w.table.n)
		return false;
	for (i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &w.connections[i];
		u32 slot = w.table.slots[c->slot];

		if (!c->open || !c->safe)
			continue;
		if (lbhash_slot_is_settled(slot) ?
		    c->at != name_of(lbhash_slot_owner(slot)) :
		    is_usable(c->mark) ? c->mark != c->at :
		    c->at != name_of(lbhash_slot_home(slot)))
			return false;
	}
	return true;
}

/* Once all are gone; what nobody owns waits for an owner. */
static bool settles(void)
{
	u32 i, owned = 0;

	for (i = 0; i < CONNECTIONS; i++)
		w.connections[i].mark = LBHASH_NOBODY;
	w.now += SETTLE;
	sweep();
	for (i = 0; i < w.table.n; i++) {
		u32 slot = w.table.slots[w.table.list[i].slot];

		owned += lbhash_slot_owner(slot) != LBHASH_NOBODY;
	}
	return !owned;
}

static void test_random(void)
{
	u32 history, i, failed = 0, unsettled = 0;

	for (history = 0; history < HISTORIES; history++) {
		begin_world();
		for (i = 0; i < STEPS; i++)
			if (!step() || !is_sound())
				break;
		failed += i < STEPS;
		unsettled += !settles();
	}
	free(w.table.list);
	check(!failed, "%u random lives, %u packets: broken without need in %u",
	      HISTORIES, seen.packets, failed);
	check(!unsettled, "does not come to rest without connections: %u",
	      unsettled);
	check(seen.settled > HISTORIES && seen.follow > HISTORIES &&
	      seen.home > HISTORIES && seen.lost > HISTORIES &&
	      seen.held > HISTORIES,
	      "to owners %u, to whom they knew %u, home %u, lost %u, held %u",
	      seen.settled, seen.follow, seen.home, seen.lost, seen.held);
}

int main(void)
{
	test_stories();
	test_times();
	test_close_all();
	test_random();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
