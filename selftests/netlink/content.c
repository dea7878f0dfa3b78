// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the content of answers with the model.
 */
#include <string.h>

#include "nlfuzz.h"

struct service *must_know(const char *name)
{
	struct service *svc = model_find(name);

	if (!svc)
		complain("an unknown service %s", name);
	return svc;
}

void same(const char *whose, const char *what, uint64_t want, uint64_t got)
{
	if (want != got)
		complain("%s: %s: want %ju, got %ju", whose, what,
			 (uintmax_t)want, (uintmax_t)got);
}

static void judge_service(const struct nlmsghdr *answer)
{
	struct seen_service seen;
	const struct service *got;
	struct service *svc;

	read_service(answer, &seen);
	got = &seen.svc;
	svc = must_know(got->name);
	same(svc->name, "size", svc->size, got->size);
	same(svc->name, "fields", svc->fields, got->fields);
	same(svc->name, "src4", svc->src4, got->src4);
	same(svc->name, "dst4", svc->dst4, got->dst4);
	same(svc->name, "src6", svc->src6, got->src6);
	same(svc->name, "dst6", svc->dst6, got->dst6);
	same(svc->name, "mask", svc->mask, got->mask);
	same(svc->name, "on-empty", svc->on_empty, got->on_empty);
	same(svc->name, "settle", svc->settle, got->settle);
	same(svc->name, "track", svc->track, got->track);
	same(svc->name, "deliver", svc->deliver, got->deliver);
	same(svc->name, "idle", svc->idle, got->idle);
	same(svc->name, "udp-idle", svc->udp_idle, got->udp_idle);
	same(svc->name, "settle-max", svc->settle_max, got->settle_max);
	same(svc->name, "sample", svc->sample, got->sample);
	same(svc->name, "generation", svc->generation, got->generation);
	same(svc->name, "rules", svc->rules, got->rules);
	same(svc->name, "backends", svc->n, seen.backends);
	same(svc->name, "has seed", options.capable, seen.has_seed);
	if (seen.has_seed && memcmp(svc->seed, got->seed, sizeof(svc->seed)))
		complain("service %s: another seed", svc->name);
	if (seen.transitions > svc->size ||
	    (seen.has_settles_in && !seen.transitions))
		complain("service %s: %u slots in transition", svc->name,
			 seen.transitions);
	/* There is no traffic: no connection can hold a slot. */
	if (!model.inserted)
		same(svc->name, "holding", 0, seen.holding);
	same(svc->name, "has holding", options.capable, seen.has_holding);
	same(svc->name, "digest", service_digest(svc), seen.digest);
}

static const struct backend *must_have_backend(const struct service *svc,
					       const char *name)
{
	const struct backend *backend = service_backend(svc, name);

	if (!backend)
		complain("service %s has no backend %s", svc->name, name);
	return backend;
}

/* Return: the number of slots that the backend owns. */
static uint32_t judge_backend(const struct service *svc,
			      const struct nlattr *nest)
{
	const struct backend *b;
	struct seen_backend seen;

	read_backend(nest, &seen);
	b = must_have_backend(svc, seen.backend.name);
	same(b->name, "mark", b->mark, seen.backend.mark);
	same(b->name, "weight", b->weight, seen.backend.weight);
	same(b->name, "state", b->state, seen.backend.state);
	if (memcmp(b->addr4, seen.backend.addr4, 4) ||
	    memcmp(b->addr6, seen.backend.addr6, 16))
		complain("backend %s: another address", b->name);
	if (seen.slots > svc->size || (seen.slots && !backend_is_active(b)))
		complain("backend %s: %u slots", b->name, seen.slots);
	return seen.slots;
}

static void judge_stats(const struct nlmsghdr *answer)
{
	const struct nlattr *tb[ATTRS_MAX], *attr, *one[ATTRS_MAX];
	uint64_t seen = 0, packets = 0;
	uint32_t id;

	parse_message(tb, answer);
	mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_REASON)
			continue;
		parse_nest(one, &spec_reason, attr);
		id = read_u32(one, LBHASH_REASON_A_ID);
		if (seen >> id & 1)
			complain("a reason twice");
		seen |= 1ull << id;
		packets += read_u64(one, LBHASH_REASON_A_PACKETS);
	}
	if (!tb[LBHASH_A_PACKETS] && !seen)
		return;
	same(read_name(tb, LBHASH_A_NAME), "reasons",
	     (1ull << (LBHASH_REASON_MAX + 1)) - 1, seen);
	same(read_name(tb, LBHASH_A_NAME), "packets", packets,
	     read_u64(tb, LBHASH_A_PACKETS));
	read_u64(tb, LBHASH_A_BYTES);
}

