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

# state: all that a command can change
state() {
	ctl save
	ipt -t raw -S
}

# fails N SKIP CALL COMMAND...: its Nth allocation does; false when it has less
fails() {
	local rc=0

	rm -f "$T/log"
	ip netns exec lb env LD_PRELOAD="$nth" FAIL_CALL="$3" FAIL_NTH="$1" \
		FAIL_SKIP="$2" FAIL_LOG="$T/log" "${@:4}" \
		>"$T/out" 2>&1 || rc=$?
	[ "$(cat "$T/log" 2>/dev/null)" = injected ] || return 1
	injected=$((injected + 1))
	if [ "$rc" = 0 ]; then
		survived=$((survived + 1))
	else
		grep -qiE 'memory|No buffer space' "$T/out" ||
			fail "${*:4}: allocation $1 of call $2: $(cat "$T/out")"
	fi
	echo "$rc" >"$T/rc"
}

# check_command CALL UNDO COMMAND...: with UNDO, what it does is undone
check_command() {
	local call=$1 undo=$2 before after now n skip=0 total=0

	before=$(state)
	ip netns exec lb "${@:3}" >"$T/out" 2>&1 ||
		fail "${*:3}: $(cat "$T/out")"
	after=$(state)
	[ -z "$undo" ] || ip netns exec lb bash -c "$undo" || fail "$undo"
	now=$(state)
	diff <(echo "$before") <(echo "$now") || fail "$undo: does not undo"

	while :; do
		n=1
		while fails "$n" "$skip" "$call" "${@:3}"; do
			now=$(state)
			if [ "$now" != "$after" ] && [ "$now" != "$before" ]; then
				fail "${*:3}: done in part"
			elif [ "$(cat "$T/rc")" = 0 ]; then
				[ "$now" = "$after" ] ||
					fail "${*:3}: succeeded, not done"
			elif ! grep -q 'no memory to answer' "$T/out"; then
				[ "$now" = "$before" ] ||
					fail "${*:3}: failed, but done"
			else
				unanswered=$((unanswered + 1))
			fi
			[ -z "$undo" ] || [ "$now" = "$before" ] ||
				ip netns exec lb bash -c "$undo" || fail "$undo"
			n=$((n + 1)) total=$((total + 1))
		done
		[ -z "$undo" ] || [ "$before" = "$(state)" ] ||
			ip netns exec lb bash -c "$undo" || fail "$undo"
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

check_command sendmsg 'lbhashctl service del new' \
	lbhashctl service add new size 509
check_command sendmsg 'lbhashctl service set web settle 600' \
	lbhashctl service set web settle 700
check_command sendmsg 'lbhashctl service set spare size 509' \
	lbhashctl service set spare size 1021
check_command sendmsg \
	'lbhashctl service add spare size 509; lbhashctl backend add spare a mark 1' \
	lbhashctl service del spare
check_command sendmsg 'lbhashctl backend del web s4' \
	lbhashctl backend add web s4 mark 4
check_command sendmsg 'lbhashctl backend set web s1 weight 1' \
	lbhashctl backend set web s1 weight 3
check_command sendmsg 'lbhashctl backend set web s1 state up' \
	lbhashctl backend set web s1 state drain
check_command sendmsg 'lbhashctl backend add spare a mark 1' \
	lbhashctl backend del spare a
check_command sendmsg 'lbhashctl backend add spare a mark 1' \
	lbhashctl flush spare
check_command sendmsg "lbhashctl apply $T/config" lbhashctl apply "$T/other"
for query in 'service show' 'service show web' 'backend show web' \
	'backend show web s1' stats 'stats web' '-v table web' save \
	"lookup web proto tcp src 192.0.2.1:1 dst $VIP4:80"; do
	# shellcheck disable=SC2086 # words of a command
	check_command sendmsg '' lbhashctl $query
done
add="iptables-legacy -t raw -A PREROUTING -p udp -j LBHASH --service spare"
# shellcheck disable=SC2086
check_command setsockopt "${add/-A/-D}" $add
namespace_fails
echo "# $injected allocations failed, $survived of them without harm," \
	"$unanswered for the answer"
