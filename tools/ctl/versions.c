// SPDX-License-Identifier: GPL-2.0
/*
 * The versions of lbhashctl and of the loaded module.
 *
 * Attributes that only the module knows are ignored, those that only lbhashctl
 * knows are null; a request that the module does not know is refused.
 */
#include <stddef.h>
#include <string.h>

#include "../lib/module.h"
#include "fail.h"
#include "versions.h"

/* Return: an object; the version of a module that is not loaded is null. */
json_t *versions_json(void)
{
	char module[LB_VERSION_MAX];

	return json_pack("{s:s, s:s?}", "lbhashctl", VERSION, "xt_lbhash",
			 lb_module_version(module) ? module : NULL);
}

/* As in "the module 0.1.0 is older than lbhashctl 0.2.0"; to be freed. */
char *versions_difference(void)
{
	char module[LB_VERSION_MAX];
	int order;

	if (!lb_module_version(module))
		return must_print("the module does not match lbhashctl %s",
				  VERSION);
	order = strverscmp(module, VERSION);
	return must_print("the module %s is %s lbhashctl %s", module,
			  order < 0 ? "older than" : order > 0 ? "newer than" :
			  "a different build than", VERSION);
}
