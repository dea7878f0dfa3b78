#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kmemleak: yes
#
# Memory that is not there. In each message of nlfuzz an allocation fails, which
# one is drawn: the kernel finds another way and does all of the work, or says
# that there is no memory and has done nothing of it; or the work is done, or
# not, and there is no memory to say so. Every allocation of adding a rule fails,
# one after the other, and ours when a namespace is made. Connections of another
# namespace do not notice.
#
#   SEED=N COUNT=N ./faults.sh      other messages, more of them
# checks: 23
. ./lib.sh
. ./lib/checks.bash

NLFUZZ=$PWD/../build/tests/nlfuzz
nth=$PWD/../build/tests/nth.so
: "${COUNT:=20000}" "${SEED:=1}"

value() { sed -n "s/^$1: //p" "$T/nlfuzz"; }

messages_fail() {
	local cmd line

	add_namespace other
	lbhashctl -n other service add used size 1009
	ip netns exec other iptables-legacy -t raw -A PREROUTING \
		-j LBHASH --service used || fail 'a rule'
	ip netns exec other "$NLFUZZ" --failures --seed "$SEED" --count "$COUNT" \
		>"$T/nlfuzz" 2>&1 || fail "seed $SEED: $(cat "$T/nlfuzz")"
	sed 's/^/# /' "$T/nlfuzz"
	check_ge 'messages that failed' $((COUNT / 20)) "$(value failed)"
	check_ge 'messages without an answer' 10 "$(value unanswered)"
	check_ge 'changes' $((COUNT / 20)) "$(value changes)"
	for cmd in service-{new,set,apply,del,get} backend-{new,set,del,get} \
		stats-get table-get lookup; do
		line=$(value "$cmd")
		check_ge "$cmd done" 10 "${line%% *}"
	done
	rounds messages
}

rounds() {
	next_round four
	next_round six
	check_client "$1" four 10
	check_client "$1" six 10
}

# Those of iptables complain when they fail; nothing else may.
# Without the console: it would be taken at its word.
quietly() {
	dmesg --console-off
	"$@"
	dmesg --read-clear | awk '
		/(vmalloc error|page allocation failure): / { skip = 1 }
		!skip
		/Mem-Info:/ { skip = 0 }' >"$T/dmesg"
	vm/complaints <"$T/dmesg" && fail 'the kernel complained'
	dmesg --console-on
}

# Until there are no more allocations, and the rule is there.
rule_fails() {
	local n before word='' add
	add='nsenter --net=/run/netns/lb iptables-legacy -t raw -A PREROUTING'
	add+=' -p udp -j LBHASH --service web'

	before=$(ipt -t raw -S)
	for ((n = 1; ; n++)); do
		rm -f "$T/log"
		# shellcheck disable=SC2086 # words of a command
		LD_PRELOAD=$nth FAIL_NTH=$n FAIL_LOG=$T/log \
			$add >"$T/out" 2>&1
		read -r word <"$T/log" || fail 'nth.so was not there'
		[ "$word" = injected ] || break
		if [ "$(ipt -t raw -S)" != "$before" ]; then
			# There was another way.
			ipt -t raw -D PREROUTING -p udp -j LBHASH --service web
		fi
		[ "$(ipt -t raw -S)" = "$before" ] || fail "allocation $n"
	done
	check_ge 'allocations of a rule that failed' 5 $((n - 1))
	check_eq 'the rule' 1 "$(ipt -t raw -S | grep -c -- '-p udp')"
	rounds 'a rule'
}

# A namespace takes hundreds of allocations of others: only ours fails, which has
# the module in its stack. It is of a hash table, which then begins smaller.
namespace_with_less() {
	local dir=/sys/kernel/debug/failslab start size file

	start=$(cat /sys/module/xt_lbhash/sections/.text)
	size=$(awk '$1 == "xt_lbhash" { print $2 }' /proc/modules)
	echo "$start" >"$dir/require-start"
	printf '0x%x' $((start + size)) >"$dir/require-end"
	echo 1 >"$dir/times"
	echo 100 >"$dir/probability"
	add_namespace more
	echo 0 >"$dir/probability"
	check_eq 'failures left' 0 "$(cat "$dir/times")"
	for file in require-start require-end; do
		echo 0 >"$dir/$file"
	done
	lbhashctl -n more service add web size 251 || fail 'a service'
	ok 'a namespace with less memory for us works'
}

[ -d /sys/kernel/debug/failslab ] || fail 'this kernel injects no faults'
load_module
# kmemleak takes it ill when its own allocations fail.
for file in /sys/kernel/slab/*/failslab; do
	[[ $file = *kmemleak* ]] || echo 1 >"$file"
done
echo Y >/sys/kernel/debug/failslab/cache-filter
for fault in failslab fail_page_alloc; do
	echo 0 >/sys/kernel/debug/$fault/verbose
	echo N >/sys/kernel/debug/$fault/ignore-gfp-wait
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

topology dsr 3
start_servers
service 3
rule raw PREROUTING -p tcp -j LBHASH --service web --track changed
start_client four 4 -n 10 -h
start_client six 6 -n 10 -h
messages_fail
quietly rule_fails
namespace_with_less
