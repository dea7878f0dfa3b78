/* SPDX-License-Identifier: GPL-2.0 */
/* kmod/spec/lbhash.yaml as tables; spec.py fills them. */
#ifndef NLFUZZ_SPEC_H
#define NLFUZZ_SPEC_H

#include <stdbool.h>
#include <stdint.h>

enum attr_kind {
	ATTR_PAD, ATTR_FLAG, ATTR_U8, ATTR_U16, ATTR_U32, ATTR_U64,
	ATTR_STRING, ATTR_BINARY, ATTR_NEST,
};

struct set_spec;

/**
 * struct attr_spec - an attribute
 * @min: least value of a number, least length of other attributes
 * @max: greatest value or length; that of a string without its zero
 * @mask: bits that flags may have, 0 if the attribute has no flags
 * @nested: the attributes of a nest
 */
struct attr_spec {
	const char *name;
	uint16_t id;
	enum attr_kind kind;
	uint64_t min, max, mask;
	const struct set_spec *nested;
};

struct set_spec {
	const char *name;
	const struct attr_spec *attrs;
	unsigned int n;
};

/**
 * struct op_spec - an operation
 * @admin: needs CAP_NET_ADMIN in the namespace's user namespace
 * @request: a bit for each attribute that a request may have
 * @reply: the same for answers and events
 */
struct op_spec {
	const char *name;
	uint8_t cmd;
	bool admin, can_do, can_dump;
	const struct set_spec *set;
	uint64_t request, reply;
};

extern const struct set_spec spec_service, spec_backend, spec_change;
extern const struct set_spec spec_reason, spec_flow, spec_decision;
extern const struct op_spec spec_ops[];
extern const unsigned int spec_n_ops;

#endif /* NLFUZZ_SPEC_H */
