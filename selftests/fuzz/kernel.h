/* SPDX-License-Identifier: GPL-2.0 */
/* A kernel for lbhashctl to talk to. */
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
 * struct kernel - what it knows, and how it behaves
 * @services: objects by the names of services; numbers as netlink has them,
 *	bytes as hex digits
 * @random: state of the dice, from the input
 * @babbles: answers to questions are whatever the dice say
 * @refuses: one of so many names and operations, always the same; 0 for none
 * @refused: it did
 * @refusal: and said why; "" if it did not say
 * @error: the errno of that
 * @older: it does not know most attributes
 * @newer: it says more than lbhashctl knows
 * @lacks: an operation that it does not know, 0 for none
 * @requests: that it got
 * @changes: requests that change something and are no dry runs
 */
struct kernel {
	json_t *services;
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

/* Between its parts. */
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
