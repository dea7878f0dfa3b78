// SPDX-License-Identifier: GPL-2.0
/*
 * The model: services and backends as the kernel must have them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nlfuzz.h"

struct model model;

void *must_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("memory");
	return p;
}

/* copy_name() - copy a name; a longer one is cut to NAME_SIZE bytes */
void copy_name(char *to, const char *from)
{
	snprintf(to, NAME_SIZE, "%s", from);
}

static unsigned int index_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < model.n; i++)
		if (!strcmp(model.services[i]->name, name))
			break;
	return i;
}

struct service *model_find(const char *name)
{
	unsigned int i = index_of(name);

	return i < model.n ? model.services[i] : NULL;
}

/* model_put() - add or replace a service, which the model owns from now on */
void model_put(struct service *svc)
{
	unsigned int i = index_of(svc->name);

	if (i < model.n) {
		service_free(model.services[i]);
	} else {
		model.services = realloc(model.services,
					 ++model.n * sizeof(struct service *));
		if (!model.services)
			die("memory");
	}
	model.services[i] = svc;
}

void model_remove(const char *name)
{
	unsigned int i = index_of(name);

	service_free(model.services[i]);
	model.services[i] = model.services[--model.n];
}

struct service *service_copy(const struct service *svc)
{
	struct service *copy = must_alloc(sizeof(*copy));

	*copy = *svc;
	copy->room = svc->n;
	copy->backends = must_alloc(svc->n * sizeof(*svc->backends) + 1);
	if (svc->n)
		memcpy(copy->backends, svc->backends,
		       svc->n * sizeof(*svc->backends));
	return copy;
}

void service_free(struct service *svc)
{
	if (svc)
		free(svc->backends);
	free(svc);
}

struct backend *service_backend(const struct service *svc, const char *name)
{
	unsigned int i;

	for (i = 0; i < svc->n; i++)
		if (!strcmp(svc->backends[i].name, name))
			return &svc->backends[i];
	return NULL;
}

struct backend *service_add(struct service *svc, const char *name)
{
	struct backend *backend;

	if (svc->n == svc->room) {
		svc->room = 2 * svc->room + 4;
		svc->backends = realloc(svc->backends,
					svc->room * sizeof(*backend));
		if (!svc->backends)
			die("memory");
	}
	backend = &svc->backends[svc->n++];
	memset(backend, 0, sizeof(*backend));
	copy_name(backend->name, name);
	backend->weight = 1;
	backend->state = LBHASH_STATE_UP;
	return backend;
}

void service_drop(struct service *svc, struct backend *backend)
{
	*backend = svc->backends[--svc->n];
}

/* backend_is_active() - does it get new connections? */
bool backend_is_active(const struct backend *backend)
{
	return backend->state == LBHASH_STATE_UP && backend->weight;
}

unsigned int service_actives(const struct service *svc)
{
	unsigned int i, n = 0;

	for (i = 0; i < svc->n; i++)
		n += backend_is_active(&svc->backends[i]);
	return n;
}

uint32_t next_prime(uint32_t n)
{
	uint32_t d;

	for (;; n++) {
		for (d = 2; d * d <= n; d++)
			if (n % d == 0)
				break;
		if (d * d > n)
			return n;
	}
}

bool name_is_valid(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("_.-", *c)))
			return false;
	return *name && *name != '-';
}
