/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_DRAFT_H
#define LBHASH_DRAFT_H

#include "table.h"

struct lbhash_refusal;

/**
 * struct lbhash_draft - a configuration that is being edited
 * @base: table that the draft starts from, valid while &lbhash_net.mutex is
 *	held; NULL for a new service
 * @conf: attributes of the service; lbhash_draft_check() makes the size a prime
 * @forgotten: connections that a change of @conf forgets, see
 *	lbhash_settle_count_away()
 * @members: backends; the draft holds a reference to each
 * @n: number of members
 * @room: capacity of @members
 * @sorted: number of members, at the beginning of @members, that are sorted by
 *	name and existed before
 */
struct lbhash_draft {
	const struct lbhash_table *base;
	struct lbhash_conf conf;
	u32 forgotten;
	struct lbhash_member *members;
	u32 n;
	u32 room;
	u32 sorted;
};

void lbhash_draft_default(struct lbhash_draft *draft, const char *name,
			  const struct lbhash_table *base);
int lbhash_draft_copy(struct lbhash_draft *draft,
		      const struct lbhash_table *table, u32 spare);
struct lbhash_member *lbhash_draft_find(struct lbhash_draft *draft,
					const char *name);
struct lbhash_member *lbhash_draft_add(struct lbhash_draft *draft,
				       const char *name);
void lbhash_draft_remove(struct lbhash_draft *draft,
			 struct lbhash_member *member);
void lbhash_draft_clear(struct lbhash_draft *draft);
void lbhash_draft_free(struct lbhash_draft *draft);
int lbhash_draft_check(struct lbhash_draft *draft, struct lbhash_refusal *why);
bool lbhash_draft_is_base(const struct lbhash_draft *draft);

#endif /* LBHASH_DRAFT_H */