static void judge_table(const struct nlmsghdr *answer,
			const struct verdict *v, struct service *svc)
{
	const struct nlattr *tb[ATTRS_MAX];
	bool active = service_actives(svc);
	uint32_t i, j, n, rest;
	const uint32_t *marks;

	parse_message(tb, answer);
	same(svc->name, "first slot", v->first_slot,
	     read_u32(tb, LBHASH_A_FIRST_SLOT));
	same(svc->name, "size", svc->size, read_u32(tb, LBHASH_A_SIZE));
	same(svc->name, "generation", svc->generation,
	     read_u64(tb, LBHASH_A_GENERATION));
	same(svc->name, "digest", service_digest(svc),
	     read_u64(tb, LBHASH_A_DIGEST));
	if (!tb[LBHASH_A_MARKS])
		complain("no marks");
	marks = mnl_attr_get_payload(tb[LBHASH_A_MARKS]);
	n = mnl_attr_get_payload_len(tb[LBHASH_A_MARKS]) / sizeof(*marks);
	rest = svc->size - v->first_slot;
	if (!n || n > rest || (n < rest && n < 1024))
		complain("%u marks of %u", n, rest);
	for (i = 0; i < n; i++) {
		for (j = 0; j < svc->n; j++)
			if (svc->backends[j].mark == marks[i] &&
			    backend_is_active(&svc->backends[j]))
				break;
		if (active ? j == svc->n : marks[i])
			complain("slot %u has mark %u", v->first_slot + i,
				 marks[i]);
	}
}

/* Return: the backend that a decision names, or NULL. */
static const struct backend *decided(const struct service *svc,
				     const struct nlattr **tb, unsigned int id)
{
	return tb[id] ? must_have_backend(svc, read_name(tb, id)) : NULL;
}

static void judge_lookup(const struct nlmsghdr *answer,
			 const struct service *svc)
{
	const struct nlattr *tb[ATTRS_MAX], *d[ATTRS_MAX];
	const struct backend *b;

	parse_message(tb, answer);
	parse_nest(d, &spec_decision, tb[LBHASH_A_DECISION]);
	if (read_u32(d, LBHASH_DECISION_A_SLOT) >= svc->size)
		complain("there is no such slot");
	read_u32(d, LBHASH_DECISION_A_REASON);
	same(svc->name, "has an owner", !!service_actives(svc),
	     !!d[LBHASH_DECISION_A_OWNER]);
	b = decided(svc, d, LBHASH_DECISION_A_OWNER);
	if (b && (!backend_is_active(b) || !d[LBHASH_DECISION_A_BACKEND]))
		complain("owner %s", b->name);
	/* One that is down may return. */
	decided(svc, d, LBHASH_DECISION_A_PREVIOUS);
	b = decided(svc, d, LBHASH_DECISION_A_BACKEND);
	if (b && b->state == LBHASH_STATE_DOWN)
		complain("backend %s is down", b->name);
	if (b)
		same(b->name, "mark", b->mark,
		     read_u32(d, LBHASH_DECISION_A_MARK));
}

/* Judge a backend in the answer to a dry run. */
static void judge_share(const struct nlattr *nest, const struct verdict *v,
			struct shown *shown)
{
	const struct service *old = model_find(v->name);
	const struct nlattr *tb[ATTRS_MAX];
	uint32_t slots, before;
	const char *name;

	parse_nest(tb, &spec_backend, nest);
	name = read_name(tb, LBHASH_BACKEND_A_NAME);
	if (!(v->draft && service_backend(v->draft, name)) &&
	    !(old && service_backend(old, name)))
		complain("backend %s is of no service", name);
	slots = read_u32(tb, LBHASH_BACKEND_A_SLOTS);
	before = read_u32(tb, LBHASH_BACKEND_A_BEFORE);
	if (tb[LBHASH_BACKEND_A_GAINED])
		same(name, "slots, by gains and losses", slots,
		     before + read_u32(tb, LBHASH_BACKEND_A_GAINED) -
		     read_u32(tb, LBHASH_BACKEND_A_LOST));
	else if (!v->moves)
		complain("backend %s gains nothing", name);
	shown->backends++;
	shown->slots += slots;
	shown->before += before;
}

