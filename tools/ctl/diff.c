// SPDX-License-Identifier: GPL-2.0
/*
 * What a change does to slots and connections, as text.
 */
#include <stdio.h>

#include "../lib/json.h"
#include "diff.h"
#include "view.h"

/**
 * diff_print() - print what follows the number of slots that move
 * @numbers: an object with the numbers of lb_diff_read()
 * @move: verb of the slots that move
 * @enter: verb of those that enter transition
 */
void diff_print(const json_t *numbers, const char *move, const char *enter)
{
	unsigned long long forgotten = lb_json_number(numbers, "forgotten");

	printf(" slots %s (", move);
	view_print_number(numbers, "needed");
	fputs(" needed, ", stdout);
	view_print_number(numbers, "collateral");
	fputs(" collateral), ", stdout);
	view_print_number(numbers, "entered");
	printf(" %s transition", enter);
	if (forgotten)
		printf(", %llu %s forgotten", forgotten,
		       forgotten == 1 ? "connection" : "connections");
}
