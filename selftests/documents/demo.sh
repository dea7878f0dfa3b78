#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The main job with real software, explained while it happens: curl, nginx and
# direct server return, in the network that lib.sh draws. Every number on the
# page is counted in this very run, and the script fails if one of its claims is
# not true. Numbers vary from run to run: the kernel chooses the ports of most
# connections.
# timeout: 900
. ./lib.sh
. ./lib/nginx.bash

IPT=nft
untrue=0
bold='' green='' red='' plain=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

# --- output ------------------------------------------------------------------

chapter() {
	printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"
}

# say LINE...
say() {
	printf '  %s\n' "$@" | sed 's/ *$//'
}

# claim TEXT CONDITION...: the condition is an argument list of test(1)
claim() {
	local text=$1

	shift
	oks=$((oks + 1))
	if test "$@"; then
		printf '  %s[true]%s %s\n' "$green" "$plain" "$text"
	else
		printf '  %s[UNTRUE] %s%s\n' "$red" "$text" "$plain"
		untrue=$((untrue + 1))
	fi
}

# hush COMMAND...: print its output only if it fails
hush() {
	"$@" >"$T/hush" 2>&1 || {
		cat "$T/hush"
		fail "$*"
	}
}

# show COMMAND...: on the balancer, printed as it would be typed there
show() {
	printf '%s' "$bold"
	echo "lb# $*" | fold -s -w 72 | sed -e '1s/^/  /' -e '2,$s/^/        /' \
		-e '$!s/$/\\/'
	printf '%s' "$plain"
	hush lb "$@"
	fold -s -w 72 "$T/hush" | sed 's/^/      /'
}

# hide COMMAND...: on the balancer, without printing it
hide() { hush lb "$@"; }

# both show|hide ARGS...: an iptables rule, and the same rule for IPv6
both() {
	local how=$1

	shift
	"$how" iptables "${@/#VIP/$VIP4}"
	hide ip6tables "${@/#VIP/$VIP6}"
}

# --- software ----------------------------------------------------------------

# start_application: the program behind nginx that serves the file, on every
# server. It sends one half, and the other half when the downloads are no longer
# held. It inherits nginx's connection (nofork): a relaying socat would drop
# buffered data when the application has ended and nginx does not read for half
# a second. It reads the request, because an unread request would reset the
# connection.
start_application() {
	local half=$(($(stat -c %s "$T/www/file") / 2))

	cat >"$T/application" <<-EOF
	#!/bin/sh
	sed -n '/^\r$/q'
	printf 'HTTP/1.0 200 OK\r\nContent-Length: $((2 * half))\r\n\r\n'
	head -c $half $T/www/file
	flock --shared $T/held tail -c $half $T/www/file
	EOF
	chmod +x "$T/application"
	socat "UNIX-LISTEN:$T/socket,fork,backlog=64" \
		"EXEC:$T/application,nofork" &
	wait_for 20 test -S "$T/socket"
}

hold_downloads() {
	exec {held}>"$T/held"
	flock "$held"
}

release_downloads() { flock --unlock "$held"; }

# start_server N: nginx, whose answers name the server
start_server() {
	start_nginx "$1" "$VIP4:80" "[$VIP6]:80" <<-EOF
		keepalive_timeout 1h;
		add_header X-Backend s$1;
		root $T/www;
		location /file {
			proxy_pass http://unix:$T/socket;
			proxy_buffering off;
			proxy_read_timeout 1h;
		}
	EOF
}

# fetch FROM TO REQUESTS PATH [curl option]...: some requests on each of the
# connections FROM..TO, odd ones IPv4, even ones IPv6. curl keeps a connection
# per host name, so every connection has a name. Prints a line per request:
# connection, number of connections opened for it, HTTP status, server. If
# $pause is set, connection C waits for go_on C before its second request.
fetch() {
	local from=$1 to=$2 requests=$3 path=$4 config c r

	shift 4
	config=$(mktemp "$T/curl.XXXX")
	for ((c = from; c <= to; c++)); do
		if ((c % 2)); then
			echo "resolve = c$c:80:$VIP4"
		else
			echo "resolve = c$c:80:[$VIP6]"
		fi
		for ((r = 1; r <= requests; r++)); do
			# curl waits until the other end is opened.
			[ "$r" -ne 2 ] || [ -z "${pause:-}" ] ||
				printf '%s\n' "url = file://$pause.$c" \
					'output = /dev/null'
			echo "url = http://c$c/$path"
			echo "output = $T/got/$path.$c"
		done
	done >"$config"

	cl curl -sS --no-progress-meter --fail-early \
		--max-time "$(seconds 600)" "$@" -K "$config" -w \
		'%{url} %{num_connects} %{http_code} %header{x-backend}\n' |
		awk 'sub("^http://c", "") && sub("/[^ ]*", "")'
}

