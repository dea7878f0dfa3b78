#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 20000
#
# What a packet costs on its way through a balancer, in instructions of the
# guest: vm/run --icount -d selftests/bench packets. There the clock counts them.
#
# A client's pktgen sends UDP of 60 bytes (IPv6: 80), 1024 flows, over a veth to
# the balancer, whose backends are all behind a device that throws packets away.
# "plain" is routing of the same packets by the same kernel without a rule, and
# all other figures are what a packet costs more than that; of LBHASH's, "own"
# is what it costs more than a target that does nothing, at the same place.
#
#   # cost FAMILY BACKENDS PATH INSTRUCTIONS
. ./lib.sh

PACKETS=20000 WARM=4096
: "${BACKENDS:=10 100 1000 4096}"

# --- the network -------------------------------------------------------------

# begin 4|6: anew, for a table of iptables that is there costs something, even
# when it is empty; send packets of that family
begin() {
	ip netns del cl 2>/dev/null
	ip netns del lb 2>/dev/null
	namespaces=()
	network
	send_family "$1"
}

network() {
	add_namespace cl
	add_namespace lb 1
	add_link cl front 1.0.2 lb front
	ip -n lb -b - <<-END
		addr add 10.1.0.1/24 dev front
		addr add 2001:db8:1::1/64 dev front nodad
		link add sink type dummy
		link set sink arp off up
		addr add 10.2.0.1/16 dev sink
		addr add 2001:db8:2::1/64 dev sink nodad
		route add $VIP4 dev sink
		route add $VIP6 dev sink
		route add default dev sink table 100
	END
	ip -6 -n lb route add default dev sink table 100
	mac=$(ip -n lb -j link show front | jq -r '.[0].address')
	modprobe pktgen
	# Namespaces have threads of their own, which come a moment later.
	wait_for 30 has_pktgen
	pg kpktgend_0 'add_device front'
	for line in 'clone_skb 0' 'delay 0' "dst_mac $mac" \
		'udp_src_min 1024' 'udp_src_max 2047' \
		'udp_dst_min 9' 'udp_dst_max 9'; do
		pg front "$line"
	done
}

# shellcheck disable=SC2317 # called by wait_for
has_pktgen() { cl test -e /proc/net/pktgen/kpktgend_0; }

# pg FILE LINE: to pktgen
pg() {
	# shellcheck disable=SC2016 # cl's shell expands it
	cl sh -c 'echo "$2" >/proc/net/pktgen/"$1"' - "$@" ||
		fail "pktgen: $*"
}

send_family() {
	local line

	if [ "$1" = 4 ]; then
		set -- 'pkt_size 60' 'src_min 192.0.2.1' 'src_max 192.0.2.1' \
			"dst $VIP4"
	else
		set -- 'pkt_size 80' 'src6 2001:db8:c::1' "dst6 $VIP6"
	fi
	for line; do
		pg front "$line"
	done
}

# send N: prints instructions a packet
send() {
	pg front "count $1"
	pg pgctrl start
	cl cat /proc/net/pktgen/front | awk -v n="$1" '
		/errors:/ && $NF != 0 { exit 1 }
		/^Result: OK/ { printf "%.1f\n", 1000 * $3 / n }'
}

sunk() { ip -n lb -s -j link show sink | jq '.[0].stats64.tx.packets'; }

# cost N PATH: warm up and measure; every packet has to get to the sink
cost() {
	local before count plain_of="plain$family"

	send $WARM >/dev/null
	before=$(sunk)
	count=$(send $PACKETS)
	check_eq "IPv$family, $1 backends, $2: packets" $PACKETS \
		$(($(sunk) - before))
	[ "$2" != plain ] || declare -g "$plain_of=$count"
	echo "# cost $family $1 $2 $(awk -v a="$count" -v b="${!plain_of}" \
		-v plain="$2" 'BEGIN {
			printf "%.0f", plain == "plain" ? a : a - b }')"
}

# --- rules -------------------------------------------------------------------

table() { [ "$family" = 4 ] && echo iptables || echo ip6tables; }
xt() { lb "$(table)-legacy" -w "$@" || fail "rule: $*"; }

# routes N: a routing rule for each mark
routes() {
	seq "$1" | sed 's/.*/rule add pref & fwmark & lookup 100/' |
		ip "-$family" -n lb -b - || fail 'routing rules'
}

# backends N: of the service
backends() {
	{
		echo "service add web"
		seq "$1" | awk -v f="$family" '{
			hi = int(($1 + 255) / 256); lo = ($1 + 255) % 256
			addr = f == 4 ? "10.2." hi "." lo \
				: sprintf("2001:db8:2::%x:%x", hi, lo)
			print "backend add web s" $1, "mark", $1, "addr", addr
		}'
	} >"$T/batch"
	ctl -b "$T/batch" || fail backends
}

