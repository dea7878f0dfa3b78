/* SPDX-License-Identifier: GPL-2.0 */
/* Names of services, for both extensions. */
#ifndef LBHASH_EXT_SERVICE_H
#define LBHASH_EXT_SERVICE_H

struct xt_option_call;

void lbhash_name_check(const struct xt_option_call *cb);
void lbhash_service_warn(const char *ext, const char *service);

#endif /* LBHASH_EXT_SERVICE_H */
