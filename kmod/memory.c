// SPDX-License-Identifier: GPL-2.0
/*
 * Flow memory: the connections of slots in transition whose backend the slot
 * alone does not tell. It knows neither tables nor packets nor the clock, and
 * is tested in user space.
 *
 * A bucket is four cache lines: seven entries, and a tag of each, so that most
 * packets without an entry read one line. The fingerprint of a flow gives its
 * bucket, and a second one that is used when the first is full; entries of one
 * flow are told apart by sequence numbers. Room is made within both buckets. No
 * packet waits for memory: a work doubles the buckets.
 *
 * Order of memory accesses
 *
 * Writers hold the lock of the bucket's stripe. Readers hold none: a counter in
 * the bucket is odd while an entry changes, and a reader whose counter was odd,
 * or another one afterwards, reads again. So no reader believes a mixture of
 * two entries. Known packets change the time of the last packet and the end of
 * the sequence, and those that end a handshake the flags: single words that
 * cmpxchg() replaces. If the place has got another entry meanwhile, the
 * exchange fails, or the words of both are equal. Writers exchange the flags,
 * too, so that no open entry becomes half-open again.
 *
 * While buckets are being doubled, those that have been copied are counted per
 * stripe, in order. A bucket that is counted is only used in its new place; its
 * old place keeps its content, for readers that came before. All packets that
 * know of no new buckets are gone before the first one is copied.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "lbhash.h"
#include "memory.h"

#define PLACES		7
#define STRIPES		64
/* Buckets of a new memory: 64 KiB. */
#define BUCKETS		256
/* Buckets are doubled when this part of all places is taken: then one entry in
 * ten thousand finds no place in two buckets.
 */
#define CROWDED		3
/* So many are copied under one lock. */
#define MOVED_AT_ONCE	8

/* How far sequence numbers of one connection are apart at most. One in 32
 * random numbers is nearer, so a stranger's handshake must not claim as much:
 * it begins with the least window, and what has been sent is added. A client
 * cannot have more in flight.
 */
#define WINDOW		BIT(26)
#define LEAST_WINDOW	BIT(17)
/* The end of a connection moves with packets that begin so close behind it: a
 * stranger with random numbers needs many attempts to drag it away.
 */
#define STRIDE		BIT(22)
/* It is written down when it has moved so far, or once a second. */
#define STEP		BIT(14)
/* A FIN or RST counts so close to the end. */
#define LAST_WINDOW	BIT(16)
/* How far a client may go before the server's answer opens the window further:
 * no scale applies to the window of a SYN.
 */
#define FIRST_WINDOW	65535

/* Seconds that entries stay after their last packet. */
#define HALF_OPEN_FOR	64
#define FIN_FOR		60
#define RST_FOR		10
/* Where room is needed, half-open ones, and those of a single packet. */
#define YOUNG_FOR	3

/* These share a word with the slot: of a half-open entry the opener's data, in
 * units of 1 << MORE_SHIFT bytes; of an open one what was sent, in units of
 * 1 << SENT_SHIFT.
 */
#define SLOT_BITS	20
#define MORE_SHIFT	5
#define SENT_SHIFT	14
#define MORE_MAX	((1u << (32 - SLOT_BITS)) - 1)

/* The word of flags and service where an entry was: that of no entry. */
#define GONE	(LBHASH_MEMORY_OPEN | LBHASH_MEMORY_OVERDUE | ~FLAGS)

/* The flags share a word with the service. */
#define FLAG_BITS	8
#define FLAGS		((1u << FLAG_BITS) - 1)

#define TAGS_LOW	0x0001010101010101ull
#define TAGS_HIGH	0x0080808080808080ull
#define TAG_BITS	8
/* The last byte of the tags: entries have not found room here. */
#define SPILLED		PLACES

/* The two buckets of a fingerprint. */
#define FIRST		0
#define CHOICES		2

/* Of fingerprints and numbers of refused openers, for twice HALF_OPEN_FOR. */
#define REFUSED_BITS	16

#define UNFIT		(~0u)

/* One kind more, of adopt_association(): any entry of an INIT. */
#define COMPLETES	(LBHASH_MEMORY_ASKS + 1)

/**
 * struct entry - a remembered connection
 * @print: fingerprint
 * @slot: number of the slot; above, data of a half-open entry's opener, or what
 *	was sent
 * @transition: number of the transition
 * @seq: end of what the client has sent
 * @last: time of the last packet
 * @backend: number of the backend
 * @about: LBHASH_MEMORY_OPEN and so on; above, number of the service
 */
struct entry {
	u64 print;
	u32 slot;
	u32 transition;
	u32 seq;
	u32 last;
	u32 backend;
	u32 about;
};

/**
 * struct bucket - entries of flows that share the low bits of their fingerprint
 * @changes: odd while an entry changes
 * @unused: fills the half line, together with @filler
 * @tags: a byte for each entry, 0 if the place is free; the last one is not 0
 *	if some entries that belong here are in their second bucket
 * @filler: see @unused
 * @entries: entries; undefined where there is no tag
 */
struct bucket {
	u32 changes;
	u32 unused[3];
	u64 tags;
	u64 filler;
	struct entry entries[PLACES];
};

/**
 * struct buckets - all buckets
 * @mask: number of buckets, a power of two, minus 1
 * @crowd: number of entries of a stripe above which there should be more
 * @bucket: buckets
 * @next: twice as many, to which they are being copied; else NULL
 * @moved: for each stripe the number of its buckets that are in @next
 * @rcu: frees them after a grace period
 */
struct buckets {
	u32 mask;
	u32 crowd;
	struct bucket *bucket;
	struct buckets __rcu *next;
	u32 moved[STRIPES];
	struct rcu_head rcu;
};

/**
 * struct stripe - what buckets with the same low bits of their number share
 * @lock: protects their entries, and the members below
 * @entries: number of entries
 * @half_open: number of half-open ones; atomic: they are opened without @lock
 * @refused: number of connections without room
 * @evicted: number of entries that have made room before they expired
 */
struct stripe {
	spinlock_t lock; /* see above */
	u32 entries;
	atomic_t half_open;
	unsigned long refused;
	unsigned long evicted;
} ____cacheline_aligned_in_smp;

/**
 * struct lbhash_memory_store - what exists while slots are in transition
 * @buckets: entries; RCU
 * @stripe: locks
 * @refused: openers that were refused: those of late, and those before
 * @late: index of those of late
 * @refuses: for each of both, there are some
 * @turned_at: time at which they began
 * @rcu: frees it after a grace period
 */
struct lbhash_memory_store {
	struct buckets __rcu *buckets;
	struct stripe stripe[STRIPES];
	unsigned long refused[2][BITS_TO_LONGS(1 << REFUSED_BITS)];
	u32 late;
	bool refuses[2];
	u32 turned_at;
	struct rcu_head rcu;
};

/**
 * struct look - an entry that a packet belongs to
 * @bucket: its bucket
 * @entry: its place
 * @seen: what was there
 * @misfit: how badly they fit; UNFIT if there is none
 */
struct look {
	struct bucket *bucket;
	struct entry *entry;
	struct entry seen;
	u32 misfit;
};

/* --- words -----------------------------------------------------------------*/

static u32 slot_in(u32 word)
{
	return word & ((1u << SLOT_BITS) - 1);
}

static u32 entry_slot(const struct entry *entry)
{
	return slot_in(READ_ONCE(entry->slot));
}

static u32 entry_more(const struct entry *entry)
{
	return entry->slot >> SLOT_BITS << MORE_SHIFT;
}

static u32 pack_slot(u32 slot, u32 more)
{
	u32 units = (more + (1u << MORE_SHIFT) - 1) >> MORE_SHIFT;

	return min_t(u32, units, MORE_MAX) << SLOT_BITS | slot;
}

static u32 window_of(const struct entry *entry)
{
	u32 sent = entry->slot >> SLOT_BITS << SENT_SHIFT;

	return min_t(u32, LEAST_WINDOW + sent, WINDOW);
}

/* The word of the slot when more has been sent. */
static u32 add_sent(u32 slot, u32 bytes)
{
	u32 units = (slot >> SLOT_BITS) + (bytes >> SENT_SHIFT);

	return min_t(u32, units, MORE_MAX) << SLOT_BITS |
	       (slot & ((1u << SLOT_BITS) - 1));
}

static u32 pack_about(u32 service, u8 flags)
{
	return service << FLAG_BITS | flags;
}

static __always_inline void read_entry(struct entry *to,
				       const struct entry *from)
{
	to->print = READ_ONCE(from->print);
	to->slot = READ_ONCE(from->slot);
	to->transition = READ_ONCE(from->transition);
	to->seq = READ_ONCE(from->seq);
	to->last = READ_ONCE(from->last);
	to->backend = READ_ONCE(from->backend);
	to->about = READ_ONCE(from->about);
}

/* Word by word, which leaves them in registers. */
static __always_inline void copy_entry(struct entry *to,
				       const struct entry *from)
{
	to->print = from->print;
	to->slot = from->slot;
	to->transition = from->transition;
	to->seq = from->seq;
	to->last = from->last;
	to->backend = from->backend;
	to->about = from->about;
}

/* All but @about, see change_entry(). */
static __always_inline void write_entry(struct entry *entry,
					const struct entry *new)
{
	WRITE_ONCE(entry->print, new->print);
	WRITE_ONCE(entry->slot, new->slot);
	WRITE_ONCE(entry->transition, new->transition);
	WRITE_ONCE(entry->seq, new->seq);
	WRITE_ONCE(entry->last, new->last);
	WRITE_ONCE(entry->backend, new->backend);
}

