// SPDX-License-Identifier: GPL-2.0
/*
 * Predicts the answer of the module to a message, from the specification, the
 * manual page and the model. If a request has several mistakes, the error of
 * any of them is a right answer.
 */
#include <errno.h>
#include <string.h>

#include "nlfuzz.h"

static void refuse(struct verdict *v, int error)
{
	unsigned int i;

	for (i = 0; i < v->n_errors; i++)
		if (v->errors[i] == error)
			return;
	v->errors[v->n_errors++] = error;
}

static const uint8_t *data_of(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

static void take_u32(uint32_t *to, const struct nlattr *attr)
{
	if (attr)
		memcpy(to, data_of(attr), sizeof(*to));
}

static void take_bytes(void *to, size_t len, const struct nlattr *attr)
{
	if (attr)
		memcpy(to, data_of(attr), len);
}

/* Copy a name, whose length has been checked. */
static void take_name(char *to, const struct nlattr *attr)
{
	copy_name(to, (const char *)data_of(attr));
}

static void take_settings(struct service *svc, const struct nlattr **tb)
{
	take_u32(&svc->size, tb[LBHASH_A_SIZE]);
	take_u32(&svc->fields, tb[LBHASH_A_FIELDS]);
	take_bytes(&svc->src4, 1, tb[LBHASH_A_SRC4_PREFIX]);
	take_bytes(&svc->dst4, 1, tb[LBHASH_A_DST4_PREFIX]);
	take_bytes(&svc->src6, 1, tb[LBHASH_A_SRC6_PREFIX]);
	take_bytes(&svc->dst6, 1, tb[LBHASH_A_DST6_PREFIX]);
	take_bytes(svc->seed, sizeof(svc->seed), tb[LBHASH_A_SEED]);
	take_u32(&svc->mask, tb[LBHASH_A_MASK]);
	take_u32(&svc->on_empty, tb[LBHASH_A_ON_EMPTY]);
	take_u32(&svc->settle, tb[LBHASH_A_SETTLE]);
	take_u32(&svc->track, tb[LBHASH_A_TRACK]);
	take_u32(&svc->deliver, tb[LBHASH_A_DELIVER]);
	take_u32(&svc->idle, tb[LBHASH_A_IDLE]);
	take_u32(&svc->udp_idle, tb[LBHASH_A_UDP_IDLE]);
	take_u32(&svc->settle_max, tb[LBHASH_A_SETTLE_MAX]);
	take_u32(&svc->sample, tb[LBHASH_A_SAMPLE]);
}

static void take_backend(struct backend *b, const struct nlattr **tb,
			 struct verdict *v)
{
	take_u32(&b->mark, tb[LBHASH_BACKEND_A_MARK]);
	take_u32(&b->weight, tb[LBHASH_BACKEND_A_WEIGHT]);
	take_u32(&b->state, tb[LBHASH_BACKEND_A_STATE]);
	take_bytes(b->addr4, 4, tb[LBHASH_BACKEND_A_ADDR4]);
	take_bytes(b->addr6, 16, tb[LBHASH_BACKEND_A_ADDR6]);
	if (b->weight > LBHASH_WEIGHT_MAX)
		refuse(v, ERANGE);
}

static bool parse_backend(const struct nlattr *attr, const struct nlattr **tb,
			  char *name, struct verdict *v)
{
	oracle_attrs(&spec_backend, ~0ull, data_of(attr),
		     attr->nla_len - NLA_HDRLEN, tb);
	name[0] = '\0';
	if (tb[LBHASH_BACKEND_A_NAME])
		take_name(name, tb[LBHASH_BACKEND_A_NAME]);
	if (!name_is_valid(name))
		refuse(v, EINVAL);
	return name_is_valid(name);
}

static void change_backend(struct service *svc, const struct nlattr *attr,
			   struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct backend *backend;
	char name[NAME_SIZE];

	if (!parse_backend(attr, tb, name, v))
		return;
	backend = service_backend(svc, name);
	switch (v->op->cmd) {
	case LBHASH_CMD_BACKEND_DEL:
		if (!backend)
			refuse(v, ENOENT);
		else
			service_drop(svc, backend);
		break;
	case LBHASH_CMD_BACKEND_SET:
		if (!backend)
			refuse(v, ENOENT);
		else
			take_backend(backend, tb, v);
		break;
	default:
		if (!tb[LBHASH_BACKEND_A_MARK])
			refuse(v, EINVAL);
		if (backend)
			refuse(v, EEXIST);
		take_backend(service_add(svc, name), tb, v);
	}
}

/* Return: the number of backends in the request. */
static unsigned int change_backends(struct service *svc,
				    const struct nlmsghdr *nlh,
				    struct verdict *v)
{
	const struct nlattr *attr;
	unsigned int n = 0;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != LBHASH_A_BACKEND)
			continue;
		change_backend(svc, attr, v);
		n++;
	}
	return n;
}

