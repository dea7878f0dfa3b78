# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For benches: a client, a balancer, a device that throws away what the balancer
# forwards; and the paths that a packet may take through the balancer, each a
# function of the number of backends. "plain" is routing without any rule. What a
# balancer may have besides, whatever it balances by, is a state: PATH:ip_rule is a
# path in a namespace that has a routing rule.
#
#   PROTO PORT        what is balanced
#   BACKENDS PATHS    how many backends, by which paths, without a space if need
#                     be: "10,100"
#   measure 4|6 BACKENDS PATH
#                     a function of the bench
#   family            4 or 6
# shellcheck disable=SC2154 # shared with lib.sh and the benches

# --- the network -------------------------------------------------------------

# shellcheck disable=SC2317 # called by wait_for
has_no_witness() { ! ip link show witness >/dev/null 2>&1; }

# end: both namespaces are gone, with their hooks, and not only their names: a
# link of lb goes with it. It stays down, and no packet meets it.
end() {
	ip netns del cl
	ip netns del lb
	[ ! -e /run/netns/sv ] || ip netns del sv
	wait_for 60 has_no_witness
	# shellcheck disable=SC2034 # of lib.sh
	namespaces=()
}

# sink_up: what is forwarded leaves by it
sink_up() {
	ip -n lb -b - <<-END
		link set sink up
		addr add 10.2.0.1/16 dev sink
		addr add 2001:db8:2::1/64 dev sink nodad
		route add $VIP4 dev sink
		route add $VIP6 dev sink
		route add default dev sink table 100
	END
	ip -6 -n lb route add default dev sink table 100
}

# begin 4|6: anew, for nothing that was there once leaves a namespace as it was:
# an empty table of iptables costs something, and so do a routing rule and a local
# route that have been deleted
begin() {
	family=$1 routing=plain
	[ ! -e /run/netns/lb ] || end
	add_namespace cl
	add_namespace lb 1
	ip link add witness type veth peer name witness netns lb ||
		fail 'no witness'
	add_link cl front 1.0.2 lb front
	ip -n lb -b - <<-END
		addr add 10.1.0.1/24 dev front
		addr add 2001:db8:1::1/64 dev front nodad
		route add 192.0.2.0/24 via 10.1.0.2
		route add 2001:db8:c::/64 via 2001:db8:1::2
		link add sink type dummy
		link set sink arp off
	END
	sink_up
	lb sysctl -qw net.netfilter.nf_conntrack_udp_timeout=86400 ||
		fail sysctl
	read -r _ _ mac _ < <(ip -n lb -br link show front)
}

# real_neighbours N: the sink is a link to a host that has N addresses there and
# answers for them, as the device that needs no answers is never short of
# neighbours
real_neighbours() {
	add_namespace sv
	ip -n lb link del sink
	ip -n lb link add sink type veth peer name lan netns sv ||
		fail 'no link'
	# The balancer's own address, 10.2.0.1, is not the host's.
	ip -n sv -b - <<-END
		link set lan up
		route add 10.2.0.0/24 dev lan
		route add local 10.2.0.0/16 dev lo table main
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lan nodad
	END
	[ "$family" = 4 ] || addresses "$1" |
		sed 's,.*,addr add &/128 dev lan nodad,' | ip -n sv -b - ||
		fail addresses
	ip netns exec sv "$(table)-legacy" -t raw -A PREROUTING -p "$PROTO" \
		-j DROP || fail 'rule of the host'
	sink_up
}

# packets that got to real neighbours
arrived() {
	ip netns exec sv "$(table)-legacy" -t raw -nvxL PREROUTING |
		awk '/DROP/ { print $1 }'
}

# room_for_entries: the table is never full, and its chains are short. (That no
# entry expires is up to begin: the machine's hours pass when it has nothing to
# do.)
room_for_entries() {
	modprobe nf_conntrack
	sysctl -qw net.netfilter.nf_conntrack_buckets=65536 \
		net.netfilter.nf_conntrack_max=262144 || fail sysctl
}

# neighbours THRESHOLD: as many backends of a link can be used before the kernel
# throws neighbours away to have room for others. It is one limit for all
# namespaces.
neighbours() {
	local f

	for f in 4 6; do
		sysctl -qw net.ipv$f.neigh.default.gc_thresh1=$(($1 / 8)) \
			net.ipv$f.neigh.default.gc_thresh2=$(($1 / 2)) \
			net.ipv$f.neigh.default.gc_thresh3="$1" || fail sysctl
	done
}