/* Clocks of two CPUs may differ by a tick. */
static u32 seconds_since(u32 last, u32 now)
{
	return max_t(s32, now - last, 0);
}

static u32 age_of(const struct entry *entry, u32 now)
{
	return seconds_since(READ_ONCE(entry->last), now);
}

static u64 tag_of(u64 print)
{
	return (print >> (64 - TAG_BITS)) ?: 1;
}

/* The high bit of each byte of @tags that may be @tag: of no other byte than
 * those above an equal one, which the fingerprints tell apart.
 */
static u64 match_tags(u64 tags, u64 tag)
{
	u64 difference = tags ^ tag * TAGS_LOW;

	return (difference - TAGS_LOW) & ~difference & TAGS_HIGH;
}

static int place_of(u64 matches)
{
	return __ffs64(matches) / TAG_BITS;
}

/* The entry of the first match. Its bit is the last one of a byte, so that the
 * next bit is a multiple of TAG_BITS, and no shift is needed.
 */
static struct entry *entry_at(struct bucket *bucket, u64 matches)
{
	u32 next = __ffs64(matches) + 1;

	static_assert(offsetof(struct bucket, entries) == sizeof(struct entry),
		      "what precedes the entries has the size of one");
	return (void *)((u8 *)bucket +
			next * (sizeof(struct entry) / TAG_BITS));
}

/* --- buckets ---------------------------------------------------------------*/

static u32 stripe_of(u64 print)
{
	return print % STRIPES;
}

/* An entry is in its first bucket, or in its second one if that was full. Both
 * are of one stripe, and differ unless the stripe has one bucket only. If there
 * are twice as many buckets, either choice has one bit more: all that a new
 * bucket gets was in one old bucket.
 */
static u32 choose(u64 print, u32 mask, int choice)
{
	u64 other = (print >> 32 & ~(2 * STRIPES - 1)) | (~print & STRIPES);

	if (choice == FIRST)
		return print & mask;
	return (other & mask) | stripe_of(print);
}

/* noinline: buckets are rarely being doubled. */
static noinline struct bucket *find_moved(const struct buckets *buckets,
					  const struct buckets *next, u64 print,
					  int choice)
{
	u32 at = choose(print, buckets->mask, choice);
	u32 moved;

	/* Pairs with move_bucket(). */
	moved = smp_load_acquire(&buckets->moved[stripe_of(print)]);
	if (at / STRIPES >= moved)
		return &buckets->bucket[at];
	return &next->bucket[choose(print, next->mask, choice)];
}

/* Where an entry is, or is to be. A writer holds the lock of the stripe. */
static __always_inline struct bucket *
find_bucket(const struct lbhash_memory_store *store, u64 print, int choice)
{
	const struct buckets *buckets = rcu_dereference(store->buckets);
	const struct buckets *next = rcu_dereference(buckets->next);

	if (unlikely(next))
		return find_moved(buckets, next, print, choice);
	return &buckets->bucket[choose(print, buckets->mask, choice)];
}

static u32 begin_read(const struct bucket *bucket)
{
	u32 changes;

	for (;;) {
		/* Pairs with end_change(). */
		changes = smp_load_acquire(&bucket->changes);
		if (likely(!(changes & 1)))
			return changes;
		cpu_relax();
	}
}

static bool has_changed(const struct bucket *bucket, u32 changes)
{
	/* Pairs with begin_change(): entries are read before the counter. */
	smp_rmb();
	return unlikely(READ_ONCE(bucket->changes) != changes);
}

/* Readers spin until the end: no preemption, of which real-time kernels have
 * some under their locks.
 */
static void begin_change(struct bucket *bucket)
{
	preempt_disable_nested();
	WRITE_ONCE(bucket->changes, bucket->changes + 1);
	/* Pairs with has_changed(): the counter is odd before words change. */
	smp_wmb();
}

static void end_change(struct bucket *bucket)
{
	/* Pairs with begin_read(). */
	smp_store_release(&bucket->changes, bucket->changes + 1);
	preempt_enable_nested();
}

static void set_tag(struct bucket *bucket, int place, u64 tag)
{
	u32 shift = place * TAG_BITS;
	u64 others = bucket->tags & ~((u64)FLAGS << shift);

	WRITE_ONCE(bucket->tags, others | tag << shift);
}

static bool is_taken(const struct bucket *bucket, int place)
{
	return bucket->tags >> (place * TAG_BITS) & FLAGS;
}

static struct stripe *find_stripe(struct lbhash_memory_store *store, u64 print)
{
	return &store->stripe[stripe_of(print)];
}

/* Places per stripe. */
static u32 stripe_places(const struct buckets *buckets)
{
	return (buckets->mask + 1) / STRIPES * PLACES;
}

/* Half-open entries are also opened without the lock, so every change of
 * &entry.about is an exchange.
 */
static void count_half_open(struct stripe *stripe, u32 about, int sign)
{
	if (!(about & LBHASH_MEMORY_OPEN))
		atomic_add(sign, &stripe->half_open);
}

/* Return: false if a packet has opened @entry since @old was read. */
static bool change_entry(struct stripe *stripe, struct bucket *bucket,
			 struct entry *entry, const struct entry *old,
			 const struct entry *new)
{
	bool done;

	begin_change(bucket);
	done = cmpxchg(&entry->about, old->about, new->about) == old->about;
	if (likely(done))
		write_entry(entry, new);
	end_change(bucket);
	if (unlikely(!done))
		return false;
	count_half_open(stripe, old->about, -1);
	count_half_open(stripe, new->about, 1);
	return true;
}

/* What is opened at the same time finds another word than it has read. */
static void remove_entry(struct stripe *stripe, struct bucket *bucket,
			 int place)
{
	u32 about;

	begin_change(bucket);
	about = xchg(&bucket->entries[place].about, GONE);
	set_tag(bucket, place, 0);
	end_change(bucket);
	WRITE_ONCE(stripe->entries, stripe->entries - 1);
	count_half_open(stripe, about, -1);
}

/* The place has no tag. */
static __always_inline void add_entry(struct stripe *stripe,
				      struct bucket *bucket, int place,
				      const struct entry *new)
{
	struct entry *entry = &bucket->entries[place];
	u64 tag = tag_of(new->print) << (place * TAG_BITS);

	WRITE_ONCE(stripe->entries, stripe->entries + 1);
	count_half_open(stripe, new->about, 1);
	begin_change(bucket);
	write_entry(entry, new);
	WRITE_ONCE(entry->about, new->about);
	WRITE_ONCE(bucket->tags, bucket->tags | tag);
	end_change(bucket);
}

/* --- allocation ------------------------------------------------------------*/

static void free_buckets(struct buckets *buckets)
{
	if (!buckets)
		return;
	kvfree(buckets->bucket);
	kfree(buckets);
}

static struct buckets *alloc_buckets(u32 n)
{
	struct buckets *buckets;

	buckets = kzalloc(sizeof(*buckets), LBHASH_GFP_KEPT);
	if (!buckets)
		return NULL;
	buckets->mask = n - 1;
	buckets->crowd = stripe_places(buckets) / CROWDED;
	buckets->bucket = kvcalloc(n, sizeof(*buckets->bucket),
				   LBHASH_GFP_KEPT);
	if (!buckets->bucket) {
		kfree(buckets);
		return NULL;
	}
	return buckets;
}

static void free_buckets_rcu(struct rcu_head *rcu)
{
	free_buckets(container_of(rcu, struct buckets, rcu));
}

static void free_store(struct lbhash_memory_store *store)
{
	free_buckets(rcu_dereference_raw(store->buckets));
	kvfree(store);
}

static void free_store_rcu(struct rcu_head *rcu)
{
	free_store(container_of(rcu, struct lbhash_memory_store, rcu));
}

static u32 most_buckets(const struct lbhash_memory *memory)
{
	return max_t(u32, READ_ONCE(memory->limit) / (PLACES + 1), STRIPES);
}

static struct lbhash_memory_store *alloc_store(u32 most, u32 now)
{
	struct lbhash_memory_store *store;
	u32 i, n = BUCKETS;

	while (n > most)
		n /= 2;
	store = kvcalloc(1, sizeof(*store), LBHASH_GFP_KEPT);
	if (!store)
		return NULL;
	store->turned_at = now;
	for (i = 0; i < STRIPES; i++)
		spin_lock_init(&store->stripe[i].lock);
	RCU_INIT_POINTER(store->buckets, alloc_buckets(n));
	if (!rcu_access_pointer(store->buckets)) {
		kvfree(store);
		return NULL;
	}
	return store;
}

static struct lbhash_memory_store *held_store(struct lbhash_memory *memory)
{
	return rcu_dereference_protected(memory->store,
					 lockdep_is_held(&memory->mutex));
}

/* With &lbhash_memory.mutex held, too. */
static struct buckets *held_buckets(struct lbhash_memory_store *store)
{
	return rcu_dereference_raw(store->buckets);
}

