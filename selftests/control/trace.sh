#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# package: bpftrace
#
# The tracepoint: an event for each packet that is counted, for every decision
# and on every path, with the slot that lookup names; and the commands of
# xt_lbhash(7), section TRACING, which print what the manual page promises.
# by default on: 6.12
# checks: 25
. ./lib.sh
. ./lib/checks.bash
. ./lib/documents.bash

events=/sys/kernel/tracing/events/lbhash/lbhash_decision
declare -A listener=()

# bpftrace needs the kernel's BTF, which the debug kernels lack.
bpftraces=(moves reasons drains)
if checks_itself; then
	echo '# no bpftrace here'
	bpftraces=()
fi

# field NAME: its value in all events
field() { sed -nE "s/.* $1=([^ ]*).*/\1/p" "$T/trace"; }

# Does bpftrace wait for events? The numbers are those of epoll_wait and
# epoll_pwait.
# shellcheck disable=SC2317 # called by wait_for
listens() {
	gone "$1" && fail "bpftrace: $(cat "$T"/*.bt)"
	grep -qsE '^(232|281) ' "/proc/$1/syscall"
}

# bpftrace misses a signal while it is busy, but a second signal kills it when
# it is about to print.
# shellcheck disable=SC2317 # called by wait_for
interrupted() {
	local n

	kill -INT "$1"
	for ((n = 0; n < $(seconds 100); n++)); do
		gone "$1" && return
		sleep 0.1
	done
	return 1
}

# listen NAME COMMAND
listen() {
	bash -c "exec $2" >"$T/$1" 2>&1 </dev/null &
	listener[$1]=$!
	wait_for 120 listens "${listener[$1]}"
}

# hangs_up NAME: stop it; it prints what it has collected
hangs_up() {
	wait_for 60 interrupted "${listener[$1]}"
	wait "${listener[$1]}" || fail "$1: $(cat "$T/$1")"
}

# start_all: clients of two protocols and families; UDP entries do not expire
start_all() {
	start_client t4 4 -h -n 10 -k 2
	start_client t6 6 -h -n 10 -k 2
	start_client u4 4 -u -h -n 10 -r 1
	start_client u6 6 -u -h -n 10 -r 1
}

next_all() {
	next_round u4
	next_round u6
}

backends() {
	local n

	for n in 1 2 3; do
		ctl backend set web s$n "$@" || fail "s$n $*"
	done
}

# Compare with bpftrace, which was started before the first packet.
bpftraces_agree() {
	local name

	for name in "${bpftraces[@]}"; do
		hangs_up "$name.bt"
	done
	check_eq 'moves: those that were picked again' "${stat[repicked]}" \
		"$(grep -c ', repicked in slot [0-9]*$' "$T/moves.bt")"
	check_ge 'moves: of those, IPv4' 1 "$(grep -cE \
		'^::ffff:192.0.2.[0-9]+ port [0-9]+: to s[23], repicked in slot' \
		"$T/moves.bt")"
	check_same 'reasons' "$(field reason | sort | uniq -c |
		awk '{ print $2, $1 }')" \
		"$(sed -nE 's/^@\[([a-z]+)\]: /\1 /p' "$T/reasons.bt" |
		awk '{ n[$1] = $2 } END { for (r in n) print r, n[r] }' | sort)"
	check_eq 'drains: packets of s2' \
		"$(ctl -j stats web | jq '.[0].backends[1].packets')" \
		"$(sed -nE 's/^@\[.*\]: ([0-9]+)$/\1/p' "$T/drains.bt" |
			awk '{ n += $1 } END { print n + 0 }')"
	check_ge 'drains: pinned, IPv6' 1 \
		"$(grep -c '^@\[2001:db8:c::.*, pinned\]: ' "$T/drains.bt")"
}

load_module
[ -e $events ] || skip 'this kernel was built without tracepoints'
topology dsr 3
start_servers
keep_udp lb
service 3
for n in 1 2 3; do
	ctl backend set web s$n address 10.2.0.10$n \
		address 2001:db8:2::10$n || fail "address of s$n"
done

