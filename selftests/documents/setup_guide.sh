#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every command of doc/setup.md, in order, at the right place: blocks that begin
# with "```sh balancer" in lb, those with "```sh server" in every server, those
# with "```sh machine" in the machine's first network namespace. The hosts start
# with the defaults of a cautious distribution; each section's promise is false
# before the section and true after it.
# checks: 55
. ./lib.sh
. ./lib/documents.bash
. ./lib/nginx.bash
. ./lib/packets.bash

guide=../doc/setup.md
executed=0 patience=20

# commands SECTION: "balancer COMMAND" and "server COMMAND" lines
commands() {
	awk -v section="$1" '
		/^## / { here = section == "" || $2 == section "." }
		/^```/ { role = $1 == "```sh" ? $2 ? $2 : "nobody" : ""; next }
		here && role { print role, $0 }
	' "$guide"
}

# follow SECTION
follow() {
	local role command n

	echo "# section $1"
	commands "$1" >"$T/commands"
	[ -s "$T/commands" ] || fail "section $1 has no commands"
	while read -r role command; do
		case $role in
		balancer) try lb ;;
		server) for n in 1 2 3; do try srv "$n"; done ;;
		machine) try env ;;
		*) fail "whose command is: $role $command" ;;
		esac
		executed=$((executed + 1))
	done <"$T/commands"
}

# try WHERE...: run $command, as typed into a shell there
try() {
	"$@" bash -c "$command" >"$T/out" 2>&1 </dev/null ||
		fail "$*: $command: $(cat "$T/out")"
}

# careful NAMESPACE: the defaults that the guide is for
careful() {
	ip netns exec "$1" sysctl -qw \
		net.ipv4.conf.{all,default}.rp_filter=1 \
		net.ipv4.conf.{all,default}.send_redirects=1 \
		net.ipv4.conf.{all,default}.arp_ignore=0
}

network() {
	local n

	for n in cl lb sw s1 s2 s3; do
		add_namespace "$n"
	done
	# The client is also the router, which the guide does not cover.
	cl sysctl -qw net.ipv4.ip_forward=1
	for n in lb s1 s2 s3; do
		careful "$n"
	done
	ip -n sw link add switch up type bridge
	add_link cl front 1.0.2 lb front
	add_link cl back 2.0.2 sw cl
	add_link lb lan 2.0.1 sw lb
	for n in 1 2 3; do
		add_link "s$n" lan "2.0.10$n" sw "s$n"
	done
	for n in cl lb s1 s2 s3; do
		ip -n sw link set "$n" master switch
	done
	ip -n cl -b - <<-END
		addr add 192.0.2.1/24 dev lo
		addr add 2001:db8:c::1/64 dev lo nodad
		route add $VIP4 via 10.1.0.1 src 192.0.2.1
		route add $VIP6 via 2001:db8:1::1 src 2001:db8:c::1
	END
	ip -n lb -b - <<-END
		addr add 10.1.0.1/24 dev front
		addr add 2001:db8:1::1/64 dev front nodad
		route add default via 10.1.0.2
		route add default via 2001:db8:1::2
	END
}

# get 4|6 N: N connections one after the other, each with a time limit; prints
# the answering servers
get() {
	local vip=VIP$1 host n

	host=${!vip}
	[ "$1" = 4 ] || host="[$host]"
	for ((n = 0; n < $2; n++)); do
		echo "url = http://$host/"
	done | cl curl -gsS --fail-early --no-keepalive -H 'Connection: close' \
		--max-time "$(seconds "$patience")" -K - 2>/dev/null
}

# check_get NAME PORT: 24 connections are answered, by all servers
check_get() {
	local family answers

	for family in 4 6; do
		answers=$(get "$family" 24)
		check_eq "$1: IPv$family, answers" 24 "$(grep -c . <<<"$answers")"
		check_eq "$1: IPv$family, answered by" \
			"s1:$2 s2:$2 s3:$2" "$(sort -u <<<"$answers" | xargs)"
	done
}

