# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Every selftest sources this: a network, iptables in four variants, traffic,
# and asserts. A test stops at its first "not ok"; without a single "ok" it
# has not passed.
#
#                     front                          the VIP is on lo of every
#          cl  10.1.0.2 -----> 10.1.0.1  lb          server; in lb it is only
#   10.2.0.2                             10.2.0.1    routed: a packet of mark N
#        ^ back                       lan |          goes to server N
#        |                                v
#        +-------------  sw  <------------+          sw is a switch
#                      |  |  |
#                     s1  s2 .. sN  10.2.0.101 ..
#
#   topology dsr N      servers answer cl directly: lb sees the client's half
#   topology twoway N   servers answer by way of lb
#   topology ... N unmarked
#                       marks have no routes: lb has nothing but the kernel's
#                       own routing rules
#
# "balance" writes the rule under test, so that the same lines run in several
# variants: in_variant sets the flavour of iptables and the table, in_mode how
# much the rule tracks and whether it forwards.
#
# IPv6 is the same with 2001:db8:1:: and 2001:db8:2::. The client's traffic
# comes from 192.0.2.0/24 and 2001:db8:c::/64, all local to cl. Only lb has
# connection tracking.
set -u

SIZE=4099 VIP4=198.51.100.10 VIP6=2001:db8:f::10
IPT=legacy TABLE=raw
track=always forward='' marked=''
# Factor of all time limits, 1 on a quiet machine with a stock kernel; an integer,
# exported for programs that are not bash.
export lb_slow=${lb_slow:-1}
T=$(mktemp -d) oks=0 servers=0 namespaces=()

# --- asserts -----------------------------------------------------------------

ok() {
	oks=$((oks + 1))
	echo "ok - $*"
}

# In a subshell, too, it ends the whole test.
fail() {
	if [ "$BASHPID" != $$ ]; then
		end_test "$*"
	else
		echo "not ok - $*"
	fi
	exit 1
}

# end_test WHY: from a process that is not the test's own shell
end_test() {
	echo "$*" >>"$T/failed"
	kill -USR2 $$
}

# Bash calls it in a subshell for a command that does not exist.
# shellcheck disable=SC2317
command_not_found_handle() {
	end_test "$1: no such command"
	return 127
}

skip() {
	echo "skip - $*"
	exit 4
}