static void check_backends(const struct service *svc, struct verdict *v)
{
	const struct backend *b;
	unsigned int i, j;

	for (i = 0; i < svc->n; i++) {
		b = &svc->backends[i];
		if (!b->mark || b->mark & ~svc->mask)
			refuse(v, EINVAL);
		for (j = 0; j < i; j++)
			if (svc->backends[j].mark == b->mark)
				refuse(v, EEXIST);
	}
}

static bool differs(uint32_t fields, uint32_t a, uint32_t b)
{
	return !(fields & a) != !(fields & b);
}

static void check_settings(struct service *svc, struct verdict *v)
{
	bool ends_differ =
		differs(svc->fields, LBHASH_HASH_FIELD_SRC,
			LBHASH_HASH_FIELD_DST) ||
		differs(svc->fields, LBHASH_HASH_FIELD_SPORT,
			LBHASH_HASH_FIELD_DPORT) ||
		svc->src4 != svc->dst4 || svc->src6 != svc->dst6;

	if (svc->size < LBHASH_SIZE_MIN || svc->size > LBHASH_SIZE_MAX)
		refuse(v, ERANGE);
	else
		svc->size = next_prime(svc->size);
	if (svc->settle > LBHASH_SETTLE_MAX)
		refuse(v, ERANGE);
	if (!svc->idle || svc->idle > LBHASH_IDLE_MAX ||
	    !svc->udp_idle || svc->udp_idle > LBHASH_IDLE_MAX)
		refuse(v, ERANGE);
	if (svc->settle_max > LBHASH_SETTLE_MAX ||
	    (svc->settle_max && svc->settle_max < svc->settle))
		refuse(v, ERANGE);
	if (svc->sample > LBHASH_SAMPLE_MAX)
		refuse(v, ERANGE);
	if (!(svc->fields & ~LBHASH_HASH_FIELD_SYMMETRIC) ||
	    (svc->fields & LBHASH_HASH_FIELD_SYMMETRIC && ends_differ))
		refuse(v, EINVAL);
}

static bool moves_flows(const struct service *a, const struct service *b)
{
	return a->size != b->size || a->fields != b->fields ||
	       a->src4 != b->src4 || a->dst4 != b->dst4 ||
	       a->src6 != b->src6 || a->dst6 != b->dst6 ||
	       memcmp(a->seed, b->seed, sizeof(a->seed));
}

/* Make the service that a request with only a name creates. */
static struct service *default_service(const char *name)
{
	struct service *svc = must_alloc(sizeof(*svc));

	copy_name(svc->name, name);
	svc->size = LBHASH_SIZE_DEFAULT;
	svc->fields = LBHASH_HASH_FIELD_PROTO | LBHASH_HASH_FIELD_SRC |
		LBHASH_HASH_FIELD_DST | LBHASH_HASH_FIELD_SPORT |
		LBHASH_HASH_FIELD_DPORT;
	svc->src4 = 32;
	svc->dst4 = 32;
	svc->src6 = 128;
	svc->dst6 = 128;
	default_seed(svc->seed, name);
	svc->mask = 0xffffffff;
	svc->on_empty = LBHASH_ON_EMPTY_DROP;
	svc->settle = LBHASH_SETTLE_DEFAULT;
	svc->track = LBHASH_TRACK_ALWAYS;
	svc->deliver = LBHASH_DELIVER_MARK;
	svc->idle = LBHASH_IDLE_DEFAULT;
	svc->udp_idle = LBHASH_UDP_IDLE_DEFAULT;
	svc->generation = 1;
	return svc;
}

/* Do two versions of a backend say the same? The second one may not exist. */
static bool is_same_backend(const struct backend *a, const struct backend *b)
{
	return b && a->mark == b->mark && a->weight == b->weight &&
	       a->state == b->state &&
	       !memcmp(a->addr4, b->addr4, sizeof(a->addr4)) &&
	       !memcmp(a->addr6, b->addr6, sizeof(a->addr6));
}

static bool is_same(const struct service *a, const struct service *b)
{
	unsigned int i;

	if (moves_flows(a, b) || a->mask != b->mask ||
	    a->on_empty != b->on_empty || a->settle != b->settle ||
	    a->track != b->track || a->deliver != b->deliver ||
	    a->idle != b->idle || a->udp_idle != b->udp_idle ||
	    a->settle_max != b->settle_max || a->sample != b->sample ||
	    a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!is_same_backend(&a->backends[i],
				     service_backend(b, a->backends[i].name)))
			return false;
	return true;
}

