// SPDX-License-Identifier: GPL-2.0
/*
 * churn [--short]
 *
 * Simulate connections while backends change, and count broken connections for
 * each way of tracking. The scale is that of a simulation in "Load Balancing
 * with JET" (CoNEXT 2021): 468 backends, 10 changes a minute, 100,000 open
 * connections, 1000 seconds. Nine in ten open connections are short; their
 * durations are distributed about as in that paper, which models a Hadoop
 * cluster: the median is below a second, the mean is 17 seconds. The tenth is
 * long, with a mean of 1000 seconds. After the last change the run continues
 * until all slots have settled. --short simulates a tenth of the connections
 * for 150 seconds.
 *
 * A second simulation has two balancers, one of which fails halfway: the other
 * takes over its connections, with or without copies of its conntrack entries.
 *
 * Prints tables. The exit code is 1 if a connection breaks that --track changed
 * promises to keep, if that mode has more entries than it should, or if the
 * other modes break nothing: the simulation would prove nothing then.
 *
 *	broken		connections broken though their backend stayed usable
 *	silent		likewise, of connections that had sent nothing for five
 *			minutes
 *	lost		connections broken because their backend was not usable
 *	entries		entries of conntrack or of the flow memory, mean and
 *			maximum; and how many of them belong to open connections
 *	slots		share of slots in transition, mean and maximum
 *	ratio		entries of open connections, divided by the number of
 *			open connections times the share of slots in transition
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "churn.h"

#define ALWAYS	2	/* the mode that others are compared with */

static const struct mode modes[] = {
	{ "changed, settle 60", TRACK_CHANGED, 60, 0, ALONE },
	{ "changed, settle 600", TRACK_CHANGED, 600, 0, ALONE },
	[ALWAYS] = { "always", TRACK_ALWAYS, 600, 0, ALONE },
	{ "always, room for a quarter", TRACK_ALWAYS, 600, 25, ALONE },
	{ "never", TRACK_NEVER, 600, 0, ALONE },
};

static const struct mode pairs[] = {
	{ "60, none", TRACK_CHANGED, 60, 0, COPY_NONE },
	{ "60, when it fails", TRACK_CHANGED, 60, 0, COPY_LAST },
	{ "60, at all times", TRACK_CHANGED, 60, 0, COPY_ALL },
	{ "600, none", TRACK_CHANGED, 600, 0, COPY_NONE },
	{ "600, when it fails", TRACK_CHANGED, 600, 0, COPY_LAST },
	{ "600, at all times", TRACK_CHANGED, 600, 0, COPY_ALL },
};

struct world w;

/* --- a run ---------------------------------------------------------------- */

static void begin_world(const struct scale *scale, const struct mode *mode)
{
	u32 i, own;

	memset(&w, 0, sizeof(w));
	w.scale = scale;
	w.mode = mode;
	w.until = (scale->seconds + scale->quiet) * TICKS;
	w.n = mode->copy == ALONE ? 1 : 2;
	operator_begin();
	for (i = 0; i < w.n; i++) {
		own = mode->copy == COPY_ALL ? 0 : i;
		w.conntracks[i].forgotten = traffic_forgotten;
		w.conntracks[i].max = mode->percent * (scale->open / 100);
		lbhash_memory_init(&w.memories[i], LBHASH_MEMORY_DEFAULT, 0);
		balancer_begin(&w.balancers[i], mode->track, mode->settle,
			       &w.conntracks[own], &w.memories[own],
			       w.backends);
	}
	traffic_begin();
}

static void end_world(void)
{
	u32 i;

	traffic_end();
	for (i = 0; i < w.n; i++) {
		conntrack_end(&w.conntracks[i]);
		balancer_end(&w.balancers[i]);
	}
	for (i = 0; i < ARRAY_SIZE(w.memories); i++)
		lbhash_memory_stop(&w.memories[i]);
}

static u32 entries(void)
{
	return w.mode->track == TRACK_CHANGED ?
	       memory_entries(&w.memories[0]) : w.conntracks[0].n;
}

static void fail_over(void)
{
	traffic_take_over();
	if (w.mode->copy == COPY_LAST)
		memory_move(&w.memories[0], &w.memories[1], w.now);
	conntrack_end(&w.conntracks[1]);
	balancer_end(&w.balancers[1]);
	w.n = 1;
}

static void sample(void)
{
	double share = (double)w.balancers[0].n / SLOTS;
	u32 n = entries();
	struct result *r = &w.result;

	r->samples++;
	r->open += w.open;
	r->entries += n;
	r->known += traffic_known();
	r->needed += share * w.open;
	r->share += share;
	if (n > r->most_entries)
		r->most_entries = n;
	if (share > r->most_share)
		r->most_share = share;
}

/* Are all slots settled and all entries gone? */
static bool is_at_rest(u32 seconds)
{
	struct result *r = &w.result;

	if (w.mode->track != TRACK_CHANGED)
		return true;
	if (w.balancers[0].n)
		return false;
	if (!r->settled) {
		r->settled = seconds;
		r->left = entries();
	}
	if (entries() || !w.open)
		return false;
	r->empty = seconds;
	return true;
}