/* Copy a bucket of the old ones to where its entries belong in the new ones. */
static void move_bucket(struct buckets *from, const struct buckets *to, u32 at)
{
	struct bucket *bucket = &from->bucket[at];
	u64 tags = bucket->tags;
	int place;

	for (place = 0; tags && place < PLACES; place++) {
		u64 print, tag = tags >> (place * TAG_BITS) & FLAGS;
		struct bucket *new;
		struct entry entry LBHASH_UNINITIALIZED;

		if (!tag)
			continue;
		read_entry(&entry, &bucket->entries[place]);
		print = entry.print;
		/* Nobody reads it yet. */
		new = &to->bucket[choose(print, to->mask,
					 choose(print, from->mask, FIRST) !=
					 at)];
		write_entry(&new->entries[place], &entry);
		WRITE_ONCE(new->entries[place].about, entry.about);
		WRITE_ONCE(new->tags, new->tags | tag << (place * TAG_BITS));
	}
	if (is_taken(bucket, SPILLED)) {
		set_tag(&to->bucket[at], SPILLED, 1);
		set_tag(&to->bucket[at + from->mask + 1], SPILLED, 1);
	}
	/* Pairs with find_moved(). */
	smp_store_release(&from->moved[at % STRIPES], at / STRIPES + 1);
}

/* Copy some buckets of a stripe, from number @at on. */
static void move_buckets(struct lbhash_memory_store *store,
			 struct buckets *from, const struct buckets *to, u32 at)
{
	struct stripe *stripe = find_stripe(store, at);
	u32 end = at + MOVED_AT_ONCE * STRIPES;

	spin_lock_bh(&stripe->lock);
	for (; at < end && at <= from->mask; at += STRIPES)
		move_bucket(from, to, at);
	spin_unlock_bh(&stripe->lock);
}

static bool is_half_full(struct lbhash_memory_store *store,
			 const struct buckets *buckets)
{
	u32 i, entries = 0;

	for (i = 0; i < STRIPES; i++)
		entries += READ_ONCE(store->stripe[i].entries);
	return entries > stripe_places(buckets) * STRIPES / CROWDED;
}

static struct buckets *double_buckets(struct lbhash_memory_store *store,
				      struct buckets *old)
{
	struct buckets *new = alloc_buckets(2 * (old->mask + 1));
	u32 at, i;

	if (!new)
		return NULL;
	rcu_assign_pointer(old->next, new);
	/* Nobody writes to old buckets without having looked for new ones. */
	synchronize_rcu();
	for (at = 0; at <= old->mask; at += MOVED_AT_ONCE * STRIPES) {
		for (i = 0; i < STRIPES; i++)
			move_buckets(store, old, new, at + i);
		cond_resched();
	}
	rcu_assign_pointer(store->buckets, new);
	call_rcu(&old->rcu, free_buckets_rcu);
	return new;
}

static void grow(struct work_struct *work)
{
	struct lbhash_memory *memory = container_of(work, struct lbhash_memory,
						    growth);
	struct lbhash_memory_store *store;
	struct buckets *buckets;

	mutex_lock(&memory->mutex);
	store = held_store(memory);
	if (store) {
		buckets = held_buckets(store);
		do {
			if (2 * (buckets->mask + 1) > most_buckets(memory))
				break;
			buckets = double_buckets(store, buckets);
			if (!buckets) {
				memory->failed++;
				WRITE_ONCE(memory->failed_at,
					   READ_ONCE(memory->asked_at));
			}
		} while (buckets && is_half_full(store, buckets));
	}
	mutex_unlock(&memory->mutex);
}

/* Ask for more buckets; not again in the second of a failure. */
static void ask_for_growth(struct lbhash_memory *memory,
			   const struct lbhash_memory_store *store, u32 now)
{
	const struct buckets *buckets = rcu_dereference(store->buckets);

	if (2 * (buckets->mask + 1) > most_buckets(memory) ||
	    READ_ONCE(memory->failed_at) == now)
		return;
	WRITE_ONCE(memory->asked_at, now);
	queue_work(system_long_wq, &memory->growth);
}

/**
 * lbhash_memory_init - initialise the memory of a namespace
 * @memory: memory, zeroed
 * @limit: largest number of entries, at least LBHASH_MEMORY_MIN
 * @now: present time in seconds
 */
void lbhash_memory_init(struct lbhash_memory *memory, u32 limit, u32 now)
{
	mutex_init(&memory->mutex);
	INIT_WORK(&memory->growth, grow);
	memory->limit = limit;
	memory->failed_at = now - 1;
	/* Long ago. */
	memory->flow_lost_at = now - (1u << 30);
	memory->home_lost_at = now - (1u << 30);
}

/**
 * lbhash_memory_exit - free all that a namespace remembers
 * @memory: memory that no packet uses any more
 *
 * Context: may sleep.
 */
void lbhash_memory_exit(struct lbhash_memory *memory)
{
	cancel_work_sync(&memory->growth);
	lbhash_memory_stop(memory);
}

/**
 * lbhash_memory_start - allocate the memory, unless it is there
 * @memory: memory
 * @now: present time in seconds
 *
 * To be called before a table with slots in transition is published. Without
 * memory all works the same, but nothing is remembered.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_memory_start(struct lbhash_memory *memory, u32 now)
{
	struct lbhash_memory_store *store;
	int err = 0;

	mutex_lock(&memory->mutex);
	if (!held_store(memory)) {
		store = alloc_store(most_buckets(memory), now);
		rcu_assign_pointer(memory->store, store);
		if (!store) {
			memory->failed++;
			err = -ENOMEM;
		}
	}
	mutex_unlock(&memory->mutex);
	return err;
}

/* What its stripes have counted would be lost with a store. */
static void keep_counts(struct lbhash_memory *memory,
			const struct lbhash_memory_store *store)
{
	u32 i;

	for (i = 0; i < STRIPES; i++) {
		const struct stripe *stripe = &store->stripe[i];

		atomic64_add(READ_ONCE(stripe->refused), &memory->refused);
		memory->evicted += READ_ONCE(stripe->evicted);
	}
}

/**
 * lbhash_memory_stop - forget everything
 * @memory: memory of a namespace whose slots have all settled
 *
 * Context: may sleep. Packets may still be reading.
 */
void lbhash_memory_stop(struct lbhash_memory *memory)
{
	struct lbhash_memory_store *store;

	mutex_lock(&memory->mutex);
	store = held_store(memory);
	RCU_INIT_POINTER(memory->store, NULL);
	if (store) {
		keep_counts(memory, store);
		call_rcu(&store->rcu, free_store_rcu);
	}
	mutex_unlock(&memory->mutex);
}

/**
 * lbhash_memory_set_limit - bound the number of entries
 * @memory: memory
 * @limit: largest number of entries, at least LBHASH_MEMORY_MIN; does not
 *	shrink a memory that is larger
 */
void lbhash_memory_set_limit(struct lbhash_memory *memory, u32 limit)
{
	WRITE_ONCE(memory->limit, limit);
}

/* --- reading ---------------------------------------------------------------*/

static bool is_of(const struct entry *entry, u64 print,
		  const struct lbhash_memory_packet *packet)
{
	return entry->print == print &&
	       entry->transition == packet->transition &&
	       entry_slot(entry) == packet->slot;
}

static u32 distance(u32 a, u32 b)
{
	u32 ahead = a - b;

	return (s32)ahead < 0 ? b - a : ahead;
}

/* Of an entry of the packet's flow, 0 is best. The nearest one wins; at equal
 * distance an open one, as a stranger can add half-open ones at random.
 */
static __always_inline u32 misfit(const struct entry *entry,
				  const struct lbhash_memory_packet *packet,
				  u8 kind)
{
	bool is_open = entry->about & LBHASH_MEMORY_OPEN;
	bool is_flow = entry->about & LBHASH_MEMORY_FLOW;
	u32 apart;

	switch (kind) {
	case LBHASH_MEMORY_CONTINUES:
		if (is_open && !is_flow) {
			apart = distance(packet->seq, entry->seq);
			return apart < window_of(entry) ? 2 * apart : UNFIT;
		}
		apart = packet->seq - entry->seq;
		if (!is_flow && packet->opener == packet->print &&
		    apart <= FIRST_WINDOW + entry_more(entry))
			return 2 * apart + 1;
		return UNFIT;
	case LBHASH_MEMORY_OPENS:
		if (!is_open)
			return packet->seq == entry->seq ? 0 : UNFIT;
		/* A repetition that comes when the connection is open. */
		apart = entry->seq - packet->seq;
		return !is_flow && apart <= FIRST_WINDOW ? apart + 1 : UNFIT;
	case LBHASH_MEMORY_LOOSE:
		return is_flow && age_of(entry, packet->now) < packet->idle ?
		       0 : UNFIT;
	case COMPLETES:
		return age_of(entry, packet->now);
	default:
		return is_open ? age_of(entry, packet->now) : UNFIT;
	}
}

/* Return: true if entries have spilled. */
static __always_inline bool look_in(struct bucket *bucket, u64 print,
				    const struct lbhash_memory_packet *packet,
				    u8 kind, struct look *best)
{
	struct entry seen LBHASH_UNINITIALIZED;
	struct entry *entry;
	u64 tags, matches;
	u32 changes, rating;

	best->bucket = bucket;
	do {
		best->misfit = UNFIT;
		changes = begin_read(bucket);
		tags = READ_ONCE(bucket->tags);
		matches = match_tags(tags, tag_of(print));
		for (; unlikely(matches); matches &= matches - 1) {
			entry = &bucket->entries[place_of(matches)];
			if (READ_ONCE(entry->print) != print)
				continue;
			read_entry(&seen, entry);
			if (!is_of(&seen, print, packet))
				continue;
			rating = misfit(&seen, packet, kind);
			if (rating >= best->misfit)
				continue;
			best->misfit = rating;
			best->entry = entry;
			copy_entry(&best->seen, &seen);
		}
	} while (has_changed(bucket, changes));
	return tags >> (SPILLED * TAG_BITS);
}