go_on() {
	timeout "$(seconds 60)" sh -c ": >'$pause.$1'" ||
		fail "connection $1 does not wait"
}

answered() { awk '$3 == 200 { n++ } END { print n + 0 }' "$1"; }
opened() { awk '{ n += $2 } END { print n + 0 }' "$1"; }

# began_at SERVER FILE: connections whose first request that server answered
began_at() {
	awk -v s="$1" '!seen[$1]++ && $4 == s { n++ } END { print n + 0 }' "$2"
}

# stayed FILE: connections whose requests were all answered by one server
stayed() {
	awk '!($1 in at) { at[$1] = $4 } at[$1] != $4 { moved[$1] }
		END { print length(at) - length(moved) }' "$1"
}

# whole PATH: the number of complete copies, by size
whole() {
	find "$T/got" -name "$1.*" -size "$(stat -c %s "$T/www/$1")c" | wc -l
}

all_whole() { [ "$(whole "$1")" -eq "$2" ]; }

# begun PATH N: the number of copies that have begun to arrive is N
begun() { [ "$(find "$T/got" -name "$1.*" -size +0 | wc -l)" -eq "$2" ]; }

# intact PATH: the number of copies with the SHA-256 of the original
intact() {
	local sum file

	sum=$(sha256sum <"$T/www/$1")
	for file in "$T/got/$1".*; do
		sha256sum <"$file"
	done | grep -cxF "$sum"
}

# All counters come from one snapshot, so that they are consistent.
snapshot() { ctl -j stats web >"$T/stats" || fail "no statistics"; }
counted() { jq ".[0].reasons.$1" "$T/stats"; }
given_to() {
	jq --arg s "$1" \
		'.[0].backends[] | select(.name == $s) | .connections' \
		"$T/stats"
}

# --- the chapters ------------------------------------------------------------

# in_state STATE: packets that the stock rules saw in that state, IPv4 and IPv6
in_state() {
	{
		lb iptables -t mangle -nvxL WEB
		lb ip6tables -t mangle -nvxL WEB
	} | awk -v state="ctstate $1" '$0 ~ state && !/HMARK/ { n += $1 }
		END { print n }'
}

lost() { [ "$(in_state INVALID)" -ge "$1" ]; }

# syns_sent: by the client, including SYNs that a slow client sends again
syns_sent() {
	cl nstat -asz TcpActiveOpens TcpExtTCPSynRetrans |
		awk '/^Tcp/ { n += $2 } END { print n }'
}

# connected N: N SYNs have been answered. curl closes some of these connections
# again, at the ICMP error for a lost ACK.
connected() {
	[ "$(cl ss -Htn state synchronized '( dport = 80 )' | wc -l)" -eq "$1" ]
}

syns_arrived() { [ "$(in_state NEW)" -ge "$(syns_sent)" ]; }

# Without this the remains of the failed connections would send packets for
# another minute. The servers are first: a client without a socket answers a
# repeated SYN-ACK with a reset.
forget_connections() {
	local ns

	for ns in s1 s2 s3 cl; do
		hush ip netns exec "$ns" ss -tK state connected \
			'( dport = 80 or sport = 80 )'
	done
}

