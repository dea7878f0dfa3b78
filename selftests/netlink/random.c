// SPDX-License-Identifier: GPL-2.0
/*
 * Random numbers, the same ones for the same seed.
 */
#include "nlfuzz.h"

static uint64_t state;

/* The output function of splitmix64. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t dice(void)
{
	return mix(state += 0x9e3779b97f4a7c15);
}

void dice_start(uint64_t seed)
{
	state = mix(seed);
}

/* below() - a number from 0 to n-1; 0 if n is 0 */
uint32_t below(uint32_t n)
{
	return n ? dice() % n : 0;
}

bool percent(unsigned int n)
{
	return below(100) < n;
}