/* noinline: entries rarely spill. */
static noinline struct look
look_further(struct lbhash_memory_store *store, u64 print,
	     const struct lbhash_memory_packet *packet, u8 kind)
{
	struct look other LBHASH_UNINITIALIZED;

	look_in(find_bucket(store, print, !FIRST), print, packet, kind, &other);
	return other;
}

/* The entry of a packet. With the lock of the stripe it is still there when the
 * caller looks.
 */
static __always_inline bool look(struct lbhash_memory_store *store, u64 print,
				 const struct lbhash_memory_packet *packet,
				 u8 kind, struct look *best)
{
	struct look other LBHASH_UNINITIALIZED;

	if (unlikely(look_in(find_bucket(store, print, FIRST), print, packet,
			     kind, best))) {
		other = look_further(store, print, packet, kind);
		if (other.misfit < best->misfit) {
			best->misfit = other.misfit;
			best->bucket = other.bucket;
			best->entry = other.entry;
			copy_entry(&best->seen, &other.seen);
		}
	}
	return best->misfit != UNFIT;
}

/* The same, where it need not be fast. */
static noinline bool look_for(struct lbhash_memory_store *store,
			      const struct lbhash_memory_packet *packet,
			      struct look *best)
{
	return look(store, packet->print, packet, packet->kind, best);
}

/* How far a packet moves the end of its connection. */
static u32 advance(const struct entry *entry,
		   const struct lbhash_memory_packet *packet)
{
	s32 begins = packet->seq - entry->seq, ends = packet->end - entry->seq;

	return begins <= (s32)STRIDE && ends > 0 ? ends : 0;
}

static bool is_last(const struct entry *entry,
		    const struct lbhash_memory_packet *packet)
{
	return (packet->fin || packet->rst) &&
	       distance(packet->seq, entry->seq) <= LAST_WINDOW;
}

/* Does more change than two words? */
static bool changes_flags(const struct entry *entry,
			  const struct lbhash_memory_packet *packet)
{
	u32 about = entry->about;

	return about & (LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_OVERDUE) ||
	       packet->fin || packet->rst ||
	       (about & (LBHASH_MEMORY_FIN | LBHASH_MEMORY_RST) &&
		advance(entry, packet));
}

/* noinline: this is rare. Whatever place the words are in by now, an exchange
 * of equal ones does no harm.
 */
static noinline void write_down(struct entry *entry, u32 slot, u32 seq,
				u32 last, u32 ahead, u32 now)
{
	if (last != now)
		cmpxchg(&entry->last, last, now);
	if (!ahead)
		return;
	cmpxchg(&entry->seq, seq, seq + ahead);
	if (unlikely(add_sent(slot, ahead) != slot))
		cmpxchg(&entry->slot, slot, add_sent(slot, ahead));
}

/* A packet of the most frequent kind: no lock. */
static __always_inline void touch(struct entry *entry, const struct entry *seen,
				  u32 ahead, u32 now)
{
	if (unlikely(seen->last != now || ahead >= STEP))
		write_down(entry, seen->slot, seen->seq, seen->last, ahead,
			   now);
}

/* A connection goes on beyond a FIN or an RST that was not the client's. */
static struct entry after_packet(const struct entry *entry,
				 const struct lbhash_memory_packet *packet)
{
	struct entry new = *entry;
	u32 ahead = advance(entry, packet);

	new.last = packet->now;
	new.about &= ~(LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_OVERDUE);
	if (is_last(entry, packet))
		new.about |= (packet->fin ? LBHASH_MEMORY_FIN : 0) |
			     (packet->rst ? LBHASH_MEMORY_RST : 0);
	else if (ahead)
		new.about &= ~(LBHASH_MEMORY_FIN | LBHASH_MEMORY_RST);
	if (!packet->rst && !(packet->fin && !is_last(entry, packet))) {
		new.seq += ahead;
		new.slot = add_sent(entry->slot, ahead);
	}
	return new;
}

static struct entry opened(const struct entry *entry,
			   const struct lbhash_memory_packet *packet)
{
	struct entry new = *entry;

	new.slot = pack_slot(entry_slot(entry), 0);
	new.seq = packet->end;
	new.last = packet->now;
	new.about |= LBHASH_MEMORY_OPEN;
	if (packet->fin)
		new.about |= LBHASH_MEMORY_FIN;
	return new;
}

/* An entry has to change in several words: with the lock, unless it does not
 * fit any more.
 */
static noinline enum lbhash_memory_found
find_locked(struct lbhash_memory_store *store,
	    const struct lbhash_memory_packet *packet, u32 *backend)
{
	enum lbhash_memory_found found = LBHASH_MEMORY_UNKNOWN;
	struct stripe *stripe = find_stripe(store, packet->print);
	struct entry new LBHASH_UNINITIALIZED;
	struct look at LBHASH_UNINITIALIZED;

	spin_lock_bh(&stripe->lock);
	do {
		if (!look_for(store, packet, &at)) {
			found = LBHASH_MEMORY_UNKNOWN;
			break;
		}
		*backend = at.seen.backend;
		found = LBHASH_MEMORY_KNOWN;
		if (at.seen.about & LBHASH_MEMORY_OPEN) {
			new = after_packet(&at.seen, packet);
		} else if (!packet->rst) {
			new = opened(&at.seen, packet);
			found = LBHASH_MEMORY_ADOPTED;
		} else {
			break;
		}
	} while (!change_entry(stripe, at.bucket, at.entry, &at.seen, &new));
	spin_unlock_bh(&stripe->lock);
	return found;
}

/* Open a half-open entry, without the lock. Its place may have got another one
 * of the service meanwhile: then that is open, and room is not made from it.
 *
 * Return: false if it has changed.
 */
static __always_inline bool
open_entry(struct lbhash_memory_store *store, u64 print, struct entry *entry,
	   const struct entry *seen, u32 end, u32 now)
{
	u32 slot = slot_in(seen->slot);

	if (cmpxchg(&entry->about, seen->about,
		    seen->about | LBHASH_MEMORY_OPEN) != seen->about)
		return false;
	atomic_dec(&find_stripe(store, print)->half_open);
	if (unlikely(seen->slot != slot))
		cmpxchg(&entry->slot, seen->slot, slot);
	if (unlikely(seen->seq != end))
		cmpxchg(&entry->seq, seen->seq, end);
	if (unlikely(seen->last != now))
		cmpxchg(&entry->last, seen->last, now);
	return true;
}

/* --- writing ---------------------------------------------------------------*/

/* How willingly a place is given away. */
enum rank {
	FREE,
	OVER,
	SAMPLE,
	FLOW_AT_HOME,
	SINGLE_FLOW,
	YOUNG,
	NEVER,
};

static bool has_expired(const struct entry *entry, u32 now)
{
	u32 age = age_of(entry, now);

	if (entry->about & LBHASH_MEMORY_OVERDUE)
		return true;
	if (!(entry->about & LBHASH_MEMORY_OPEN))
		return age >= HALF_OPEN_FOR;
	if (entry->about & LBHASH_MEMORY_RST)
		return age >= RST_FOR;
	return entry->about & LBHASH_MEMORY_FIN && age >= FIN_FOR;
}

static enum rank rank_of(const struct entry *entry, const struct entry *new,
			 u32 now)
{
	bool is_old = age_of(entry, now) > YOUNG_FOR;
	u32 about = entry->about;

	/* A slot has one transition at a time. */
	if (has_expired(entry, now) ||
	    (entry->print == new->print &&
	     entry->transition != new->transition))
		return OVER;
	if (entry->transition & LBHASH_MEMORY_SAMPLE)
		return SAMPLE;
	if (about & LBHASH_MEMORY_KEPT)
		return NEVER;
	if (about & LBHASH_MEMORY_FLOW && about & LBHASH_MEMORY_HOME)
		return FLOW_AT_HOME;
	if (!(about & LBHASH_MEMORY_OPEN) || about & LBHASH_MEMORY_SINGLE) {
		if (!is_old)
			return NEVER;
		return about & LBHASH_MEMORY_FLOW ? SINGLE_FLOW : YOUNG;
	}
	return NEVER;
}

/**
 * struct room - a place to give away
 * @bucket: its bucket
 * @place: its number there
 * @rank: its rank; of the first rank that there is it is the oldest
 */
struct room {
	struct bucket *bucket;
	int place;
	enum rank rank;
};

static void find_room(struct bucket *bucket, const struct entry *new, u32 now,
		      struct room *room)
{
	int place;

	for (place = 0; place < PLACES && room->rank != FREE; place++) {
		const struct entry *entry = &bucket->entries[place];
		enum rank rank = FREE;

		if (is_taken(bucket, place))
			rank = rank_of(entry, new, now);
		if (rank < room->rank ||
		    (rank == room->rank && rank != NEVER &&
		     age_of(entry, now) >
		     age_of(&room->bucket->entries[room->place], now)))
			*room = (struct room){
				.bucket = bucket,
				.place = place,
				.rank = rank,
			};
	}
}