stock_rules() {
	local state=(-t mangle -A WEB -m conntrack --ctstate) ipt client
	local n new established invalid syns

	chapter '1. Stock iptables rules'
	say 'Each server has a mark, each mark has a route:' ''
	show ip rule show lookup 101
	show ip route show table 101
	say '' 'The same for s2, s3 and IPv6. A new connection gets a mark,' \
		'which is restored for its later packets:' ''
	both show -t mangle -N WEB
	both show -t mangle -A PREROUTING -d VIP -p tcp --dport 80 -j WEB
	both show "${state[@]}" NEW -j HMARK --hmark-tuple src,dst,sport,dport \
		--hmark-mod 3 --hmark-offset 1 --hmark-rnd 1
	both show "${state[@]}" NEW -j CONNMARK --save-mark
	both show "${state[@]}" ESTABLISHED -j CONNMARK --restore-mark
	both hide "${state[@]}" INVALID

	say '' '10 connections, aborted after 40 packets have been lost:' ''
	fetch 1 10 1 page -Z --no-fail-early >"$T/stock" 2>/dev/null &
	client=$!
	# A connected client sends no more SYNs. Its reset may be NEW as well,
	# so the packets are counted before the connections end.
	wait_for 60 connected 10
	wait_for 60 syns_arrived
	wait_for 60 lost 40
	new=$(in_state NEW)
	established=$(in_state ESTABLISHED)
	invalid=$(in_state INVALID)
	syns=$(syns_sent)
	forget_connections
	wait "$client"
	n=$(answered "$T/stock")
	claim "$n of 10 requests answered" "$n" -eq 0
	claim "NEW: $new packets; every SYN was sent to a server" \
		"$syns" -ge 10 -a "$new" -eq "$syns"
	claim "ESTABLISHED: $established packets; no mark was ever restored" \
		"$established" -eq 0
	claim "INVALID: $invalid packets; everything after the SYNs was lost" \
		"$invalid" -ge 40
	say '' 'The replies bypass the balancer: connection tracking never' \
		'sees a SYN-ACK, so every packet after the SYN is INVALID.'

	for ipt in iptables ip6tables; do
		hide "$ipt" -t mangle -F
		hide "$ipt" -t mangle -X
	done
	hide conntrack -F
}

one_rule() {
	local n s

	chapter '2. One rule with LBHASH'
	say 'The rules above are deleted, the routes remain. Add a service,' \
		'its backends, and one rule (and the same rule for IPv6):' ''
	show lbhashctl service add web
	for n in 1 2 3; do
		show lbhashctl backend add web "s$n" mark "$n"
	done
	both show -t raw -A PREROUTING -d VIP -p tcp --dport 80 \
		-j LBHASH --service web

	say '' '100 connections, 8 requests on each, half of them over IPv6:' ''
	fetch 1 100 8 page >"$T/hundred"
	snapshot
	n=$(answered "$T/hundred")
	claim "$n of 800 requests answered" "$n" -eq 800
	n="$(opened "$T/hundred") opened by curl, $(counted picked)"
	claim "connections: $n given a backend by LBHASH" \
		"$n" = '100 opened by curl, 100'
	n=$(counted adopted)
	claim "$n connections adopted: ESTABLISHED from their first ACK on" \
		"$n" -eq 100
	n=$(counted pinned)
	claim "$n later packets sent to the backend of their connection" \
		"$n" -ge 1000
	n=$(stayed "$T/hundred")
	claim "$n of 100 connections answered by one server only" \
		"$n" -eq 100

	say ''
	show lbhashctl stats web
	say ''
	for s in s1 s2 s3; do
		n=$(began_at "$s" "$T/hundred")
		claim "$s answered $n connections, LBHASH counted as many" \
			"$(given_to "$s")" -eq "$n"
	done
}