# wanted NAME WANT GOT: a command that fails prints nothing, or jq null. If both
# sides did, they are equal, but nothing has been checked.
wanted() {
	local want

	[ $# = 3 ] || fail "${1:-?}: a check takes a name and two values, not $*"
	want=${2:0:200}
	[[ ${want//null/} = *[^[:space:],:\;]* ]] || fail "$1: it wants nothing"
}

# check_eq NAME WANT GOT
check_eq() {
	wanted "$@"
	[ "$2" = "$3" ] || fail "$1: want $2, got $3"
	ok "$1: $3"
}

# check_empty NAME GOT, check_null NAME GOT: where nothing is wanted
check_empty() {
	[ $# = 2 ] || fail "${1:-?}: check_empty takes one value, not $*"
	[ -z "$2" ] || fail "$1: want nothing, got $2"
	ok "$1: nothing"
}

check_null() {
	[ "$2" = null ] || fail "$1: want null, got $2"
	ok "$1: null"
}

# check_same NAME WANT GOT: many lines; only the difference is shown
check_same() {
	wanted "$@"
	[ "$2" = "$3" ] || {
		diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
		fail "$1: want <, got >"
	}
	ok "$1: $(wc -l <<<"$2") lines"
}

# numbers NAME LIMIT GOT
numbers() {
	wanted "$@"
	[[ $2 =~ ^-?[0-9]+$ ]] || fail "$1: the limit '$2' is not a number"
	[[ $3 =~ ^-?[0-9]+$ ]] || fail "$1: got '$3', which is not a number"
}

# check_le NAME MOST GOT, check_ge NAME LEAST GOT
check_le() {
	numbers "$@"
	[ "$3" -le "$2" ] || fail "$1: want at most $2, got $3"
	ok "$1: $3, at most $2"
}

check_ge() {
	numbers "$@"
	[ "$3" -ge "$2" ] || fail "$1: want at least $2, got $3"
	ok "$1: $3, at least $2"
}

# --- time --------------------------------------------------------------------

# seconds N: as long as N seconds on a quiet machine. Use it for all limits, and
# for all pauses in which something has to happen.
seconds() { echo $(($1 * lb_slow)); }

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local until=$((SECONDS + $(seconds "$1")))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || fail "waited in vain for: $*"
		sleep 0.05
	done
}

# checks_itself: is this a kernel with KASAN, lockdep or KCSAN?
checks_itself() { [[ ${lb_kernel:-} = @(debug|kcsan) ]]; }

# few N: repetitions of something slow: fewer on a kernel that checks itself
few() { checks_itself && echo $(($1 / 4)) || echo "$1"; }

gone() { ! kill -0 "$1" 2>/dev/null; }

# reported NAME PID: a traffic program wrote its report
reported() {
	[ -e "$T/$1.flows" ] && return
	gone "$2" || return 1
	# It may have written its last report just now.
	[ -e "$T/$1.flows" ] || fail "flows of $1: the program is gone"
}

# --- the end -----------------------------------------------------------------

end_jobs() {
	local job

	for job in $(jobs -p); do
		kill -KILL "$job"
	done
	wait
} 2>/dev/null

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local rc=$? ns

	trap - EXIT
	trap '' USR2
	[ "$rc" -ne 0 ] || [ "$oks" -gt 0 ] || rc=1
	[ "$rc" -eq 0 ] || [ "$rc" -eq 4 ] || diagnose 2>&1 | sed 's/^/# /'
	end_jobs
	if [ "$rc" -eq 0 ] && [ -e "$T/failed" ]; then
		sed 's/^/not ok - /' "$T/failed"
		rc=1
	fi
	for ns in "${namespaces[@]}"; do
		# Processes that functions have started are no jobs.
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL
		ip netns del "$ns" 2>/dev/null
	done
	rm -rf "$T"
	echo "1..$oks"
	exit "$rc"
}
trap cleanup EXIT
# shellcheck disable=SC2154 # USR2 comes from end_test
trap 'fail "$(head -n 1 "$T/failed")"' USR2

# shellcheck disable=SC2317 # called by the trap
diagnose() {
	[ -e /run/netns/lb ] || return 0
	echo "variant: $IPT $TABLE"
	ctl stats
	ctl backend show web
	ipt -t "$TABLE" -nvxL PREROUTING
	lb conntrack -S
	lb conntrack -L | head -n 5
	head -n 3 "$T"/*.flows
}

load_module() {
	modprobe xt_lbhash || fail "no module"
}

# --- the network -------------------------------------------------------------

# in_netns NAMESPACE COMMAND...: for a missing command the exit code of ip is 255,
# as for other errors
in_netns() {
	type -P "$2" >/dev/null || fail "$2: no such command, in $1"
	ip netns exec "$@"
}

cl() { in_netns cl "$@"; }
lb() { in_netns lb "$@"; }
srv() { in_netns "s$1" "${@:2}"; }

add_namespace() {
	ip netns add "$1" || fail "no namespace $1"
	namespaces+=("$1")
	ip -n "$1" link set lo up
	ip netns exec "$1" sysctl -qw net.ipv4.conf.{all,default}.rp_filter=0 \
		net.ipv4.conf.{all,default}.send_redirects=0 \
		net.ipv6.conf.{all,default}.accept_dad=0 \
		net.ipv4.ip_forward="${2:-0}" net.ipv6.conf.all.forwarding="${2:-0}"
}

# add_link NAMESPACE NAME HOST PEER-NAMESPACE PEER: a veth with the addresses
# of HOST, as 1.0.2 stands for 10.1.0.2 and 2001:db8:1::2. A frame on it is a
# packet: nothing is merged or split.
add_link() {
	local net=${3%%.*} host=${3##*.}

	ip -n "$1" link add "$2" type veth peer name "$5" netns "$4"
	ip netns exec "$1" ethtool -K "$2" tso off gso off gro off >/dev/null
	ip -n "$1" -b - <<-END
		addr add 10.$3/24 dev $2
		addr add 2001:db8:$net::$host/64 dev $2 nodad
		link set $2 up
	END
	ip -n "$4" link set "$5" up
}

# route_by_mark BALANCER N: packets of mark N go to server N. Before the local
# table, so that the balancer may own the VIP as well.
route_by_mark() {
	ip -n "$1" -b - <<-END
		rule add pref $2 fwmark $2 lookup $((100 + $2))
		route add default via 10.2.0.$((100 + $2)) table $((100 + $2))
	END
	ip -6 -n "$1" -b - <<-END
		rule add pref $2 fwmark $2 lookup $((100 + $2))
		route add default via 2001:db8:2::$((100 + $2)) table $((100 + $2))
	END
}

add_server() {
	local n=$1 s=s$1

	add_namespace "$s"
	srv "$n" sysctl -qw net.ipv4.conf.all.arp_ignore=1 \
		net.ipv4.conf.all.arp_announce=2
	add_link "$s" lan "2.0.$((100 + n))" sw "$s"
	ip -n sw link set "$s" master switch
	ip -n "$s" -b - <<-END
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo nodad
		route add 192.0.2.0/24 via 10.2.0.$2
		route add 2001:db8:c::/64 via 2001:db8:2::$2
	END
}

# route_by_marks BALANCER: to all servers
route_by_marks() {
	local n

	for n in -4 -6; do
		ip "$n" -n "$1" -b - <<<$'rule add pref 9999 lookup local\nrule del pref 0'
	done
	for ((n = 1; n <= servers; n++)); do
		route_by_mark "$1" "$n"
	done
	[ "$1" != lb ] || marked=yes
}

# topology dsr|twoway SERVERS [unmarked]
topology() {
	local n answer_by=2

	[ "$1" = dsr ] || answer_by=1
	add_namespace cl
	add_namespace lb 1
	add_namespace sw
	ip -n sw link add switch type bridge
	ip -n sw link set switch up
	add_link cl front 1.0.2 lb front
	add_link cl back 2.0.2 sw cl
	add_link lb lan 2.0.1 sw lb
	ip -n sw -b - <<<$'link set cl master switch\nlink set lb master switch'
	ip -n cl -b - <<-END
		addr add 192.0.2.1/24 dev lo
		addr add 2001:db8:c::1/64 dev lo nodad
		route add local 2001:db8:c::/64 dev lo
		route add $VIP4 via 10.1.0.1 src 192.0.2.1
		route add $VIP6 via 2001:db8:1::1 src 2001:db8:c::1
	END
	ip -n lb -b - <<-END
		addr add 10.1.0.1/24 dev front
		addr add 2001:db8:1::1/64 dev front nodad
		route add 192.0.2.0/24 via 10.1.0.2
		route add 2001:db8:c::/64 via 2001:db8:1::2
	END
	# A flow's packets stay on one CPU and in order, as behind any NIC.
	lb sh -c 'echo 3 >/sys/class/net/front/queues/rx-0/rps_cpus'
	for ((n = 1; n <= $2; n++)); do
		add_server "$n" "$answer_by"
	done
	servers=$2
	[ "${3:-}" = unmarked ] || route_by_marks lb
}

# --- the balancer ------------------------------------------------------------

ipt() { lb "iptables-$IPT" -w "$@"; }
ip6t() { lb "ip6tables-$IPT" -w "$@"; }
ctl() { lbhashctl -n lb "$@"; }

# synopsis OBJECT [COMMAND]: the usage that an error message ends with
synopsis() {
	echo " (usage: lbhashctl $(ctl help "$1" |
		sed -n "s/^  \($1${2:+ $2}\b.*\)/\1/p" | head -n 1))"
}

# rule TABLE CHAIN MATCHES-AND-TARGET...: for packets to the VIP, both families
rule() {
	ipt -t "$1" -A "$2" -d "$VIP4" "${@:3}" || fail "iptables: $*"
	ip6t -t "$1" -A "$2" -d "$VIP6" "${@:3}" || fail "ip6tables: $*"
}

# balance any|MATCH...: the rule under test, for packets to the VIP
balance() {
	[ "$1" != any ] || shift
	rule "$TABLE" PREROUTING "$@" -j LBHASH --service web \
		--track "$track" ${forward:+--forward}
}

flush_rules() {
	local table

	for table in raw mangle nat; do
		ipt -t "$table" -F
		ip6t -t "$table" -F
	done
}

# addition N [ATTRIBUTE VALUE]...: the line for ctl -b that makes server N a
# backend: by its mark, and by its addresses when the rule forwards
addition() {
	echo "backend add web s$1 mark $1" "${@:2}" \
		${forward:+"address 10.2.0.$((100 + $1))" \
			"address 2001:db8:2::$((100 + $1))"}
}

# service [N [ATTRIBUTE VALUE]...]: web with backends s1..sN, by default all
# servers; with a small table, because an emulated CPU builds it
service() {
	local n

	{
		echo "service add web size $SIZE" "${@:2}"
		for ((n = 1; n <= ${1:-$servers}; n++)); do
			addition "$n"
		done
	} >"$T/batch"
	ctl -b "$T/batch" || fail "service web"
}

# fresh: no rules, no connections, a new service; and other source ports for the
# next client, so that retransmissions to earlier ones do not count
fresh() {
	first_port=$((first_port + 500))
	source_ports=$first_port:$((first_port + 499))
	flush_rules
	ctl flush
	lb conntrack -F 2>/dev/null
	service "$@"
}

# in_variant IPT TABLE FUNCTION...
in_variant() {
	IPT=$1 TABLE=$2
	echo "# iptables-$IPT, $TABLE"
	"${@:3}"
	flush_rules
}

# for_each_variant FUNCTION: legacy and nft, raw and mangle, each once: the two
# choices do not depend on each other.
for_each_variant() {
	in_variant legacy raw "$@"
	in_variant nft mangle "$@"
}

# for_all_variants FUNCTION: each table in each flavour; on a kernel that checks
# itself as for_each_variant
for_all_variants() {
	for_each_variant "$@"
	checks_itself && return
	in_variant legacy mangle "$@"
	in_variant nft raw "$@"
}

# in_mode "TRACK [forward]" FUNCTION...: with rules of that mode. Modes that
# forward come before route_by_marks: no routing rule may take part.
in_mode() {
	local track forward

	read -r track forward <<<"$1"
	[ -z "$forward" ] || [ -z "$marked" ] || fail "$1: marks lead somewhere"
	echo "# track $1"
	"${@:2}"
}

# shellcheck source=traffic/traffic.bash
. ./traffic/traffic.bash
