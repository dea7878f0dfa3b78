// SPDX-License-Identifier: GPL-2.0
/*
 * The connections: when they begin, send and end, and whether they break.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "churn.h"

#define QUANTILES	4096
#define LONG_LIFE	1000	/* mean duration, in seconds */
#define SPARES		(1 << 16)
#define CHUNK		4096

/* One in ten open connections is long. Of the long ones, a tenth sends nothing
 * for minutes at a time (SILENT); of the short ones, a tenth is UDP, with
 * neither SYN nor FIN (DATAGRAM).
 */
enum kind { SHORT, DATAGRAM, LONG, SILENT };

/**
 * struct connection - a flow and the state of its endpoints
 * @flow: what the balancer and conntrack know; first, for traffic_known()
 * @next: next connection in a bucket of @wheel, or in @unused
 * @ends: tick at which it closes
 * @sent: tick of its last packet
 * @losses: the counter of the same name of its backend when it began
 * @at: index of its backend
 * @balancer: index of the balancer that its packets pass through
 * @kind: an enum kind
 * @fate: an enum fate
 * @open: false once it has closed or broken
 * @spare: it is closed and in @spares: a new connection may reuse its ports
 */
struct connection {
	struct flow flow;
	struct connection *next;
	u32 ends;
	u32 sent;
	u32 losses;
	u16 at;
	u8 balancer;
	u8 kind;
	u8 fate;
	bool open;
	bool spare;
};

static double lives[QUANTILES], sums[QUANTILES];
static struct connection *unused, *spares[SPARES], **wheel;
static double next_short, next_long;
static u64 dice;

/* --- lives ---------------------------------------------------------------- */

/* Tabulate the durations of short connections from points of their
 * distribution: cumulative share and seconds.
 */
static void make_lives(void)
{
	static const double points[][2] = {
		{ 0, .001 }, { .3, .002 }, { .47, .02 }, { .5, .3 },
		{ .55, 10 }, { .76, 10.5 }, { .9, 23 }, { .93, 36 },
		{ .95, 100 }, { .96, 210 }, { .998, 230 }, { 1, 600 },
	};
	double share, part, sum = 0;
	u32 i, at = 0;

	for (i = 0; i < QUANTILES; i++) {
		share = (i + .5) / QUANTILES;
		while (share > points[at + 1][0])
			at++;
		part = (share - points[at][0]) /
		       (points[at + 1][0] - points[at][0]);
		lives[i] = points[at][1] *
			   pow(points[at + 1][1] / points[at][1], part);
		sum += lives[i];
		sums[i] = sum;
	}
}

static double mean_life(void)
{
	return sums[QUANTILES - 1] / QUANTILES;
}

/* Return: a random number between 0 and 1, both excluded. */
static double draw_part(void)
{
	return (draw(&dice, 1 << 30) + .5) / (1 << 30);
}

static enum kind draw_kind(bool is_long)
{
	if (is_long)
		return draw(&dice, 10) ? LONG : SILENT;
	return draw(&dice, 10) ? SHORT : DATAGRAM;
}

static double draw_life(enum kind kind)
{
	if (kind == LONG || kind == SILENT)
		return -log(draw_part()) * LONG_LIFE;
	return lives[draw(&dice, QUANTILES)];
}

/* Draw the remaining life of a connection that is open at a random moment; the
 * longer its whole life, the more likely it is to be open then.
 */
static double draw_rest(enum kind kind)
{
	double sum = draw_part() * sums[QUANTILES - 1];
	u32 low = 0, high = QUANTILES - 1, middle;

	if (kind == LONG || kind == SILENT)
		return draw_life(kind);
	while (low < high) {
		middle = (low + high) / 2;
		if (sums[middle] < sum)
			low = middle + 1;
		else
			high = middle;
	}
	return draw_part() * lives[low];
}

/* --- memory --------------------------------------------------------------- */

static void discard(struct connection *c)
{
	if (c->open || c->spare || c->flow.entry.conntrack)
		return;
	c->next = unused;
	unused = c;
}

void traffic_forgotten(struct flow *flow)
{
	discard((struct connection *)flow);
}

/* One connection in twenty reuses the ports of a closed one. */
static struct connection *take(enum kind kind)
{
	struct connection **spare, *c;
	u32 i;

	if (kind != DATAGRAM && !draw(&dice, 20)) {
		spare = &spares[draw(&dice, SPARES)];
		c = *spare;
		*spare = NULL;
		if (c)
			return c;
	}
	if (!unused) {
		c = calloc(CHUNK, sizeof(*c));
		assert(c);
		for (i = 0; i < CHUNK; i++)
			discard(&c[i]);
	}
	c = unused;
	unused = c->next;
	memset(c, 0, sizeof(*c));
	c->flow.slot = draw(&dice, SLOTS);
	c->flow.seq = draw(&dice, ~0u);
	c->flow.print = (u64)draw(&dice, ~0u) << 32 | draw(&dice, ~0u);
	return c;
}

static void make_spare(struct connection *c)
{
	struct connection **spare = &spares[draw(&dice, SPARES)];

	if (*spare) {
		(*spare)->spare = false;
		discard(*spare);
	}
	*spare = c;
	c->spare = true;
}

/* --- a connection's life -------------------------------------------------- */

static void wait_until(struct connection *c, u32 tick)
{
	struct connection **bucket;

	tick = tick < c->ends ? tick : c->ends;
	bucket = &wheel[tick < w.until ? tick : w.until];
	c->next = *bucket;
	*bucket = c;
}

static u16 send(struct connection *c, enum packet packet)
{
	u16 to = balancer_send(&w.balancers[c->balancer], &c->flow, packet,
			       w.now);

	assert(to != LBHASH_NONE);
	c->sent = w.now;
	return to;
}

