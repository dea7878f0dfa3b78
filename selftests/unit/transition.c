// SPDX-License-Identifier: GPL-2.0
/*
 * Unit test of transitions, kmod/transition.c as it is: the states of one slot,
 * step by step; large tables, in which each slot must behave as it does alone;
 * random changes of a few slots, with connections that follow the rules of
 * recall.c and must not move without need. Prints TAP.
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
#define IDLE		20
#define UDP_IDLE	30

/**
 * struct table - slots, and a list of those in transition
 * @slots: owner and previous owner of each slot
 * @moves: words of slots in transition, exactly @size of them; NULL without a
 *	flow memory
 * @size: number of slots
 * @n: number of slots in transition
 * @list: the slots in transition; has exactly @n entries, so that
 *	AddressSanitizer detects overruns
 */
struct table {
	u32 slots[MOST_SLOTS];
	u32 *moves;
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

static u32 *make_moves(u32 size)
{
	u32 *moves = calloc(size, sizeof(*moves));

	assert(moves);
	return moves;
}

/* Number of backends of the table that is replaced, and of changes so far. */
static u32 old_backends = BACKENDS;
static u32 transitions;

/* Change the owners, with the calls and in the order of table.c. */
static void change(struct table *table, const u16 *owners, const u16 *at,
		   const u16 *usable, u32 now)
{
	struct lbhash_heirs heirs = { at, usable, LBHASH_NONE };
	struct table old = *table;
	u32 i;

	for (i = 0; i < old_backends && heirs.any == LBHASH_NONE; i++)
		heirs.any = usable[i];

	for (i = 0; i < table->size; i++)
		table->slots[i] = lbhash_slot(owners[i], LBHASH_NONE);
	table->n = lbhash_transition_carry(table->slots, table->size,
					   old.slots, old.list, &heirs);
	table->list = make_list(table->n);
	lbhash_transition_list(table->list, table->slots, table->size,
			       old.slots, old.list, &heirs, now);
	free(old.list);
	if (!old.moves)
		return;
	table->moves = make_moves(table->size);
	lbhash_transition_moves(table->moves, old.moves, table->list, table->n,
				++transitions);
	free(old.moves);
}

static struct lbhash_times times_at(u32 now)
{
	return (struct lbhash_times){
		.now = now, .settle = SETTLE, .idle = IDLE,
		.udp_idle = UDP_IDLE,
	};
}

/* @held: a bit per slot that must not settle */
static void settle_slots(struct table *table, unsigned long held, u32 now)
{
	const struct lbhash_times times = times_at(now);
	u32 i;

	for (i = 0; table->moves && i < table->n; i++) {
		u32 slot = table->list[i].slot;

		table->moves[slot] &= ~LBHASH_MOVE_BUSY;
		if (held >> slot & 1)
			table->moves[slot] |= LBHASH_MOVE_BUSY;
	}
	table->n = lbhash_transition_settle(table->slots, table->moves,
					    table->list, table->n, &times);
}

/* --- one slot, step by step ----------------------------------------------- */

/*
 * A story begins with a slot and continues with events and the slot after each.
 * A slot is written as its owner and its previous owner, "-" for none.
 *
 *	B!A:xx	B becomes the owner, A is deleted
 *	B~A:xx	B becomes the owner, A goes down
 *	wait:xx	the settle time passes, and then the time in which the slot
 *		learns
 *	look:xx	the idle time passes, and a sweep finds no connection that is
 *		remembered elsewhere than at the owner
 *	held:xx	the idle time passes, and a sweep finds one
 */
struct story {
	const char *what, *steps;
};

static const struct story remembered[] = {
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
	{ "nobody owns it, and others are elsewhere",
	  "A- B:BA -!A:-B held:-B C:CB" },
	{ "a settled slot's owner is down", "A- B~A:B-" },
	{ "the previous owner is down, and returns",
	  "A- B:BA B~A:BA B:BA wait:BB look:B-" },
	{ "... while the owner changes", "A- B:BA B~A:BA C~A:CA C:CA" },
	{ "... but the slot has closed",
	  "A- B:BA B~A:BA wait:BB B:BB look:B-" },
	{ "the previous owner is down, and goes", "A- B:BA B~A:BA B!A:B-" },
	{ "of several owners it is down, and goes",
	  "A- B:BA C~A:CA C!A:CC held:CC look:C-" },
	{ "closing, the owner is down", "A- B:BA wait:BB C~B:CC look:C-" },
	{ "nobody owns it, and the previous owner is down",
	  "A- -:-A -~A:-A A:AA look:A-" },
};

/* Without a flow memory slots only wait for the settle time. */
static const struct story tracked[] = {
	{ "one change comes to its end", "A- B:BA look:BA wait:B-" },
	{ "there and back waits, too", "A- B:BA A:AA look:AA wait:A-" },
	{ "nobody waits for connections", "A- B:BA held:BA wait:B-" },
	{ "several changes", "A- B:BA C:CA wait:C- D:DC wait:D-" },
	{ "nobody owns it", "A- -:-A wait:-A B:BA wait:B-" },
	{ "the previous owner is down", "A- B:BA B~A:BA wait:B-" },
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
	u16 owner = from_letter(step[0]), at[BACKENDS], usable[BACKENDS], i;
	char how = step[1];

	for (i = 0; i < BACKENDS; i++) {
		at[i] = i;
		usable[i] = i;
	}
	for (step += 2; how != ':' && *step != ':'; step++) {
		usable[from_letter(*step)] = LBHASH_NONE;
		if (how == '!')
			at[from_letter(*step)] = LBHASH_NONE;
	}
	change(table, &owner, at, usable, now);
}

/* Do the list and the word agree with the slot? */
static bool is_listed(const struct table *table)
{
	bool closing = lbhash_slot_is_closing(table->slots[0]);
	u32 move = table->moves ? table->moves[0] : 0;

	if (!lbhash_slot_in_transition(table->slots[0]))
		return !table->n && !move;
	if (table->n != 1 || table->list[0].slot)
		return false;
	if (!table->moves)
		return true;
	return lbhash_move_number(move) &&
	       !(move & LBHASH_MOVE_LEARNS) ==
	       (table->list[0].phase != LBHASH_PHASE_LEARNING) &&
	       closing == (table->list[0].phase == LBHASH_PHASE_CLOSING) &&
	       (!closing || (table->list[0].mixed && move & LBHASH_MOVE_DUE));
}

static void wait_for_closing(struct table *table, u32 *now)
{
	u32 i;

	*now += SETTLE;
	settle_slots(table, 1, *now);
	*now += IDLE;
	for (i = 0; i < 2; i++)
		settle_slots(table, 1, ++*now);
}

static void tell(const struct story *story, bool remembers)
{
	struct table table = { .size = 1 };
	char got[3] = "", copy[80], *step;
	bool good = true;
	u32 now = 0;

	snprintf(copy, sizeof(copy), "%s", story->steps);
	step = strtok(copy, " ");
	table.slots[0] = lbhash_slot(from_letter(step[0]),
				     from_letter(step[1]));
	if (remembers)
		table.moves = make_moves(1);
	while (good && (step = strtok(NULL, " "))) {
		if (!strncmp(step, "wait", 4)) {
			wait_for_closing(&table, &now);
		} else if (!strncmp(step, "look", 4)) {
			now += IDLE;
			settle_slots(&table, 0, now);
		} else if (!strncmp(step, "held", 4)) {
			now += IDLE;
			settle_slots(&table, 1, now);
		} else {
			change_to(&table, step, ++now);
		}
		got[0] = to_letter(lbhash_slot_owner(table.slots[0]));
		got[1] = to_letter(lbhash_slot_previous(table.slots[0]));
		good = !strcmp(strchr(step, ':') + 1, got) &&
		       is_listed(&table);
	}
	check(good, "%s, %s: %s", remembers ? "remembered" : "tracked",
	      story->what, story->steps);
	if (!good)
		printf("# %s: got %s, %u listed\n", step, got, table.n);
	free(table.list);
	free(table.moves);
}

static void test_stories(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(remembered); i++)
		tell(&remembered[i], true);
	for (i = 0; i < ARRAY_SIZE(tracked); i++)
		tell(&tracked[i], false);
}

