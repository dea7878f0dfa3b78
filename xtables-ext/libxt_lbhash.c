// SPDX-License-Identifier: GPL-2.0
/* The lbhash match: the state of the packet's connection with LBHASH. */
#include <stdio.h>
#include <xtables.h>

#include <linux/netfilter/xt_lbhash.h>
#include "service.h"

enum {
	O_SYN_SEEN,
	O_PINNED_TO,
	O_SERVICE,
	F_SYN_SEEN  = 1 << O_SYN_SEEN,
	F_PINNED_TO = 1 << O_PINNED_TO,
	F_SERVICE   = 1 << O_SERVICE,
};

static const struct xt_option_entry lbhash_opts[] = {
	{ .name = "syn-seen", .id = O_SYN_SEEN, .type = XTTYPE_NONE,
	  .flags = XTOPT_INVERT },
	{ .name = "pinned-to", .id = O_PINNED_TO, .type = XTTYPE_STRING,
	  .also = F_SERVICE, .flags = XTOPT_INVERT | XTOPT_PUT,
	  XTOPT_POINTER(struct xt_lbhash_match_info, backend) },
	{ .name = "service", .id = O_SERVICE, .type = XTTYPE_STRING,
	  .also = F_PINNED_TO, .flags = XTOPT_PUT,
	  XTOPT_POINTER(struct xt_lbhash_match_info, service) },
	XTOPT_TABLEEND,
};

static const char usage[] =
"lbhash match options:\n"
"[!] --syn-seen            conntrack has seen a SYN of the packet's connection\n"
"                          and no reply\n"
"[!] --pinned-to BACKEND --service NAME\n"
"                          the packet's connection is pinned to this backend\n";

static void lbhash_help(void)
{
	fputs(usage, stdout);
}

static void lbhash_parse(struct xt_option_call *cb)
{
	struct xt_lbhash_match_info *info = cb->data;

	if (cb->entry->type == XTTYPE_STRING)
		lbhash_name_check(cb);

	xtables_option_parse(cb);
	switch (cb->entry->id) {
	case O_SYN_SEEN:
		info->flags |= XT_LBHASH_SYN_SEEN;
		if (cb->invert)
			info->flags |= XT_LBHASH_SYN_SEEN_INV;
		break;
	case O_PINNED_TO:
		info->flags |= XT_LBHASH_PINNED_TO;
		if (cb->invert)
			info->flags |= XT_LBHASH_PINNED_TO_INV;
		break;
	}
}

static void lbhash_check(struct xt_fcheck_call *cb)
{
	const struct xt_lbhash_match_info *info = cb->data;

	if (!cb->xflags)
		xtables_error(PARAMETER_PROBLEM,
			      "lbhash: --syn-seen or --pinned-to BACKEND --service NAME is needed");

	if (cb->xflags & F_SERVICE)
		lbhash_service_warn("lbhash", info->service);
}

static void show(const struct xt_entry_match *match, const char *dash)
{
	const struct xt_lbhash_match_info *info = (const void *)match->data;

	if (info->flags & XT_LBHASH_SYN_SEEN)
		printf("%s %ssyn-seen",
		       info->flags & XT_LBHASH_SYN_SEEN_INV ? " !" : "", dash);

	if (info->flags & XT_LBHASH_PINNED_TO)
		printf("%s %spinned-to %s %sservice %s",
		       info->flags & XT_LBHASH_PINNED_TO_INV ? " !" : "", dash,
		       info->backend, dash, info->service);
}

static void lbhash_print(const void *ip, const struct xt_entry_match *match,
			 int numeric)
{
	printf(" lbhash");
	show(match, "");
}

static void lbhash_save(const void *ip, const struct xt_entry_match *match)
{
	show(match, "--");
}

static struct xtables_match lbhash_match = {
	.version	= XTABLES_VERSION,
	.name		= "lbhash",
	.family		= NFPROTO_UNSPEC,
	.size		= XT_ALIGN(sizeof(struct xt_lbhash_match_info)),
	.userspacesize	= offsetof(struct xt_lbhash_match_info, svc),
	.help		= lbhash_help,
	.print		= lbhash_print,
	.save		= lbhash_save,
	.x6_parse	= lbhash_parse,
	.x6_fcheck	= lbhash_check,
	.x6_options	= lbhash_opts,
};

static void __attribute__((constructor)) lbhash_register(void)
{
	xtables_register_match(&lbhash_match);
}
