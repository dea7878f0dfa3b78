#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kmemleak: yes
#
# Messages of all kinds, valid and invalid, to the netlink family: as root, as
# an unprivileged user, as the owner of a user namespace with and without a
# network namespace of its own. nlfuzz predicts the answer to each message with
# a model of the configuration and stops at the first answer that differs. Rules
# refer to a service all the while.
#
#   SEED=N netlink/netlink_fuzz.sh   other messages; in a soak they always are
#   COUNT=N netlink/netlink_fuzz.sh  more or fewer of them
# checks: 98
. ./lib.sh

NLFUZZ=$PWD/../build/tests/nlfuzz

if [ -n "${SOAK:-}" ]; then
	: "${COUNT:=1000000}" "${SEED:=$SRANDOM}"
fi
: "${COUNT:=100000}" "${SEED:=1}"

# fuzz NAME PERCENT COMMAND...: run nlfuzz, or a command that runs it, with this
# share of the messages
fuzz() {
	local name=$1 count=$((COUNT * $2 / 100))

	"${@:3}" --seed "$SEED" --count "$count" >"$T/$name" 2>&1 ||
		fail "$name, seed $SEED, $count messages: $(cat "$T/$name")"
	sed "s/^/# $name: /" "$T/$name"
	ok "$name: $count messages, seed $SEED"
}

value() { sed -n "s/^$2: //p" "$T/$1"; }

# Below these numbers the fuzzer would not have tested much.
check_tested() {
	local name=$1 least=$((COUNT * $2 / 100 / 1000)) cmd line

	for cmd in service-{new,set,apply,del,get} backend-{new,set,del,get} \
		stats-get table-get lookup memory-{get,set} entry-{get,new}; do
		line=$(value "$name" "$cmd")
		check_ge "$name: $cmd done" "$least" "${line%% *}"
		line=${line#*, }
		check_ge "$name: $cmd refused" "$least" "${line%% *}"
	done
	for cmd in ENOENT EEXIST EINVAL ERANGE EBUSY EOPNOTSUPP dumps \
		rehearsals unchanged 'no requests'; do
		check_ge "$name: $cmd" "$least" "$(value "$name" "$cmd")"
	done
	check_ge "$name: changes" $((COUNT * $2 / 100 / 5)) \
		"$(value "$name" changes)"
}

# As an unprivileged user in lb.
nobody() {
	lb setpriv --reuid 65534 --regid 65534 --clear-groups \
		--bounding-set -all "$@"
}

# As a user without the capability to change anything.
powerless() {
	local before

	before=$(ctl save)
	fuzz "$1" 10 "${@:2}" "$NLFUZZ" --unprivileged
	check_eq "$1: changes" 0 "$(value "$1" changes)"
	check_ge "$1: EPERM" $((COUNT / 25)) "$(value "$1" EPERM)"
	check_same "$1: configuration" "$before" "$(ctl save)"
}

# As the owner of a user namespace with a network namespace of its own.
owner() {
	cat >"$T/owner.sh" <<-'END'
	set -e
	export XTABLES_LOCKFILE=/dev/null
	lbhashctl service add used size 1009
	iptables-legacy -t raw -A PREROUTING -j LBHASH --service used
	ip6tables-legacy -t raw -A PREROUTING -j LBHASH --service used
	exec "$@"
	END
	chmod 755 "$T"
	modprobe -a iptable_raw ip6table_raw
	fuzz owner 30 nobody unshare --user --map-root-user --net \
		bash "$T/owner.sh" "$NLFUZZ"
	check_tested owner 30
	check_eq 'nothing in the first namespace' '[]' \
		"$(lbhashctl -j service show)"
}

load_module
add_namespace lb
ctl service add used size 1009
rule raw PREROUTING -j LBHASH --service used
rule mangle PREROUTING -j LBHASH --service used

fuzz root 50 lb "$NLFUZZ"
check_tested root 50
powerless nobody nobody
powerless guest nobody unshare --user --map-root-user
before=$(ctl save)
owner
check_same 'lb has what it had' "$before" "$(ctl save)"
