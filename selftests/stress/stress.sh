#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kmemleak: yes
#
# Everything at once, on two CPUs: traffic, changes, dumps, rules that come and
# go, deletion of all conntrack entries, sweeps, namespaces that are created and
# deleted, attempts to unload the module; then a storm of updates. Afterwards
# all works, and the kernel has printed no warning. Half a minute; SOAK=1 makes
# it 5 minutes and 10,000 updates.
# checks: 33
. ./lib.sh
. ./forward/forward.bash
. ./lib/workers.bash

LASTS=20 STORM=1000 turn=0
[ -z "${SOAK:-}" ] || LASTS=300 STORM=10000

# Two workers that do not coordinate: one may delete what the other has just
# made. A change that is made adds a line to $T/made, a change that comes too
# late or too early one to $T/met.
changes() {
	local what

	turn=$((turn + 1))
	while read -r what; do
		# shellcheck disable=SC2086 # words of a command
		if ctl $what 2>"$T/refused"; then
			echo "$what" >>"$T/made"
		elif grep -qE 'exists already|does not exist' "$T/refused"; then
			echo "$what" >>"$T/met"
		else
			echo "$what: $(<"$T/refused")"
		fi
	done <<-END
		backend add web s5 mark 5 weight 3
		backend set web s2 state drain
		backend set web s3 weight $((turn % 9 + 1))
		service set web settle $((turn % 2))
		backend set web s5 state down
		backend set web s2 state up
		backend del web s5
		backend set calm s2 weight $((turn % 9 + 1))
		backend set calm s3 state down
		backend set calm s3 state up
	END
}

configurations() {
	ctl save >"$T/saved" && ctl apply "$T/saved"
	ctl service add passing size 251 && ctl service del passing
}

# An object deleted during a dump makes the dump fail, but nothing else.
dumps() {
	{
		ctl -j service show
		ctl -j backend show web
		ctl -j stats
		ctl -j -v table web
		ctl -j lookup web proto tcp src 192.0.2.1:1 dst "$VIP4:80"
	} >/dev/null 2>&1
	:
}

rules() {
	local track forward words

	for track in changed never always; do
		for forward in '' yes; do
			words=(--track "$track" ${forward:+--forward})
			ipt -t raw -R PREROUTING 2 -d "$VIP4" \
				-j LBHASH --service web "${words[@]}"
			ip6t -t raw -R PREROUTING 2 -d "$VIP6" \
				-j LBHASH --service web "${words[@]}"
		done
	done
	lb iptables-nft -w -t mangle -A PREROUTING -d "$VIP4" \
		-m lbhash --pinned-to s1 --service web
	lb iptables-nft -w -t mangle -F PREROUTING
}

entries() {
	lb conntrack -L >/dev/null 2>&1
	lb conntrack -F >/dev/null 2>&1
}

unloads() {
	! rmmod xt_lbhash 2>/dev/null || echo unloaded
}

namespaces() {
	local ns=ns$BASHPID.$RANDOM

	ip netns add "$ns" && lbhashctl -n "$ns" -b - <<-END &&
		service add web size 509 track changed
		backend add web s1 mark 1
		backend add web s2 mark 2
	END
	ip netns exec "$ns" iptables-legacy -w -t raw -A OUTPUT \
		-j LBHASH --service web &&
	ip -n "$ns" link set lo up &&
	lbhashctl -n "$ns" backend add web s3 mark 3 &&
	ip netns exec "$ns" ping -c 9 -i 0.01 -W "$(seconds 2)" 127.0.0.1 \
		>/dev/null
	ip netns del "$ns"
}

# calm_service: another service with connections of its own; no change touches
# its s1 and s4
calm_service() {
	local n tables

	ctl service add calm size "$SIZE" || fail 'service calm'
	for ((n = 1; n <= 4; n++)); do
		ctl backend add calm "s$n" mark "$n" || fail 'backend of calm'
	done
	for tables in ipt ip6t; do
		"$tables" -t raw -N CALM
		"$tables" -t raw -A CALM -j LBHASH --service calm --track changed
		"$tables" -t raw -A CALM -j ACCEPT
	done
	rule raw PREROUTING -p tcp --sport "$calm_ports" -j CALM
}
calm_ports=40000:40059

