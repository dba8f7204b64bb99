"""What rules, maps and access logs cost: configurations for HAProxy and Evenkeel, measured side by side.

Every scenario is measured in one run with its baseline (the same traffic without the rules, or without the log), so
that what the rules add is a difference of numbers of the same minute.
"""
import random
import socket
import statistics
import subprocess
import sys
import time

HEAD = """
global
    nbthread 1
    maxconn 6000
    stats socket {work}/{name}.sock level admin
    {globals}
defaults
    mode http
    timeout connect 5s
    timeout client 120s
    timeout server 120s
    {defaults}
frontend bench
    bind 127.0.0.1:{port}
    default_backend origin
"""
BACKEND = "backend {name}\n    server origin 127.0.0.1:{origin}\n"
ROUTED = 20  # backends that rules choose, and servers of the default one
HOSTS = 100_000
CURVE = [10, 100, 1000, 5000]
WORDS = ["--connections", "64"]

# name, the scenario that it is compared with, target of Evenkeel's ratio to HAProxy, target of what it may add (us)
SCENARIOS = [
    ("empty", None, None, None),
    ("rules", "empty", 0.65, 1.5),
    ("map", None, 0.65, None),
    ("map-dom", None, 0.65, None),
    ("log-udp", "empty", None, None),
    ("log-ring", "empty", None, 1.0),
]


def rule_lines():
    """40 ACLs, 20 conditional header rules, 20 use_backend rules."""
    lines = [f"    acl host_{n} hdr(host) -i h{n}.example.com www.h{n}.example.com" for n in range(20)]
    lines += [f"    acl path_{n} path_beg /app{n}/ /api{n}/" for n in range(20)]
    lines += [f"    http-request set-header X-Rule-{n} on if path_{n}" for n in range(10)]
    lines += [f"    http-request set-header X-Rule-{n} on if host_{n} !path_{n}" for n in range(10, 20)]
    lines += [f"    use_backend b{n} if host_{n} path_{n}" for n in range(10)]
    lines += [f"    use_backend b{n} if host_{n}" for n in range(10, 20)]
    return "\n".join(lines) + "\n"


def backends(count, origin):
    return "".join(BACKEND.format(name=f"b{n}", origin=origin) for n in range(count)) + "backend origin\n" + \
        "".join(f"    server s{n} 127.0.0.1:{origin}\n" for n in range(ROUTED))


class Rules:
    """Made with the Bench of run.py: its processes, its load generator, its folder."""

    def __init__(self, bench):
        self.bench = bench
        self.work, self.origin = bench.work, bench.origin_port
        self.syslog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # takes lines that nobody reads
        self.syslog.bind(("127.0.0.1", 0))
        pick = random.Random(7)
        self.write("rules.targets", (f"h{pick.randrange(40)}.example.com /app{pick.randrange(40)}/index.html"
                                     for _ in range(2000)))
        numbers = list(range(HOSTS))
        pick.shuffle(numbers)
        self.write("map.targets", (f"host{n}.example.com /index.html" for n in numbers))
        self.write("dom.targets", (f"www.host{n}.example.com /index.html" for n in numbers))
        self.write("hosts.map", (f"host{n}.example.com b{n % 20}" for n in range(HOSTS)))

    def write(self, name, lines):
        with open(f"{self.work}/{name}", "w") as f:
            f.writelines(line + "\n" for line in lines)

    def proxies(self):
        return [name for name in self.bench.contenders("http") if name in ("haproxy", "evenkeel")]

    def conf(self, scenario, name, port):
        settings = {"globals": "", "defaults": ""}
        rules, count = "", ROUTED
        if scenario == "rules":
            rules = rule_lines()
        elif scenario in ("map", "map-dom"):
            word = "map" if scenario == "map" else "map_dom"
            rules = f"    use_backend %[req.hdr(host),lower,{word}({self.work}/hosts.map,origin)]\n"
        elif scenario == "log-udp":
            settings["globals"] = f"log 127.0.0.1:{self.syslog.getsockname()[1]} local0"
            settings["defaults"] = "log global\n    option httplog"
        elif scenario == "log-ring":
            settings["globals"] = "log ring@lines local0"
            settings["defaults"] = "log global\n    option httplog"
        text = HEAD.format(name=name, port=port, work=self.work, **settings) + rules + backends(count, self.origin)
        if scenario == "log-ring":
            text += "ring lines\n    format rfc3164\n    maxlen 1200\n    size 1048576\n"
        return text

    def curve_conf(self, count, name, port):
        rules = "".join(f"    use_backend b{n} if {{ hdr(host) -i host{n}.example.com }}\n" for n in range(count))
        return HEAD.format(name=name, port=port, work=self.work, globals="", defaults="") + rules + \
            backends(count, self.origin)

    def words(self, scenario):
        targets = {"map": "map", "map-dom": "dom"}.get(scenario, "rules")
        return [*WORDS, "--targets", f"{self.work}/{targets}.targets"]

    def once(self, who, text, port, words, seconds, samples):
        began = time.monotonic()
        process, port = self.bench.start(who, conf=text, port=port)
        took = time.monotonic() - began
        try:
            self.bench.load(port, words, 0.2)
            got = self.bench.measure(process, port, words, seconds, "us/request")
            samples.setdefault("cpu", []).append(got["cpu"])
            samples.setdefault("start", []).append(took)
            samples.setdefault("mb", []).append(process.memory_kb("Pss") / 1024)
            samples["errors"] = samples.get("errors", 0) + got["errors"] + got["bad_status"]
        finally:
            process.stop()

    def scenarios(self, names, rounds, seconds, free_port):
        samples = {}
        for number in range(rounds):
            for name in names:
                order = self.proxies()
                for who in order if number % 2 == 0 else reversed(order):
                    port = free_port()
                    # HAProxy looks through all names of map_dom, so that it answers a few hundred times a second.
                    self.once(who, self.conf(name, who, port), port, self.words(name), seconds,
                              samples.setdefault((name, who), {}))
            print(f"  rules: round {number + 1}/{rounds}", file=sys.stderr)
        return medians(samples)

    def curve(self, rounds, seconds, free_port):
        samples = {}
        for _ in range(rounds):
            for count in CURVE:
                pick = random.Random(count)
                self.write("curve.targets", (f"host{pick.randrange(count)}.example.com /" for _ in range(5000)))
                for who in self.proxies():
                    port = free_port()
                    self.once(who, self.curve_conf(count, who, port), port,
                              [*WORDS, "--targets", f"{self.work}/curve.targets"], seconds,
                              samples.setdefault((count, who), {}))
        return medians(samples)


