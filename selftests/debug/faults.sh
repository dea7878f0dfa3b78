#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1800
#
# Every allocation of every command fails once, and so do those of adding a rule
# and of making a namespace. Either the kernel found another way and the command
# did all of its work, or it says that there is no memory and did nothing of it;
# or the work is done, or not, and there is no memory to say so: the last
# allocation is the one of netlink's acknowledgement. Connections do not notice.
. ./lib.sh
. ./checks.bash

nth=$PWD/../build/tests/nth.so
injected=0 survived=0 unanswered=0

# state: all that a command can change. Programs are what takes time here.
state() {
	lbhashctl -n lb save
	[ -z "$look_at_rules" ] || ipt -t raw -S
}
look_at_rules=

# fails N SKIP CALL COMMAND...: its Nth allocation does, its exit status is $rc;
# false when it has less
fails() {
	local word=''

	rc=0
	rm -f "$T/log"
	LD_PRELOAD=$nth FAIL_CALL=$3 FAIL_NTH=$1 FAIL_SKIP=$2 FAIL_LOG=$T/log \
		"${@:4}" >"$T/out" 2>&1 || rc=$?
	[ ! -e "$T/log" ] || read -r word <"$T/log"
	[ "$word" = injected ] || return 1
	injected=$((injected + 1))
	if [ "$rc" = 0 ]; then
		survived=$((survived + 1))
	else
		grep -qiE 'memory|No buffer space' "$T/out" ||
			fail "${*:4}: allocation $1 of call $2: $(cat "$T/out")"
	fi
}

# undo WORDS: a command in words, or several, and the state is $before again
undo() {
	eval "$1" || fail "$1"
	now=$(state)
	diff <(echo "$before") <(echo "$now") || fail "$1: does not undo"
}

# judge COMMAND...: the state after its failure
judge() {
	now=$(state)
	if [ "$now" != "$after" ] && [ "$now" != "$before" ]; then
		fail "$*: done in part"
	elif [ "$rc" = 0 ]; then
		[ "$now" = "$after" ] || fail "$*: succeeded, not done"
	elif ! grep -q 'no memory to answer' "$T/out"; then
		[ "$now" = "$before" ] || fail "$*: failed, but done"
	else
		unanswered=$((unanswered + 1))
	fi
}

# check_command CALL UNDO COMMAND...: with UNDO, what it does is undone
check_command() {
	local call=$1 before after now rc n skip=0 total=0

	before=$(state)
	"${@:3}" >"$T/out" 2>&1 || fail "${*:3}: $(cat "$T/out")"
	after=$(state)
	undo "$2"
	while :; do
		n=1
		while fails "$n" "$skip" "$call" "${@:3}"; do
			judge "${@:3}"
			[ "$now" = "$before" ] || undo "$2"
			n=$((n + 1)) total=$((total + 1))
		done
		# That one was done.
		undo "$2"
		[ -e "$T/log" ] || break
		skip=$((skip + 1))
	done
	check_ge "${*:3}: allocations that failed, in $skip calls" 1 "$total"
	next_round four
	next_round six
	check_client "${*:3}" four 10
	check_client "${*:3}" six 10
}

# A namespace takes hundreds of allocations of others: only ours fail, which
# have the module in their stack.
namespace_fails() {
	local dir=/sys/kernel/debug/failslab start size file

	start=$(cat /sys/module/xt_lbhash/sections/.text)
	size=$(awk '$1 == "xt_lbhash" { print $2 }' /proc/modules)
	echo "$start" >"$dir/require-start"
	printf '0x%x' $((start + size)) >"$dir/require-end"
	echo 1 >"$dir/times"
	echo 100 >"$dir/probability"
	ip netns add more 2>"$T/out"
	echo 0 >"$dir/probability"
	check_eq 'a namespace without memory for us' 1 \
		"$(grep -c 'Cannot allocate memory' "$T/out")"
	for file in require-start require-end; do
		echo 0 >"$dir/$file"
	done
	ip netns del more 2>/dev/null
	add_namespace more
	ok 'another one comes'
}

[ -d /sys/kernel/debug/failslab ] || fail 'this kernel injects no faults'
load_module
for fault in failslab fail_page_alloc; do
	echo 0 >/sys/kernel/debug/$fault/verbose
	echo N >/sys/kernel/debug/$fault/ignore-gfp-wait
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

topology dsr 3
start_servers
service 3
ctl service add spare size 509
ctl backend add spare a mark 1
rule raw PREROUTING -p tcp -j LBHASH --service web --track changed
start_client four 4 -n 10 -h
start_client six 6 -n 10 -h
ctl save >"$T/config"
# Services are applied one after the other, each as a whole.
jq '(.services[] | select(.name == "web")).settle = 77' "$T/config" >"$T/other"
cmp -s "$T/config" "$T/other" && fail 'no other configuration'

change() { check_command sendmsg "$1" lbhashctl -n lb "${@:2}"; }

ctl='lbhashctl -n lb'
spare="$ctl service add spare size 509; $ctl backend add spare a mark 1"
change "$ctl service del new" service add new size 509
change "$ctl service set web settle 600" service set web settle 700
change "$ctl service set spare size 509" service set spare size 1021
change "$spare" service del spare
change "$ctl backend del web s4" backend add web s4 mark 4
change "$ctl backend set web s1 weight 1" backend set web s1 weight 3
change "$ctl backend set web s1 state up" backend set web s1 state drain
change "$ctl backend add spare a mark 1" backend del spare a
change "$ctl backend add spare a mark 1" flush spare
change "$ctl apply $T/config" apply "$T/other"
for query in 'service show' 'service show web' 'backend show web' \
	'backend show web s1' stats 'stats web' '-v table web' save \
	"lookup web proto tcp src 192.0.2.1:1 dst $VIP4:80"; do
	# shellcheck disable=SC2086 # words of a command
	change '' $query
done
look_at_rules=yes
add='nsenter --net=/run/netns/lb iptables-legacy -t raw -A PREROUTING'
add+=' -p udp -j LBHASH --service spare'
# shellcheck disable=SC2086
check_command setsockopt "${add/-A/-D}" $add
namespace_fails
echo "# $injected allocations failed, $survived of them without harm," \
	"$unanswered for the answer"
