// SPDX-License-Identifier: GPL-2.0
/*
 * JSON of netlink attributes, and small things that jansson leaves to others.
 */
#include <errno.h>
#include <linux/lbhash.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "json.h"

json_t *lb_json_uint(const struct nlattr *attr)
{
	return attr ? json_integer(lb_uint(attr)) : json_null();
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if (*text & 0x80)
			return false;
	return true;
}

/* Names are ASCII: other text is null, rather than perhaps invalid UTF-8. */
json_t *lb_json_text(const struct nlattr *attr)
{
	const char *text = lb_str(attr);

	return text && is_ascii(text) ? json_string(text) : json_null();
}

/* 16 hex digits: numbers of 64 bits do not fit those of every program. */
json_t *lb_json_digest(const struct nlattr *attr)
{
	return attr ? json_sprintf("%016llx", lb_uint(attr)) : json_null();
}

/* 32 hex digits: the seed of a hash, or the key of the flow memory. */
json_t *lb_json_seed(const struct nlattr *attr)
{
	char text[2 * LBHASH_SEED_LEN + 1];
	const __u8 *seed;
	unsigned int i;

	if (!attr || mnl_attr_get_payload_len(attr) != LBHASH_SEED_LEN)
		return json_null();
	seed = mnl_attr_get_payload(attr);
	for (i = 0; i < LBHASH_SEED_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", seed[i]);
	return json_string(text);
}

/**
 * lb_json_choice() - JSON of an attribute that is an index of a list of names
 * @attr: an attribute that is a number, or NULL
 * @names: names of the numbers from 0 on, NULL-terminated
 *
 * Return: the name; the number, if it is one of a newer kernel; or null.
 */
json_t *lb_json_choice(const struct nlattr *attr, const char *const *names)
{
	__u64 index = lb_uint(attr);
	__u64 i;

	for (i = 0; attr && names[i]; i++)
		if (i == index)
			return json_string(names[i]);
	return lb_json_uint(attr);
}

/* Return: the number in an object, 0 if there is none. */
__u64 lb_json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Return: the string in an object, NULL if there is none. */
const char *lb_json_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Append a value, which is consumed. Return: 0; -ENOMEM if it is NULL, too. */
int lb_json_append(json_t *array, json_t *value)
{
	return json_array_append_new(array, value) ? -ENOMEM : 0;
}

/**
 * lb_json_continued() - find the service that a message of a dump continues
 * @services: array of the services so far
 * @name: name of the message's service
 *
 * A service that does not fit one message continues in those that follow it.
 *
 * Return: the last service, or NULL if it is another one.
 */
json_t *lb_json_continued(const json_t *services, const char *name)
{
	json_t *o = json_array_get(services, json_array_size(services) - 1);
	const char *last = lb_json_string(o, "service");

	return last && !strcmp(last, name) ? o : NULL;
}

static int compare(const void *a, const void *b, void *key)
{
	const json_t *const *left = a, *const *right = b;
	const char *x = lb_json_string(*left, key);
	const char *y = lb_json_string(*right, key);

	return strcmp(x ? x : "", y ? y : "");
}

/**
 * lb_json_sort() - sort an array of objects
 * @array: array of objects, sorted in place; unchanged on failure
 * @key: key of the string to sort by
 *
 * Return: 0 or -ENOMEM.
 */
int lb_json_sort(json_t *array, const char *key)
{
	size_t i, n = json_array_size(array);
	json_t **sorted;

	sorted = calloc(n + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		sorted[i] = json_incref(json_array_get(array, i));
	qsort_r(sorted, n, sizeof(*sorted), compare, (void *)key);
	/* The array keeps its memory, so that setting cannot fail. */
	for (i = 0; i < n; i++)
		json_array_set_new(array, i, sorted[i]);
	free(sorted);
	return 0;
}
