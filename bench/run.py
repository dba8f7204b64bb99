#!/usr/bin/env python3
"""Measures HAProxy, nginx, a raw relay (the floor) and Evenkeel side by side and writes docs/benchmarks.md.

One proxy at a time on core 0, load generator and origin on core 1; rounds are interleaved, so that a busy minute of
the machine hits every proxy; the table shows medians. CPU time is what the scheduler charged to the proxy's threads
(/proc/PID/task/*/schedstat, nanoseconds) between two moments around the load, kernel time included.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import rules as rule_bench

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

HAPROXY_CONF = """
global
    nbthread {threads}
    maxconn 6000
    stats socket {work}/{name}.sock level admin
defaults
    mode {mode}
    timeout connect 5s
    timeout client 120s
    timeout server 120s
    {extra}
listen bench
    bind 127.0.0.1:{port}
    server origin 127.0.0.1:{origin}
"""

NGINX_CONF = """
worker_processes 1;
daemon off;
master_process off;
pid {work}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 19000; }}
http {{
    access_log off;
    {extra}
    tcp_nodelay on;
    keepalive_timeout 120s;
    keepalive_requests 1000000000;
    proxy_max_temp_file_size 0;
    client_body_temp_path {work}/nginx-body;
    proxy_temp_path {work}/nginx-proxy;
    fastcgi_temp_path {work}/nginx-f;
    uwsgi_temp_path {work}/nginx-u;
    scgi_temp_path {work}/nginx-s;
    upstream origin {{
        server 127.0.0.1:{origin};
        keepalive 512;
        keepalive_requests 1000000000;
        keepalive_timeout 120s;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""

# name, words of the load generator, fixed rate per second for the latency run (0: none), mode, unit,
# target ratio of Evenkeel's CPU to others'
SCENARIOS = [
    ("keep-alive-64", ["--connections", "64"], 12000, "http", "us/request", {"haproxy": 0.82, "nginx": 0.9, "floor": 1.2}),
    ("keep-alive-400", ["--connections", "400"], 12000, "http", "us/request", {"haproxy": 0.82, "nginx": 0.9, "floor": 1.2}),
    ("connection-per-request", ["--connections", "64", "--close"], 4000, "http", "us/request", {"haproxy": 0.9}),
    ("10-MB-bodies", ["--connections", "8", "--path", "/big"], 0, "http", "us/MB", {"haproxy": 0.5}),
    ("compression", ["--connections", "16", "--path", "/text", "--header", "Accept-Encoding: gzip"], 0, "http", "us/request", {}),
    ("tcp-small", ["--connections", "64"], 12000, "tcp", "us/request", {"haproxy": 0.95}),
    ("tcp-big", ["--connections", "8", "--path", "/big"], 0, "tcp", "us/MB", {"haproxy": 0.95}),
]
# Of 32 kB each, with gzip at its fastest in all three.
COMPRESSING = {"compression"}
EXTRA_SCENARIOS = ["idle-memory", "ten-thousand-servers", "two-threads", "rule-curve"]
RULE_SCENARIOS = [spec[0] for spec in rule_bench.SCENARIOS]


def free_port():
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.002)
    raise SystemExit(f"bench: nothing listens on port {port}")


def pinned(core, command):
    return ["taskset", "-c", core, *command]


class Process:
    def __init__(self, command, core, log):
        self.log = open(log, "ab")
        self.popen = subprocess.Popen(pinned(core, command), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def pids(self):
        found, todo = [], [self.popen.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as f:
                    todo += [int(word) for word in f.read().split()]
            except OSError:
                pass
        return found

    def cpu_ns(self):
        total = 0
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
        return total

    def memory_kb(self, field):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith(field + ":"))
        return total

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.log.close()


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.origin_port = free_port()
        self.origin = Process([self.tool("origin"), str(self.origin_port)], "1", f"{work}/origin.log")
        wait_for_port(self.origin_port)

    def tool(self, name):
        return os.path.join(self.args.tools, f"bench_{name}")

    def contenders(self, mode):
        names = []
        if self.args.haproxy:
            names.append("haproxy")
        if self.args.nginx and mode == "http":
            names.append("nginx")
        names.append("floor")
        if self.args.evenkeel:
            names.append("evenkeel")
        return names

    def write(self, name, text):
        path = f"{self.work}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self, name, mode="http", threads=1, core="0", extra="option splice-auto", conf=None, port=None,
              nginx_extra=""):
        port = port or free_port()
        if name == "floor":
            command = [self.tool("floor"), str(port), str(self.origin_port)]
        elif name == "nginx":
            path = self.write("nginx.conf", conf or NGINX_CONF.format(port=port, origin=self.origin_port, work=self.work,
                                                                         extra=nginx_extra))
            command = [self.args.nginx, "-p", self.work, "-c", path]
        else:
            text = conf or HAPROXY_CONF.format(name=name, port=port, origin=self.origin_port, mode=mode, threads=threads,
                                               work=self.work, extra=extra)
            command = [getattr(self.args, name), "-db", "-f", self.write(f"{name}.cfg", text)]
        process = Process(command, core, f"{self.work}/{name}.log")
        try:
            wait_for_port(port)
        except SystemExit:
            process.stop()
            with open(f"{self.work}/{name}.log") as f:
                sys.stderr.write(f.read()[-2000:])
            raise
        return process, port

    def load(self, port, words, seconds, core="1"):
        command = pinned(core, [self.tool("load"), "--port", str(port), "--seconds", str(seconds), *words])
        out = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
        return json.loads(out)

    def measure(self, process, port, words, seconds, unit, core="1"):
        before = process.cpu_ns()
        result = self.load(port, words, seconds, core)
        spent = process.cpu_ns() - before
        done = result["bytes"] / 1e6 if unit == "us/MB" else result["requests"]
        result["cpu"] = spent / 1000.0 / max(done, 1)
        result["per_second"] = done / result["seconds"]
        return result

    def scenario(self, spec, rounds, seconds):
        name, words, rate, mode, unit, _ = spec
        samples = {}
        for number in range(rounds):
            order = self.contenders(mode)
            settings = {}
            if name in COMPRESSING:
                order = [who for who in order if who != "floor"]
                settings = {"extra": "compression algo gzip",
                            "nginx_extra": "gzip on; gzip_comp_level 1; gzip_proxied any; gzip_types text/plain;"}
            for who in order if number % 2 == 0 else reversed(order):
                process, port = self.start(who, mode, **settings)
                try:
                    self.load(port, words, 0.2)  # warm: pools filled, connections open once
                    closed = self.measure(process, port, words, seconds, unit)
                    row = samples.setdefault(who, {"cpu": [], "per_second": [], "p99": [], "errors": 0})
                    row["cpu"].append(closed["cpu"])
                    row["per_second"].append(closed["per_second"])
                    row["errors"] += closed["errors"] + closed["bad_status"]
                    if rate:
                        opened = self.measure(process, port, words + ["--rate", str(rate)], seconds, unit)
                        row["p99"].append(opened["p99_us"])
                        row["errors"] += opened["errors"] + opened["bad_status"]
                        row.setdefault("cpu_fixed", []).append(opened["cpu"])
                finally:
                    process.stop()
            print(f"  {name}: round {number + 1}/{rounds}", file=sys.stderr)
        return {who: {key: statistics.median(value) if isinstance(value, list) and value else value
                      for key, value in row.items()} for who, row in samples.items()}

    def idle_memory(self, rounds, count):
        result = {}
        for _ in range(rounds):
            for who in self.contenders("http"):
                process, port = self.start(who)
                holder = None
                try:
                    self.load(port, ["--connections", "64"], 0.5)
                    time.sleep(0.1)
                    before = process.memory_kb("Pss")
                    holder = subprocess.Popen(
                        pinned("1", [self.tool("load"), "--port", str(port), "--connections", str(count), "--idle",
                                     "--seconds", "30"]), stdout=subprocess.PIPE, text=True)
                    if holder.stdout.readline().strip() != "READY":
                        raise SystemExit("bench: the idle connections could not be opened")
                    time.sleep(0.3)
                    after = process.memory_kb("Pss")
                    result.setdefault(who, []).append((after - before) * 1024 / count)
                finally:
                    if holder:
                        holder.kill()
                        holder.wait()
                    process.stop()
        return {who: statistics.median(values) for who, values in result.items()}

    def ten_thousand_servers(self, rounds):
        def conf(name, port):
            lines = [HAPROXY_CONF.format(name=name, port=port, origin=self.origin_port, mode="http", threads=1,
                                         work=self.work, extra="")]
            for backend in range(100):
                lines.append(f"backend b{backend}\n    balance roundrobin\n")
                lines += [f"    server s{n} 127.0.{backend}.{n + 1}:8080 weight {1 + n % 7}\n" for n in range(100)]
            return "".join(lines)

        result = {}
        for _ in range(rounds):
            for who in [name for name in self.contenders("http") if name in ("haproxy", "evenkeel")]:
                port = free_port()
                text = conf(who, port)
                began = time.monotonic()
                process, port = self.start(who, conf=text, port=port)
                took = time.monotonic() - began
                try:
                    self.load(port, ["--connections", "1"], 0.05)
                    row = result.setdefault(who, {"seconds": [], "mb": []})
                    row["seconds"].append(took)
                    row["mb"].append(process.memory_kb("Pss") / 1024)
                finally:
                    process.stop()
        return {who: {key: statistics.median(value) for key, value in row.items()} for who, row in result.items()}

    def two_threads(self, rounds, seconds):
        result = {}
        words = ["--connections", "64", "--rate", "8000"]
        for _ in range(rounds):
            for who in [name for name in self.contenders("http") if name in ("haproxy", "evenkeel")]:
                for threads in (1, 2):
                    process, port = self.start(who, threads=threads, core="0,1")
                    try:
                        self.load(port, words, 0.2, "0,1")
                        got = self.measure(process, port, words, seconds, "us/request", "0,1")
                        result.setdefault(who, {}).setdefault(threads, []).append(got["cpu"])
                    finally:
                        process.stop()
        return {who: {n: statistics.median(values) for n, values in row.items()} for who, row in result.items()}


def machine_line():
    model = "unknown processor"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1048576
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {os.uname().release}, {time.strftime('%Y-%m-%d')}"


def version(program, flag="-v"):
    out = subprocess.run([program, flag], capture_output=True, text=True)
    return (out.stdout + out.stderr).strip().splitlines()[0]


COLOURS = {"haproxy": "#7a8ca5", "nginx": "#6aa06a", "floor": "#c9c9c9", "evenkeel": "#d0662f"}


def plot(results):
    """One group of bars per scenario, every bar as a ratio to HAProxy: different units fit one picture."""
    groups = [(name, row) for name, row in results.items() if "haproxy" in row]
    width, height, left, top = 110 * len(groups) + 80, 300, 50, 30
    tallest = max([row[who]["cpu"] / row["haproxy"]["cpu"] for _, row in groups for who in row] + [1.2])
    scale = 210 / tallest
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="16" font-size="13">CPU per request or megabyte, as a ratio to HAProxy (lower is better)</text>']
    base = top + 215
    for mark in (0.25, 0.5, 0.75, 1.0):
        y = base - mark * scale
        out.append(f'<line x1="{left}" x2="{width - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{left - 30}" y="{y + 4:.1f}">{mark}</text>')
    for index, (name, row) in enumerate(groups):
        x = left + 10 + index * 110
        for position, who in enumerate(w for w in COLOURS if w in row):
            ratio = row[who]["cpu"] / row["haproxy"]["cpu"]
            out.append(f'<rect x="{x + position * 23}" y="{base - ratio * scale:.1f}" width="20" height="{ratio * scale:.1f}" '
                       f'fill="{COLOURS[who]}"/><text x="{x + position * 23}" y="{base - ratio * scale - 3:.1f}" '
                       f'font-size="9">{ratio:.2f}</text>')
        out.append(f'<text x="{x}" y="{base + 14}">{name}</text>')
    for position, who in enumerate(COLOURS):
        x = left + position * 100
        out.append(f'<rect x="{x}" y="{base + 28}" width="12" height="12" fill="{COLOURS[who]}"/>'
                   f'<text x="{x + 16}" y="{base + 38}">{who}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def cell(value, digits=2):
    return "-" if value is None or value == [] else f"{value:.{digits}f}"


def report(args, results, extras, rounds, seconds):
    text = ["# Benchmarks", "",
            "Written by `make bench`; the program, the load generator and the raw relay are in `bench/`.", "",
            f"Machine: {machine_line()}. {rounds} interleaved rounds of {seconds} s, medians. One thread on core 0; load",
            "generator and origin on core 1; logging off; keep-alive on both sides; the same configuration file for HAProxy",
            "and Evenkeel. The *floor* is a raw epoll relay that parses nothing.", ""]
    versions = [("haproxy", args.haproxy), ("evenkeel", args.evenkeel), ("nginx", args.nginx)]
    text += [f"- {name}: {version(path)}" for name, path in versions if path] + [""]
    text += ["![CPU per request](benchmarks.svg)", "", "## CPU and latency", "",
             "CPU is measured under full load (closed loop) and again at a fixed rate, where every proxy sleeps between",
             "requests; the ratios are Evenkeel's cost divided by the other's.", "",
             "| scenario | proxy | CPU | unit | per second | Evenkeel / it | target | fixed load: CPU | Evenkeel / it | p99 | errors |",
             "|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"]
    for spec in SCENARIOS:
        name, _, rate, _, unit, targets = spec
        for who, row in results.get(name, {}).items():
            own = results[name].get("evenkeel")
            ratio = own["cpu"] / row["cpu"] if own and who != "evenkeel" else None
            target = f"<= {targets[who]}" if who in targets else "-"
            p99 = f"{row['p99']:.0f} us at {rate}/s" if rate and row["p99"] != [] else "-"
            fixed = own["cpu_fixed"] / row["cpu_fixed"] if ratio and "cpu_fixed" in row else None
            text.append(f"| {name} | {who} | {row['cpu']:.2f} | {unit} | {row['per_second']:.0f} | {cell(ratio)} | "
                        f"{target} | {cell(row.get('cpu_fixed'))} | {cell(fixed)} | {p99} | {row['errors']} |")
    text.append("")
    if "idle" in extras:
        own = extras["idle"].get("evenkeel")
        text += [f"## Memory of an idle keep-alive connection ({args.idle} of them)", "",
                 "| proxy | bytes per connection (PSS) | Evenkeel's ratio to it | target |", "|---|--:|--:|--:|"]
        for who, value in extras["idle"].items():
            ratio = own / value if own and who != "evenkeel" and value > 0 else None
            text.append(f"| {who} | {value:.0f} | {cell(ratio)} | {'<= 1' if who == 'haproxy' else '-'} |")
        text.append("")
    if "many" in extras:
        text += ["## 10,000 servers in 100 backends", "", "| proxy | start, s | memory, MB (PSS) | target |", "|---|--:|--:|--:|"]
        text += [f"| {who} | {row['seconds']:.3f} | {row['mb']:.1f} | {'< 1 s' if who == 'evenkeel' else '-'} |"
                 for who, row in extras["many"].items()] + [""]
    if "threads" in extras:
        text += ["## Two threads, 8000 requests/s, both cores shared with the load", "",
                 "| proxy | CPU with one thread | with two | growth | target |", "|---|--:|--:|--:|--:|"]
        text += [f"| {who} | {row[1]:.2f} us | {row[2]:.2f} us | {100 * (row[2] / row[1] - 1):+.1f} % | "
                 f"{'<= +5 %' if who == 'evenkeel' else '-'} |" for who, row in extras["threads"].items()] + [""]
    text += rule_bench.report(extras.get("rules"), extras.get("curve"), extras.get("log_lines"))
    return "\n".join(text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evenkeel", default=f"{ROOT}/build/release/evenkeel", help="binary; left out if missing")
    parser.add_argument("--haproxy", default=shutil.which("haproxy", path="/usr/sbin:/usr/bin"))
    parser.add_argument("--nginx", default=shutil.which("nginx", path="/usr/sbin:/usr/bin"))
    parser.add_argument("--tools", default=f"{ROOT}/build/release", help="where bench_load, bench_origin, bench_floor are")
    parser.add_argument("--scenario", action="append", help="only these; may be repeated; 'list' prints the names")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each single measurement")
    parser.add_argument("--idle", type=int, default=5000, help="idle connections for the memory scenario")
    parser.add_argument("--quick", action="store_true", help="one short round, nothing is written")
    parser.add_argument("--output", default=f"{ROOT}/docs", help="folder for benchmarks.md and benchmarks.svg")
    parser.add_argument("--print", action="store_true", help="print the report and write nothing")
    return parser.parse_args()


def main():
    args = parse()
    names = [spec[0] for spec in SCENARIOS] + RULE_SCENARIOS + EXTRA_SCENARIOS
    if args.scenario == ["list"]:
        print("\n".join(names))
        return 0
    chosen = args.scenario or names
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise SystemExit(f"bench: no such scenario: {unknown[0]} (there are: {', '.join(names)})")
    if not os.path.exists(args.evenkeel):
        print(f"bench: {args.evenkeel} is missing, measuring the others", file=sys.stderr)
        args.evenkeel = None
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bench: needs two cores")
    rounds, seconds = (1, 0.5) if args.quick else (args.rounds, args.seconds)
    results, extras = {}, {}
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench.") as work:
        bench = Bench(args, work)
        try:
            for spec in SCENARIOS:
                if spec[0] in chosen:
                    results[spec[0]] = bench.scenario(spec, rounds, seconds)
            few = max(1, rounds // 2)
            if "idle-memory" in chosen:
                extras["idle"] = bench.idle_memory(few, args.idle)
            if "ten-thousand-servers" in chosen:
                extras["many"] = bench.ten_thousand_servers(few)
            if "two-threads" in chosen:
                extras["threads"] = bench.two_threads(rounds, seconds)
            ruled = [name for name in RULE_SCENARIOS if name in chosen]
            rules = rule_bench.Rules(bench) if ruled or "rule-curve" in chosen else None
            if ruled:
                extras["rules"] = rules.scenarios(ruled, rounds, seconds, free_port)
            if "log-ring" in chosen:
                extras["log_lines"] = rule_bench.micro_log(bench.tool("micro_stats"))
            if "rule-curve" in chosen:
                extras["curve"] = rules.curve(few, seconds, free_port)
        finally:
            bench.origin.stop()
    text = report(args, results, extras, rounds, seconds)
    print(text)
    if args.evenkeel and not args.quick and not args.print and not args.scenario:
        with open(f"{args.output}/benchmarks.md", "w") as f:
            f.write(text)
        with open(f"{args.output}/benchmarks.svg", "w") as f:
            f.write(plot({**results, **rule_bench.groups(extras.get("rules", {}), ["rules", "map"])}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
