// SPDX-License-Identifier: GPL-2.0
/* Faults that the checks of programs must find; not part of any build. */
#include <stdlib.h>

int planted_use_after_free(int *words)
{
	free(words);
	return words[0];
}

int planted_leak(int word)
{
	int *words = malloc(sizeof(*words));

	if (word)
		return 0;
	free(words);
	return 1;
}
