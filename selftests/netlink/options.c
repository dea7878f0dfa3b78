// SPDX-License-Identifier: GPL-2.0
/*
 * The command line; main.c describes it.
 */
#include <getopt.h>
#include <stdlib.h>

#include "nlfuzz.h"

struct options options = { .seed = 1, .count = 1000, .capable = true };

void parse_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "failures", no_argument, NULL, 'f' },
		{ "unprivileged", no_argument, NULL, 'u' },
		{ "verbose", no_argument, NULL, 'v' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			options.count = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			options.failures = true;
			break;
		case 'u':
			options.capable = false;
			break;
		case 'v':
			options.verbose = true;
			break;
		default:
			exit(2);
		}
	}
}