static void judge_change(const struct nlattr **tb, uint32_t size)
{
	const struct nlattr *change[ATTRS_MAX];
	uint32_t moved;

	parse_nest(change, &spec_change, tb[LBHASH_A_CHANGE]);
	moved = read_u32(change, LBHASH_CHANGE_A_MOVED);
	if (moved > size || read_u32(change, LBHASH_CHANGE_A_NEEDED) > moved ||
	    read_u32(change, LBHASH_CHANGE_A_ENTERED) > size ||
	    read_u32(tb, LBHASH_A_TRANSITION_SLOTS) > size)
		complain("%u slots of %u would move", moved, size);
	same("dry run", "size", size, read_u32(tb, LBHASH_A_SIZE));
}

/**
 * judge_rehearsal() - judge a message of the answer to a dry run
 * @answer: the message
 * @v: the prediction
 * @shown: sums over all messages, updated
 */
void judge_rehearsal(const struct nlmsghdr *answer, const struct verdict *v,
		     struct shown *shown)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(answer);
	const struct nlattr *tb[ATTRS_MAX], *attr;

	parse_message(tb, answer);
	if (genl->cmd != v->op->cmd ||
	    strcmp(read_name(tb, LBHASH_A_NAME), v->name))
		complain("an answer about something else");
	if (!shown->messages++)
		judge_change(tb, v->draft ? v->draft->size :
			     model_find(v->name)->size);
	mnl_attr_for_each(attr, answer, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == LBHASH_A_BACKEND)
			judge_share(attr, v, shown);
}

/**
 * judge_rehearsals() - check that all backends and all slots were shown
 * @v: the prediction
 * @shown: sums over all messages
 */
void judge_rehearsals(const struct verdict *v, const struct shown *shown)
{
	const struct service *old = model_find(v->name), *new = v->draft;
	uint32_t i, n = new ? new->n : 0;

	for (i = 0; old && i < old->n; i++)
		n += !new || !service_backend(new, old->backends[i].name);
	same(v->name, "backends", n, shown->backends);
	same(v->name, "slots", new && service_actives(new) ? new->size : 0,
	     shown->slots);
	same(v->name, "slots before",
	     old && service_actives(old) ? old->size : 0, shown->before);
}

static void judge_backends_of(const struct nlmsghdr *answer,
			      const struct service *svc, uint32_t *slots,
			      uint32_t *n)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
			continue;
		*slots += judge_backend(svc, attr);
		++*n;
	}
}

static void judge_memory(const struct nlmsghdr *answer)
{
	const struct nlattr *tb[ATTRS_MAX], *key;

	parse_message(tb, answer);
	same("memory", "limit", model.limit, read_u32(tb, LBHASH_A_LIMIT));
	if (read_u32(tb, LBHASH_A_HALF_OPEN) > read_u32(tb, LBHASH_A_ENTRIES))
		complain("more half-open entries than entries");
	if (!model.inserted)
		same("memory", "entries", 0, read_u32(tb, LBHASH_A_ENTRIES));
	read_u64(tb, LBHASH_A_REFUSED);
	read_u64(tb, LBHASH_A_EVICTED);
	if (!options.failures)
		same("memory", "failed", 0, read_u64(tb, LBHASH_A_FAILED));
	key = tb[LBHASH_A_MEMORY_KEY];
	same("memory", "has key", options.capable, !!key);
	if (key && memcmp(mnl_attr_get_payload(key), model.key,
			  sizeof(model.key)))
		complain("memory: another key");
}

static void judge_entries(const struct nlmsghdr *answer,
			  const struct service *svc)
{
	const struct nlattr *attr, *tb[ATTRS_MAX];

	mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_ENTRY)
			continue;
		if (!model.inserted)
			complain("an entry without traffic");
		parse_nest(tb, &spec_entry, attr);
		must_have_backend(svc, read_name(tb, LBHASH_ENTRY_A_BACKEND));
		if (read_u32(tb, LBHASH_ENTRY_A_SLOT) >= svc->size ||
		    read_u32(tb, LBHASH_ENTRY_A_AGE) > LBHASH_IDLE_MAX)
			complain("an entry of another service");
		read_u64(tb, LBHASH_ENTRY_A_PRINT);
		read_u32(tb, LBHASH_ENTRY_A_SEQUENCE);
		read_u32(tb, LBHASH_ENTRY_A_BYTES);
		read_u32(tb, LBHASH_ENTRY_A_FLAGS);
	}
}

static void judge_insertion(const struct nlmsghdr *answer,
			    const struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];

	parse_message(tb, answer);
	same(v->name, "entries", v->entries, read_u32(tb, LBHASH_A_ENTRIES) +
	     read_u32(tb, LBHASH_A_SKIPPED));
}

