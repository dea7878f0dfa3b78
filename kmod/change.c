// SPDX-License-Identifier: GPL-2.0
/*
 * What a change costs: how many slots move, how many of them had to, and how
 * many need a memory. For dry runs, events, and to name a price.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "change.h"
#include "table.h"

#define NO_SHARE	U32_MAX

/* Shares of the members of @after come first, of those that left last;
 * @indices maps the members of @before to them. Together they can be more than
 * a slot can name.
 */
static void list_backends(struct lbhash_change *change, u32 *indices,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after)
{
	const struct lbhash_member *from, *to;
	u32 i, at = 0;

	for (i = 0; i < after->n; i++)
		change->shares[i] = (struct lbhash_share){
			.name = after->members[i].backend->name,
			.after = after->members[i].slots,
		};
	change->n = after->n;

	for (i = 0; i < before->n; i++) {
		from = &before->members[i];
		to = lbhash_member_seek(after->members, after->n, &at,
					from->backend->name);
		if (to && to->backend == from->backend) {
			indices[i] = to - after->members;
		} else {
			indices[i] = change->n++;
			change->shares[indices[i]] = (struct lbhash_share){
				.name = from->backend->name,
			};
		}
		change->shares[indices[i]].before = from->slots;
	}
}

static u32 index_of(const u32 *indices, u16 member)
{
	return member == LBHASH_NOBODY ? NO_SHARE : indices[member];
}

static u32 index_after(u16 member)
{
	return member == LBHASH_NOBODY ? NO_SHARE : member;
}

/* A settled slot, with indices that all fit into one. */
static bool stays(u32 old, u32 new, const u32 *indices)
{
	return lbhash_slot_is_settled(old) &&
	       new == lbhash_slot(indices[lbhash_slot_owner(old)],
				  LBHASH_NOBODY);
}

static void compare_slots(struct lbhash_change *change, const u32 *indices,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after)
{
	bool both = before->slots && after->slots &&
		    change->n <= LBHASH_NOBODY;
	struct lbhash_share *shares = change->shares;
	u32 i, old, new, left, came, size = after->size;

	lbhash_for_each_slot(i, size) {
		/* Almost all slots stay as they are. */
		if (both && stays(before->slots[i], after->slots[i], indices))
			continue;
		old = lbhash_table_at(before, i);
		new = lbhash_table_at(after, i);
		left = index_of(indices, lbhash_slot_owner(old));
		came = index_after(lbhash_slot_owner(new));
		if (left != came) {
			if (left != NO_SHARE) {
				change->moved++;
				shares[left].lost++;
			}
			if (came != NO_SHARE)
				shares[came].gained++;
		}
		if (lbhash_slot_in_transition(new) &&
		    !lbhash_slot_in_transition(old)) {
			change->entered++;
			shares[lbhash_slot_previous(new)].entered++;
		}
	}
}

/* First hash, in units of 2^-32 of them all, behind a slot of a table; the
 * inverse of lbhash_table_slot().
 */
static u64 end_of_slot(u32 slot, u32 size)
{
	return div_u64(((u64)(slot + 1) << 32) + size - 1, size);
}

/* Hashes, of 2^32, that stay with their backend when only the size changes. */
static u64 hashes_that_stay(const u32 *indices,
			    const struct lbhash_table *before,
			    const struct lbhash_table *after)
{
	u64 at = 0, stay = 0, end, old_end, new_end;
	u32 old = 0, new = 0;
	u16 from, to;

	while (at >> 32 == 0) {
		old_end = end_of_slot(old, before->size);
		new_end = end_of_slot(new, after->size);
		end = min(old_end, new_end);
		from = lbhash_slot_owner(lbhash_table_at(before, old));
		to = lbhash_slot_owner(lbhash_table_at(after, new));
		if (to != LBHASH_NOBODY && to == index_of(indices, from))
			stay += end - at;
		at = end;
		old += at == old_end;
		new += at == new_end;
	}
	return stay;
}

/* Likewise when flows get another hash: slots meet at random. */
static u64 hashes_that_meet(const struct lbhash_change *change, u32 before_size,
			    u32 after_size)
{
	u64 stay = 0, share;
	u32 i;

	for (i = 0; i < change->n; i++) {
		share = div_u64((u64)change->shares[i].before << 32,
				before_size);
		stay += div_u64(share * change->shares[i].after, after_size);
	}
	return stay;
}

/* A slot is not what it was: moves are a share of the flows. */
static void estimate_moves(struct lbhash_change *change, const u32 *indices,
			   const struct lbhash_table *before,
			   const struct lbhash_table *after)
{
	bool same_hash = lbhash_table_has_same_hash(before, after);
	u64 stay;

	if (lbhash_table_is_empty(before))
		return;
	stay = same_hash ? hashes_that_stay(indices, before, after) :
		hashes_that_meet(change, before->size, after->size);
	change->moved = after->size - ((stay * after->size) >> 32);
	change->entered = after->transitions;
}

static u32 count_needed(const struct lbhash_change *change, u32 before_size,
			u32 after_size)
{
	u32 i, before, needed = 0;

	for (i = 0; i < change->n; i++) {
		before = div_u64((u64)change->shares[i].before * after_size,
				 before_size);
		if (before > change->shares[i].after)
			needed += before - change->shares[i].after;
	}
	return needed;
}

/**
 * lbhash_change_measure - what a change does
 * @change: out
 * @before: table of the service now, NULL for a service that is to come
 * @after: table that is to follow, NULL for a service that is to go
 *
 * Context: may sleep.
 * Return: 0, and lbhash_change_free() is due; or -ENOMEM.
 */
int lbhash_change_measure(struct lbhash_change *change,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after)
{
	const struct lbhash_table *either = before ?: after;
	struct lbhash_table nothing = {
		.size = either->size,
		.conf = either->conf,
	};
	u32 *indices;

	before = before ?: &nothing;
	after = after ?: &nothing;
	*change = (struct lbhash_change){
		.size = after->size,
		.transitions = after->transitions,
		.by_slot = !before->slots ||
			   lbhash_table_is_comparable(before, after),
	};
	indices = kvmalloc_array(before->n ?: 1, sizeof(*indices), LBHASH_GFP);
	change->shares = kvmalloc_array((before->n + after->n) ?: 1,
					sizeof(*change->shares), LBHASH_GFP);
	if (!indices || !change->shares) {
		kvfree(indices);
		kvfree(change->shares);
		return -ENOMEM;
	}

	list_backends(change, indices, before, after);
	if (change->by_slot)
		compare_slots(change, indices, before, after);
	else
		estimate_moves(change, indices, before, after);
	change->needed = min(change->moved,
			     count_needed(change, before->size, after->size));
	kvfree(indices);
	return 0;
}

/**
 * lbhash_change_free - let go what lbhash_change_measure() made
 * @change: it
 */
void lbhash_change_free(struct lbhash_change *change)
{
	kvfree(change->shares);
}