/* --- time, and what else is not a slot's own ------------------------------ */

static const u16 same[] = { 0, 1, 2 };

static u32 wait_at(const struct table *table, u32 now, bool last)
{
	const struct lbhash_times times = times_at(now);

	return lbhash_transition_wait(table->slots, table->moves, table->list,
				      table->n, &times, last);
}

static bool waits(const struct table *table, u32 now, u32 first, u32 last)
{
	return wait_at(table, now, false) == first &&
	       wait_at(table, now, true) == last;
}

static struct table three_slots(bool remembers)
{
	return (struct table){
		.slots = {
			lbhash_slot(0, LBHASH_NONE),
			lbhash_slot(0, LBHASH_NONE),
			lbhash_slot(0, LBHASH_NONE),
		},
		.size = 3,
		.moves = remembers ? make_moves(3) : NULL,
	};
}

static void test_tracked_times(void)
{
	struct table table = three_slots(false);

	check(waits(&table, 7, U32_MAX, U32_MAX), "nothing to wait for");
	change(&table, (u16[]){ 1, 0, 0 }, same, same, 100);
	change(&table, (u16[]){ 1, 1, 0 }, same, same, 110);
	check(waits(&table, 110, SETTLE - 10, SETTLE), "the first and the last");
	check(waits(&table, 300, 0, 0), "nothing less than now");
	change(&table, (u16[]){ 2, 1, 0 }, same, same, 120);
	check(waits(&table, 120, SETTLE - 10, SETTLE),
	      "a change lets the slot wait anew, and no other");
	change(&table, (u16[]){ 2, 1, 0 }, same, same, 130);
	check(waits(&table, 130, SETTLE - 20, SETTLE - 10),
	      "a change of nothing does not");
	settle_slots(&table, 7, 169);
	check(table.n == 2, "none settles too early");
	settle_slots(&table, 7, 170);
	check(table.n == 1 && table.list[0].slot == 0 &&
	      table.slots[1] == lbhash_slot(1, LBHASH_NONE), "one on time");
	settle_slots(&table, 7, 180);
	check(!table.n, "and the other");

	/* Seconds are 32 bits wide and wrap around. */
	change(&table, (u16[]){ 0, 1, 0 }, same, same, -10u);
	check(wait_at(&table, 20, true) == SETTLE - 30, "seconds wrap around");
	free(table.list);
}