static void note_loss(struct lbhash_memory *memory, u32 about, u32 now)
{
	if (about & LBHASH_MEMORY_FLOW &&
	    READ_ONCE(memory->flow_lost_at) != now)
		WRITE_ONCE(memory->flow_lost_at, now);
	if (about & LBHASH_MEMORY_HOME &&
	    READ_ONCE(memory->home_lost_at) != now)
		WRITE_ONCE(memory->home_lost_at, now);
}

static void evict(struct lbhash_memory *memory, struct stripe *stripe,
		  const struct room *room, u32 now)
{
	const struct entry *old = &room->bucket->entries[room->place];

	if (room->rank > SAMPLE) {
		WRITE_ONCE(stripe->evicted, stripe->evicted + 1);
		note_loss(memory, old->about, now);
	}
	remove_entry(stripe, room->bucket, room->place);
}

/* A free place of a bucket, PLACES if there is none: the lowest byte of the
 * tags that is 0.
 */
static int free_place(const struct bucket *bucket)
{
	u64 free = match_tags(bucket->tags, 0);

	return free ? place_of(free) : PLACES;
}

static bool is_crowded(const struct lbhash_memory_store *store,
		       const struct stripe *stripe)
{
	return stripe->entries > rcu_dereference(store->buckets)->crowd;
}

/* Both buckets may be full: entries make room. */
static noinline bool make_room(struct lbhash_memory *memory,
			       struct lbhash_memory_store *store,
			       struct stripe *stripe, const struct entry *new,
			       u32 now)
{
	struct bucket *first = find_bucket(store, new->print, FIRST);
	struct room room = { .rank = NEVER };

	find_room(first, new, now, &room);
	if (room.rank != FREE)
		find_room(find_bucket(store, new->print, !FIRST), new, now,
			  &room);
	if (room.rank > OVER || is_crowded(store, stripe))
		ask_for_growth(memory, store, now);
	if (new->transition & LBHASH_MEMORY_SAMPLE && room.rank > SAMPLE)
		return false;
	if (room.rank == NEVER) {
		WRITE_ONCE(stripe->refused, stripe->refused + 1);
		return false;
	}
	if (room.rank != FREE)
		evict(memory, stripe, &room, now);
	if (room.bucket != first && !is_taken(first, SPILLED)) {
		begin_change(first);
		set_tag(first, SPILLED, 1);
		end_change(first);
	}
	add_entry(stripe, room.bucket, room.place, new);
	return true;
}

/* Add an entry that is not there. */
static bool put(struct lbhash_memory *memory, struct lbhash_memory_store *store,
		struct stripe *stripe, const struct entry *new, u32 now)
{
	struct bucket *first = find_bucket(store, new->print, FIRST);
	int free = free_place(first);

	if (likely(free < PLACES)) {
		add_entry(stripe, first, free, new);
		if (unlikely(is_crowded(store, stripe)))
			ask_for_growth(memory, store, now);
		return true;
	}
	return make_room(memory, store, stripe, new, now);
}

static u32 refusal_of(u64 print, u32 seq)
{
	return hash_32((u32)(print >> 24) ^ seq, REFUSED_BITS);
}

/* Most of the time nothing is refused. */
static bool was_refused(const struct lbhash_memory_store *store, u64 print,
			u32 seq)
{
	u32 bit;

	if (likely(!READ_ONCE(store->refuses[0]) &&
		   !READ_ONCE(store->refuses[1])))
		return false;
	bit = refusal_of(print, seq);
	return test_bit(bit, store->refused[0]) ||
	       test_bit(bit, store->refused[1]);
}

/* Add the entry of an opener if nothing can be there that it repeats, and if
 * there is a free place.
 */
static __always_inline bool put_opener(struct lbhash_memory *memory,
				       struct lbhash_memory_store *store,
				       struct stripe *stripe,
				       const struct entry *new, u32 now)
{
	struct bucket *bucket = find_bucket(store, new->print, FIRST);
	u64 tags = bucket->tags, free = match_tags(tags, 0);

	if (unlikely(tags >> (SPILLED * TAG_BITS)) || unlikely(!free) ||
	    unlikely(match_tags(tags, tag_of(new->print))) ||
	    unlikely(was_refused(store, new->print, new->seq)))
		return false;
	add_entry(stripe, bucket, place_of(free), new);
	if (unlikely(is_crowded(store, stripe)))
		ask_for_growth(memory, store, now);
	return true;
}

static bool is_sample(const struct lbhash_memory_packet *packet)
{
	return packet->transition & LBHASH_MEMORY_SAMPLE;
}

static void note_refusal(struct lbhash_memory_store *store,
			 const struct lbhash_memory_packet *packet)
{
	u32 bit = refusal_of(packet->print, packet->seq);
	u32 late = READ_ONCE(store->late);

	WRITE_ONCE(store->refuses[late], true);
	if (!test_bit(bit, store->refused[late]))
		set_bit(bit, store->refused[late]);
}

static struct entry entry_for(const struct lbhash_memory_packet *packet,
			      u64 print, u32 backend, u8 flags)
{
	return (struct entry){
		.print = print,
		.slot = pack_slot(packet->slot, 0),
		.transition = packet->transition,
		.seq = packet->end,
		.last = packet->now,
		.backend = backend,
		.about = pack_about(packet->service, flags),
	};
}

/* --- finding ---------------------------------------------------------------*/

/* The server's tag is known from now on. The entry of the INIT stays: a
 * stranger may have sent this packet, and ICMP errors do not quote the tag.
 * Where there is no room the packet goes home. A server discards a cookie that
 * is not its own, and the client repeats it.
 */
static enum lbhash_memory_found
adopt_association(struct lbhash_memory *memory,
		  struct lbhash_memory_store *store,
		  const struct lbhash_memory_packet *packet, u32 *backend)
{
	u64 opener = packet->opener;
	struct stripe *stripe;
	struct entry new LBHASH_UNINITIALIZED;
	struct look at LBHASH_UNINITIALIZED;
	bool done;

	stripe = find_stripe(store, opener);
	spin_lock_bh(&stripe->lock);
	done = look(store, opener, packet, COMPLETES, &at);
	if (done) {
		new = at.seen;
		new.last = packet->now;
		new.about |= LBHASH_MEMORY_OPEN | LBHASH_MEMORY_SINGLE;
		change_entry(stripe, at.bucket, at.entry, &at.seen, &new);
	}
	spin_unlock_bh(&stripe->lock);
	if (!done)
		return LBHASH_MEMORY_UNKNOWN;

	new = entry_for(packet, packet->print, at.seen.backend,
			LBHASH_MEMORY_OPEN);
	stripe = find_stripe(store, packet->print);
	spin_lock_bh(&stripe->lock);
	done = put(memory, store, stripe, &new, packet->now);
	spin_unlock_bh(&stripe->lock);
	if (!done)
		return LBHASH_MEMORY_UNKNOWN;
	*backend = new.backend;
	return LBHASH_MEMORY_ADOPTED;
}

static __always_inline enum lbhash_memory_found
find_later(struct lbhash_memory *memory, struct lbhash_memory_store *store,
	   const struct lbhash_memory_packet *packet, u32 *backend)
{
	struct look at LBHASH_UNINITIALIZED;

	if (!look(store, packet->print, packet,
		  LBHASH_MEMORY_CONTINUES, &at)) {
		if (likely(packet->opener == packet->print || !packet->opener))
			return LBHASH_MEMORY_UNKNOWN;
		return adopt_association(memory, store, packet, backend);
	}
	if (unlikely(changes_flags(&at.seen, packet)))
		return find_locked(store, packet, backend);
	*backend = at.seen.backend;
	if (unlikely(!(at.seen.about & LBHASH_MEMORY_OPEN)))
		return open_entry(store, packet->print, at.entry, &at.seen,
				  packet->end, packet->now) ?
		       LBHASH_MEMORY_ADOPTED :
		       find_locked(store, packet, backend);
	touch(at.entry, &at.seen, advance(&at.seen, packet), packet->now);
	return LBHASH_MEMORY_KNOWN;
}

static enum lbhash_memory_found
find_loose(struct lbhash_memory_store *store,
	   const struct lbhash_memory_packet *packet, u32 *backend)
{
	struct look at LBHASH_UNINITIALIZED;

	if (!look(store, packet->print, packet,
		  LBHASH_MEMORY_LOOSE, &at))
		return LBHASH_MEMORY_UNKNOWN;
	if (unlikely(at.seen.about &
		     (LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_OVERDUE)))
		return find_locked(store, packet, backend);
	if (at.seen.last != packet->now)
		cmpxchg(&at.entry->last, at.seen.last, packet->now);
	*backend = at.seen.backend;
	return LBHASH_MEMORY_KNOWN;
}

/* An opener that is unknown may have come before, when there was no room. */
static enum lbhash_memory_found
find_refused(const struct lbhash_memory_store *store,
	     const struct lbhash_memory_packet *packet)
{
	if (likely(!was_refused(store, packet->print, packet->seq)) ||
	    is_sample(packet))
		return LBHASH_MEMORY_UNKNOWN;
	return LBHASH_MEMORY_REFUSED;
}

static enum lbhash_memory_found
find_opener(struct lbhash_memory_store *store,
	    const struct lbhash_memory_packet *packet, u32 *backend)
{
	struct look at LBHASH_UNINITIALIZED;

	if (look(store, packet->print, packet,
		 LBHASH_MEMORY_OPENS, &at)) {
		if (at.seen.last != packet->now)
			cmpxchg(&at.entry->last, at.seen.last, packet->now);
		*backend = at.seen.backend;
		return LBHASH_MEMORY_REPEATS;
	}
	return find_refused(store, packet);
}

