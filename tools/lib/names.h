/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LB_NAMES_H
#define _LB_NAMES_H

/* In the order of the enums of linux/lbhash.h, NULL-terminated. */
extern const char *const lb_hash_field_names[];
extern const char *const lb_on_empty_names[];
extern const char *const lb_track_names[];
extern const char *const lb_deliver_names[];
extern const char *const lb_state_names[];
extern const char *const lb_reason_names[];
extern const char *const lb_event_names[];
extern const char *const lb_entry_flag_names[];

#endif /* _LB_NAMES_H */
