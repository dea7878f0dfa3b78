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
 * @name: its name in the specification
 * @id: its type in messages
 * @kind: type of its value
 * @min: smallest valid number, or shortest valid length of other attributes
 * @max: largest valid number or length; for strings without the zero byte
 * @mask: valid bits of an attribute that is a set of flags, otherwise 0
 * @nested: set of the attributes in a nest
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
 * @name: its name in the specification
 * @cmd: its LBHASH_CMD_*
 * @admin: it needs CAP_NET_ADMIN in the namespace's user namespace
 * @can_do: it is a request for one answer
 * @can_dump: it is a request for a dump
 * @set: attribute set of its messages
 * @request: a bit for each attribute that requests may have
 * @reply: a bit for each attribute that answers and events may have
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
extern const struct set_spec spec_entry;
extern const struct op_spec spec_ops[];
extern const unsigned int spec_n_ops;

#endif /* NLFUZZ_SPEC_H */
