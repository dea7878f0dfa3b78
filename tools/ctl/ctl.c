// SPDX-License-Identifier: GPL-2.0
/*
 * What all commands look at.
 */
#include "ctl.h"

struct ctl ctl;
