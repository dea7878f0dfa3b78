/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of each object, a file each; apply, save and flush share one,
 * and so do memory and set.
 */
#ifndef _LBHASHCTL_COMMANDS_H
#define _LBHASHCTL_COMMANDS_H

#include "command.h"

extern const struct command service_commands[];
extern const struct command backend_commands[];
extern const struct command apply_commands[];
extern const struct command save_commands[];
extern const struct command flush_commands[];
extern const struct command lookup_commands[];
extern const struct command table_commands[];
extern const struct command stats_commands[];
extern const struct command memory_commands[];
extern const struct command set_commands[];
extern const struct command monitor_commands[];
extern const struct command metrics_commands[];
extern const struct command version_commands[];

#endif /* _LBHASHCTL_COMMANDS_H */
