# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For selftests of clients that reuse their ports: real servers, and a client
# that opens a connection from each of a set of ports, in rounds, and reports
# how it ends. "ports" is the number of ports for each way to end a connection,
# and "answers" are "seen" or "unseen" by conntrack.
# shellcheck disable=SC2034,SC2154 # shared with lib.sh and the tests
opened=0 answers=seen

# shellcheck source=lib/nginx.bash
. ./lib/nginx.bash

# One connection after the other, a block of ports for each family and end:
#   client    the client closes first
#   server    the server does
#   reset     the client resets
#   vanish    the client forgets the connection and says nothing
# Reads how many ports are in a block, and the name of a report, which has a
# line per connection: ADDRESS PORT SERVER STARTS END, as flows client has them.
cat >"$T/client.py" <<'END'
import os, socket, struct, sys

REPAIR = 19
NOW = struct.pack("ii", 1, 0)
TOTAL_RETRANS = 100             # of struct tcp_info
vips, patience = sys.argv[1:3], int(sys.argv[3])
places = ((socket.AF_INET, "192.0.2.1", vips[0]),
          (socket.AF_INET6, "2001:db8:c::1", vips[1]))
ends = ("client", "server", "reset", "vanish")

def talk(family, source, port, vip, end):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(patience)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((source, port))
    s.connect((vip, 80))
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS + 4)
    starts = 1 + struct.unpack_from("i", info, TOTAL_RETRANS)[0]
    version = b"1.0" if end == "server" else b"1.1"
    s.sendall(b"GET / HTTP/" + version + b"\r\nHost: web\r\n\r\n")
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2]:
        answer += s.recv(4096) or b"\r\n\r\nnobody"
    if end == "client":
        s.shutdown(socket.SHUT_WR)
    elif end == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
    elif end == "vanish":
        s.setsockopt(socket.IPPROTO_TCP, REPAIR, 1)
    if end in ("client", "server"):
        while s.recv(4096):
            pass
    s.close()
    return answer.partition(b"\r\n\r\n")[2].decode() + f" {starts}"

for line in sys.stdin:
    ports, name = line.strip().split(maxsplit=1)
    ports = int(ports)
    with open(name + ".new", "w") as report:
        for family, source, vip in places:
            for i, end in enumerate(ends):
                for port in range(20000 + i * ports, 20000 + (i + 1) * ports):
                    try:
                        server = talk(family, source, port, vip, end)
                    except OSError as error:
                        server = f"error:{error.errno} 1"
                    print(source, port, server, end, file=report)
    os.rename(name + ".new", name)
END

syn_retransmits() {
	cl nstat -az TcpExtTCPSynRetrans | awk '/SynRetrans/ { print $2 }'
}

# check_began NAME N: N connections of the last round were tracked. With --track
# changed these are the ones in slots in transition; lookup does not count those
# whose slot is back at its former owner.
check_began() {
	local known

	if [ "$track" = always ]; then
		check_eq "$1: connections that began" $((8 * ports)) "$2"
	else
		known=$(jq -r .previous "$T/decisions" | grep -vc null)
		check_ge "$1: connections that began" "$known" "$2"
		check_le "$1: connections that began" $((8 * ports)) "$2"
	fi
}

# round NAME [SILENT]: a connection from every port, and the owner answers each.
# Servers drop connections that the client has dropped, with a reset; server
# SILENT does not.
round() {
	local before n

	snapshot
	before=$((stat[picked] + stat[reopened] + stat[repicked]))
	servers_report
	echo "$ports $T/$1" >&"${client[1]}"
	wait_for 300 test -e "$T/$1"
	for n in "${alive[@]}"; do
		[ "$n" != "${2:-}" ] || continue
		srv "$n" ss -KtH state established >/dev/null
	done
	check_owners "$1" $((8 * ports)) "$T/$1"
	check_starts "$1" "$T/$1"
	snapshot
	check_began "$1" \
		$((stat[picked] + stat[reopened] + stat[repicked] - before))
	opened=$((opened + 8 * ports))
	rm "$T/$1"
}

# The same ports with the same backends, one more, one less. Only connections on
# a two-way path that both ends left open are still tracked, at a backend that
# is gone; all others begin as new ones.
passes() {
	local at="$path, $IPT, $TABLE" left_open=0

	ctl flush
	service 3
	alive=(1 2 3)
	balance -p tcp --dport 80
	[ "$answers" = seen ] || hide_answers
	round "$at, some end"
	round "$at, same backends"
	ctl -b <(addition 4)
	alive+=(4)
	round "$at, s4 came"
	round "$at, same again" 2
	[ "$path" = one-way ] || left_open=$(srv 2 ss -tH state established |
		wc -l)
	ctl backend del web s2
	round "$at, s2 left"
	round "$at, same four times"
	check_counters "$at" empty 0 malformed 0
	check_known "$at: repicked" "$left_open" "${stat[repicked]}"
	[ "$track" != always ] ||
		check_eq "$at: stateless" 0 "${stat[stateless]}"
}

# answer_by HOST: servers answer through that host of their network
answer_by() {
	local n

	for ((n = 1; n <= servers; n++)); do
		ip -n "s$n" route replace 192.0.2.0/24 via "10.2.0.$1"
		ip -n "s$n" route replace 2001:db8:c::/64 via "2001:db8:2::$1"
	done
}

# on_paths COMMAND...: on either path back
on_paths() {
	local path

	answer_by 2
	path=one-way
	"$@"
	answer_by 1
	path=two-way
	"$@"
}

# start_both_ends: of a topology with four servers
start_both_ends() {
	local n

	cl sysctl -qw net.ipv4.tcp_max_tw_buckets=0
	for n in 1 2 3 4; do
		# nginx closes first when the request says HTTP/1.0.
		start_nginx "$n" "$VIP4:80 backlog=4096" \
			"[$VIP6]:80 backlog=4096" <<<"return 200 s$n;"
	done
	start_witness
	coproc client {
		exec ip netns exec cl python3 "$T/client.py" "$VIP4" "$VIP6" \
			"$(seconds 20)"
	}
}