void judge_reply(const struct nlmsghdr *answer, const struct verdict *v)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(answer);
	struct service *svc = model_find(v->name);
	const struct nlattr *tb[ATTRS_MAX];
	uint32_t slots = 0, n = 0;

	parse_message(tb, answer);
	if (genl->cmd != v->op->cmd ||
	    (genl->cmd != LBHASH_CMD_MEMORY_GET &&
	     strcmp(read_name(tb, LBHASH_A_NAME), v->name)))
		complain("an answer about something else");
	switch (genl->cmd) {
	case LBHASH_CMD_MEMORY_GET:
		judge_memory(answer);
		break;
	case LBHASH_CMD_ENTRY_GET:
		judge_entries(answer, svc);
		break;
	case LBHASH_CMD_ENTRY_NEW:
		judge_insertion(answer, v);
		break;
	case LBHASH_CMD_SERVICE_GET:
		judge_service(answer);
		break;
	case LBHASH_CMD_BACKEND_GET:
		judge_backends_of(answer, svc, &slots, &n);
		same(v->name, "backends", 1, n);
		break;
	case LBHASH_CMD_STATS_GET:
		judge_stats(answer);
		break;
	case LBHASH_CMD_TABLE_GET:
		judge_table(answer, v, svc);
		break;
	case LBHASH_CMD_LOOKUP:
		judge_lookup(answer, svc);
		break;
	}
}

static void judge_backend_stats(const struct nlmsghdr *answer,
				const struct service *svc, uint32_t *n)
{
	const struct nlattr *attr, *tb[ATTRS_MAX];
	const struct backend *b;

	mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
			continue;
		parse_nest(tb, &spec_backend, attr);
		b = must_have_backend(svc,
				      read_name(tb, LBHASH_BACKEND_A_NAME));
		same(b->name, "mark", b->mark,
		     read_u32(tb, LBHASH_BACKEND_A_MARK));
		++*n;
	}
}

static void judge_backend_connections(const struct nlmsghdr *answer,
				      const struct service *svc, uint32_t *n)
{
	const struct nlattr *attr, *tb[ATTRS_MAX];
	const struct backend *b;

	mnl_attr_for_each(attr, answer, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
			continue;
		parse_nest(tb, &spec_backend, attr);
		b = must_have_backend(svc,
				      read_name(tb, LBHASH_BACKEND_A_NAME));
		same(b->name, "has connections", options.capable,
		     !!tb[LBHASH_BACKEND_A_REMEMBERED]);
		if (options.capable && !model.inserted)
			same(b->name, "connections", 0,
			     read_u32(tb, LBHASH_BACKEND_A_REMEMBERED));
		++*n;
	}
}

/**
 * judge_part() - judge a message of a dump
 * @answer: the message
 * @v: the prediction
 * @shown: sums for each service that has been shown; an empty entry ends them
 */
void judge_part(const struct nlmsghdr *answer, const struct verdict *v,
		struct shown *shown)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(answer);
	const struct nlattr *tb[ATTRS_MAX];
	struct service *svc;

	parse_message(tb, answer);
	if (genl->cmd != v->op->cmd || !(answer->nlmsg_flags & NLM_F_MULTI) ||
	    answer->nlmsg_flags & NLM_F_DUMP_INTR)
		complain("not a part of the dump, or torn");
	svc = must_know(read_name(tb, LBHASH_A_NAME));
	if (v->name[0] && strcmp(v->name, svc->name))
		complain("service %s was not asked for", svc->name);
	while (shown->svc && shown->svc != svc)
		shown++;
	shown->svc = svc;
	shown->messages++;
	switch (genl->cmd) {
	case LBHASH_CMD_SERVICE_GET:
		judge_service(answer);
		break;
	case LBHASH_CMD_BACKEND_GET:
		judge_backends_of(answer, svc, &shown->slots,
				  &shown->backends);
		break;
	case LBHASH_CMD_MEMORY_GET:
		judge_backend_connections(answer, svc, &shown->backends);
		break;
	default:
		judge_stats(answer);
		judge_backend_stats(answer, svc, &shown->backends);
	}
}

void judge_sum(const struct shown *shown, const struct verdict *v)
{
	const struct service *svc = shown->svc;

	if (v->op->cmd == LBHASH_CMD_SERVICE_GET) {
		same(svc->name, "messages", 1, shown->messages);
		return;
	}
	same(svc->name, "backends", svc->n, shown->backends);
	if (v->op->cmd == LBHASH_CMD_BACKEND_GET)
		same(svc->name, "slots", service_actives(svc) ? svc->size : 0,
		     shown->slots);
}
