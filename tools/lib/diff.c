// SPDX-License-Identifier: GPL-2.0
/*
 * What a change does to the slots of a service, in numbers.
 */
#include <errno.h>
#include <linux/lbhash.h>

#include "attr.h"
#include "diff.h"
#include "json.h"

/* Return: slots that move without need, null if that is not known. */
static json_t *collateral(const struct nlattr **tb)
{
	const struct nlattr *moved = tb[LBHASH_CHANGE_A_MOVED];
	const struct nlattr *needed = tb[LBHASH_CHANGE_A_NEEDED];

	if (!moved || !needed)
		return json_null();
	return json_integer(lb_uint(moved) - lb_uint(needed));
}

/**
 * lb_diff_read() - read an attribute LBHASH_A_CHANGE
 * @into: object that gets the numbers of slots and connections
 * @nest: the attribute; NULL makes all of them null
 *
 * Return: 0 or -ENOMEM.
 */
int lb_diff_read(json_t *into, const struct nlattr *nest)
{
	const struct nlattr *tb[LBHASH_CHANGE_A_MAX + 1] = {};
	json_t *numbers;
	int rc;

	if (nest)
		lb_nested(nest, tb, LBHASH_CHANGE_A_MAX);
	numbers = json_pack("{s:o, s:o, s:o, s:o, s:o}",
			    "moved", lb_json_uint(tb[LBHASH_CHANGE_A_MOVED]),
			    "needed", lb_json_uint(tb[LBHASH_CHANGE_A_NEEDED]),
			    "collateral", collateral(tb),
			    "entered",
			    lb_json_uint(tb[LBHASH_CHANGE_A_ENTERED]),
			    "forgotten",
			    lb_json_uint(tb[LBHASH_CHANGE_A_FORGOTTEN]));
	rc = numbers ? json_object_update(into, numbers) : -1;
	json_decref(numbers);
	return rc ? -ENOMEM : 0;
}