# asks_vip: can the client resolve the VIP's MAC address on the servers'
# network?
asks_vip() {
	local found=1

	ip -n cl route replace "$VIP4" dev back
	cl ping -c 1 -W "$(seconds 2)" "$VIP4" >"$T/ping" 2>&1 && found=0
	ip -n cl route replace "$VIP4" via 10.1.0.1 src 192.0.2.1
	ip -n cl neigh flush dev back
	return "$found"
}

asks_vip6() {
	local found=1

	ip -n cl route replace "$VIP6" dev back
	cl ping -c 1 -W "$(seconds 2)" "$VIP6" >"$T/ping" 2>&1 && found=0
	ip -n cl route replace "$VIP6" via 2001:db8:1::1 src 2001:db8:c::1
	ip -n cl neigh flush dev back
	return "$found"
}

# errors_of FAMILY: "packet too big" errors, as all servers count them
errors_of() {
	local n name=IcmpInDestUnreachs

	[ "$1" = 4 ] || name=Icmp6InPktTooBigs
	for n in 1 2 3; do
		srv "$n" nstat -asz "$name"
	done | awk -v name="$name" '$1 == name { n += $2 } END { print n }'
}

# check_errors NAME: a router on the clients' side sends an error about each of
# 8 connections, and each reaches a server
check_errors() {
	local family before

	start_packets documents/errors
	for family in 4 6; do
		before=$(errors_of "$family")
		ask open "$family" 8
		check_eq "$1: IPv$family, connections" 8 "$(got answered)"
		ask errors "$family"
		check_eq "$1: IPv$family, connections after the errors" 8 \
			"$(got answered)"
		check_eq "$1: IPv$family, errors that reached servers" 8 \
			$(($(errors_of "$family") - before))
	done
}

redirects() { lb nstat -asz IcmpOutRedirects | awk '/Redirects/ { print $2 }'; }

# by_servers_side SOURCE: connections that reach lb by the interface on which
# they leave, as ICMP errors do. Packets from a distant source may be routed
# elsewhere; for a source on the same network the kernel may send a redirect.
by_servers_side() {
	local answers

	ip -n cl route replace "$VIP4" via 10.2.0.1 src "$1"
	answers=$(get 4 3)
	ip -n cl route replace "$VIP4" via 10.1.0.1 src 192.0.2.1
	grep -c . <<<"$answers"
}

# count_mss NAMESPACE FLAGS MSS4 MSS6: count arriving SYNs with the guide's MSS,
# and others
count_mss() {
	local not

	for not in '' '!'; do
		# shellcheck disable=SC2086 # no word for no "not"
		ip netns exec "$1" iptables -A INPUT -p tcp \
			--tcp-flags SYN,ACK "$2" -m tcpmss $not --mss "$3"
		# shellcheck disable=SC2086
		ip netns exec "$1" ip6tables -A INPUT -p tcp \
			--tcp-flags SYN,ACK "$2" -m tcpmss $not --mss "$4"
	done
}

# check_mss NAME NAMESPACE...: at least 48 connections (a SYN may be repeated)
check_mss() {
	local ns ipt

	for ns in "${@:2}"; do
		for ipt in iptables ip6tables; do
			ip netns exec "$ns" "$ipt" -nvxL INPUT
		done
	done >"$T/mss"
	check_ge "$1: SYNs with the MSS of the guide" 48 \
		"$(awk '/tcpmss match [0-9]/ { n += $1 } END { print n + 0 }' \
			"$T/mss")"
	check_eq "$1: with another" 0 \
		"$(awk '/tcpmss match !/ { n += $1 } END { print n + 0 }' "$T/mss")"
}

# have_neighbours 4|6 N: of N neighbours just added, how many are still in the
# kernel's table
have_neighbours() {
	local net=10.2

	[ "$1" = 4 ] || net=2001:db8:2:
	seq "$2" | awk -v net="$net" '{
		printf net == "10.2" ? "neigh replace %s.%d.%d" : \
			"neigh replace %s:%d:%d", net, 1 + $1 / 200, $1 % 200 + 1
		print " lladdr 02:00:00:00:00:01 nud reachable dev lan"
	}' | ip -n lb -force -b - 2>/dev/null
	ip "-$1" -n lb neigh show dev lan | grep -c 'lladdr 02:00:00:00:00:01'
	ip "-$1" -n lb neigh flush dev lan nud reachable
}

