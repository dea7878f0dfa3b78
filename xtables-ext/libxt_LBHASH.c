// SPDX-License-Identifier: GPL-2.0
/*
 * The LBHASH target: give a packet to a backend of a service. In revision 1 a
 * rule follows its service in what the rule does not say. Revision 0 is for
 * modules that have no other.
 */
#include <stdio.h>
#include <string.h>
#include <xtables.h>

#include <linux/netfilter/xt_lbhash.h>
#include "service.h"

enum {
	O_SERVICE,
	O_TRACK,
	O_ADOPT,
	O_FORWARD,
	F_SERVICE = 1 << O_SERVICE,
	F_ADOPT	  = 1 << O_ADOPT,
};

static const struct xt_option_entry LBHASH_opts[] = {
	{ .name = "service", .id = O_SERVICE, .type = XTTYPE_STRING,
	  .excl = F_ADOPT, .flags = XTOPT_PUT,
	  XTOPT_POINTER(struct xt_lbhash_target_info, service) },
	{ .name = "track", .id = O_TRACK, .type = XTTYPE_STRING,
	  .also = F_SERVICE },
	{ .name = "adopt", .id = O_ADOPT, .type = XTTYPE_NONE,
	  .excl = F_SERVICE },
	{ .name = "forward", .id = O_FORWARD, .type = XTTYPE_NONE,
	  .also = F_SERVICE },
	XTOPT_TABLEEND,
};

static const char *const track_names[] = {
	[XT_LBHASH_TRACK_ALWAYS]  = "always",
	[XT_LBHASH_TRACK_NEVER]	  = "never",
	[XT_LBHASH_TRACK_CHANGED] = "changed",
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char usage[] =
"LBHASH target options:\n"
"  --service NAME          select a backend of this service\n"
"  --track always|changed|never\n"
"                          store the backend in conntrack: of every connection,\n"
"                          of connections in slots in transition (in mangle, of\n"
"                          every one), or never: the hash alone counts; default:\n"
"                          as the service says\n"
"  --forward               send packets to the backend's address, without\n"
"                          routing rules (PREROUTING only); default: deliver\n"
"                          them as the service says\n"
"  --adopt                 select no backend, only make conntrack accept\n"
"                          connections whose replies bypass this host\n";

static void LBHASH_help(void)
{
	fputs(usage, stdout);
}

static void LBHASH_init(struct xt_entry_target *target)
{
	struct xt_lbhash_target_info *info = (void *)target->data;

	info->track = XT_LBHASH_TRACK_SERVICE;
}

static unsigned int parse_track(const char *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(track_names); i++)
		if (strcmp(arg, track_names[i]) == 0)
			return i;

	xtables_error(PARAMETER_PROBLEM,
		      "LBHASH: --track \"%s\": must be one of always, changed, never",
		      arg);
}

static void LBHASH_parse(struct xt_option_call *cb)
{
	struct xt_lbhash_target_info *info = cb->data;

	if (cb->entry->id == O_SERVICE)
		lbhash_name_check(cb);

	xtables_option_parse(cb);
	switch (cb->entry->id) {
	case O_TRACK:
		info->track = parse_track(cb->arg);
		break;
	case O_ADOPT:
		info->flags |= XT_LBHASH_ADOPT;
		break;
	case O_FORWARD:
		info->flags |= XT_LBHASH_FORWARD;
		break;
	}
}

static void LBHASH_check(struct xt_fcheck_call *cb)
{
	const struct xt_lbhash_target_info *info = cb->data;

	if (!(cb->xflags & (F_SERVICE | F_ADOPT)))
		xtables_error(PARAMETER_PROBLEM,
			      "LBHASH: --service NAME or --adopt is needed");

	if (cb->xflags & F_SERVICE)
		lbhash_service_warn("LBHASH", info->service);
}

static const char *track_name(unsigned int track)
{
	return track < ARRAY_SIZE(track_names) ? track_names[track] : "unknown";
}

/* A rule of revision 0 says everything. So that it means the same when it is
 * restored in revision 1, --track is always printed for it.
 */
static void show(const struct xt_entry_target *target, const char *dash)
{
	const struct xt_lbhash_target_info *info = (const void *)target->data;

	if (info->flags & XT_LBHASH_ADOPT) {
		printf(" %sadopt", dash);
		return;
	}

	printf(" %sservice %s", dash, info->service);
	if (info->track != XT_LBHASH_TRACK_SERVICE)
		printf(" %strack %s", dash, track_name(info->track));
	if (info->flags & XT_LBHASH_FORWARD)
		printf(" %sforward", dash);
}

static void LBHASH_print(const void *ip, const struct xt_entry_target *target,
			 int numeric)
{
	printf(" LBHASH");
	show(target, "");
}

static void LBHASH_save(const void *ip, const struct xt_entry_target *target)
{
	show(target, "--");
}

#define LBHASH_TARGET(rev)						\
	.version	= XTABLES_VERSION,				\
	.name		= "LBHASH",					\
	.revision	= (rev),					\
	.family		= NFPROTO_UNSPEC,				\
	.size		= XT_ALIGN(sizeof(struct xt_lbhash_target_info)), \
	.userspacesize	= offsetof(struct xt_lbhash_target_info, svc),	\
	.help		= LBHASH_help,					\
	.print		= LBHASH_print,					\
	.save		= LBHASH_save,					\
	.x6_parse	= LBHASH_parse,					\
	.x6_fcheck	= LBHASH_check,					\
	.x6_options	= LBHASH_opts

static struct xtables_target LBHASH_targets[] = {
	{ LBHASH_TARGET(0) },
	{ LBHASH_TARGET(1), .init = LBHASH_init },
};

static void __attribute__((constructor)) LBHASH_register(void)
{
	xtables_register_targets(LBHASH_targets, ARRAY_SIZE(LBHASH_targets));
}
