/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_JSON_H
#define _LB_JSON_H

#include <jansson.h>
#include <linux/types.h>

struct nlattr;

/*
 * JSON of an attribute; null if there is none. They return NULL without memory,
 * which json_pack("o") passes on.
 */
json_t *lb_json_uint(const struct nlattr *attr);
json_t *lb_json_text(const struct nlattr *attr);
json_t *lb_json_digest(const struct nlattr *attr);
json_t *lb_json_seed(const struct nlattr *attr);
json_t *lb_json_choice(const struct nlattr *attr, const char *const *names);

__u64 lb_json_number(const json_t *object, const char *key);
const char *lb_json_string(const json_t *object, const char *key);
int lb_json_append(json_t *array, json_t *value);
json_t *lb_json_continued(const json_t *services, const char *name);
int lb_json_sort(json_t *array, const char *key);

#endif /* _LB_JSON_H */