change_it() {
	local n before downloads

	chapter '3. Changes under load'
	say '30 downloads are half complete. Add s4 and drain s2:' ''
	add_server 4 2
	route_by_mark lb 4
	start_server 4
	hold_downloads
	fetch 1 30 1 file -Z >"$T/downloads" &
	downloads=$!
	wait_for 120 begun file 30

	show lbhashctl backend add web s4 mark 4
	show lbhashctl backend set web s2 state drain
	snapshot
	before=$(given_to s2)
	say ''
	n=$((30 - $(whole file)))
	claim "$n downloads were running at that moment" "$n" -eq 30
	fetch 1 30 1 page >"$T/new"
	n="$(began_at s2 "$T/new") go to s2, $(began_at s4 "$T/new")"
	claim "30 new connections: $n to s4" \
		"$(answered "$T/new")" -eq 30 -a "${n%% *}" -eq 0 \
		-a "${n##* }" -gt 0
	n=$((30 - $(whole file)))
	claim "$n downloads are still running" "$n" -eq 30

	release_downloads
	wait "$downloads"
	snapshot
	n=$(intact file)
	claim "$n of 30 downloads complete, with the right SHA-256" "$n" -eq 30
	n=$(began_at s2 "$T/downloads")
	claim "$n of them from s2, which had $(($(given_to s2) - before)) new$(
		) connections since" \
		"$n" -gt 0 -a "$(given_to s2)" -eq "$before"
	n=$(counted repicked)
	claim "$n connections were reassigned" "$n" -eq 0
}

lose_one() {
	local before hit n c pids=() pause=$T/pause

	chapter '4. A server fails'
	say '10 clients keep their connections open for a second request.' \
		'Before that the link of s1 fails. Set s1 down:' ''
	rm -f "$T"/got/page.*
	snapshot
	before=$(counted repicked)
	# Fixed ports fix the hash: in every run some of these begin at s1.
	for ((c = 1; c <= 10; c++)); do
		mkfifo "$pause.$c"
		fetch "$c" "$c" 2 page \
			--local-port "$((40000 + 10 * c))-$((40009 + 10 * c))" \
			>"$T/idle.$c" &
		pids+=($!)
	done
	wait_for 120 all_whole page 10
	ip -n s1 link set lan down
	show lbhashctl backend set web s1 state down
	for ((c = 1; c <= 10; c++)); do
		go_on "$c"
	done
	wait "${pids[@]}"
	cat "$T"/idle.* >"$T/idle"
	snapshot
	hit=$(began_at s1 "$T/idle")

	say ''
	n=$(answered "$T/idle")
	claim "$n of 20 requests answered" "$n" -eq 20
	n=$(stayed "$T/idle")
	claim "$n clients stayed with their server" "$n" -eq $((10 - hit))
	n=$(($(counted repicked) - before))
	claim "$n lost s1: reassigned, reset by the new server, reopened by$(
		) curl" "$n" -gt 0 -a "$n" -eq "$hit" \
		-a "$(opened "$T/idle")" -eq $((10 + hit))
	fetch 1 30 1 page >"$T/after"
	n="$(answered "$T/after") answered, $(began_at s1 "$T/after")"
	claim "30 new connections: $n by s1" "$n" = '30 answered, 0'
}

do_it_yourself() {
	chapter 'On your own host'
	cat <<-EOF
	  lbhashctl service add web
	  iptables -t raw -A PREROUTING -d VIP -p tcp --dport 80 \\
	          -j LBHASH --service web

	and for every server, N = 1, 2, 3...

	  ip rule add fwmark N lookup 10N
	  ip route add default via SERVER table 10N
	  lbhashctl backend add web sN mark N

	Enable forwarding on the balancer (net.ipv4.ip_forward=1); it needs no
	VIP. A server that replies directly has the VIP on lo and must not
	answer ARP for it:

	  sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	  ip addr add VIP/32 dev lo
	EOF
}

# --- the page ----------------------------------------------------------------

printf '%sxt_lbhash on Linux %s%s\n' "$bold" "$(uname -r)" "$plain"
cat <<EOF

  client ------------> balancer ------------> s1  s2  s3     nginx
    ^                  iptables                |   |   |
    |                                          |   |   |     each of them has
    +------------------------------------------+---+---+     $VIP4 and
          replies bypass the balancer                        $VIP6
EOF

load_module
topology dsr 3
mkdir "$T/www" "$T/got"
head -c 12000 /dev/urandom >"$T/www/page"
head -c 384k /dev/urandom >"$T/www/file"
start_application
for n in 1 2 3; do
	start_server "$n"
done

stock_rules
one_rule
change_it
lose_one
do_it_yourself

printf '\n%d claims, %d untrue; %d seconds.\n\n' "$oks" "$untrue" "$SECONDS"
[ "$untrue" -eq 0 ] || exit 1
# The page ends here; the rest of the test prints nothing.
exec >/dev/null
