/* SPDX-License-Identifier: GPL-2.0 */
/* A model of the kernel that answers lbhashctl's requests. */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <linux/types.h>

struct genl_info;
struct nla_policy;
struct nlattr;
struct nlmsghdr;

/**
 * struct kernel - configuration and behaviour of the model
 * @services: an object for each service, by name; numbers have the values of
 *	netlink attributes, byte strings are hex digits
 * @limit: most entries of the flow memory
 * @random: state of the random number generator, seeded from the input
 * @babbles: queries are answered with random attributes
 * @refuses: one in @refuses pairs of operation and service name is refused,
 *	always the same ones; 0 for none
 * @refused: a request was refused
 * @refusal: sentence of the last refusal, "" if it had none
 * @error: errno of the last refusal
 * @older: the module is older: it lacks most attributes
 * @newer: the module is newer: it sends attributes that lbhashctl lacks
 * @lacks: LBHASH_CMD_* that the module does not support, 0 for none
 * @requests: number of requests received
 * @changes: number of requests for a change, dry runs excluded
 */
struct kernel {
	json_t *services;
	u32 limit;
	u32 random;
	bool babbles;
	u32 refuses;
	bool refused;
	char refusal[64];
	int error;
	bool older;
	bool newer;
	u8 lacks;
	unsigned int requests;
	unsigned int changes;
};

extern struct kernel kernel;

void kernel_start(u32 random);
u32 kernel_dice(u32 sides);
const char *kernel_hex(const void *bytes, size_t size);

/* For kernel*.c only. */
const char *kernel_name(const struct genl_info *info);
u64 kernel_number(const struct nlattr *attr);
void kernel_attrs(const u8 *data, size_t size, const struct nlattr **tb,
		  const struct nla_policy *policies, unsigned int most);
struct nlmsghdr *kernel_begin(u8 cmd);
void kernel_end(struct nlmsghdr *nlh);
void kernel_babble(u8 cmd);
const struct nlattr *kernel_unknown(const struct nlmsghdr *request);
void kernel_age(struct nlmsghdr *nlh);

#endif /* FUZZ_KERNEL_H */