static void begin(enum kind kind, double life)
{
	struct connection *c = take(kind);

	w.result.begun++;
	w.open++;
	c->kind = kind;
	c->open = true;
	c->spare = false;
	c->fate = NO_FATE;
	c->balancer = draw(&dice, w.n);
	c->ends = w.now + 1 + life * TICKS;
	c->at = send(c, kind == DATAGRAM ? PACKET_UDP : PACKET_SYN);
	c->losses = w.backends[c->at].losses;
	if (kind != DATAGRAM && w.backends[c->at].state != UP)
		w.result.astray++;
	/* The client's next packet comes after a round trip. */
	wait_until(c, w.now + 1 + draw(&dice, TICKS / 5));
}

static void end(struct connection *c)
{
	c->open = false;
	w.open--;
	if (c->kind != DATAGRAM && !draw(&dice, 8))
		make_spare(c);
	else
		discard(c);
}

/* The connection is reset by a backend that does not know it. Slots keep time
 * in whole seconds, so the limit of silence is one second below the settle
 * time.
 */
static void break_up(struct connection *c, u32 silence)
{
	if (w.backends[c->at].losses != c->losses) {
		w.result.lost++;
	} else if (silence > (IDLE - 1) * TICKS) {
		w.result.silent++;
	} else {
		w.result.taken_broken[c->fate]++;
		w.result.broken++;
	}
	end(c);
}

/* Only SILENT connections may send nothing for as long as silent ones are
 * remembered.
 */
static u32 next_packet(const struct connection *c)
{
	u32 seconds = c->kind == SILENT ? 300 + draw(&dice, 600) :
					  5 + draw(&dice, 20);

	return w.now + seconds * TICKS + draw(&dice, TICKS);
}

static void go_on(struct connection *c)
{
	bool over = w.now >= c->ends;
	enum packet packet = c->kind == DATAGRAM ? PACKET_UDP :
			     over ? PACKET_FIN : PACKET_DATA;
	u32 silence = w.now - c->sent;

	if (over && packet == PACKET_UDP)
		end(c);
	else if (send(c, packet) != c->at)
		break_up(c, silence);
	else if (over)
		end(c);
	else
		wait_until(c, next_packet(c));
}

static void begin_some(double *next, double per_second, bool is_long)
{
	enum kind kind;

	while (*next <= w.now) {
		kind = draw_kind(is_long);
		begin(kind, draw_life(kind));
		*next -= log(draw_part()) * TICKS / per_second;
	}
}

/* --- for churn.c ---------------------------------------------------------- */

/* Start with the number of open connections that the run will keep up. */
void traffic_begin(void)
{
	enum kind kind;
	u32 i;

	make_lives();
	dice = 0x9e3779b97f4a7c15;
	next_short = 0;
	next_long = 0;
	wheel = calloc(w.until + 1, sizeof(*wheel));
	assert(wheel);
	for (i = 0; i < w.scale->open; i++) {
		kind = draw_kind(i % 10 == 0);
		begin(kind, draw_rest(kind));
	}
}

/* If @calm, fewer connections begin, and no long ones. */
void traffic_tick(bool calm)
{
	struct connection *c;

	begin_some(&next_short, (calm ? .09 : .9) * w.scale->open /
		   mean_life(), false);
	if (!calm)
		begin_some(&next_long, .1 * w.scale->open / LONG_LIFE, true);
	while ((c = wheel[w.now])) {
		wheel[w.now] = c->next;
		go_on(c);
	}
}

/* Let all long connections close within a minute. */
void traffic_calm_down(void)
{
	struct connection *c;
	u32 i;

	for (i = w.now; i <= w.until; i++)
		for (c = wheel[i]; c; c = c->next)
			if (c->kind == LONG || c->kind == SILENT)
				c->ends = w.now + draw(&dice, 60 * TICKS);
}

/* Route the second balancer's connections through the first one. */
void traffic_take_over(void)
{
	const u32 *a = w.balancers[0].slots, *b = w.balancers[1].slots;
	struct connection *c;
	u32 i;

	for (i = w.now; i <= w.until; i++)
		for (c = wheel[i]; c; c = c->next) {
			if (!c->balancer)
				continue;
			c->balancer = 0;
			c->fate = lbhash_slot_is_settled(a[c->flow.slot]) &&
				  lbhash_slot_is_settled(b[c->flow.slot]) ?
				  WAS_SETTLED : WAS_IN_TRANSITION;
			w.result.taken[c->fate]++;
			w.result.copied += balancer_remembers(&w.balancers[1],
							      &c->flow, w.now);
		}
}

/* Return: the number of entries whose connections are open. */
u32 traffic_known(void)
{
	const struct conntrack *ct = &w.conntracks[0];
	struct connection *c;
	u32 i, n = 0;

	for (i = 0; i < ct->n; i++)
		n += ((struct connection *)ct->flows[i])->open;
	if (w.mode->track != TRACK_CHANGED)
		return n;
	for (i = w.now; i <= w.until; i++)
		for (c = wheel[i]; c; c = c->next)
			n += balancer_remembers(&w.balancers[0], &c->flow,
						w.now);
	return n;
}

/* Call this before conntrack_end(), which frees the connections with entries.
 */
void traffic_end(void)
{
	struct connection *c;
	u32 i;

	for (i = 0; i < SPARES; i++)
		if (spares[i]) {
			spares[i]->spare = false;
			discard(spares[i]);
			spares[i] = NULL;
		}
	for (i = 0; i <= w.until; i++)
		while ((c = wheel[i])) {
			wheel[i] = c->next;
			c->open = false;
			discard(c);
		}
	free(wheel);
}