# lbhash N TABLE OPTION...
lbhash() {
	backends "$1"
	[[ " $* " = *" --forward "* ]] || routes "$1"
	xt -t "$2" -A PREROUTING -p udp --dport 9 -j LBHASH --service web \
		"${@:3}"
}
lbhash_raw_changed() { lbhash "$1" raw --track changed; }
lbhash_raw_never() { lbhash "$1" raw --track never; }
lbhash_raw_always() { lbhash "$1" raw --track always; }
lbhash_mangle() { lbhash "$1" mangle; }
forward_raw_changed() { lbhash "$1" raw --track changed --forward; }
forward_raw_never() { lbhash "$1" raw --track never --forward; }
forward_raw_always() { lbhash "$1" raw --track always --forward; }
forward_mangle() { lbhash "$1" mangle --forward; }

raw_rule() { xt -t raw -A PREROUTING -p udp --dport 9 -j ACCEPT; }
mangle_rule() { xt -t mangle -A PREROUTING -p udp --dport 9 -j ACCEPT; }
plain() { :; }

add_hmark() {
	xt -t mangle -A PREROUTING -p udp --dport 9 -j HMARK \
		--hmark-tuple src,sport --hmark-mod "$1" --hmark-offset 1 \
		--hmark-rnd 1
}

hmark() {
	routes "$1"
	add_hmark "$1"
}

hmark_connmark() {
	routes "$1"
	xt -t mangle -A PREROUTING -j CONNMARK --restore-mark
	xt -t mangle -A PREROUTING -m mark ! --mark 0 -j ACCEPT
	add_hmark "$1"
	xt -t mangle -A PREROUTING -j CONNMARK --save-mark
}

# nft_rules FIRST LAST N: hash to a mark, and what comes before and after
nft_rules() {
	local ip=ip

	[ "$family" = 4 ] || ip=ip6
	routes "$3"
	lb nft -f - <<-END || fail nft
		table $ip balancer {
			chain pre {
				type filter hook prerouting priority mangle;
				$1
				udp dport 9 meta mark set jhash $ip saddr . udp sport mod $3 offset 1
				$2
			}
		}
	END
}
nft_jhash() { nft_rules '' '' "$1"; }
nft_jhash_connmark() {
	nft_rules 'meta mark set ct mark; meta mark != 0 accept;' \
		'ct mark set meta mark' "$1"
}

statistic_connmark() {
	local n=$1

	routes "$1"
	{
		echo '*mangle'
		echo '-A PREROUTING -j CONNMARK --restore-mark'
		echo '-A PREROUTING -m mark ! --mark 0 -j ACCEPT'
		for ((; n > 1; n--)); do
			echo "-A PREROUTING -m mark --mark 0 -m statistic" \
				"--mode nth --every $n --packet 0" \
				"-j MARK --set-mark $n"
		done
		echo '-A PREROUTING -m mark --mark 0 -j MARK --set-mark 1'
		echo '-A PREROUTING -j CONNMARK --save-mark'
		echo COMMIT
	} | lb "$(table)-legacy-restore" -w || fail statistic
}

# The kernel's own balancer, in its direct routing mode; it looks at packets for
# the machine itself.
ipvs_dr() {
	local vip=$VIP4

	[ "$family" = 4 ] || vip="[$VIP6]"
	{
		echo "-A -u $vip:9 -s mh"
		seq "$1" | awk -v f="$family" -v vip="$vip" '{
			hi = int(($1 + 255) / 256); lo = ($1 + 255) % 256
			addr = f == 4 ? "10.2." hi "." lo \
				: sprintf("[2001:db8:2::%x:%x]", hi, lo)
			print "-a -u " vip ":9 -r " addr ":9 -g"
		}'
	} | lb ipvsadm -R || fail ipvsadm
	vip=${vip#[}
	ip "-$family" -n lb route replace local "${vip%]}" dev lo table local
}

# --- the measure -------------------------------------------------------------

load_module
for family in 4 6; do
	for path in plain raw_rule mangle_rule; do
		begin $family
		$path
		cost 0 $path
	done
	for n in $BACKENDS; do
		for path in {forward,lbhash}_{raw_{changed,never,always},mangle} \
			hmark nft_jhash hmark_connmark nft_jhash_connmark \
			statistic_connmark ipvs_dr; do
			begin $family
			$path "$n"
			cost "$n" "$path"
		done
	done
done
