#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The specification is all that another program needs: with it the kernel's own
# netlink client in Python makes, changes, lists and looks up objects, gets
# errors and receives events. lbhashctl sees the same.
# checks: 19
. ./lib.sh
. ./lib/documents.bash

# The client as the manual page calls it.
# shellcheck disable=SC2317 # the page's commands call it
cli.py() { /usr/bin/python3 "$ynl/cli.py" "$@"; }
ynl=/lbhash/build/ynl
export -f cli.py
export ynl

[ -e "$ynl/cli.py" ] || fail 'no client: it is in linux-source-6.12'
load_module
add_namespace lb
blocks tools/xt_lbhash.7 NETLINK
check_eq 'blocks of commands in the manual page' 1 "${#block[@]}"
(cd .. && lb bash -e -c "${block[0]}") >"$T/said" 2>&1 ||
	fail "manual page: $(cat "$T/said")"
check_eq 'the dump names' "'name': 'dns'" "$(grep -o "'name': 'dns'" "$T/said")"
check_eq 'lbhashctl: service, backend, mark' 'dns s1 1' \
	"$(ctl -j backend show dns | jq -r '.[0] | "dns \(.name) \(.mark)"')"

# Several requests in one process: on an emulated CPU each start takes seconds.
cat >"$T/client.py" <<'END'
import json
import os
import sys

sys.path.insert(0, os.environ["ynl"])
from lib import NlError, YnlFamily

ynl = YnlFamily("../kmod/spec/lbhash.yaml", "")
# Listening is a separate socket: the client mistakes an event for the answer.
listener = YnlFamily("../kmod/spec/lbhash.yaml", "")
listener.ntf_subscribe("config")


def refused(what, attributes):
    try:
        ynl.do(what, attributes)
    except NlError as error:
        return {"errno": error.nl_msg.error,
                "msg": error.nl_msg.extack.get("msg")}
    return None


ynl.do("service-new", {"name": "web", "size": 4099, "mask": 0xff,
                       "fields": ["proto", "src", "dst", "sport", "dport"],
                       "on-empty": "continue", "settle": 60,
                       "track": "changed", "deliver": "nexthop",
                       "idle": 100, "udp-idle": 7, "settle-max": 900,
                       "sample": 11})
ynl.do("backend-new", {"name": "web", "backend": [
    {"name": "s1", "mark": 1, "weight": 2, "addr4": 0x0a020065},
    {"name": "s2", "mark": 2, "state": "drain"},
    {"name": "s3", "mark": 3, "addr6": "20010db8000200000000000000000103"}]})
dry = ynl.do("backend-set", {"name": "web", "dry-run": True, "backend": [
    {"name": "s1", "state": "down"}]})
four = {"proto": 6, "src4": 0xc6336407, "sport": 4711,
        "dst4": 0xc0000250, "dport": 80}
six = {"proto": 17, "src6": "20010db8000c00000000000000000001", "sport": 53,
       "dst6": "20010db8000f00000000000000000010", "dport": 80}
said = {
    "dry": dry["change"]["moved"],
    "four": ynl.do("lookup", {"name": "web", "flow": four})["decision"],
    "six": ynl.do("lookup", {"name": "web", "flow": six})["decision"],
    "services": [s["name"] for s in ynl.dump("service-get", {})],
    "service": ynl.do("service-get", {"name": "web"}),
    "backends": [b for m in ynl.dump("backend-get", {"name": "web"})
                 for b in m["backend"]],
    "reasons": [r["id"] for r in ynl.do("stats-get", {"name": "web"})["reason"]],
    "taken": refused("backend-new", {"name": "web", "backend": [
        {"name": "s4", "mark": 1}]}),
    "nobody": refused("service-get", {"name": "nobody"}),
    "ranges": [refused("service-set", {"name": "web", key: value})["msg"]
               for key, value in (("idle", 0), ("idle", 604801),
                                  ("udp-idle", 0), ("settle-max", 604801),
                                  ("settle-max", 59), ("sample", 1048574))],
}
ynl.do("memory-set", {"limit": 4096})
said["memory"] = ynl.do("memory-get", {})
said["counts"] = [m["backend"] for m in ynl.dump("memory-get", {"name": "web"})]
said["entries"] = ynl.do("entry-get", {"name": "web"}).get("entry")
said["ranges"] += [refused(what, attributes)["msg"] for what, attributes in (
    ("memory-set", {"limit": 511}), ("memory-set", {"limit": 134217729}),
    ("memory-get", {"name": "web"}), ("entry-new", {"name": "web"}))]
