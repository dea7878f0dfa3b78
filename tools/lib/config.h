/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_CONFIG_H
#define _LB_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct lb;
struct lb_commit;
struct lb_error;

int lb_config_load(FILE *in, json_t **config, struct lb_error *error);
int lb_config_read(const json_t *config, bool is_disruptive,
		   struct lb_commit *commit, json_t *names,
		   struct lb_error *error);
int lb_config_prune(struct lb *lb, const json_t *names,
		    struct lb_commit *commit, struct lb_error *error);
int lb_config_save(struct lb *lb, json_t **config, struct lb_error *error);

#endif /* _LB_CONFIG_H */