echo 4096 >/sys/kernel/tracing/buffer_size_kb
blocks tools/xt_lbhash.7 TRACING
check_eq 'blocks of commands in the manual page' 4 "${#block[@]}"
tracefs=${block[0]}
for ((n = 0; n < ${#bpftraces[@]}; n++)); do
	listen "${bpftraces[n]}.bt" "${block[n + 1]}"
done
echo 1 >$events/enable

rule raw PREROUTING -j LBHASH --service web
start_all
snapshot
check_ge 'picked' 40 "${stat[picked]}"
check_ge 'adopted' 20 "${stat[adopted]}"

ctl backend set web s1 state down || fail 's1 down'
hit=$(pins | grep -c ' 1$')
for name in t4 t6; do
	next_round $name
	stop_client $name
done
next_all
snapshot
check_eq 'repicked' "$hit" "${stat[repicked]}"

# A connection whose entry was deleted goes to the previous owner while its slot
# is in transition.
ctl backend set web s1 state up || fail 's1 up'
lb conntrack -F 2>/dev/null
next_all
snapshot
check_ge 'previous' 1 "${stat[previous]}"

# Without an entry, three ways; by routing and by --forward.
for way in '--track never' '--track changed' '--track changed --forward'; do
	flush_rules
	# shellcheck disable=SC2086 # several words
	rule raw PREROUTING -j LBHASH --service web $way
	start_client n4 4 -u -n 5 -r 1
	start_client n6 6 -u -n 5 -r 1
done
flush_rules
rule mangle PREROUTING -j LBHASH --service web --forward
start_client n4 4 -n 5
start_client n6 6 -n 5

# Packets that cannot be parsed, and packets without a backend.
printf x | cl socat - "IP4-SENDTO:$VIP4:17"
printf x | cl socat - "IP6-SENDTO:[$VIP6]:17"
backends state down
cl ping -c 1 -W "$(seconds 1)" "$VIP4" >/dev/null
cl ping -c 1 -W "$(seconds 1)" "$VIP6" >/dev/null
flush_rules
echo 0 >$events/enable
snapshot
check_eq 'malformed' 2 "${stat[malformed]}"
check_eq 'empty' 2 "${stat[empty]}"
check_ge 'stateless' 15 "${stat[stateless]}"

stop_client u4
stop_client u6

# --- what tracefs has

sed -n 's/^# entries-in-buffer.*: \([0-9/]*\) .*/\1/p' \
	/sys/kernel/tracing/trace >"$T/entries"
check_eq 'events that were overwritten' 0 \
	"$(awk -F/ '{ print $2 - $1 }' "$T/entries")"
grep lbhash_decision: /sys/kernel/tracing/trace >"$T/trace"
check_same 'packets by reason' \
	"$(ctl -j stats web | jq -r '.[0].reasons | to_entries[] |
		select(.value > 0) | "\(.value) \(.key)"' | sort -k 2)" \
	"$(field reason | sort | uniq -c | awk '{ print $1, $2 }' | sort -k 2)"
check_same 'packets by backend' \
	"$(ctl -j stats web | jq -r '.[0].backends[] |
		"\(.packets) \(.name) \(.mark)"')" \
	"$(sed -nE 's/.* backend=(s.) mark=0x([0-9]+) .*/\1 \2/p' "$T/trace" |
		sort | uniq -c | awk '{ print $1, $2, $3 }')"
check_eq 'without a backend' 'empty malformed' \
	"$(grep ' backend= mark=0x0 ' "$T/trace" |
		sed -E 's/.* reason=([a-z]*) .*/\1/' | sort -u | xargs)"
check_eq 'malformed ones have no slot' '-1 -1' \
	"$(grep 'reason=malformed' "$T/trace" |
		sed -E 's/.* slot=([^ ]*) .*/\1/' | xargs)"

# The text has the form that lookup takes, and lookup names the same slot.
sed -nE 's/.* slot=([0-9]+) .* proto=([0-9]+) src=([^ ]*) dst=([^ ]*).*/\1 \2 \3 \4/p' \
	"$T/trace" | sort -u >"$T/flows"
for family in '192' '\[2001'; do
	check_ge "flows from $family" 25 "$(grep -cE "^[0-9]+ [0-9]+ $family" \
		"$T/flows")"
done
awk '{ sub(/:0$/, "", $3); sub(/:0$/, "", $4) }
	{ print "lookup web proto", $2, "src", $3, "dst", $4 }' \
	"$T/flows" >"$T/lookups"
ctl -j -b "$T/lookups" >"$T/decisions" || fail 'lookup'
check_same 'slots' "$(jq -r .slot "$T/decisions")" \
	"$(cut -d ' ' -f 1 "$T/flows")"

[ ${#bpftraces[@]} = 0 ] || bpftraces_agree

# --- the manual page's commands for tracefs: only what the filter passes -----

backends state up
echo >/sys/kernel/tracing/trace
flush_rules
rule raw PREROUTING -j LBHASH --service web
start_client u4 4 -u -h -n 20 -r 1
sed '/^cat /,$d' <<<"$tracefs" >"$T/on"
bash -e "$T/on" || fail 'tracefs: on'
hit=$(grep -c ' s1 ' "$T/u4.flows")
ctl backend del web s1 || fail 's1 leaves'
next_round u4
sed -n '/^c[ad]/p; /^echo 0/p' <<<"$tracefs" >"$T/off"
bash -e "$T/off" >"$T/trace" || fail 'tracefs: off'
check_ge 'filter: those who lost s1' 1 "$hit"
check_eq 'filter: events, all of one reason' "$hit repicked" \
	"$(field reason | sort | uniq -c | xargs)"
check_eq 'off' 0 "$(cat $events/enable)"

# A filter on numbers.
echo 'family == 10 && proto == 17 && dport == 80 && mark == 2 && slot >= 0' \
	>$events/filter
echo >/sys/kernel/tracing/trace
echo 1 >$events/enable
start_client u6 6 -u -h -n 20 -r 1
next_round u4
echo 0 >$events/enable
grep lbhash_decision: /sys/kernel/tracing/trace >"$T/trace"
check_eq 'by numbers: events, IPv6' \
	"$(grep -c ' s2 ' "$T/u6.flows") $(grep -c ' s2 ' "$T/u6.flows")" \
	"$(wc -l <"$T/trace") $(grep -c 'backend=s2 .* src=\[2001:' "$T/trace")"
stop_client u4
stop_client u6