static enum lbhash_memory_found
find_newest(struct lbhash_memory_store *store,
	    const struct lbhash_memory_packet *packet, u32 *backend)
{
	struct look at LBHASH_UNINITIALIZED;

	if (!look(store, packet->print, packet,
		  LBHASH_MEMORY_ASKS, &at))
		return LBHASH_MEMORY_UNKNOWN;
	*backend = at.seen.backend;
	return LBHASH_MEMORY_KNOWN;
}

/* --- glances ---------------------------------------------------------------*/

/* Flags of entries of which a glance does not tell, and those that tell open
 * entries and flows from others.
 */
#define STRANGE		(LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_FIN | \
			 LBHASH_MEMORY_RST | LBHASH_MEMORY_OVERDUE)
#define STATE		(STRANGE | LBHASH_MEMORY_OPEN | LBHASH_MEMORY_FLOW)

/**
 * struct glimpse - the only entry with the tag of a flow
 * @bucket: its bucket
 * @entry: its place, NULL if no entry has the tag
 * @changes: counter of the bucket before
 */
struct glimpse {
	struct bucket *bucket;
	struct entry *entry;
	u32 changes;
};

/* Return: false if entries could be elsewhere, or if several have the tag. */
static __always_inline bool glimpse(const struct lbhash_memory_store *store,
				    u64 print, struct glimpse *at)
{
	const struct buckets *buckets = rcu_dereference(store->buckets);
	u64 tags, matches;

	if (unlikely(rcu_access_pointer(buckets->next)))
		return false;
	at->bucket = &buckets->bucket[choose(print, buckets->mask, FIRST)];
	/* Pairs with end_change(). An odd counter is taken for the one before:
	 * then it has changed.
	 */
	at->changes = smp_load_acquire(&at->bucket->changes) & ~1u;
	tags = READ_ONCE(at->bucket->tags);
	matches = match_tags(tags, tag_of(print));
	at->entry = matches ? entry_at(at->bucket, matches) : NULL;
	return likely(!(tags >> (SPILLED * TAG_BITS))) &&
	       likely(!(matches & (matches - 1)));
}

static __always_inline bool is_at(const struct entry *entry, u64 print,
				  u64 place)
{
	return likely(READ_ONCE(entry->print) == print) &&
	       likely(entry_slot(entry) == (u32)place) &&
	       likely(READ_ONCE(entry->transition) == place >> 32);
}

static __always_inline struct lbhash_memory_glance
glance(enum lbhash_memory_found found, u32 backend)
{
	return (struct lbhash_memory_glance){
		.found = found,
		.backend = backend,
	};
}

/**
 * lbhash_memory_glance - find the connection of an ordinary segment
 * @memory: memory
 * @print: &lbhash_memory_packet.print of a TCP segment with an ACK, and without
 *	SYN, FIN and RST
 * @place: lbhash_memory_place() of its slot and transition
 * @seq: &lbhash_memory_packet.seq
 * @end: &lbhash_memory_packet.end
 * @now: present time in seconds
 *
 * Does for most of these packets what lbhash_memory_find() does for all kinds:
 * all is in registers, and one entry is looked at.
 *
 * Context: packet path, RCU.
 * Return: what is known; LBHASH_MEMORY_UNSURE, and nothing has changed, if
 * lbhash_memory_find() has to be asked.
 */
struct lbhash_memory_glance
lbhash_memory_glance(const struct lbhash_memory *memory, u64 print, u64 place,
		     u32 seq, u32 end, u32 now)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	struct entry seen LBHASH_UNINITIALIZED;
	struct glimpse at LBHASH_UNINITIALIZED;
	u32 apart;

	if (unlikely(!store))
		return glance(LBHASH_MEMORY_UNKNOWN, 0);
	if (unlikely(!glimpse(store, print, &at)))
		return glance(LBHASH_MEMORY_UNSURE, 0);
	if (!at.entry || unlikely(!is_at(at.entry, print, place)))
		return unlikely(has_changed(at.bucket, at.changes)) ?
		       glance(LBHASH_MEMORY_UNSURE, 0) :
		       glance(LBHASH_MEMORY_UNKNOWN, 0);
	read_entry(&seen, at.entry);
	if (unlikely(has_changed(at.bucket, at.changes)))
		return glance(LBHASH_MEMORY_UNSURE, 0);

	apart = seq - seen.seq;
	if (likely((seen.about & STATE) == LBHASH_MEMORY_OPEN)) {
		if (unlikely(apart + (u32)LEAST_WINDOW - 1 >=
			     2 * (u32)LEAST_WINDOW - 1))
			return glance(LBHASH_MEMORY_UNSURE, 0);
		/* It begins within STRIDE. */
		touch(at.entry, &seen, max_t(s32, end - seen.seq, 0), now);
		return glance(LBHASH_MEMORY_KNOWN, seen.backend);
	}
	if (!(seen.about & STATE) && apart <= FIRST_WINDOW &&
	    likely(open_entry(store, print, at.entry, &seen, end, now)))
		return glance(LBHASH_MEMORY_ADOPTED, seen.backend);
	return glance(LBHASH_MEMORY_UNSURE, 0);
}

/**
 * lbhash_memory_glance_loose - find a flow without handshake
 * @memory: memory
 * @print: &lbhash_memory_packet.print of a packet of the flow
 * @place: lbhash_memory_place() of its slot and transition
 * @idle: &lbhash_memory_packet.idle
 * @now: present time in seconds
 *
 * Context: packet path, RCU.
 * Return: LBHASH_MEMORY_KNOWN, or LBHASH_MEMORY_UNSURE as above.
 */
struct lbhash_memory_glance
lbhash_memory_glance_loose(const struct lbhash_memory *memory, u64 print,
			   u64 place, u32 idle, u32 now)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	const u32 state = LBHASH_MEMORY_SINGLE | LBHASH_MEMORY_OVERDUE |
			  LBHASH_MEMORY_FLOW;
	struct entry seen LBHASH_UNINITIALIZED;
	struct glimpse at LBHASH_UNINITIALIZED;

	if (unlikely(!store) || unlikely(!glimpse(store, print, &at)) ||
	    unlikely(!at.entry))
		return glance(LBHASH_MEMORY_UNSURE, 0);
	read_entry(&seen, at.entry);
	if (unlikely(!is_at(at.entry, print, place)) ||
	    unlikely(has_changed(at.bucket, at.changes)) ||
	    unlikely((seen.about & state) != LBHASH_MEMORY_FLOW))
		return glance(LBHASH_MEMORY_UNSURE, 0);
	if (unlikely(seen.last != now)) {
		if (seconds_since(seen.last, now) >= idle)
			return glance(LBHASH_MEMORY_UNSURE, 0);
		cmpxchg(&at.entry->last, seen.last, now);
	}
	return glance(LBHASH_MEMORY_KNOWN, seen.backend);
}

static struct lbhash_memory_glance
glance_at(const struct lbhash_memory *memory,
	  const struct lbhash_memory_packet *packet)
{
	u64 place = lbhash_memory_place(packet->slot, packet->transition);

	if (packet->kind == LBHASH_MEMORY_LOOSE)
		return lbhash_memory_glance_loose(memory, packet->print, place,
						  packet->idle, packet->now);
	if (packet->kind == LBHASH_MEMORY_CONTINUES &&
	    packet->opener == packet->print && !packet->fin && !packet->rst)
		return lbhash_memory_glance(memory, packet->print, place,
					    packet->seq, packet->end,
					    packet->now);
	return glance(LBHASH_MEMORY_UNSURE, 0);
}

/**
 * lbhash_memory_find - find the connection of a packet
 * @memory: memory
 * @packet: packet; its slot is in transition
 * @backend: out, number of the backend, of KNOWN, ADOPTED and REPEATS
 *
 * Keeps the entry up to date. Takes a lock only for packets that complete a
 * handshake or end a connection, and for the second one of a connection that
 * was not seen to begin.
 *
 * Context: packet path, RCU.
 * Return: what is known.
 */
enum lbhash_memory_found
lbhash_memory_find(struct lbhash_memory *memory,
		   const struct lbhash_memory_packet *packet, u32 *backend)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	struct lbhash_memory_glance first;

	if (unlikely(!store))
		return LBHASH_MEMORY_UNKNOWN;
	first = glance_at(memory, packet);
	if (first.found != LBHASH_MEMORY_UNSURE) {
		*backend = first.backend;
		return first.found;
	}
	switch (packet->kind) {
	case LBHASH_MEMORY_CONTINUES:
		return find_later(memory, store, packet, backend);
	case LBHASH_MEMORY_OPENS:
		return find_opener(store, packet, backend);
	case LBHASH_MEMORY_LOOSE:
		return find_loose(store, packet, backend);
	default:
		return find_newest(store, packet, backend);
	}
}

/* An entry of the packet's flow, with one of @flags if there are any. */
static struct entry *find_any(struct lbhash_memory_store *store,
			      const struct lbhash_memory_packet *packet,
			      u32 flags, struct bucket **bucket)
{
	int choice, place;

	for (choice = 0; choice < CHOICES; choice++) {
		*bucket = find_bucket(store, packet->print, choice);
		for (place = 0; place < PLACES; place++) {
			struct entry *entry = &(*bucket)->entries[place];

			if (is_taken(*bucket, place) &&
			    is_of(entry, packet->print, packet) &&
			    (!flags || entry->about & flags))
				return entry;
		}
	}
	return NULL;
}

