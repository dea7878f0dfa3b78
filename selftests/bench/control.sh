#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 20000
#
# What changes cost, in instructions of the guest: vm/run --icount
# -d selftests/bench control.
#
#   # control BUILD|CHANGE SLOTS BACKENDS INSTRUCTIONS
#   # control APPLY SERVICES BACKENDS INSTRUCTIONS
#
# BUILD is a table of a service; CHANGE is from the message that a backend has
# another weight to the answer, all packets meeting the new table by then; APPLY
# is lbhashctl, all of it.
# checks: some
. ./lib.sh
. ./trace.bash

: "${BACKENDS:=10 100 1000 4096}"
: "${SERVICES:=1000}"
SIZE=65537

# configuration SERVICES BACKENDS
configuration() {
	jq -n "{ services: [range($1) | { name: \"s\(.)\", size: $SIZE,
		backends: [range($2) | { name: \"b\(.)\", mark: (. + 1) }]
	}] }"
}

# one_service BACKENDS
one_service() {
	ctl flush
	trace build build_end
	configuration 1 "$1" | ctl apply - || fail apply
	echo "# control BUILD $SIZE $1 $(least build)"
	rule raw PREROUTING -j LBHASH --service s0
	trace change change_end
	for weight in 2 3 4; do
		ctl backend set s0 b1 weight $weight || fail change
	done
	echo "# control CHANGE $SIZE $1 $(least change)"
	check_ge "$1 backends: slots of the one that weighs more" \
		$((SIZE * 2 / $1)) "$(ctl -j table s0 |
			jq '.backends[] | select(.name == "b1").slots')"
	flush_rules
}

many_services() {
	local begin end

	SIZE=4093 configuration "$SERVICES" 100 >"$T/many"
	begin=${EPOCHREALTIME/./}
	ctl apply "$T/many" || fail apply
	end=${EPOCHREALTIME/./}
	check_eq 'services applied' "$SERVICES" \
		"$(ctl -j service show | jq length)"
	echo "# control APPLY $SERVICES 100 $(((end - begin) * 1000))"
}

load_module
[ "$(nproc)" = 1 ] || skip 'wants run --icount'
add_namespace lb
trace_probes build:lbhash_table_build change:lbhash_nl_backend_set_doit
for n in ${BACKENDS//,/ }; do
	one_service "$n"
done
many_services
