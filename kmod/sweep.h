/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_SWEEP_H
#define LBHASH_SWEEP_H

struct lbhash_net;
struct lbhash_table;

void lbhash_sweep_init(struct lbhash_net *ln);
void lbhash_sweep_exit(struct lbhash_net *ln);
void lbhash_sweep_plan(struct lbhash_net *ln, const struct lbhash_table *table);
void lbhash_sweep_count(struct lbhash_net *ln);

#endif /* LBHASH_SWEEP_H */
