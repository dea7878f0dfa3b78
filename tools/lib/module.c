// SPDX-License-Identifier: GPL-2.0
/*
 * The version of the loaded module.
 */
#include <stdio.h>
#include <string.h>

#include "module.h"

/* Return: false if no module is loaded, or its version is not known. */
bool lb_module_version(char text[LB_VERSION_MAX])
{
	bool found;
	FILE *in;

	in = fopen("/sys/module/xt_lbhash/version", "r");
	if (!in)
		return false;
	found = fgets(text, LB_VERSION_MAX, in);
	fclose(in);
	if (!found)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return *text;
}