# calm_goes_on: its connections at s1 and s4 live, silent since the last time
calm_goes_on() {
	local alive lost

	next_round calm4
	next_round calm6
	read -r alive lost < <(awk '$1 == "conn" && $4 ~ /^s[14]$/ {
			$6 ~ /broken|stuck|wrong/ ? lost++ : alive++
		}
		END { print alive + 0, lost + 0 }' "$T"/calm[46].flows)
	calm_alive=$alive calm_lost=$((calm_lost + lost))
	calm_rounds=$((calm_rounds + 1))
}
calm_alive=0 calm_lost=0 calm_rounds=0

# made SERVICE: the number of its changes in $T/made
made() { grep -c "^[a-z]* [a-z]* $1 " "$T/made"; }

# weighed SERVICE: those among them that set a weight. It is another one each
# time, whereas a state may be as wanted already if the worker with
# configurations has just restored an older one: that is no change.
weighed() { grep -c "^[a-z]* [a-z]* $1 .* weight " "$T/made"; }

# check_made SERVICE LEAST GENERATION: at least LEAST changes were made, and its
# generation has grown by as many as cannot have been made before, since
# GENERATION
check_made() {
	check_ge "changes of $1" "$2" "$(made "$1")"
	check_ge "changes of $1 that happened" "$(weighed "$1")" \
		$(($(generation "$1") - $3))
}

# check_kinds: every kind of change was made
check_kinds() {
	local kind

	for kind in 'backend add web s5' 'backend set web s2 state drain' \
		'backend set web s2 state up' 'backend set web s3 weight' \
		'service set web settle' 'backend set web s5 state down' \
		'backend del web s5' 'backend set calm s2 weight' \
		'backend set calm s3 state down' 'backend set calm s3 state up'
	do
		check_ge "$kind: made" 1 "$(grep -c "^$kind" "$T/made")"
	done
}

generation() { ctl -j service show "$1" | jq '.[0].generation'; }

# afterwards: all works
afterwards() {
	fresh 4
	balance any
	start_client after4 4 -n 20 -p "$first_port"
	start_client after6 6 -n 20 -p "$first_port"
	check_eq 'IPv4 afterwards' 20 "$(flows_of after4 ok)"
	check_eq 'IPv6 afterwards' 20 "$(flows_of after6 ok)"
	check_eq 'left to routing afterwards' 0 "$(of_backends unforwarded)"
	stop_client after4
	stop_client after6
}

load_module
topology dsr 4
start_servers
SIZE=509
forward=yes track=changed
service 4
calm_service
balance any
start_client calm4 4 -n 60 -p 40000 -h
start_client calm6 6 -n 60 -p 40000 -h
web=$(generation web) calm=$(generation calm)
start_client tcp4 4 -n 10 -e -i 20
start_client tcp6 6 -n 10 -e -i 20
start_client udp4 4 -u -n 10 -e -i 20
start_client udp6 6 -u -n 10 -e -i 20

start_workers changes configurations dumps rules entries unloads namespaces
# The duration is the purpose of this test.
end=$((SECONDS + LASTS))
until [ "$SECONDS" -ge "$end" ]; do
	sleep 1
	calm_goes_on
done
wait_for 300 rounds changes 4
end_workers
snapshot
check_ge 'packets meanwhile' 500 "${stat[packets]}"
check_kinds
# In a round, four changes of web and all of calm do not depend on other
# workers.
check_made web 16 "$web"
check_made calm 12 "$calm"
calm_goes_on
check_eq 'connections that broke at untouched backends' 0 "$calm_lost"
check_ge 'connections that live there' 20 "$calm_alive"
check_ge 'rounds of connections there' 3 "$calm_rounds"

for ((i = 0; i < STORM; i++)); do
	echo "backend set web s1 weight $((i % 7 + 2))"
done >"$T/storm"
before=$(generation web)
ctl -b "$T/storm" || fail 'the storm stopped'
check_eq 'updates of the storm' "$STORM" \
	$(($(generation web) - before))

for name in calm4 calm6 tcp4 tcp6 udp4 udp6; do
	stop_client "$name"
done
afterwards
forward='' track=always
afterwards