/* Seconds until another slot of the table ages. */
static u32 ages_in(const struct table *table, unsigned long *aged, u32 now)
{
	const struct lbhash_times times = times_at(now);

	return lbhash_transition_age(aged, table->list, table->n, &times);
}

/* A flow without handshake may be older than a slot's transition for some time,
 * and other slots do not matter. Without a flow memory it is the same.
 */
static void test_ages(void)
{
	struct table table = three_slots(false);
	unsigned long aged[1] = {};

	check(ages_in(&table, aged, 100) == U32_MAX, "nothing ages");
	change(&table, (u16[]){ 1, 0, 0 }, same, same, -10u);
	check(ages_in(&table, aged, -10u) == UDP_IDLE && !aged[0],
	      "flows may be old");
	change(&table, (u16[]){ 2, 0, 1 }, same, same, 5);
	check(ages_in(&table, aged, 6) == UDP_IDLE - 16 &&
	      ages_in(&table, aged, UDP_IDLE - 11) == 1 && !aged[0],
	      "another change of the slot makes none older");
	check(ages_in(&table, aged, UDP_IDLE - 10) == 15 && aged[0] == BIT(0),
	      "now they are new");
	check(ages_in(&table, aged, UDP_IDLE + 5) == U32_MAX &&
	      aged[0] == (BIT(0) | BIT(2)), "then in the other slot");
	free(table.list);
}

