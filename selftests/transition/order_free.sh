#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The table depends on the set of backends only: not on the order in which they
# came, not on backends that came and went, not on the network namespace, not on
# the kernel.
# by default on: 6.12
# checks: 8
. ./lib.sh

# Of the service below, on every machine.
DIGEST=941c26dc07fce4cb
SLOTS=643bf2de9279b2af

# Names of different length, weights from 1 to 10; s7 and s13 drain.
backends() {
	local n

	for ((n = 1; n <= 20; n++)); do
		echo "backend add web s$n mark $n weight $((1 + n * 3 % 10))"
	done
}

# build NAMESPACE SEED: the service, in an order that depends on SEED
build() {
	{
		echo "service add web size $SIZE"
		{
			backends
			echo "backend add web ghost mark 99 weight $2"
		} | shuf --random-source=<(yes "$2")
		echo "backend del web ghost"
		echo "backend set web s7 state drain"
		echo "backend set web s13 weight 0"
	} >"$T/batch"
	lbhashctl -n "$1" -b "$T/batch" || fail "service in $1"
}

load_module
add_namespace lb
add_namespace other
for SIZE in 4099 65537; do
	for seed in 1 2 3 4 5; do
		for ns in lb other; do
			build $ns $seed
			lbhashctl -n $ns -j -v table web >"$T/$ns.$seed"
			lbhashctl -n $ns service del web
		done
	done
	check_eq "$SIZE: orders tried" 5 "$(for seed in 1 2 3 4 5; do
		backends | shuf --random-source=<(yes $seed) | cksum
	done | sort -u | wc -l)"
	check_eq "$SIZE: different tables" 1 \
		"$(cksum "$T"/{lb,other}.[1-5] | cut -d' ' -f1,2 | sort -u | wc -l)"
	check_eq "$SIZE: slots without an owner" 0 \
		"$(jq '[.slots[] | select(. == null)] | length' "$T/lb.1")"
done

check_eq "digest of 65537 slots" $DIGEST "$(jq -r .digest "$T/lb.1")"
check_eq "checksum of 65537 slots" $SLOTS \
	"$(jq -r '.slots[]' "$T/lb.1" | sha256sum | cut -c1-16)"