/**
 * lbhash_memory_glance_opener - remember the opener of a connection
 * @memory: memory
 * @print: &lbhash_memory_packet.print of a packet of kind LBHASH_MEMORY_OPENS
 * @place: lbhash_memory_place() of its slot and transition
 * @opener: the packet, and where it goes
 * @now: present time in seconds
 *
 * Does for most of these packets what lbhash_memory_open() does for all of them
 * without flags.
 *
 * Context: packet path, RCU.
 * Return: true for LBHASH_MEMORY_KNOWN; false, and nothing has changed, if
 * lbhash_memory_open() has to be asked.
 */
bool lbhash_memory_glance_opener(struct lbhash_memory *memory, u64 print,
				 u64 place, struct lbhash_memory_opener opener,
				 u32 now)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	const struct entry new = {
		.print = print,
		.slot = pack_slot(place, opener.end - opener.seq),
		.transition = place >> 32,
		.seq = opener.seq,
		.last = now,
		.backend = opener.backend,
		.about = pack_about(opener.service, 0),
	};
	struct stripe *stripe;
	bool done;

	if (unlikely(!store))
		return false;
	stripe = find_stripe(store, print);
	spin_lock_bh(&stripe->lock);
	done = put_opener(memory, store, stripe, &new, now);
	spin_unlock_bh(&stripe->lock);
	return done;
}

/**
 * lbhash_memory_lacks - is nothing known of the flow of an opener?
 * @memory: memory
 * @print: &lbhash_memory_packet.print of a packet of kind LBHASH_MEMORY_OPENS
 * @seq: &lbhash_memory_packet.seq
 *
 * Does for most of these packets what lbhash_memory_open() does for all with
 * LBHASH_MEMORY_BESIDE.
 *
 * Context: packet path, RCU.
 * Return: true for LBHASH_MEMORY_KNOWN; false if lbhash_memory_open() has to be
 * asked.
 */
bool lbhash_memory_lacks(const struct lbhash_memory *memory, u64 print, u32 seq)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	struct glimpse at LBHASH_UNINITIALIZED;

	return !store ||
	       (glimpse(store, print, &at) && !at.entry &&
		!has_changed(at.bucket, at.changes) &&
		!was_refused(store, print, seq));
}

/* As new as any: room is made, and what repeats it will find it. */
static enum lbhash_memory_found
open_locked(struct lbhash_memory *memory, struct lbhash_memory_store *store,
	    struct stripe *stripe, const struct lbhash_memory_packet *packet,
	    u32 *backend, u8 flags)
{
	struct entry new LBHASH_UNINITIALIZED;
	struct look at LBHASH_UNINITIALIZED;
	enum lbhash_memory_found found;
	struct bucket *bucket;

	new = entry_for(packet, packet->print, *backend, 0);
	new.seq = packet->seq;
	new.slot = pack_slot(packet->slot, packet->end - packet->seq);
	if (!(flags & LBHASH_MEMORY_BESIDE) &&
	    put_opener(memory, store, stripe, &new, packet->now))
		return LBHASH_MEMORY_KNOWN;
	while (flags & LBHASH_MEMORY_RENEW && look_for(store, packet, &at) &&
	       !at.misfit)
		if (change_entry(stripe, at.bucket, at.entry, &at.seen, &new))
			return LBHASH_MEMORY_KNOWN;
	found = flags & LBHASH_MEMORY_RENEW ?
		find_refused(store, packet) :
		find_opener(store, packet, backend);
	if (unlikely(found != LBHASH_MEMORY_UNKNOWN))
		return found;
	if (flags & LBHASH_MEMORY_BESIDE &&
	    !find_any(store, packet, 0, &bucket))
		return LBHASH_MEMORY_KNOWN;
	if (likely(put(memory, store, stripe, &new, packet->now)))
		return LBHASH_MEMORY_KNOWN;
	if (!is_sample(packet))
		note_refusal(store, packet);
	return LBHASH_MEMORY_REFUSED;
}

/**
 * lbhash_memory_open - remember the opener of a connection
 * @memory: memory
 * @packet: packet of kind LBHASH_MEMORY_OPENS
 * @backend: in: number of the owner's backend; out: number of the backend of
 *	the connection that the packet repeats, of LBHASH_MEMORY_REPEATS
 * @flags: LBHASH_MEMORY_RENEW if the backend of what the packet repeats takes
 *	no connections any more: then it gets *@backend, too;
 *	LBHASH_MEMORY_BESIDE if what is unknown is at *@backend: there is
 *	nothing to remember unless something else of the flow is
 *
 * Context: packet path, RCU.
 * Return: LBHASH_MEMORY_KNOWN: later packets will find the backend;
 * LBHASH_MEMORY_REPEATS; or LBHASH_MEMORY_REFUSED: there is no room, or was
 * none when the packet came first, and it has to go home.
 */
enum lbhash_memory_found
lbhash_memory_open(struct lbhash_memory *memory,
		   const struct lbhash_memory_packet *packet, u32 *backend,
		   u8 flags)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	enum lbhash_memory_found found = LBHASH_MEMORY_KNOWN;
	struct stripe *stripe;

	if (likely(store)) {
		stripe = find_stripe(store, packet->print);
		spin_lock_bh(&stripe->lock);
		found = open_locked(memory, store, stripe, packet, backend,
				    flags);
		spin_unlock_bh(&stripe->lock);
	} else if (!(flags & LBHASH_MEMORY_BESIDE)) {
		if (!is_sample(packet))
			atomic64_inc(&memory->refused);
		found = LBHASH_MEMORY_REFUSED;
	}
	if (unlikely(found == LBHASH_MEMORY_REFUSED) && !is_sample(packet))
		note_loss(memory, LBHASH_MEMORY_HOME, packet->now);
	return found;
}

/* Another CPU may have been faster. */
static bool learn_locked(struct lbhash_memory *memory,
			 struct lbhash_memory_store *store,
			 struct stripe *stripe,
			 const struct lbhash_memory_packet *packet,
			 const struct entry *new)
{
	struct entry old LBHASH_UNINITIALIZED;
	struct look at LBHASH_UNINITIALIZED;
	struct bucket *bucket;
	struct entry *entry;

	/* A flow has one entry, which may have expired. */
	if (packet->kind == LBHASH_MEMORY_LOOSE) {
		entry = find_any(store, packet, LBHASH_MEMORY_FLOW, &bucket);
		if (entry && age_of(entry, packet->now) < packet->idle)
			return true;
		if (entry) {
			read_entry(&old, entry);
			return change_entry(stripe, bucket, entry, &old, new);
		}
	} else if (look_for(store, packet, &at)) {
		return true;
	}
	return put(memory, store, stripe, new, packet->now);
}

/**
 * lbhash_memory_learn - remember a connection that was not seen to begin
 * @memory: memory
 * @packet: unknown packet of kind LBHASH_MEMORY_CONTINUES or _LOOSE
 * @backend: number of the backend that it goes to
 * @home: unknown packets of its slot go there, and will
 *
 * To be called for all unknown packets of flows without handshake; for others
 * when the settle time is over, or if only the owner is usable. An RST is not
 * remembered.
 *
 * Context: packet path, RCU.
 * Return: false if there is no room: then the packet has to go home.
 */
bool lbhash_memory_learn(struct lbhash_memory *memory,
			 const struct lbhash_memory_packet *packet, u32 backend,
			 bool home)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	u8 flags = LBHASH_MEMORY_OPEN | LBHASH_MEMORY_SINGLE;
	struct stripe *stripe;
	bool done = false;
	struct entry new LBHASH_UNINITIALIZED;

	if (packet->kind == LBHASH_MEMORY_LOOSE)
		flags |= LBHASH_MEMORY_FLOW;
	else if (packet->rst)
		return true;
	if (packet->fin)
		flags |= LBHASH_MEMORY_FIN;
	if (home)
		flags |= LBHASH_MEMORY_HOME;
	if (likely(store)) {
		new = entry_for(packet, packet->print, backend, flags);
		stripe = find_stripe(store, packet->print);
		spin_lock_bh(&stripe->lock);
		done = learn_locked(memory, store, stripe, packet, &new);
		spin_unlock_bh(&stripe->lock);
	} else if (!is_sample(packet)) {
		atomic64_inc(&memory->refused);
	}
	if (!done && !is_sample(packet))
		note_loss(memory, flags | LBHASH_MEMORY_HOME, packet->now);
	return done;
}

/**
 * lbhash_memory_move - give a remembered connection another backend
 * @memory: memory
 * @packet: packet of the connection
 * @from: number of its backend, which is not usable
 * @to: number of the owner's
 *
 * Context: packet path, RCU.
 */
void lbhash_memory_move(struct lbhash_memory *memory,
			const struct lbhash_memory_packet *packet, u32 from,
			u32 to)
{
	struct lbhash_memory_store *store = rcu_dereference(memory->store);
	struct stripe *stripe;
	struct entry new LBHASH_UNINITIALIZED;
	struct look at LBHASH_UNINITIALIZED;

	if (!store)
		return;
	stripe = find_stripe(store, packet->print);
	spin_lock_bh(&stripe->lock);
	if (look_for(store, packet, &at) && at.seen.backend == from) {
		new = at.seen;
		new.backend = to;
		new.about &= ~(LBHASH_MEMORY_HOME | LBHASH_MEMORY_KEPT);
		change_entry(stripe, at.bucket, at.entry, &at.seen, &new);
	}
	spin_unlock_bh(&stripe->lock);
}