/* Follow the phases of the first slot, and its word. */
static void test_remembered_times(void)
{
	struct table table = three_slots(true);
	u32 number;

	change(&table, (u16[]){ 1, 0, 0 }, same, same, 100);
	number = table.moves[0];
	check(waits(&table, 100, SETTLE + 2 * IDLE, SETTLE + 2 * IDLE) &&
	      lbhash_move_number(number) && !table.moves[1],
	      "settle and twice idle, and a number");
	settle_slots(&table, 0, 130);
	change(&table, (u16[]){ 2, 1, 0 }, same, same, 140);
	check(table.moves[0] == number && table.moves[1] &&
	      lbhash_move_number(table.moves[1]) != lbhash_move_number(number),
	      "a slot in transition keeps its number");
	settle_slots(&table, 0, 199);
	check(table.list[0].phase == LBHASH_PHASE_OPEN, "settle begins anew");
	settle_slots(&table, 0, 200);
	check(table.list[0].phase == LBHASH_PHASE_LEARNING &&
	      table.moves[0] & LBHASH_MOVE_LEARNS, "it learns");
	check(waits(&table, 205, 2 * IDLE - 5, 2 * IDLE - 5), "waits for idle");
	change(&table, (u16[]){ 2, 1, 0 }, same, same, 206);
	check(table.moves[0] & LBHASH_MOVE_LEARNS &&
	      wait_at(&table, 206, true) == 2 * IDLE - 6,
	      "a change of nothing lets it learn");
	settle_slots(&table, 0, 219);
	check(!(table.moves[0] & LBHASH_MOVE_DUE), "not due");
	settle_slots(&table, 0, 220);
	check(table.moves[0] & LBHASH_MOVE_DUE &&
	      table.slots[0] == lbhash_slot(2, 0), "due, and still open");
	settle_slots(&table, 0, 221);
	check(lbhash_slot_is_closing(table.slots[0]) &&
	      !(table.moves[0] & LBHASH_MOVE_LEARNS) &&
	      waits(&table, 221, IDLE, IDLE), "closing");
	settle_slots(&table, 0, 240);
	check(table.n == 2, "for idle seconds");
	settle_slots(&table, 1, 241);
	check(table.n == 1 && table.list[0].slot == 0 && !table.moves[1],
	      "what is busy stays");
	settle_slots(&table, 0, 242);
	check(!table.n && !table.moves[0] &&
	      table.slots[0] == lbhash_slot(2, LBHASH_NONE), "settled");
	free(table.list);
	free(table.moves);
}

/* While the memory lacks room slots do not close, but they settle in the end if
 * there is a limit.
 */
static void test_limits(void)
{
	struct lbhash_times times = times_at(100 + SETTLE);
	struct table table = three_slots(true);

	change(&table, (u16[]){ 1, 0, 0 }, same, same, 100);
	times.full = true;
	for (; times.now < 100 + SETTLE + 10 * IDLE; times.now++)
		lbhash_transition_settle(table.slots, table.moves, table.list,
					 table.n, &times);
	check(table.list[0].phase == LBHASH_PHASE_LEARNING &&
	      table.moves[0] & LBHASH_MOVE_DUE &&
	      table.moves[0] & LBHASH_MOVE_LEARNS,
	      "it does not close while memory is full, but makes room");
	times.most = 10 * IDLE + SETTLE + 1;
	check(lbhash_transition_wait(table.slots, true, table.list, table.n,
				     &times, false) == 1, "a second is left");
	table.moves[0] |= LBHASH_MOVE_BUSY;
	table.n = lbhash_transition_settle(table.slots, table.moves,
					   table.list, table.n, &times);
	times.now++;
	check(table.n == 1, "not yet");
	table.n = lbhash_transition_settle(table.slots, table.moves,
					   table.list, table.n, &times);
	check(!table.n && table.slots[0] == lbhash_slot(1, LBHASH_NONE),
	      "settled at the limit, whatever is busy");
	free(table.list);
	free(table.moves);
}