network
for n in 1 2 3; do
	start_nginx "$n" 80 8080 '[::]:80' '[::]:8080' \
		<<<"return 200 s$n:\$server_port\n;"
done

follow 1
follow 2
asks_vip && fail 'a server answers ARP requests for the VIP'
asks_vip6 && fail 'a server answers solicitations for the VIP'
ok 'nobody answers for the VIP'
srv 1 sysctl -qw net.ipv4.conf.all.arp_ignore=0
asks_vip || fail 'and neither without arp_ignore'
ok 'but one would without arp_ignore'
srv 1 sysctl -qw net.ipv4.conf.all.arp_ignore=1

follow 3
ip -n lb addr add "$VIP4/32" dev lo
ip -n lb addr add "$VIP6/128" dev lo nodad
check_empty 'answers without the rule' "$(patience=4; get 4 1; get 6 1)"
follow 4
while read -r command; do
	try cl
	ok "on a client: $command"
done < <(spans doc/setup.md)
check_get 'DSR, balancer has the VIP' 80
check_eq 'far source, by the servers side' 3 "$(by_servers_side 192.0.2.1)"
check_eq 'near source, by the servers side' 3 "$(by_servers_side 10.2.0.2)"
check_eq 'redirects' 0 "$(redirects)"
ip -n lb addr del "$VIP4/32" dev lo
ip -n lb addr del "$VIP6/128" dev lo
check_get 'DSR, balancer has no VIP' 80

follow 5
check_get 'firewall' 80
check_eq 'firewall, the wrong zone' 0 "$(patience=4; by_servers_side 192.0.2.1)"
lb iptables -t raw -S PREROUTING | grep -v icmp | grep LBHASH >"$T/rule"
lb iptables -t raw -D PREROUTING 1
lb iptables -t mangle -A PREROUTING -d "$VIP4" -p tcp \
	-j MARK --set-mark 1
check_empty 'firewall without LBHASH, IPv4' "$(patience=4; get 4 1)"
lb iptables -t mangle -F PREROUTING
# shellcheck disable=SC2046 # words of a rule
lb iptables -t raw $(sed 's/^-A PREROUTING/-I PREROUTING 1/' "$T/rule")

# A server may still be trying to answer, with an MSS from before section 6.
no_half_open() { [ -z "$(srv 1 ss -KtH state syn-recv)" ]; }
wait_for 60 no_half_open

count_mss cl SYN,ACK 1360 1340
for n in 1 2 3; do
	count_mss "s$n" SYN 1380 1350
done
follow 6
check_get 'MSS' 80
check_mss 'to the client' cl
check_mss 'to the servers' s1 s2 s3

follow 7
lb conntrack -F 2>/dev/null
check_get 'tracking what changed' 80
check_eq 'entries' 0 "$(lb conntrack -C)"
ctl backend set web s1 state drain
patience=20 get 4 24 >"$T/answers"
check_ge 'connections remembered' 1 "$(ctl -j memory | jq .entries)"
check_eq 'entries for what changed' 0 "$(lb conntrack -C)"
check_eq 'answers of s1, IPv4' 0 "$(grep -c s1 "$T/answers")"
check_eq 'answers, IPv4' 24 "$(grep -c . "$T/answers")"
ctl backend set web s1 state up

follow 8
check_get 'NAT' 8080
check_errors 'NAT'

for family in 4 6; do
	check_le "IPv$family, 2000 neighbours that fit by default" 1024 \
		"$(have_neighbours $family 2000)"
done
follow 9
for family in 4 6; do
	check_eq "IPv$family, neighbours that fit" 4000 \
		"$(have_neighbours $family 4000)"
done

follow 10
check_empty 'services' "$(ctl service show)"
check_eq 'commands tried' "$(commands '' | wc -l)" "$executed"
