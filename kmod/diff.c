// SPDX-License-Identifier: GPL-2.0
/*
 * The difference between two tables of a service: how many slots move, how many
 * had to move, and how many enter transition. Dry runs and events report it,
 * and so does the refusal of a disruptive change.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "diff.h"
#include "table.h"

#define NO_SHARE	U32_MAX

/* Shares of the members of @after come first, then those of members that left.
 * @indices maps the members of @before to shares. There can be more shares than
 * a slot can name.
 */
static void list_backends(struct lbhash_diff *diff, u32 *indices,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after)
{
	const struct lbhash_member *from, *to;
	u32 i, at = 0;

	for (i = 0; i < after->n; i++)
		diff->shares[i] = (struct lbhash_share){
			.name = after->members[i].backend->name,
			.after = after->members[i].slots,
		};
	diff->n = after->n;

	for (i = 0; i < before->n; i++) {
		from = &before->members[i];
		to = lbhash_member_seek(after->members, after->n, &at,
					from->backend->name);
		if (to && to->backend == from->backend) {
			indices[i] = to - after->members;
		} else {
			indices[i] = diff->n++;
			diff->shares[indices[i]] = (struct lbhash_share){
				.name = from->backend->name,
			};
		}
		diff->shares[indices[i]].before = from->slots;
	}
}

static u32 index_of(const u32 *indices, u16 member)
{
	return member == LBHASH_NONE ? NO_SHARE : indices[member];
}

static u32 index_after(u16 member)
{
	return member == LBHASH_NONE ? NO_SHARE : member;
}

/* Does a settled slot keep its owner? All indices must fit into a slot. */
static bool stays(u32 old, u32 new, const u32 *indices)
{
	return lbhash_slot_is_settled(old) &&
	       new == lbhash_slot(indices[lbhash_slot_owner(old)],
				  LBHASH_NONE);
}

static void compare_slots(struct lbhash_diff *diff, const u32 *indices,
			  const struct lbhash_table *before,
			  const struct lbhash_table *after)
{
	bool both = lbhash_table_has_slots(before) &&
		    lbhash_table_has_slots(after) &&
		    diff->n <= LBHASH_NONE;
	struct lbhash_share *shares = diff->shares;
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
				diff->moved++;
				shares[left].lost++;
			}
			if (came != NO_SHARE)
				shares[came].gained++;
		}
		if (lbhash_slot_in_transition(new) &&
		    !lbhash_slot_in_transition(old)) {
			diff->entered++;
			shares[lbhash_slot_previous(new)].entered++;
		}
	}
}

/* The first 32-bit hash beyond a slot: the inverse of lbhash_table_slot(). */
static u64 end_of_slot(u32 slot, u32 size)
{
	return div_u64(((u64)(slot + 1) << 32) + size - 1, size);
}

/* How many of the 2^32 hashes keep their backend when only the size changes. */
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
		if (to != LBHASH_NONE && to == index_of(indices, from))
			stay += end - at;
		at = end;
		old += at == old_end;
		new += at == new_end;
	}
	return stay;
}

/* As above when flows get another hash, so that slots correspond at random. */
static u64 hashes_that_meet(const struct lbhash_diff *diff, u32 before_size,
			    u32 after_size)
{
	u64 stay = 0, share;
	u32 i;

	for (i = 0; i < diff->n; i++) {
		share = div_u64((u64)diff->shares[i].before << 32,
				before_size);
		stay += div_u64(share * diff->shares[i].after, after_size);
	}
	return stay;
}

/* Slots do not correspond: the moves are an estimate, from shares of flows. */
static void estimate_moves(struct lbhash_diff *diff, const u32 *indices,
			   const struct lbhash_table *before,
			   const struct lbhash_table *after)
{
	bool same_hash = lbhash_table_has_same_hash(before, after);
	u64 stay;

	if (lbhash_table_is_empty(before))
		return;
	stay = same_hash ? hashes_that_stay(indices, before, after) :
		hashes_that_meet(diff, before->size, after->size);
	diff->moved = after->size - ((stay * after->size) >> 32);
	diff->entered = after->transitions;
}

static u32 count_needed(const struct lbhash_diff *diff, u32 before_size,
			u32 after_size)
{
	u32 i, before, needed = 0;

	for (i = 0; i < diff->n; i++) {
		before = div_u64((u64)diff->shares[i].before * after_size,
				 before_size);
		if (before > diff->shares[i].after)
			needed += before - diff->shares[i].after;
	}
	return needed;
}

/**
 * lbhash_diff_compute - compare two tables of a service
 * @diff: out, for lbhash_diff_free() on success
 * @before: present table, NULL for a service that is being created
 * @after: next table, NULL for a service that is being deleted; may be @before
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lbhash_diff_compute(struct lbhash_diff *diff,
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
	*diff = (struct lbhash_diff){
		.size = after->size,
		.transitions = after->transitions,
		.by_slot = !lbhash_table_has_slots(before) ||
			   lbhash_table_is_comparable(before, after),
	};
	indices = kvmalloc_array(before->n ?: 1, sizeof(*indices), LBHASH_GFP);
	diff->shares = kvmalloc_array((before->n + after->n) ?: 1,
				      sizeof(*diff->shares), LBHASH_GFP);
	if (!indices || !diff->shares) {
		kvfree(indices);
		kvfree(diff->shares);
		return -ENOMEM;
	}

	list_backends(diff, indices, before, after);
	if (!diff->by_slot)
		estimate_moves(diff, indices, before, after);
	else if (before != after)
		compare_slots(diff, indices, before, after);
	diff->needed = min(diff->moved,
			   count_needed(diff, before->size, after->size));
	kvfree(indices);
	return 0;
}

/* Free what lbhash_diff_compute() allocated. */
void lbhash_diff_free(struct lbhash_diff *diff)
{
	kvfree(diff->shares);
}