/* --- walks -----------------------------------------------------------------*/

static struct lbhash_memory_info info_of(const struct entry *at)
{
	struct entry entry;

	read_entry(&entry, at);
	return (struct lbhash_memory_info){
		.print = entry.print,
		.service = entry.about >> FLAG_BITS,
		.slot = entry_slot(&entry),
		.transition = entry.transition,
		.seq = entry.seq,
		.more = entry_more(&entry),
		.last = entry.last,
		.backend = entry.backend,
		.flags = entry.about & FLAGS,
	};
}

/**
 * lbhash_memory_is_busy - does an entry need its slot to stay in transition?
 * @info: an entry whose backend is not the owner of its slot
 * @now: present time in seconds
 * @idle: seconds that a silent connection is remembered
 *
 * Return: true if its connection may go on.
 */
bool lbhash_memory_is_busy(const struct lbhash_memory_info *info, u32 now,
			   u32 idle)
{
	const struct entry entry = {
		.last = info->last,
		.about = info->flags,
	};

	return info->flags & LBHASH_MEMORY_OPEN &&
	       !(info->flags & LBHASH_MEMORY_SINGLE) &&
	       !has_expired(&entry, now) && age_of(&entry, now) < idle;
}

/**
 * lbhash_memory_is_over - has the connection of an entry ended?
 * @info: an entry
 * @now: present time in seconds
 *
 * Return: true if the entry is only kept for as long as there is room.
 */
bool lbhash_memory_is_over(const struct lbhash_memory_info *info, u32 now)
{
	const struct entry entry = {
		.last = info->last,
		.about = info->flags,
	};

	return has_expired(&entry, now);
}

/* If it is being opened, the next sweep does it. */
static void set_flag(struct entry *entry, u32 flag)
{
	u32 about = READ_ONCE(entry->about);

	if (!(about & flag))
		cmpxchg(&entry->about, about, about | flag);
}

/* Entries that have expired go only where there is not much room: as long as
 * they are there, what continues them is known.
 */
static void judge_bucket(struct stripe *stripe, struct bucket *bucket,
			 bool is_scarce, u32 now, lbhash_memory_judge judge,
			 void *data)
{
	int place;

	for (place = 0; place < PLACES; place++) {
		struct entry *entry = &bucket->entries[place];
		struct lbhash_memory_info info;

		if (!is_taken(bucket, place))
			continue;
		info = info_of(entry);
		switch (judge(&info, data)) {
		case LBHASH_MEMORY_KEEP:
			set_flag(entry, LBHASH_MEMORY_KEPT);
			break;
		case LBHASH_MEMORY_RELEASE:
			set_flag(entry, LBHASH_MEMORY_OVERDUE);
			break;
		case LBHASH_MEMORY_DROP:
			remove_entry(stripe, bucket, place);
			continue;
		default:
			break;
		}
		if (is_scarce && has_expired(entry, now))
			remove_entry(stripe, bucket, place);
	}
}

static void turn_refused(struct lbhash_memory_store *store, u32 now)
{
	u32 early = !store->late;

	if (now - store->turned_at < HALF_OPEN_FOR)
		return;
	store->turned_at = now;
	WRITE_ONCE(store->refuses[early], false);
	memset(store->refused[early], 0, sizeof(store->refused[early]));
	WRITE_ONCE(store->late, early);
}

/**
 * lbhash_memory_sweep - look at all entries
 * @memory: memory
 * @now: present time in seconds
 * @judge: callback, says what becomes of an entry
 * @data: argument of @judge
 *
 * To be called every few seconds, and before a slot that has settled enters
 * transition again.
 *
 * Context: may sleep; lets other tasks run.
 */
void lbhash_memory_sweep(struct lbhash_memory *memory, u32 now,
			 lbhash_memory_judge judge, void *data)
{
	struct lbhash_memory_store *store;
	struct buckets *buckets;
	struct stripe *stripe;
	u32 at;

	mutex_lock(&memory->mutex);
	store = held_store(memory);
	if (!store)
		goto out;
	turn_refused(store, now);
	buckets = held_buckets(store);
	for (at = 0; at <= buckets->mask; at++) {
		if (at % 256 == 255)
			cond_resched();
		if (!READ_ONCE(buckets->bucket[at].tags))
			continue;
		rcu_read_lock();
		stripe = find_stripe(store, at);
		spin_lock_bh(&stripe->lock);
		judge_bucket(stripe, &buckets->bucket[at],
			     stripe->entries > stripe_places(buckets) / 4, now,
			     judge, data);
		spin_unlock_bh(&stripe->lock);
		rcu_read_unlock();
	}
out:
	mutex_unlock(&memory->mutex);
}

/**
 * lbhash_memory_dump - visit entries, in several calls if need be
 * @memory: memory
 * @position: in and out, 0 before the first call; where to go on
 * @visit: callback
 * @data: argument of @visit
 *
 * What is there all the time is visited, some of it twice if the memory grows
 * between two calls.
 *
 * Context: may sleep.
 */
void lbhash_memory_dump(struct lbhash_memory *memory, u64 *position,
			lbhash_memory_visitor visit, void *data)
{
	struct lbhash_memory_store *store;
	struct lbhash_memory_info info;
	struct buckets *buckets;
	struct stripe *stripe;
	bool goes_on = true;
	u64 n;

	mutex_lock(&memory->mutex);
	store = held_store(memory);
	if (!store)
		goto out;
	buckets = held_buckets(store);
	n = (buckets->mask + 1ull) * (PLACES + 1);
	for (; goes_on && *position < n; ++*position) {
		u32 place = *position % (PLACES + 1);
		u32 at = *position / (PLACES + 1);
		struct bucket *bucket = &buckets->bucket[at];

		if (!place)
			cond_resched();
		if (place == PLACES || !READ_ONCE(bucket->tags))
			continue;
		stripe = find_stripe(store, at);
		spin_lock_bh(&stripe->lock);
		if (is_taken(bucket, place)) {
			info = info_of(&bucket->entries[place]);
			goes_on = visit(&info, data);
		}
		spin_unlock_bh(&stripe->lock);
		if (!goes_on)
			break;
	}
out:
	mutex_unlock(&memory->mutex);
}

/* Is the one entry of a connection newer than the other, or further? */
static bool replaces(const struct entry *new, const struct entry *old, u32 now)
{
	if (old->about & ~new->about & LBHASH_MEMORY_OPEN)
		return false;
	return age_of(old, now) >= age_of(new, now);
}

/**
 * lbhash_memory_insert - remember what another balancer does
 * @memory: memory
 * @info: entry; slot, transition and backend are this balancer's
 * @now: present time in seconds
 *
 * An entry of the same connection is replaced unless it is newer.
 *
 * Context: may sleep.
 * Return: false if there is no room.
 */
bool lbhash_memory_insert(struct lbhash_memory *memory,
			  const struct lbhash_memory_info *info, u32 now)
{
	const struct entry new = {
		.print = info->print,
		.slot = pack_slot(info->slot, info->more),
		.transition = info->transition,
		.seq = info->seq,
		.last = info->last,
		.backend = info->backend,
		.about = pack_about(info->service, info->flags),
	};
	const struct lbhash_memory_packet packet = {
		.print = info->print,
		.slot = info->slot,
		.transition = info->transition,
		.opener = info->print,
		.seq = info->seq,
		.now = now,
		.idle = ~0u,
		.kind = info->flags & LBHASH_MEMORY_FLOW ?
			LBHASH_MEMORY_LOOSE :
			info->flags & LBHASH_MEMORY_OPEN ?
			LBHASH_MEMORY_CONTINUES : LBHASH_MEMORY_OPENS,
	};
	struct lbhash_memory_store *store;
	struct stripe *stripe;
	struct look at LBHASH_UNINITIALIZED;
	bool done = true;

	rcu_read_lock();
	store = rcu_dereference(memory->store);
	if (!store) {
		rcu_read_unlock();
		return false;
	}
	stripe = find_stripe(store, info->print);
	spin_lock_bh(&stripe->lock);
	if (!look_for(store, &packet, &at))
		done = put(memory, store, stripe, &new, now);
	else if (replaces(&new, &at.seen, now))
		change_entry(stripe, at.bucket, at.entry, &at.seen, &new);
	spin_unlock_bh(&stripe->lock);
	rcu_read_unlock();
	return done;
}

/**
 * lbhash_memory_count - tell how full a memory is
 * @memory: memory
 * @counts: out
 *
 * Context: may sleep.
 */
void lbhash_memory_count(struct lbhash_memory *memory,
			 struct lbhash_memory_counts *counts)
{
	struct lbhash_memory_store *store;
	u32 i;

	mutex_lock(&memory->mutex);
	*counts = (struct lbhash_memory_counts){
		.refused = atomic64_read(&memory->refused),
		.evicted = memory->evicted,
		.failed = memory->failed,
	};
	store = held_store(memory);
	if (store) {
		counts->places = (u64)STRIPES *
				 stripe_places(held_buckets(store));
		for (i = 0; i < STRIPES; i++) {
			const struct stripe *stripe = &store->stripe[i];

			counts->entries += READ_ONCE(stripe->entries);
			counts->half_open += atomic_read(&stripe->half_open);
			counts->refused += READ_ONCE(stripe->refused);
			counts->evicted += READ_ONCE(stripe->evicted);
		}
	}
	mutex_unlock(&memory->mutex);
}