static void test_close_all(void)
{
	struct lbhash_transition list[3];
	u32 slots[3] = {
		lbhash_slot(0, LBHASH_NONE), lbhash_slot(1, 2),
		lbhash_slot(LBHASH_NONE, LBHASH_NONE),
	};
	u32 n = lbhash_transition_close_all(slots, 3, list, 9);
	u32 moves[3] = {};

	check(n == 2 && slots[0] == lbhash_slot(0, 0) &&
	      slots[1] == lbhash_slot(1, 1) && list[1].slot == 1 &&
	      list[0].mixed && list[1].since == 9 && list[1].at == 9 &&
	      list[1].phase == LBHASH_PHASE_CLOSING,
	      "with a new hash all slots close");
	check(slots[2] == lbhash_slot(LBHASH_NONE, LBHASH_NONE),
	      "except those without an owner");
	lbhash_transition_moves(moves, NULL, list, n, 5);
	check(moves[0] == (lbhash_move(5) | LBHASH_MOVE_DUE) &&
	      moves[1] == moves[0] && !moves[2], "with a new number");
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
 * @moves: words of the new table's slots in transition
 * @old_moves: words of the old table's
 * @list: slots of the new table in transition
 * @was: slots of the old table in transition
 * @present: new index of each backend, LBHASH_NONE if it is deleted
 * @usable: likewise, LBHASH_NONE if it becomes unusable
 * @heirs: both of them
 */
struct large {
	u32 size, n, n_was;
	u32 *slots, *old, *at, *moves, *old_moves;
	struct lbhash_transition *list, *was;
	u16 present[BACKENDS], usable[BACKENDS];
	struct lbhash_heirs heirs;
};

static u16 draw_owner(void)
{
	return draw(8) ? draw(BACKENDS) : LBHASH_NONE;
}

static void draw_heirs(struct large *t)
{
	u32 i;

	for (i = 0; i < BACKENDS; i++) {
		t->present[i] = draw(8) ? i : LBHASH_NONE;
		t->usable[i] = draw(8) ? t->present[i] : LBHASH_NONE;
	}
	t->heirs.at = t->present;
	t->heirs.usable = t->usable;
	t->heirs.any = t->usable[0];
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
	t->moves = make_room(size, sizeof(*t->moves));
	t->old = make_room(size, sizeof(*t->old));
	t->old_moves = make_room(size, sizeof(*t->old_moves));
	t->at = make_room(size + 1, sizeof(*t->at));
	t->was = make_room(size, sizeof(*t->was));
	draw_heirs(t);
	for (i = 0; i < size; i++) {
		bool end = i == size - 1 || i % LBHASH_SLOTS_AT_ONCE < 2 ||
			   (i + 1) % LBHASH_SLOTS_AT_ONCE == 0;
		bool closing;

		t->at[i] = t->n_was;
		t->slots[i] = lbhash_slot(draw_owner(), LBHASH_NONE);
		t->old[i] = lbhash_slot(draw_owner(), end ? 0 : draw_owner());
		if (!lbhash_slot_in_transition(t->old[i]))
			continue;
		before = 1 + draw(2 * SETTLE);
		closing = lbhash_slot_is_closing(t->old[i]);
		t->was[t->n_was++] = (struct lbhash_transition){
			.since = NOW - before, .slot = i,
			.began = NOW - before - draw(SETTLE),
			.at = NOW - draw(before + 1),
			.phase = closing ? LBHASH_PHASE_CLOSING : draw(2),
			.mixed = closing || draw(2),
		};
		t->old_moves[i] = lbhash_move(1 + draw(9)) | draw(8);
	}
}

static void free_large(struct large *t)
{
	free(t->slots);
	free(t->moves);
	free(t->old);
	free(t->old_moves);
	free(t->at);
	free(t->list);
	free(t->was);
}

static bool same_entry(const struct lbhash_transition *a,
		       const struct lbhash_transition *b, u32 slot)
{
	return a->since == b->since && a->began == b->began &&
	       a->at == b->at && a->phase == b->phase && a->slot == slot &&
	       b->slot == 0 && a->mixed == b->mixed;
}

/* Fill in the new table. Is each slot as if it were alone in its table? */
static bool carry_large(struct large *t)
{
	u32 i, *alone = make_room(t->size, sizeof(*alone)), n = 0, move;
	struct lbhash_transition entry;
	bool good = true;

	memcpy(alone, t->slots, t->size * sizeof(*alone));
	t->n = lbhash_transition_carry(t->slots, t->size, t->old, t->was,
				       &t->heirs);
	t->list = make_list(t->n);
	lbhash_transition_list(t->list, t->slots, t->size, t->old, t->was,
			       &t->heirs, NOW);
	lbhash_transition_moves(t->moves, t->old_moves, t->list, t->n, 77);
	for (i = 0; i < t->size; i++) {
		const struct lbhash_transition *was = t->was + t->at[i];

		move = 0;
		if (lbhash_transition_carry(&alone[i], 1, &t->old[i], was,
					    &t->heirs)) {
			lbhash_transition_list(&entry, &alone[i], 1,
					       &t->old[i], was, &t->heirs,
					       NOW);
			lbhash_transition_moves(&move, &t->old_moves[i],
						&entry, 1, 77);
			good = good && n < t->n &&
			       same_entry(&t->list[n++], &entry, i);
		}
		good = good && alone[i] == t->slots[i] && move == t->moves[i];
	}
	free(alone);
	return good && n == t->n;
}

/* Is the time until the first or last slot settles the minimum or maximum over
 * single slots?
 */
static bool wait_large(const struct large *t, u32 now, bool last)
{
	const struct lbhash_times times = times_at(now);
	u32 i, wait, answer = U32_MAX;

	for (i = 0; i < t->n; i++) {
		wait = lbhash_transition_wait(t->slots, true, &t->list[i], 1,
					      &times, last);
		if (wait != U32_MAX &&
		    (answer == U32_MAX || (last ? wait > answer :
						  wait < answer)))
			answer = wait;
	}
	return answer == lbhash_transition_wait(t->slots, true, t->list, t->n,
						&times, last);
}

static bool settle_large(struct large *t, u32 now)
{
	u32 *alone = make_room(t->size, sizeof(*alone)), i, left = 0;
	u32 *moves = make_room(t->size, sizeof(*moves));
	struct lbhash_transition *list = make_list(t->n), entry;
	const struct lbhash_times times = times_at(now);
	bool good;

	memcpy(alone, t->slots, t->size * sizeof(*alone));
	memcpy(moves, t->moves, t->size * sizeof(*moves));
	for (i = 0; i < t->n; i++) {
		entry = t->list[i];
		if (lbhash_transition_settle(alone, moves, &entry, 1, &times))
			list[left++] = entry;
	}
	good = left < t->n &&
	       left == lbhash_transition_settle(t->slots, t->moves, t->list,
						t->n, &times) &&
	       !memcmp(alone, t->slots, t->size * sizeof(*alone)) &&
	       !memcmp(moves, t->moves, t->size * sizeof(*moves)) &&
	       !memcmp(list, t->list, left * sizeof(*list));
	t->n = left;
	free(list);
	free(moves);
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
	good = settle_large(&t, NOW + 1) && settle_large(&t, NOW + SETTLE);
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
 * struct connection - a connection, and its entry in the flow memory
 * @open: it has not ended
 * @slot: the slot that its packets hash to
 * @at: its backend
 * @safe: @at has been usable since the connection began: it must not break
 * @mark: backend that the entry names, or LBHASH_NONE
 * @number: number of the transition that the entry belongs to
 */
struct connection {
	bool open;
	u8 slot;
	u16 at;
	bool safe;
	u16 mark;
	u32 number;
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

static bool is_remembered(const struct connection *c)
{
	u32 number = lbhash_move_number(w.table.moves[c->slot]);

	return c->mark != LBHASH_NONE && c->number == number;
}

static void remember(struct connection *c, u16 name)
{
	c->mark = name;
	c->number = lbhash_move_number(w.table.moves[c->slot]);
}

static u16 home_of(u32 slot)
{
	u16 previous = name_of(lbhash_slot_fallback(slot));

	return is_usable(previous) ? previous :
				     name_of(lbhash_slot_owner(slot));
}

/* The backend of a packet, by the rules of recall.c. */
static u16 pick(struct connection *c, bool opens)
{
	u32 slot = w.table.slots[c->slot];
	u16 owner = name_of(lbhash_slot_owner(slot)), home = home_of(slot);

	if (lbhash_slot_is_settled(slot)) {
		seen.settled++;
		return owner;
	}
	if (!lbhash_slot_in_transition(slot))
		return LBHASH_NONE;
	if (is_remembered(c) && !opens) {
		seen.follow++;
		if (!is_usable(c->mark) && owner != LBHASH_NONE)
			c->mark = owner;
		return c->mark;
	}
	if (opens) {
		if (owner != LBHASH_NONE && !lbhash_slot_is_closing(slot))
			remember(c, owner);
		return owner;
	}
	seen.home++;
	if (home != LBHASH_NONE &&
	    ((home == owner && !lbhash_slot_is_closing(slot)) ||
	     w.table.moves[c->slot] & LBHASH_MOVE_LEARNS))
		remember(c, home);
	return home;
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
	u16 at[BACKENDS], usable[BACKENDS], places[BACKENDS];
	u16 owners[MOST_SLOTS];
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
	for (i = 0; i < n; i++) {
		at[i] = places[old_names[i]];
		usable[i] = is_usable(old_names[i]) ? at[i] : LBHASH_NONE;
	}
	for (i = 0; i < w.table.size; i++)
		owners[i] = n_active ? active[draw(n_active)] : LBHASH_NONE;
	/* Half of the slots keep their owner, if they can. */
	for (i = 0; i < w.table.size && n_active; i++) {
		u16 owner = lbhash_slot_owner(w.table.slots[i]);

		if (owner != LBHASH_NONE && usable[owner] != LBHASH_NONE &&
		    draw(2))
			owners[i] = usable[owner];
	}
	old_backends = n;
	change(&w.table, owners, at, usable, w.now);
	for (i = 0; i < CONNECTIONS; i++)
		if (!is_usable(w.connections[i].at))
			w.connections[i].safe = false;
}

static void sweep(void)
{
	unsigned long held = 0;
	u32 i, slot;

	for (i = 0; i < CONNECTIONS; i++) {
		const struct connection *c = &w.connections[i];

		slot = w.table.slots[c->slot];
		if (is_remembered(c) && is_usable(c->mark) &&
		    lbhash_slot_in_transition(slot) &&
		    c->mark != name_of(lbhash_slot_owner(slot)))
			held |= 1ul << c->slot;
	}
	seen.held += !!held;
	settle_slots(&w.table, held, w.now);
}

static bool step(void)
{
	struct connection *c = &w.connections[draw(CONNECTIONS)];

	switch (draw(8)) {
	case 0:
		change_world();
		return true;
	case 1:
		/* No connection is silent for the idle time. */
		w.now += draw(IDLE);
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
	free(w.table.moves);
	memset(&w, 0, sizeof(w));
	w.table.size = 1 + draw(MOST_SLOTS);
	w.table.moves = make_moves(w.table.size);
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
		    is_remembered(c) ? c->mark != c->at :
		    c->at != home_of(slot))
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
	for (i = 0; i < 4; i++) {
		sweep();
		w.now += IDLE;
	}
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
	free(w.table.moves);
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
	test_tracked_times();
	test_ages();
	test_remembered_times();
	test_limits();
	test_close_all();
	test_large();
	test_random();
	printf("1..%d\n", number);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
