/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBHASHCTL_COLOR_H
#define _LBHASHCTL_COLOR_H

enum color { PLAIN, HEADING, NAME, GOOD, WARNING, BAD, BAR };

const char *color_mode(const char *when);
void color_begin(enum color color);
void color_end(enum color color);

enum color color_of_state(const char *state);

#endif /* _LBHASHCTL_COLOR_H */