static void change_service(const struct nlmsghdr *nlh,
			   const struct nlattr **tb, struct verdict *v)
{
	const struct service *old = model_find(v->name);
	bool disruptive = tb[LBHASH_A_DISRUPTIVE];
	uint8_t cmd = v->op->cmd;
	struct service *svc;
	unsigned int n;

	if (cmd == LBHASH_CMD_SERVICE_NEW || cmd == LBHASH_CMD_SERVICE_APPLY)
		svc = default_service(v->name);
	else
		svc = service_copy(old);
	take_settings(svc, tb);
	n = change_backends(svc, nlh, v);
	if (!n && cmd == LBHASH_CMD_BACKEND_DEL)
		svc->n = 0;
	else if (!n && (cmd == LBHASH_CMD_BACKEND_NEW ||
			cmd == LBHASH_CMD_BACKEND_SET))
		refuse(v, EINVAL);
	check_backends(svc, v);
	check_settings(svc, v);
	if (old) {
		svc->rules = old->rules;
		svc->generation = old->generation + 1;
		v->moves = moves_flows(old, svc);
		if (old->rules && !disruptive && v->moves)
			refuse(v, EBUSY);
	}
	v->warns = svc->size / 100 < svc->n;
	v->draft = svc;
	v->same = old && is_same(old, svc);
	v->changes = !v->same;
	svc->has_digest = false;
}

static void get_backend(const struct nlattr *attr, struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];

	if (!attr)
		refuse(v, EINVAL);
	else if (parse_backend(attr, tb, v->backend, v) &&
		 !service_backend(model_find(v->name), v->backend))
		refuse(v, ENOENT);
}

static void look_up(const struct nlattr *attr, struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];

	if (!attr) {
		refuse(v, EINVAL);
		return;
	}
	oracle_attrs(&spec_flow, ~0ull, data_of(attr),
		     attr->nla_len - NLA_HDRLEN, tb);
	if (!(tb[LBHASH_FLOW_A_SRC4] && tb[LBHASH_FLOW_A_DST4]) &&
	    !(tb[LBHASH_FLOW_A_SRC6] && tb[LBHASH_FLOW_A_DST6]))
		refuse(v, EINVAL);
	if (!tb[LBHASH_FLOW_A_PROTO])
		refuse(v, EINVAL);
}

static void get_memory(const struct nlattr **tb, struct verdict *v)
{
	if (tb[LBHASH_A_NAME])
		refuse(v, EINVAL);
}

static void set_memory(const struct nlattr **tb, struct verdict *v)
{
	v->silent = true;
	v->dry_run = tb[LBHASH_A_DRY_RUN];
	take_u32(&v->limit, tb[LBHASH_A_LIMIT]);
	take_bytes(v->key, sizeof(v->key), tb[LBHASH_A_MEMORY_KEY]);
	v->unsure = memcmp(v->key, model.key, sizeof(v->key));
	if (v->limit < LBHASH_MEMORY_MIN || v->limit > LBHASH_MEMORY_MAX)
		refuse(v, ERANGE);
	if (v->n_errors && v->unsure)
		refuse(v, EBUSY);
}

static void add_entry(const struct nlattr *attr, const struct service *svc,
		      struct verdict *v)
{
	const struct nlattr *tb[ATTRS_MAX];
	uint32_t slot = 0, age = 0, flags = 0;
	char name[NAME_SIZE] = "";

	oracle_attrs(&spec_entry, ~0ull, data_of(attr),
		     attr->nla_len - NLA_HDRLEN, tb);
	if (!tb[LBHASH_ENTRY_A_BACKEND] || !tb[LBHASH_ENTRY_A_SLOT] ||
	    !tb[LBHASH_ENTRY_A_PRINT])
		refuse(v, EINVAL);
	if (tb[LBHASH_ENTRY_A_BACKEND])
		take_name(name, tb[LBHASH_ENTRY_A_BACKEND]);
	if (!name_is_valid(name))
		refuse(v, EINVAL);
	if (!service_backend(svc, name))
		refuse(v, ENOENT);
	take_u32(&slot, tb[LBHASH_ENTRY_A_SLOT]);
	take_u32(&age, tb[LBHASH_ENTRY_A_AGE]);
	take_u32(&flags, tb[LBHASH_ENTRY_A_FLAGS]);
	if (slot >= svc->size || age > LBHASH_IDLE_MAX)
		refuse(v, ERANGE);
	if (flags && !(flags & LBHASH_ENTRY_FLAG_OPEN))
		refuse(v, EINVAL);
	v->entries++;
}

static void add_entries(const struct nlmsghdr *nlh, const struct nlattr **tb,
			const struct service *svc, struct verdict *v)
{
	const struct nlattr *key = tb[LBHASH_A_MEMORY_KEY], *attr;

	if (!key || memcmp(data_of(key), model.key, sizeof(model.key)))
		refuse(v, EINVAL);
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == LBHASH_A_ENTRY)
			add_entry(attr, svc, v);
}

