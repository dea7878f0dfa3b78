#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP Fast Open, with servers of different keys: the cookie that one of them gave
# is worth nothing to the others, which do not take the data of the SYN. The client
# sends it again behind its ACK, whose sequence number is before the end of the
# SYN. Such connections are adopted, behind a firewall that drops what is INVALID.
# timeout: 600
# checks: 14
. ./lib.sh
. ./lib/checks.bash
. ./lib/nginx.bash
. ./lib/firewall.bash

N=24

# requests ADDRESS FIRST N: a request in the SYN from each of N ports, and the
# server that answers
cat >"$T/client.py" <<'END'
import socket, sys

FASTOPEN = 0x20000000
vip, first, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for port in range(first, first + n):
    s = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET)
    s.bind(("", port))
    s.sendto(b"GET / HTTP/1.0\r\n\r\n", FASTOPEN, (vip, 80))
    answer = b""
    while chunk := s.recv(4096):
        answer += chunk
    print(answer.rpartition(b"\r\n")[2].decode())
    s.close()
END

requests() {
	cl timeout "$(seconds 120)" python3 "$T/client.py" "$@" >"$T/answers" ||
		fail "requests to $1"
}

# refused: cookies of others that servers have seen
refused() {
	local n

	for n in 1 2 3; do
		srv "$n" nstat -asz TcpExtTCPFastOpenPassiveFail
	done | awk '/PassiveFail/ { n += $2 } END { print n }'
}

# invalid 4|6: packets that the firewall has dropped
invalid() {
	local ipt=ipt

	[ "$1" = 4 ] || ipt=ip6t
	"$ipt" -nvxL FORWARD | awk '/ctstate INVALID/ { print $1 }'
}

variant() {
	local family vip before first

	fresh 3
	guide_firewall
	rule "$TABLE" PREROUTING -p tcp -j LBHASH --service web
	for family in 4 6; do
		vip=VIP$family before=$(refused) first=$((first_port + 100 * family))
		requests "${!vip}" "$first" 1
		requests "${!vip}" $((first + 1)) $N
		check_eq "IPv$family, answers" $N "$(grep -c '^s[123]$' "$T/answers")"
		check_ge "IPv$family, cookies refused" 1 $(($(refused) - before))
		check_eq "IPv$family, INVALID" 0 "$(invalid "$family")"
	done
	check_counters 'in the end' adopted $((2 * N + 2)) stateless 0
	no_firewall
}

load_module
topology dsr 3
for n in 1 2 3; do
	srv "$n" sysctl -qw net.ipv4.tcp_fastopen=1027 \
		net.ipv4.tcp_fastopen_key="$n$n$n$n$n$n$n$n-0-0-$n"
	start_nginx "$n" "$VIP4:80" "[$VIP6]:80" <<<"return 200 s$n;"
done
cl sysctl -qw net.ipv4.tcp_fastopen=1
for_each_variant variant