# send KIND FIRST FLOWS COUNT [PAUSE]: packets of these flows from the client, then
# PAUSE milliseconds in which nothing else happens. Sets $took, instructions a
# packet, and $started, microseconds of the monotonic clock. Packets that had to
# wait for ksoftirqd, as they may on 6.1, do not count. Fails if those are more than
# half of them.
send() {
	local cycles packets source=192.0.2.0 destination=$VIP4

	if [ "$family" = 6 ]; then
		source=2001:db8:c:: destination=$VIP6
	fi
	# shellcheck disable=SC2016 # cl's shell expands it
	cl sh -c 'echo "$@" >/proc/lbhash_source' - \
		front "$mac" "$1" $source "$destination" "$PORT" \
		"$2" "$3" "$4" "${5:-0}" ||
		fail "no packets: $*"
	# shellcheck disable=SC2034 # for the benches
	read -r cycles packets started _ </proc/lbhash_source
	[ "$packets" -gt $(($4 / 2)) ] || return
	# shellcheck disable=SC2034 # for the benches
	took=$((cycles / packets)).$((cycles * 10 / packets % 10))
}

# packets that were forwarded
sunk() { ip -n lb -s link show sink | awk '/TX:/ { getline; print $2 }'; }

# --- rules -------------------------------------------------------------------

table() { [ "$family" = 4 ] && echo iptables || echo ip6tables; }
xt() { lb "$(table)-legacy" -w "$@" || fail "rule: $*"; }

# match TABLE ARGUMENT...: a rule for the packets that are to be balanced
match() {
	xt -t "$1" -A PREROUTING -p "$PROTO" --dport "$PORT" "${@:2}"
}

# check_routing NAME: routing costs what it should in this row: neither is the
# namespace an old one, nor has the path done more than it has to
check_routing() {
	check_eq "$1: routing" "$routing" \
		"$(lb cat /proc/lbhash_source | awk '{ print $4 }')"
}

# routes N: a routing rule for each mark
routes() {
	routing=rules
	seq "$1" | sed 's/.*/rule add pref & fwmark & lookup 100/' |
		ip "-$family" -n lb -b - || fail 'routing rules'
}

# addresses N: of so many backends, one a line
addresses() {
	seq "$1" | awk -v f="$family" '{
		hi = int(($1 + 255) / 256); lo = ($1 + 255) % 256
		print f == 4 ? "10.2." hi "." lo \
			: sprintf("2001:db8:2::%x:%x", hi, lo)
	}'
}

# web N [OTHERS]: the service with so many backends, and small ones beside it,
# in one change; without jq, of which a start takes as long as all the packets
web() {
	addresses "$1" | awk -v others="${2:-0}" '
		BEGIN { print "{\"services\": [{\"name\": \"web\", \"backends\": [" }
		{
			printf "%s{\"name\": \"s%d\", \"mark\": %d, ",
				(NR > 1 ? "," : ""), NR - 1, NR
			print "\"addresses\": [\"" $1 "\"]}"
		}
		END {
			print "]}"
			while (others-- > 0) {
				print ",{\"name\": \"x" others "\", \"size\": 251,"
				print "\"backends\": [{\"name\": \"s\", \"mark\": 1}]}"
			}
			print "]}"
		}' | ctl apply - || fail services
}

# mark_only N TABLE OPTION...: all marks go one way
mark_only() {
	web "$1"
	match "$2" -j LBHASH --service web "${@:3}"
}

# The target's own share is what that costs more than a rule without a target.
mark_hashed() { mark_only "$1" raw --track never; }
mark_pinned() { mark_only "$1" mangle; }

# lbhash N TABLE OPTION...
lbhash() {
	[[ " $* " = *" --forward "* ]] || routes "$1"
	mark_only "$@"
}
lbhash_raw_changed() { lbhash "$1" raw --track changed; }
lbhash_raw_never() { lbhash "$1" raw --track never; }
lbhash_raw_always() { lbhash "$1" raw --track always; }
lbhash_mangle() { lbhash "$1" mangle; }
forward_raw_changed() { lbhash "$1" raw --track changed --forward; }
forward_raw_never() { lbhash "$1" raw --track never --forward; }
forward_raw_always() { lbhash "$1" raw --track always --forward; }
forward_mangle() { lbhash "$1" mangle --forward; }

