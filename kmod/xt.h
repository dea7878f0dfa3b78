/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBHASH_XT_H
#define LBHASH_XT_H

int lbhash_xt_init(void);
void lbhash_xt_exit(void);

#endif /* LBHASH_XT_H */