static void do_operation(const struct nlmsghdr *nlh, const struct nlattr **tb,
			 const struct service *svc, struct verdict *v)
{
	switch (v->op->cmd) {
	case LBHASH_CMD_SERVICE_DEL:
		if (svc->rules)
			refuse(v, EBUSY);
		v->changes = true;
		break;
	case LBHASH_CMD_BACKEND_GET:
		get_backend(tb[LBHASH_A_BACKEND], v);
		break;
	case LBHASH_CMD_TABLE_GET:
		take_u32(&v->first_slot, tb[LBHASH_A_FIRST_SLOT]);
		if (v->first_slot >= svc->size)
			refuse(v, ERANGE);
		break;
	case LBHASH_CMD_LOOKUP:
		look_up(tb[LBHASH_A_FLOW], v);
		break;
	case LBHASH_CMD_ENTRY_NEW:
		add_entries(nlh, tb, svc, v);
		break;
	case LBHASH_CMD_SERVICE_GET:
	case LBHASH_CMD_STATS_GET:
	case LBHASH_CMD_ENTRY_GET:
		break;
	default:
		change_service(nlh, tb, v);
	}
}

/* Check the name of the service, unless the request is about none. */
static void begin_operation(const struct nlmsghdr *nlh,
			    const struct nlattr **tb, struct verdict *v)
{
	const struct service *svc;
	uint8_t cmd = v->op->cmd;

	v->own = true;
	if (tb[LBHASH_A_NAME])
		take_name(v->name, tb[LBHASH_A_NAME]);
	svc = model_find(v->name);
	if (v->dump) {
		if (tb[LBHASH_A_NAME] && !svc)
			refuse(v, ENOENT);
		return;
	}
	v->dry_run = tb[LBHASH_A_DRY_RUN];
	if (cmd == LBHASH_CMD_MEMORY_GET)
		get_memory(tb, v);
	else if (cmd == LBHASH_CMD_MEMORY_SET)
		set_memory(tb, v);
	else if (!name_is_valid(v->name))
		refuse(v, EINVAL);
	else if (svc && cmd == LBHASH_CMD_SERVICE_NEW)
		refuse(v, EEXIST);
	else if (!svc && cmd != LBHASH_CMD_SERVICE_NEW &&
		 cmd != LBHASH_CMD_SERVICE_APPLY)
		refuse(v, ENOENT);
	else
		do_operation(nlh, tb, svc, v);
}

static void request(const struct nlmsghdr *nlh, struct verdict *v)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[ATTRS_MAX];
	uint16_t known = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;
	const size_t offset = NLMSG_HDRLEN + GENL_HDRLEN;

	v->dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	if (v->dump)
		known |= NLM_F_DUMP;
	if (nlh->nlmsg_len < offset || genl->reserved ||
	    nlh->nlmsg_flags & ~known) {
		refuse(v, EINVAL);
		return;
	}
	v->op = op_of(genl->cmd);
	if (!v->op || !(v->dump ? v->op->can_dump : v->op->can_do))
		refuse(v, EOPNOTSUPP);
	/* Linux 6.1 checks this first, later kernels check the operation first.
	 */
	if (v->op && v->op->admin && !options.capable)
		refuse(v, EPERM);
	if (v->n_errors)
		return;
	if (!oracle_attrs(v->op->set, v->op->request,
			  (const uint8_t *)nlh + offset,
			  nlh->nlmsg_len - offset, tb)) {
		refuse(v, EINVAL);
		refuse(v, ERANGE);
		v->parse = true;
		if (oracle_blames)
			v->blamed = (uint8_t *)oracle_blames - (uint8_t *)nlh;
	} else {
		begin_operation(nlh, tb, v);
	}
}

/**
 * predict() - predict the answer to a message
 * @nlh: a message of valid length
 * @v: out, for commit()
 */
void predict(const struct nlmsghdr *nlh, struct verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->limit = model.limit;
	memcpy(v->key, model.key, sizeof(v->key));
	v->request = nlh->nlmsg_flags & NLM_F_REQUEST &&
		nlh->nlmsg_type >= NLMSG_MIN_TYPE;
	if (!v->request)
		return;
	if (nlh->nlmsg_type != family)
		refuse(v, ENOENT);
	else
		request(nlh, v);
	if (v->n_errors)
		v->changes = false;
}

/**
 * commit() - update the model after the kernel has done what was predicted
 * @v: the prediction
 */
void commit(struct verdict *v)
{
	if (!v->n_errors && !v->dry_run) {
		model.limit = v->limit;
		memcpy(model.key, v->key, sizeof(v->key));
		model.inserted |= v->entries;
	}
	if (!v->changes || v->dry_run)
		service_free(v->draft);
	else if (v->draft)
		model_put(v->draft);
	else
		model_remove(v->name);
	v->draft = NULL;
}
