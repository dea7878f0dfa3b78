# SPDX-License-Identifier: GPL-2.0
"""metrics.py METRICS STATS SERVICES BACKENDS MEMORY: can Prometheus read the
metrics, and do they agree with the other commands?

METRICS is text; BACKENDS has lines of JSON, each {"service": NAME, "backends":
the output of backend show}.
"""

import json
import re
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families


def shape(text):
    """Check rules that parsers do not enforce: a line is a comment or a
    sample; a family has one HELP, then one TYPE, then all its samples; names
    follow the conventions."""
    name = None
    done = set()
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            assert help_text and name not in done, line
            assert re.fullmatch(r"lbhash_[a-z]+(_[a-z]+)*", name), line
            done.add(name)
            kind, samples = None, 0
        elif line.startswith("# TYPE "):
            assert kind is None and line.split(" ")[2] == name, line
            kind = line.split(" ")[3]
            assert kind == ("counter" if name.endswith("_total") else
                            "gauge"), line
            assert not re.search("_(count|sum|bucket|counter|gauge)$", name)
        else:
            match = re.fullmatch(
                r'(\w+)(\{\w+="([^"\\]|\\[\\"n])*"'
                r'(,\w+="([^"\\]|\\[\\"n])*")*\})? \d+', line)
            assert match and match[1] == name and kind, line
            samples += 1
    assert text.endswith("\n") and done and samples


def as_openmetrics(text):
    """As OpenMetrics, which is stricter: counter families have no _total."""
    text = re.sub(r"^(# (?:HELP|TYPE) \w+)_total ", r"\1 ", text, flags=re.M)
    # lbhashctl prints a gauge; this format has the type "info" instead.
    return text.replace("# TYPE lbhash_build_info gauge",
                        "# TYPE lbhash_build info").replace(
                        "# HELP lbhash_build_info", "# HELP lbhash_build") \
        + "# EOF\n"


def key(name, labels):
    return name, tuple(sorted(labels.items()))


def read(text):
    """All samples by name and labels; none may occur twice."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            at = key(sample.name, sample.labels)
            assert at not in found, f"{at} twice"
            found[at] = int(sample.value)
            assert found[at] == sample.value
    return found


def wanted(stats, services, backends, memory):
    want = {}

    def add(name, value, **labels):
        if value is not None:
            want[key("lbhash_" + name, labels)] = value

    for s in services:
        for name, of in (("slots", "size"), ("backends", "backends"),
                         ("rules", "rules"), ("changes_total", "generation"),
                         ("transition_slots", "transition_slots"),
                         ("settles_in_seconds", "settles_in"),
                         ("holding_connections", "holding")):
            add("service_" + name, s[of], service=s["name"])
    for s in stats:
        service = s["service"]
        for name in "packets", "bytes":
            add(f"service_{name}_total", s[name], service=service)
        for reason, packets in s["reasons"].items():
            add("service_decisions_total", packets, service=service,
                reason=reason)
        for b in s["backends"]:
            for name, of in (("packets", "packets"), ("bytes", "bytes"),
                             ("connections", "connections"),
                             ("unforwarded_packets", "unforwarded"),
                             ("unresolved_packets", "unresolved"),
                             ("openers_given", "openers_given"),
                             ("openers_went_on", "openers_went_on"),
                             ("openers_repeated", "openers_repeated")):
                add(f"backend_{name}_total", b[of], service=service,
                    backend=b["name"])
    for s in backends:
        for b in s["backends"]:
            labels = {"service": s["service"], "backend": b["name"]}
            add("backend_weight", b["weight"], **labels)
            add("backend_slots", b["slots"], **labels)
            for state in "up", "drain", "down":
                add("backend_state", int(b["state"] == state), state=state,
                    **labels)
    for name, of in (("limit_entries", "limit"), ("entries", "entries"),
                     ("half_open_entries", "half_open"),
                     ("refused_total", "refused"),
                     ("evicted_total", "evicted"),
                     ("failed_total", "failed")):
        add("memory_" + name, memory[of])
    return want


def main():
    text, stats, services, backends, memory = (open(name).read()
                                               for name in sys.argv[1:])
    shape(text)
    strict = list(openmetrics.text_string_to_metric_families(
        as_openmetrics(text)))
    got = read(text)
    assert sum(len(family.samples) for family in strict) == len(got)
    info = [at for at in got if at[0] == "lbhash_build_info"]
    assert len(info) == 1 and got.pop(info[0]) == 1
    assert {name for name, _ in info[0][1]} == {"lbhashctl", "xt_lbhash"}

    want = wanted(json.loads(stats), json.loads(services),
                  [json.loads(line) for line in backends.splitlines()],
                  json.loads(memory))
    # These count down between two commands.
    passing = {at for at in want if at[0].endswith("settles_in_seconds")}
    assert passing and passing <= got.keys()
    for at in passing:
        assert 0 <= got.pop(at) - want.pop(at) <= 300
    for at in want.keys() | got.keys():
        assert want.get(at) == got.get(at), (at, want.get(at), got.get(at))
    assert any(want[at] for at in want if at[0].endswith("packets_total"))
    print(f"{len(strict)} families, {len(got)} samples")


main()