# changing N TABLE OPTION...: all slots are in transition, as each of N backends
# has just been replaced by another one
changing() {
	lbhash "$@"
	addresses "$1" | awk -v n="$1" '
		function show(name, i, mark, state) {
			printf "{\"name\": \"%s%d\", \"mark\": %d, ", name, i, mark
			printf "\"state\": \"%s\", \"addresses\": [\"%s\"]}", state, $1
		}
		BEGIN { print "{\"services\": [{\"name\": \"web\", \"backends\": [" }
		{
			if (NR > 1)
				print ","
			show("s", NR - 1, NR, "drain"); print ","
			show("t", NR - 1, n + NR, "up")
		}
		END { print "]}]}" }' | ctl apply - || fail change
}
changing_raw_changed() { changing "$1" raw --track changed --forward; }

# crowded N OPTION...: among a thousand services, the rules of others aside
crowded() {
	web "$1" 999
	{
		echo '*raw'
		echo ':others -'
		seq 0 998 | sed 's/.*/-A others -j LBHASH --service x&/'
		echo COMMIT
	} | lb "$(table)-legacy-restore" -w || fail rules
	match raw -j LBHASH --service web --forward "${@:2}"
}
crowded_raw_changed() { crowded "$1" --track changed; }
crowded_raw_always() { crowded "$1" --track always; }

raw_rule() { match raw -j ACCEPT; }
mangle_rule() { match mangle -j ACCEPT; }
plain() { :; }

# Rules that match and do nothing; and what LBHASH asks for besides, had by a
# rule that no packet ever meets.
raw_empty() { match raw; }
defragged_empty() {
	raw_empty
	xt -t raw -N unused
	xt -t raw -A unused -p "$PROTO" -m socket
}
tracked_empty() {
	match mangle
	xt -t mangle -N unused
	xt -t mangle -A unused -m conntrack --ctstate NEW
}

add_hmark() {
	match mangle -j HMARK --hmark-tuple src,sport --hmark-mod "$1" \
		--hmark-offset 1 --hmark-rnd 1
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
				$PROTO dport $PORT meta mark set jhash $ip saddr . $PROTO sport mod $3 offset 1
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

# ipvs N SCHEDULER...: the kernel's own balancer, in its direct routing mode; it
# looks at packets for the machine itself, which therefore has the VIP (a route
# of the type "local" would have the source of every packet looked up)
ipvs() {
	local vip=$VIP4 service

	[ "$family" = 4 ] || vip="[$VIP6]"
	service="$([ "$PROTO" = udp ] && echo -u || echo -t) $vip:$PORT"
	{
		echo "-A $service -s ${*:2}"
		addresses "$1" | sed "s/.*:.*/[&]/; s/.*/-a $service -r &:$PORT -g/"
	} | lb ipvsadm -R || fail ipvsadm
	lb ipvsadm --set 0 0 86400 || fail ipvsadm
	vip=VIP$family
	ip "-$family" -n lb addr add "${!vip}" dev lo || fail VIP
}
ipvs_mh() { ipvs "$1" mh; }
ipvs_rr() { ipvs "$1" rr -o; }

# --- what hosts have besides -------------------------------------------------

with_ip_rule() {
	local net=203.0.113.0/24

	routing=rules
	[ "$family" = 4 ] || net=2001:db8:99::/64
	ip "-$family" -n lb rule add pref 100 from $net lookup 100 ||
		fail 'routing rule'
}

# Of IPv4 only.
with_rp_filter() { lb sysctl -qw net.ipv4.conf.all.rp_filter=1; }

with_forward_rule() { xt -A FORWARD -p "$PROTO" --dport "$PORT" -j ACCEPT; }

with_firewall() {
	xt -P FORWARD DROP
	xt -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	xt -A FORWARD -p "$PROTO" --dport "$PORT" \
		-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT
}

# state_of PATH[:STATE]: establish it
state_of() { [[ $1 != *:* ]] || "with_${1#*:}"; }

# --- what it costs -----------------------------------------------------------

# each_path PATH...: measure these without backends, "plain" first, and all
# others
each_path() {
	local n path

	for family in 4 6; do
		for path; do
			measure "$family" 0 "$path"
		done
		for n in ${BACKENDS//,/ }; do
			for path in ${PATHS//,/ }; do
				measure "$family" "$n" "$path"
			done
		done
	done
}

# cost_is BACKENDS PATH[:KIND] FILE: the least of the figures in a file; of all
# paths but "plain", what it is more than that one's. Whatever else the kernel
# does meanwhile is added to some runs and not to others.
declare -A plain=()
cost_is() {
	local kind=$family${2#"${2%%:*}"} base=0 least

	least=$(sort -g "$3" | head -n 1)
	if [[ $2 = plain* ]]; then
		plain[$kind]=$least
	else
		base=${plain[$kind]}
	fi
	echo "# cost $family $1 $2 $(awk -v a="$least" -v b="$base" 'BEGIN {
		printf "%.0f", a - b }')"
}
