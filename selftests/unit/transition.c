// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of transitions, kmod/transition.c as it is: the states of one slot,
 * step by step; large tables, in which each slot must behave as it does alone;
 * random changes of a few slots, with connections that follow the rules of
 * pick.c and must not move without need. Prints TAP.
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
 * struct table - slots, and a list of those in transition
 * @slots: owner and previous owner of each slot
 * @size: number of slots
 * @n: number of slots in transition
 * @list: the slots in transition; has exactly @n entries, so that
 *	AddressSanitizer detects overruns
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

/* Change the owners, with the calls and in the order of table.c. */
static void change(struct table *table, const u16 *owners, const u16 *heirs,
		   u32 now)
{
	struct table old = *table;
	u32 i;

	for (i = 0; i < table->size; i++)
		table->slots[i] = lbhash_slot(owners[i], LBHASH_NONE);
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

/* @held: a bit per slot that must not settle */
static void settle_slots(struct table *table, unsigned long held)
{
	table->n = lbhash_transition_settle(table->slots, table->list,
					    table->n, &held);
}

/* --- one slot, step by step ----------------------------------------------- */

/*
 * A story begins with a slot and continues with events and the slot after each.
 * A slot is written as its owner and its previous owner, "-" for none.
 *
 *	B!A:xx	B becomes the owner, A becomes unusable
 *	wait:xx	the settle time passes
 *	look:xx	a sweep finds no entry pinned to another backend than the owner
 *	held:xx	a sweep finds one
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
	return letter == '-' ? LBHASH_NONE : letter - 'A';
}

static char to_letter(u16 index)
{
	return index == LBHASH_NONE ? '-' : 'A' + index;
}

static void change_to(struct table *table, const char *step, u32 now)
{
	u16 owner = from_letter(step[0]), heirs[BACKENDS], i;

	for (i = 0; i < BACKENDS; i++)
		heirs[i] = i;
	if (step[1] == '!')
		for (step += 2; *step != ':'; step++)
			heirs[from_letter(*step)] = LBHASH_NONE;
	change(table, &owner, heirs, now);
}

/* Does the list agree with the slot? */
static bool is_listed(const struct table *table)
{
	if (!lbhash_slot_in_transition(table->slots[0]))
		return !table->n;
	return table->n == 1 && table->list[0].slot == 0 &&
	       (!lbhash_slot_is_closing(table->slots[0]) ||
		table->list[0].mixed);
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
		lbhash_slot(0, LBHASH_NONE), lbhash_slot(0, LBHASH_NONE),
		lbhash_slot(0, LBHASH_NONE),
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
	      lbhash_slot_is_closing(table.slots[1]),
	      "a slot that is held stays");

	/* Seconds are 32 bits wide and wrap around. */
	change(&table, (u16[]){ 0, 1, 0 }, heirs, -10u);
	check(wait_for(&table, 20, true) == SETTLE - 30, "seconds wrap around");
	free(table.list);
}

static void test_close_all(void)
{
	struct lbhash_transition list[3];
	u32 slots[3] = {
		lbhash_slot(0, LBHASH_NONE), lbhash_slot(1, 2),
		lbhash_slot(LBHASH_NONE, LBHASH_NONE),
	};
	u32 n = lbhash_transition_close_all(slots, 3, list, 9);

	check(n == 2 && slots[0] == lbhash_slot(0, 0) &&
	      slots[1] == lbhash_slot(1, 1) && list[1].slot == 1 &&
	      list[0].mixed && list[1].since == 9,
	      "with a new hash all slots close");
	check(slots[2] == lbhash_slot(LBHASH_NONE, LBHASH_NONE),
	      "except those without an owner");
}

/* --- large tables --------------------------------------------------------- */

#define NOW	1000