static void run(const struct scale *scale, const struct mode *mode,
		struct result *result)
{
	u32 i, calm = scale->seconds * TICKS, failure = calm / 2;

	begin_world(scale, mode);
	for (w.now = 1; w.now < w.until; w.now++) {
		if (w.now % scale->interval == 0 && w.now < calm)
			operator_change();
		operator_obey();
		for (i = 0; i < w.n; i++)
			balancer_sweep(&w.balancers[i], w.now);
		if (w.now == failure && mode->copy != ALONE)
			fail_over();
		if (w.now == calm)
			traffic_calm_down();
		traffic_tick(w.now >= calm);

		if (w.now % (5 * TICKS))
			continue;
		for (i = 0; i < w.n; i++)
			conntrack_clean(&w.conntracks[i], w.now);
		if (w.now < calm)
			sample();
		else if (is_at_rest((w.now - calm) / TICKS))
			break;
		/* Every connection has sent a packet since the failure. */
		if (w.now > failure + 60 * TICKS && mode->copy != ALONE)
			break;
	}
	*result = w.result;
	end_world();
}

/* --- the report ----------------------------------------------------------- */

static bool promise(bool kept, const struct mode *mode, const char *what)
{
	if (!kept)
		printf("not ok: %s: %s\n", mode->name, what);
	return kept;
}

static bool is_as_promised(const struct mode *mode, const struct result *r)
{
	bool good = true;

	if (mode->track == TRACK_NEVER || mode->percent)
		return promise(r->broken, mode, "breaks nothing");
	good &= promise(!r->taken_broken[NO_FATE], mode, "breaks connections");
	good &= promise(!r->taken_broken[WAS_SETTLED], mode,
			"breaks connections of settled slots");
	good &= promise(!r->astray, mode, "drained backends get new ones");
	if (mode->copy == COPY_ALL)
		good &= promise(!r->broken, mode, "copies in vain");
	if (mode->track == TRACK_ALWAYS || mode->copy != ALONE)
		return good;
	good &= promise(r->known <= 1.5 * r->needed, mode, "too many entries");
	good &= promise(r->settled, mode, "never settled");
	good &= promise(r->empty, mode, "entries for ever");
	return good;
}

/* Entries that conntrack still has for closed connections are included. */
static bool report_rest(const struct mode *mode, const struct result *r,
			const struct result *always)
{
	double part = r->entries / always->entries;
	double ratio = part * r->samples / r->share;

	printf("%s: settled %u s after the last one, %u entries left, none after %u s\n",
	       mode->name, r->settled, r->left, r->empty);
	printf("%s: %.1f %% of the entries of always, %.2f times the share of slots\n",
	       mode->name, part * 100, ratio);
	return promise(ratio <= 1.5, mode, "too many entries in all");
}

static bool report_modes(const struct scale *scale)
{
	struct result results[ARRAY_SIZE(modes)], *r;
	bool good = true;
	u32 i;

	printf("| --track | begun | broken | silent | lost | open | entries | most | of open ones | slots | most | ratio |\n");
	printf("| --- |%s\n",
	       " --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		r = &results[i];
		run(scale, &modes[i], r);
		printf("| %-26s | %u | %u | %u | %u ", modes[i].name, r->begun,
		       r->broken, r->silent, r->lost);
		printf("| %.0f | %.0f | %u | %.0f ", r->open / r->samples,
		       r->entries / r->samples, r->most_entries,
		       r->known / r->samples);
		printf("| %.1f %% | %.1f %% | %.2f |\n",
		       r->share * 100 / r->samples, r->most_share * 100,
		       r->known / r->needed);
		fflush(stdout);
	}
	printf("\n%u changes\n", results[ALWAYS].changes);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		good &= is_as_promised(&modes[i], &results[i]);
		if (modes[i].track == TRACK_CHANGED)
			good &= report_rest(&modes[i], &results[i],
					    &results[ALWAYS]);
	}
	return good;
}

static bool report_pairs(const struct scale *scale)
{
	struct result r;
	bool good = true;
	u32 i;

	printf("\n| settle, copies | entries copied | in settled slots | broken | in transition | broken |\n");
	printf("| --- | --: | --: | --: | --: | --: |\n");
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		run(scale, &pairs[i], &r);
		printf("| %-18s | %u | %u | %u | %u | %u |\n", pairs[i].name,
		       pairs[i].copy == COPY_NONE ? 0 : r.copied,
		       r.taken[WAS_SETTLED], r.taken_broken[WAS_SETTLED],
		       r.taken[WAS_IN_TRANSITION],
		       r.taken_broken[WAS_IN_TRANSITION]);
		fflush(stdout);
		good &= is_as_promised(&pairs[i], &r);
	}
	return good;
}

int main(int argc, char **argv)
{
	static const struct scale whole = { 100000, 1000, 2000, 6 * TICKS };
	static const struct scale brief = { 10000, 150, 2000, 2 * TICKS };
	const struct scale *scale = &whole;
	bool good;

	if (argc > 1 && !strcmp(argv[1], "--short"))
		scale = &brief;
	good = report_modes(scale);
	good &= report_pairs(scale);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