ynl.do("service-del", {"name": "dns"})
listener.check_ntf()
said["events"] = [(e["msg"]["name"], e["msg"]["cause"])
                  for e in listener.async_msg_queue]
print(json.dumps(said, default=lambda o: sorted(o) if isinstance(o, set)
                 else o.hex()))
END
lb /usr/bin/python3 "$T/client.py" >"$T/said" 2>"$T/complaints" ||
	fail "client: $(cat "$T/complaints")"

# said FILTER: of the client's answers
said() { jq -c "$@" "$T/said"; }

check_eq 'services' '["dns","web"]' "$(said '.services | sort')"
check_eq 'service' '["web",4099,255,"continue",60,"changed","nexthop",100,7,900,11,3]' \
	"$(said '.service | [.name, .size, .mask, ."on-empty", .settle, .track,
		.deliver, .idle, ."udp-idle", ."settle-max", .sample,
		.backends]')"
check_same 'fields' \
	"$(ctl -j service show web | jq -r '.[0].hash' | tr ',' '\n' | sort)" \
	"$(said -r '.service.fields[]' | sort)"
check_same 'backends' \
	"$(ctl -j backend show web |
		jq -c '.[] | [.name, .mark, .weight, .state, .slots]')" \
	"$(said '.backends[] | [.name, .mark, .weight, .state, .slots]')"
check_eq 'addresses' '["10.2.0.101","2001:db8:2::103"]' \
	"$(said '[.backends[] | .addr4 // .addr6 // empty]')"
check_same 'reasons, by the names of stats' \
	"$(ctl -j stats web | jq -r '.[0].reasons | keys_unsorted[]')" \
	"$(said -r '.reasons[]')"
check_eq 'lookup, IPv4' \
	"$(ctl -j lookup web proto tcp src 198.51.100.7:4711 \
		dst 192.0.2.80:80 | jq -c '[.slot, .owner, .mark, .reason]')" \
	"$(said '.four | [.slot, .owner, .mark, .reason]')"
check_eq 'lookup, IPv6' \
	"$(ctl -j lookup web proto udp src '[2001:db8:c::1]:53' \
		dst '[2001:db8:f::10]:80' |
		jq -c '[.slot, .owner, .mark, .reason]')" \
	"$(said '.six | [.slot, .owner, .mark, .reason]')"
check_ge 'a dry run says what would move' 1000 "$(said .dry)"
check_eq 'refused: a mark that is taken' \
	'[-17,"mark 1 is taken by backend s1"]' \
	"$(said '.taken | [.errno, .msg]')"
check_same 'refused: numbers out of range' 'idle 0 is not in 1..604800
idle 604801 is not in 1..604800
udp-idle 0 is not in 1..604800
settle-max 604801 is not in 0..604800
settle-max 59 is less than settle 60
sample 1048574 is not in 0..1048573
memory 511 is not in 512..134217728
memory 134217729 is not in 512..134217728
flow memory is not of one service: only dumps name one
the key of the entries is missing' "$(said -r '.ranges[]')"
check_eq 'memory' '[4096,0,0,0,0,0]' "$(said '.memory | [.limit, .entries,
	."half-open", .refused, .evicted, .failed]')"
check_eq 'memory, as lbhashctl has it' "$(ctl -j memory |
	jq -c '[.limit, [.services[].backends[] | [.backend, .connections]]]')" \
	"$(said '[.memory.limit, [.counts[][] | [.name, .remembered]]]')"
check_null 'no entries' "$(said .entries)"
check_eq 'refused: nobody' -2 "$(said .nobody.errno)"
check_eq 'events' \
	'[["web","service-new"],["web","backend-new"],["dns","service-del"]]' \
	"$(said .events)"