/* Marsaglia's xorshift: every run draws the same numbers. */
static u32 draw(u32 limit)
{
	static u32 state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static void *make_room(size_t n, size_t size)
{
	void *room = calloc(n, size);

	assert(room);
	return room;
}

/**
 * struct large - a large table that replaces another one
 * @size: number of slots of either
 * @n: length of @list
 * @n_was: length of @was
 * @slots: slots of the new table
 * @old: slots of the old table
 * @at: for each slot, its index in @was, or that of the next slot listed there
 * @list: slots of the new table in transition
 * @was: slots of the old table in transition
 * @held: a bit per slot that must not settle
 * @heirs: new index of each backend, LBHASH_NONE if it becomes unusable
 */
struct large {
	u32 size, n, n_was;
	u32 *slots, *old, *at;
	struct lbhash_transition *list, *was;
	unsigned long *held;
	u16 heirs[BACKENDS];
};

static u16 draw_owner(void)
{
	return draw(8) ? draw(BACKENDS) : LBHASH_NONE;
}

/* Draw slots of all kinds. Those at both ends of a piece of
 * LBHASH_SLOTS_AT_ONCE are in transition.
 */
static void draw_large(struct large *t, u32 size)
{
	u32 i, before;

	t->size = size;
	t->n_was = 0;
	t->slots = make_room(size, sizeof(*t->slots));
	t->old = make_room(size, sizeof(*t->old));
	t->at = make_room(size + 1, sizeof(*t->at));
	t->was = make_room(size, sizeof(*t->was));
	t->held = make_room(size / BITS_PER_LONG + 1, sizeof(*t->held));
	for (i = 0; i < BACKENDS; i++)
		t->heirs[i] = draw(4) ? i : LBHASH_NONE;
	for (i = 0; i < size; i++) {
		bool end = i == size - 1 || i % LBHASH_SLOTS_AT_ONCE < 2 ||
			   (i + 1) % LBHASH_SLOTS_AT_ONCE == 0;

		t->at[i] = t->n_was;
		t->slots[i] = lbhash_slot(draw_owner(), LBHASH_NONE);
		t->old[i] = lbhash_slot(draw_owner(), end ? 0 : draw_owner());
		t->held[i / BITS_PER_LONG] |= (unsigned long)draw(2) <<
					      i % BITS_PER_LONG;
		if (!lbhash_slot_in_transition(t->old[i]))
			continue;
		before = 1 + draw(2 * SETTLE);
		t->was[t->n_was++] = (struct lbhash_transition){
			.since = NOW - before, .slot = i,
			.mixed = lbhash_slot_is_closing(t->old[i]) ||
				   draw(2),
		};
	}
}

static void free_large(struct large *t)
{
	free(t->slots);
	free(t->old);
	free(t->at);
	free(t->list);
	free(t->was);
	free(t->held);
}

static bool same_entry(const struct lbhash_transition *a,
		       const struct lbhash_transition *b, u32 slot)
{
	return a->since == b->since && a->slot == slot && b->slot == 0 &&
	       a->mixed == b->mixed;
}

/* Fill in the new table. Is each slot as if it were alone in its table? */
static bool carry_large(struct large *t)
{
	u32 i, *alone = make_room(t->size, sizeof(*alone)), n = 0;
	struct lbhash_transition entry;
	bool good = true;

	memcpy(alone, t->slots, t->size * sizeof(*alone));
	t->n = lbhash_transition_carry(t->slots, t->size, t->old, t->was,
				       t->heirs);
	t->list = make_list(t->n);
	lbhash_transition_list(t->list, t->slots, t->size, t->old, t->was,
			       t->heirs, NOW);
	for (i = 0; i < t->size; i++) {
		const struct lbhash_transition *was = t->was + t->at[i];

		if (lbhash_transition_carry(&alone[i], 1, &t->old[i], was,
					    t->heirs)) {
			lbhash_transition_list(&entry, &alone[i], 1,
					       &t->old[i], was, t->heirs,
					       NOW);
			good = good && n < t->n &&
			       same_entry(&t->list[n++], &entry, i);
		}
		good = good && alone[i] == t->slots[i];
	}
	free(alone);
	return good && n == t->n;
}

/* Is the time until the first or last slot closes the minimum or maximum over
 * single slots?
 */
static bool wait_large(const struct large *t, u32 now, bool last)
{
	u32 i, wait, answer = U32_MAX;

	for (i = 0; i < t->n; i++) {
		wait = lbhash_transition_wait(t->slots, &t->list[i], 1, SETTLE,
					      now, last);
		if (wait != U32_MAX &&
		    (answer == U32_MAX || (last ? wait > answer :
						  wait < answer)))
			answer = wait;
	}
	return answer == lbhash_transition_wait(t->slots, t->list, t->n,
						SETTLE, now, last);
}

static bool close_large(struct large *t, u32 now)
{
	u32 i, closing = 0, *alone = make_room(t->size, sizeof(*alone)), n;
	struct lbhash_transition *list = make_list(t->n);
	bool good;

	memcpy(alone, t->slots, t->size * sizeof(*alone));
	memcpy(list, t->list, t->n * sizeof(*list));
	n = lbhash_transition_close(t->slots, t->list, t->n, SETTLE, now);
	for (i = 0; i < t->n; i++)
		closing += lbhash_transition_close(alone, &list[i], 1, SETTLE,
						   now);
	good = n == closing && n &&
	       !memcmp(alone, t->slots, t->size * sizeof(*alone)) &&
	       !memcmp(list, t->list, t->n * sizeof(*list));
	free(list);
	free(alone);
	return good;
}

static bool settle_large(struct large *t)
{
	u32 i, left = 0, *alone = make_room(t->size, sizeof(*alone));
	struct lbhash_transition *list = make_list(t->n), entry;
	bool good;

	memcpy(alone, t->slots, t->size * sizeof(*alone));
	for (i = 0; i < t->n; i++) {
		entry = t->list[i];
		if (lbhash_transition_settle(alone, &entry, 1, t->held))
			list[left++] = t->list[i];
	}
	good = left < t->n &&
	       left == lbhash_transition_settle(t->slots, t->list, t->n,
						t->held) &&
	       !memcmp(alone, t->slots, t->size * sizeof(*alone)) &&
	       !memcmp(list, t->list, left * sizeof(*list));
	t->n = left;
	free(list);
	free(alone);
	return good;
}

static bool close_all_large(struct large *t)
{
	struct lbhash_transition *list = make_list(t->size);
	u32 i, at = 0, n;
	bool good = true;

	n = lbhash_transition_close_all(t->old, t->size, list, NOW);
	for (i = 0; i < t->size; i++) {
		u16 owner = lbhash_slot_owner(t->old[i]);

		good = good && t->old[i] == lbhash_slot(owner, owner);
		if (owner == LBHASH_NONE)
			continue;
		good = good && at < n && list[at].slot == i &&
		       list[at].since == NOW && list[at].mixed;
		at++;
	}
	free(list);
	return good && at == n;
}

/* Tables are processed in pieces; the last one may be a single slot. */
static void test_pieces(u32 size)
{
	struct large t = {};
	bool good;

	draw_large(&t, size);
	good = carry_large(&t);
	check(good, "%u slots: each is carried over as if alone", size);
	good = wait_large(&t, NOW, false) && wait_large(&t, NOW, true) &&
	       wait_large(&t, NOW - SETTLE, true);
	check(good, "%u slots: all are waited for", size);
	good = close_large(&t, NOW + 1) && close_large(&t, NOW + SETTLE);
	check(good, "%u slots: each closes as if alone", size);
	good = settle_large(&t);
	check(good, "%u slots: each settles as if alone", size);
	good = close_all_large(&t);
	check(good, "%u slots: all close", size);
	free_large(&t);
}

/* The walk must visit every slot once, in order, and let other tasks run before
 * each piece.
 */
static void test_walk(u32 size)
{
	unsigned long before = reschedules, last = before;
	u32 i, next = 0, in_piece = 0, most = 0, wrong = 0;

	lbhash_for_each_slot(i, size) {
		wrong += i != next++;
		if (reschedules != last)
			in_piece = 0;
		last = reschedules;
		if (++in_piece > most)
			most = in_piece;
	}
	check(!wrong && next == size && i == size &&
	      most <= LBHASH_SLOTS_AT_ONCE && most <= 16384 &&
	      reschedules - before == (size + 16383) / 16384,
	      "a walk over %u slots, %u at once", size, most);
}

static void test_large(void)
{
	static const u32 sizes[] = {
		1, 2, 16383, 16384, 16385, 32767, 32768, 32769, 65537, 163841,
	};
	u32 i;

	test_walk(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		test_walk(sizes[i]);
	for (i = 2; i < ARRAY_SIZE(sizes); i++)
		test_pieces(sizes[i]);
}

/* --- random lives --------------------------------------------------------- */

#define HISTORIES	20000
#define STEPS		60
#define CONNECTIONS	12

/**
 * struct connection - a connection, and conntrack's entry for its ports
 * @open: it has not ended
 * @slot: the slot that its packets hash to
 * @at: its backend
 * @safe: @at has been usable since the connection began: it must not break
 * @mark: backend that the entry is marked with, or LBHASH_NONE
 */
struct connection {
	bool open;
	u8 slot;
	u16 at;
	bool safe;
	u16 mark;
};

/**
 * struct world - a service and its connections
 * @table: the slots
 * @connections: of all clients
 * @usable: for each backend, whether its connections may stay with it
 * @names: the backend at each index of the table; a change may move it
 * @n: number of backends in the table
 * @now: current time, in seconds
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

static u16 name_of(u16 index)
{
	return index == LBHASH_NONE ? LBHASH_NONE : w.names[index];
}

static bool is_usable(u16 name)
{
	return name != LBHASH_NONE && w.usable[name];
}

/* The backend of a packet, by the rules of pick.c for --track changed. */
static u16 pick(struct connection *c, bool opens)
{
	u32 slot = w.table.slots[c->slot];
	u16 to = lbhash_slot_fallback(slot);

	if (lbhash_slot_is_settled(slot)) {
		seen.settled++;
		return name_of(lbhash_slot_owner(slot));
	}
	if (is_usable(c->mark)) {
		seen.follow++;
		return c->mark;
	}
	if (opens || c->mark != LBHASH_NONE)
		to = lbhash_slot_owner(slot);
	else
		seen.home++;
	if (to != LBHASH_NONE)
		c->mark = name_of(to);
	return name_of(to);
}

/* Send a packet; a backend that does not know the connection resets it. Return:
 * false if the reset was avoidable.
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

/* Begin a connection. Only now the entry of the last one with these ports goes:
 * it outlives that connection, and the transition of its slot.
 */
static void begin(struct connection *c)
{
	c->mark = LBHASH_NONE;
	c->at = pick(c, true);
	c->open = c->at != LBHASH_NONE;
	c->safe = true;
}

/* Random backends become usable or unusable and get other indices; slots get
 * random owners.
 */
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
						     LBHASH_NONE;
	for (i = 0; i < w.table.size; i++)
		owners[i] = n_active ? active[draw(n_active)] : LBHASH_NONE;
	/* Half of the slots keep their owner, if they can. */
	for (i = 0; i < w.table.size && n_active; i++) {
		u16 owner = lbhash_slot_owner(w.table.slots[i]);

		if (owner != LBHASH_NONE && heirs[owner] != LBHASH_NONE &&
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
		/* No connection is silent for the settle time. */
		w.now += draw(SETTLE);
		if (!send_all())
			return false;
		sweep();
		return true;
	case 2:
		if (!c->open)
			c->mark = LBHASH_NONE;
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
		w.table.slots[i] = lbhash_slot(draw(BACKENDS), LBHASH_NONE);
	for (i = 0; i < CONNECTIONS; i++) {
		w.connections[i].slot = draw(w.table.size);
		w.connections[i].mark = LBHASH_NONE;
	}
}

/* Check that the list has the slots in transition, in order, and that the slot
 * or the entry of each safe connection gives its backend.
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
		    c->at != name_of(lbhash_slot_fallback(slot)))
			return false;
	}
	return true;
}

/* Do all slots settle once all connections are gone? Slots without an owner
 * cannot.
 */
static bool settles(void)
{
	u32 i, owned = 0;

	for (i = 0; i < CONNECTIONS; i++)
		w.connections[i].mark = LBHASH_NONE;
	w.now += SETTLE;
	sweep();
	for (i = 0; i < w.table.n; i++) {
		u32 slot = w.table.slots[w.table.list[i].slot];

		owned += lbhash_slot_owner(slot) != LBHASH_NONE;
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
	check(!unsettled, "slots that do not settle without connections: %u",
	      unsettled);
	check(seen.settled > HISTORIES && seen.follow > HISTORIES &&
	      seen.home > HISTORIES && seen.lost > HISTORIES &&
	      seen.held > HISTORIES,
	      "to owners %u, by mark %u, to previous owners %u, lost %u, held %u",
	      seen.settled, seen.follow, seen.home, seen.lost, seen.held);
}

int main(void)
{
	test_stories();
	test_times();
	test_close_all();
	test_large();
	test_random();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