def medians(samples):
    return {key: {field: statistics.median(value) if isinstance(value, list) else value
                  for field, value in row.items()} for key, row in samples.items()}


def groups(results, names):
    """As the picture of run.py wants them: {scenario: {proxy: row}}."""
    return {name: {who: row for (of, who), row in results.items() if of == name} for name in names
            if (name, "haproxy") in results}


def micro_log(tool):
    """Nanoseconds to make one line of option httplog, syslog header included; None where the tool is missing."""
    try:
        out = subprocess.run(["taskset", "-c", "0", tool], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return out.strip().splitlines()


def verdict(value, target):
    return "-" if target is None else f"<= {target}" + ("" if value is None or value <= target else " (missed)")


def report(results, curve, log_lines):
    text = []
    if results:
        text += ["## Rules, maps and logs", "",
                 "*rules*: 40 host and path ACLs, 20 conditional header rules, 20 `use_backend`. *map*: 100,000 host names",
                 "in `map()`, *map-dom*: the same file in `map_dom()`. *log-udp*: `option httplog` to a UDP socket,",
                 "*log-ring*: the same into a ring in memory, which leaves out the system call. Requests go round over",
                 "many hosts and paths in all of them, the empty configuration included; its one backend has as many servers as",
                 "the rules have backends, so that all of them keep connections to twenty servers.", "",
                 "| scenario | proxy | CPU, us/request | over empty | target | Evenkeel / HAProxy | target | load, s | errors |",
                 "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
        for name, base, ratio_target, added_target in SCENARIOS:
            for who in ("haproxy", "evenkeel"):
                row = results.get((name, who))
                if row is None:
                    continue
                other = results.get((name, "haproxy"))
                own = who == "evenkeel"
                ratio = row["cpu"] / other["cpu"] if own and other else None
                under = results.get((base, who))
                added = row["cpu"] - under["cpu"] if under else None
                cell = "-" if added is None else f"{added:+.2f}"
                text.append(f"| {name} | {who} | {row['cpu']:.2f} | {cell} | "
                            f"{verdict(added, added_target if own else None)} | {'-' if ratio is None else f'{ratio:.2f}'} | "
                            f"{verdict(ratio, ratio_target if own else None)} | {row['start']:.3f} | {row['errors']} |")
        text.append("")
    if log_lines:
        text += ["Making a log line, without sending it:", ""] + [f"- {line}" for line in log_lines] + [""]
    if curve:
        text += ["## As many `use_backend ... if { hdr(host) -i ... }` rules as backends", "",
                 "| rules and backends | proxy | CPU, us/request | load, s | memory, MB (PSS) | target |",
                 "|--:|---|--:|--:|--:|--:|"]
        for (count, who), row in sorted(curve.items(), key=lambda item: (item[0][0], item[0][1] != "haproxy")):
            target = "load < 1 s" if who == "evenkeel" and count == CURVE[-1] else "-"
            text.append(f"| {count} | {who} | {row['cpu']:.2f} | {row['start']:.3f} | {row['mb']:.1f} | {target} |")
        text.append("")
    return text
