#!/usr/bin/env python3
"""Lab 4: two machines with keepalived, as in section 4 of the notes: vrrp.py EVENKEEL [roles].

First the pair of web servers of the notes. Then two Evenkeels in the same roles and two HAProxies with `killall -0`
as their check, at 1,000 requests per second; the track file alone; two addresses. docs/ha.md quotes the numbers.
With "roles", what is not measured: an address that is not there yet, clients that wait while the roles change, two
masters and none.
"""
import contextlib
import os
import shutil
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

import netlab
from netlab import Load, balancer, cli, end, eventually, fetch, holds, inside, keepalived, losses, say, start, tell, \
    write

VIP = "192.168.4.80"
VIP2 = "192.168.4.81"
ADVERT = 1.0
SERVERS = ("web1", "web2")
NETWORK = {name: [("eth0", "br0", f"192.168.4.{n}/24")] for name, n in
           (("client", 10), ("one", 5), ("two", 6), ("web1", 100), ("web2", 200))}

INSTANCE = """vrrp_instance VI_{vrid} {{
    state {state}
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        {vip}/24
    }}
{tracks}}}
"""


def instance(priority, vrid=51, vip=VIP, tracks=""):
    return INSTANCE.format(state="MASTER" if priority in (100, 254) else "BACKUP", priority=priority, vrid=vrid, vip=vip,
                           tracks=tracks)


def general(host, more=""):
    return f"global_defs {{\n    router_id {host}\n    enable_script_security\n    script_user root\n{more}}}\n"


def fifo(host):
    return f"    vrrp_notify_fifo {netlab.folder}/{host}.fifo\n"


def health_script(host):
    command = f"{netlab.evenkeel} health --socket {netlab.folder}/{host}.sock --timeout 800ms --quorum web:1"
    return script("evenkeel", command)


def script(name, command):
    return f"""vrrp_script {name} {{
    script "{command}"
    interval 1
    timeout 1
    fall 1
    rise 2
}}
"""


def weight_file(host):
    return f'track_file weight {{\n    file "{netlab.folder}/{host}.weight"\n    weight 1\n}}\n'


BY_SCRIPT = "    track_script {\n        %s\n    }\n"
BY_FILE = "    track_file {\n        weight\n    }\n"


def with_evenkeel(host, priority):
    return keepalived(host, general(host, fifo(host)) + health_script(host) + weight_file(host) +
                      instance(priority, tracks=BY_SCRIPT % "evenkeel" + BY_FILE))


def with_track_file(host, priority):
    return keepalived(host, general(host, fifo(host)) + weight_file(host) + instance(priority, tracks=BY_FILE))


def with_fault_file(host, priority):
    """FAULT instead of a weight, so the priorities may be as high and as close as they like."""
    return keepalived(host, general(host, fifo(host)) + health_script(host) + weight_file(host) +
                      instance(254 if priority == 100 else 253, tracks=BY_SCRIPT % "evenkeel" + BY_FILE))


def with_killall(host, priority):
    return keepalived(host, general(host) + script("chk_haproxy", "/usr/bin/killall -0 haproxy") +
                      instance(priority, tracks=BY_SCRIPT % "chk_haproxy"))


CONFIG = """global
    stats socket {folder}/{host}.sock mode 600 level admin expose-fd listeners
    nbthread 1
{more}
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
listen web
    bind {bind}
    server web1 192.168.4.100:80 check inter 500ms fall 1 rise 1
    server web2 192.168.4.200:80 check inter 500ms fall 1 rise 1
"""


def configure(host, ours, bind=f"{VIP}:80 transparent", extra="", weight=60):
    folder = netlab.folder
    more = f"    vrrp track-file {folder}/{host}.weight weight {weight} quorum web:1\n" \
           f"    vrrp notify-fifo {folder}/{host}.fifo\n" if ours else ""
    return write(f"{host}.cfg", CONFIG.format(folder=folder, host=host, more=more + extra, bind=bind))


def answers(vip=VIP):
    return fetch("client", vip) in ("web1\n", "web2\n")


def nobody_has(*vips):
    return not any(holds(host, vip) for host in ("one", "two") for vip in vips)


class Machines:
    """Two balancers and two keepalived around two web servers."""

    def __init__(self, program, keepalived_for, ours, options=(), **conf):
        self.program, self.keepalived_for, self.options = program, keepalived_for, options
        self.webs = [netlab.nginx(name) for name in SERVERS]
        self.conf = {host: configure(host, ours, **conf) for host in ("one", "two")}
        self.proxies = {host: balancer(host, program, self.conf[host], f"{host}.sock", *options)
                        for host in self.conf}
        self.pair = [keepalived_for("one", 100), keepalived_for("two", 50)]
        eventually(lambda: holds("one", VIP) and not holds("two", VIP), "the address on the first")
        eventually(answers, "an answer through the address")

    def kill(self, how=signal.SIGKILL):
        end(self.proxies["one"], how)

    def again(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{netlab.folder}/one.sock")
        self.proxies["one"] = balancer("one", self.program, self.conf["one"], "one.sock", *self.options)

    def kill_worker(self):
        master, = netlab.offspring(self.proxies["one"].pid)
        worker, = netlab.offspring(master)
        os.kill(worker, signal.SIGKILL)
        self.proxies["one"].wait(10)
        end(self.proxies["one"])

    def states(self, state):
        for name in SERVERS:
            cli("one.sock", f"set server web/{name} state {state}")

    def reach(self, verb):
        for n in (100, 200):
            inside("one", "ip", "route", verb, "unreachable", f"192.168.4.{n}/32")

    def reload(self):
        old = self.proxies["one"]
        with open(f"/proc/{netlab.offspring(old.pid)[0]}/status") as status:  # nsenter's child is the program
            number = next(line.split()[-1] for line in status if line.startswith("NSpid:"))  # as its host counts
        sock = f"{netlab.folder}/one.sock"
        self.proxies["one"] = start("one", self.program, "-f", self.conf["one"], "-db", "-x", sock, "-sf", number,
                                    log=f"{os.path.basename(self.program)}-one")
        eventually(lambda: old.poll() is not None, "the old process gone")
        end(old)

    def close(self):
        for child in [*self.pair, *self.proxies.values(), *self.webs]:
            end(child)
        for host in ("one", "two"):
            for kind in ("sock", "weight", "fifo", "fifo.state"):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(f"{netlab.folder}/{host}.{kind}")
        eventually(lambda: nobody_has(VIP, VIP2), "no address left")


class Row:
    """What one failure costs, there and back, under load."""

    def __init__(self, name, action, undo):
        load = Load("client", VIP)
        began = time.monotonic()
        action()
        self.moved = eventually(lambda: holds("two", VIP), f"the address on the second after: {name}") and \
            time.monotonic() - began
        eventually(answers, "an answer of the second")
        time.sleep(0.5)  # of load with nothing changing, so that the row ends clearly
        back = time.monotonic()
        undo()
        eventually(lambda: holds("one", VIP) and not holds("two", VIP), "the address back by priority")
        self.returned = time.monotonic() - back
        eventually(answers, "an answer of the first")
        time.sleep(0.3)
        results = load.stop()
        self.there = losses(results, until=back)
        self.back = losses(results, since=back)
        tell(f"{name}: address moved after {self.moved:.2f} s, {self.there.lost} requests lost in "
             f"{self.there.seconds:.2f} s; back by priority after {self.returned:.2f} s, {self.back.lost} lost")


def stays(name, action, undo, seconds=4.0):
    """The row of a failure that the pair does not notice."""
    load = Load("client", VIP)
    action()
    time.sleep(seconds)  # the measure itself
    stayed = holds("one", VIP) and not holds("two", VIP)
    result = losses(load.stop())
    undo()
    eventually(answers, f"answers again after: {name}")
    tell(f"{name}: the address {'stays' if stayed else 'moved'}, {result.lost} of {result.requests} requests lost in "
         f"{seconds:.0f} s{' and no end' if result.lost else ''}")
    return stayed, result


def web_pair():
    say("the keepalived web pair of the notes")
    webs = [netlab.nginx("one", "192.168.4.100"), netlab.nginx("two", "192.168.4.200")]
    pair = [keepalived(host, general(host) + instance(priority)) for host, priority in (("one", 100), ("two", 50))]
    eventually(lambda: holds("one", VIP) and not holds("two", VIP), "the address on the master")
    eventually(lambda: fetch("client", VIP) == "192.168.4.100\n", "the master's page")
    print(inside("one", "ip", "-4", "address", "show", "dev", "eth0").stdout, end="")
    end(pair[0])
    took = eventually(lambda: fetch("client", VIP) == "192.168.4.200\n", "the backup's page")
    tell(f"keepalived stopped on the master: the backup answers after {took:.2f} s")
    pair[0] = keepalived("one", general("one") + instance(100))
    took = eventually(lambda: fetch("client", VIP) == "192.168.4.100\n", "the address back by priority")
    tell(f"started again: the master answers after {took:.2f} s")
    for child in pair + webs:
        end(child)
    eventually(lambda: nobody_has(VIP), "no address left")


def two_evenkeels():
    say("two Evenkeels: evenkeel health and a track file")
    machines = Machines(netlab.evenkeel, with_evenkeel, ours=True)
    health_is_quick()
    rows = [Row("the proxy is killed", machines.kill, machines.again),
            Row("the proxy is stopped (SIGTERM)", lambda: machines.kill(signal.SIGTERM), machines.again),
            Row("its servers are drained", lambda: machines.states("drain"), lambda: machines.states("ready")),
            Row("it loses its servers", lambda: machines.reach("add"), lambda: machines.reach("delete"))]
    stayed, result = stays("it reloads, four times", lambda: [machines.reload() for _ in range(4)], lambda: None)
    assert stayed and result.lost == 0, "a reload under load loses nothing and moves nothing"
    eventually(lambda: "instance VI_51 MASTER" in cli("one.sock", "show vrrp"), "the role in show vrrp")
    print(cli("one.sock", "show vrrp").strip())
    machines.close()
    for row in rows:
        assert row.moved <= 3 * ADVERT and row.there.seconds <= 3 * ADVERT, "at most three advertisement intervals"
    return rows


def health_is_quick():
    took = []
    for _ in range(21):
        began = time.perf_counter()
        done = subprocess.run([netlab.evenkeel, "health", "--socket", f"{netlab.folder}/one.sock", "--quorum", "web:1"],
                              capture_output=True)
        took.append((time.perf_counter() - began) * 1000)
        assert done.returncode == 0, done.stderr
    median = statistics.median(took)
    tell(f"evenkeel health answers in {median:.1f} ms (median of {len(took)}, slowest {max(took):.1f} ms)")
    assert median < 20, "evenkeel health within 20 ms"


def two_haproxies():
    say("two HAProxies, checked with killall -0 haproxy")
    if not shutil.which("haproxy") or not shutil.which("killall"):
        tell("haproxy or killall is missing: no comparison")
        return
    machines = Machines("haproxy", with_killall, ours=False)
    Row("the proxy is killed", machines.kill, machines.again)
    assert stays("its servers are drained", lambda: machines.states("drain"), lambda: machines.states("ready"))[0]
    assert stays("it loses its servers", lambda: machines.reach("add"), lambda: machines.reach("delete"))[0]
    machines.close()


def track_file_alone():
    say("two Evenkeels: the track file alone, no vrrp_script")
    machines = Machines(netlab.evenkeel, with_track_file, ours=True)
    rows = [Row("the proxy is stopped (SIGTERM)", lambda: machines.kill(signal.SIGTERM), machines.again),
            Row("its servers are drained", lambda: machines.states("drain"), lambda: machines.states("ready")),
            Row("it loses its servers", lambda: machines.reach("add"), lambda: machines.reach("delete"))]
    stayed, _ = stays("the proxy is killed", machines.kill, machines.again, seconds=5)
    assert stayed, "nobody writes the file after SIGKILL: the script is for that"
    machines.close()
    for row in rows:
        assert row.moved <= 6 * ADVERT, "timer of the backup, after one more advertisement of the master"


def fault_file():
    say("two Evenkeels: evenkeel health, and a track file that says FAULT (weight -254)")
    machines = Machines(netlab.evenkeel, with_fault_file, ours=True, weight=-254, options=("-W",))
    killed = Row("master and worker are killed", machines.kill, machines.again)
    rows = [Row("the worker is killed (-W)", machines.kill_worker, machines.again),
            Row("the proxy is stopped (SIGTERM)", lambda: machines.kill(signal.SIGTERM), machines.again),
            Row("its servers are drained", lambda: machines.states("drain"), lambda: machines.states("ready")),
            Row("it loses its servers", lambda: machines.reach("add"), lambda: machines.reach("delete"))]
    machines.close()
    assert killed.moved <= 3 * ADVERT, "at most three advertisement intervals"
    for row in rows:
        assert row.moved <= ADVERT, "the file is read when it is written; the last row waits for a check"


def two_addresses():
    say("active and active: two addresses")

    def both(host, priority):
        tracks = BY_SCRIPT % "evenkeel" + BY_FILE
        return keepalived(host, general(host, fifo(host)) + health_script(host) + weight_file(host) +
                          instance(priority, tracks=tracks) +
                          instance(150 - priority, vrid=52, vip=VIP2, tracks=tracks))

    machines = Machines(netlab.evenkeel, both, ours=True, bind=f"{VIP}:80,{VIP2}:80 transparent")
    apart = lambda: holds("one", VIP) and holds("two", VIP2) and nobody_has_twice()
    eventually(apart, "an address on each")
    eventually(lambda: answers(VIP2), "answers from the second address")
    tell(f"first machine: {VIP}, second machine: {VIP2}, both answer")
    loads = [Load("client", VIP), Load("client", VIP2)]
    began = time.monotonic()
    machines.kill()
    eventually(lambda: holds("two", VIP) and holds("two", VIP2), "both addresses on the second")
    moved = time.monotonic() - began
    eventually(answers, "an answer of the second")
    time.sleep(0.5)
    first, second = (losses(load.stop()) for load in loads)
    tell(f"the first is killed: its address moved after {moved:.2f} s, {first.lost} of {first.requests} requests lost; "
         f"of the other address {second.lost} of {second.requests}")
    assert second.lost == 0 and moved <= 3 * ADVERT
    machines.again()
    took = eventually(apart, "an address on each again")
    tell(f"started again: an address on each after {took:.2f} s")
    machines.close()


def nobody_has_twice():
    return not holds("one", VIP2) and not holds("two", VIP)


def not_there_yet():
    say("an address that is not there yet")
    webs = [netlab.nginx(name) for name in SERVERS]
    conf = configure("two", False, bind=f"{VIP}:80")
    refused = inside("two", netlab.evenkeel, "-f", conf, "-db", check=False)
    assert refused.returncode != 0
    tell("bind " + VIP + ":80 - " + next(line for line in refused.stderr.splitlines() if VIP in line))

    def works(what, bind):
        child = balancer("two", netlab.evenkeel, configure("two", False, bind=bind), "two.sock")
        inside("two", "ip", "address", "add", f"{VIP}/24", "dev", "eth0")
        eventually(answers, f"an answer with {what}")
        inside("two", "ip", "address", "delete", f"{VIP}/24", "dev", "eth0")
        end(child)
        tell(f"{what} - starts without the address, answers once it is there")

    works(f"bind {VIP}:80 transparent", f"{VIP}:80 transparent")
    works("bind :80", ":80")
    inside("two", "sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=1")
    works(f"ip_nonlocal_bind and bind {VIP}:80", f"{VIP}:80")
    inside("two", "sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=0")
    for child in webs:
        end(child)


ORIGIN = """
import http.server, time
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.3)
        body = self.path.encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", 80), Echo).serve_forever()
"""


def waiting_clients():
    say("clients that wait in the queue while the roles change")
    origins = [start(name, "python3", write("origin.py", ORIGIN), log=f"origin-{name}") for name in SERVERS]
    for name in SERVERS:
        eventually(lambda: fetch(name, "127.0.0.1/up") == "/up", "the origin")
    for host in ("one", "two"):
        path = configure(host, True)
        with open(path) as f:
            text = f.read().replace(":80 check", ":80 maxconn 1 check").replace("timeout connect 1s",
                                                                              "timeout connect 1s\n    timeout queue 9s")
        write(f"{host}.cfg", text)
    proxies = {h: balancer(h, netlab.evenkeel, f"{netlab.folder}/{h}.cfg", f"{h}.sock") for h in ("one", "two")}
    pair = [with_evenkeel("one", 100), with_evenkeel("two", 50)]
    eventually(lambda: holds("one", VIP) and not holds("two", VIP), "the address on the first")
    eventually(lambda: fetch("client", f"{VIP}/up") == "/up", "an answer")
    got = {}

    def client(n):
        got[n] = fetch("client", f"{VIP}/{n}", "-m", "12", "-H", "Cookie: n=%d" % n)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    eventually(lambda: queued() >= 8, "clients in the queue", pause=0.005)
    waiting = queued()
    end(pair[0])
    moved = eventually(lambda: holds("two", VIP), "the address on the second")
    after = fetch("client", f"{VIP}/after", "-m", "5")
    for thread in threads:
        thread.join()
    own = sum(text == f"/{n}" for n, text in got.items())
    none = sum(text == "" for text in got.values())
    errors = sum(text.startswith("<html>") for text in got.values())
    assert after == "/after" and own + none + errors == 24, f"an answer that is not the client's own: {got}"
    tell(f"{waiting} of 24 waited, the address moved after {moved:.2f} s: {own} have had their own answer, {none} have "
         f"lost their connection, {errors} have had an error, none has had another's answer; a new client is served by the second")
    eventually(lambda: " STOP " in cli("one.sock", "show vrrp"), "the first knows that it is no longer the master")
    for child in [*pair, *proxies.values(), *origins]:
        end(child)
    eventually(lambda: nobody_has(VIP), "no address left")


def queued():
    lines = [line.split(",") for line in cli("one.sock", "show stat").splitlines()]
    return sum(int(line[2] or 0) for line in lines if line[0] == "web" and line[1] in ("BACKEND",))


def firewalls(shown, shared):
    for host in ("one", "two"):
        inside(host, "nft", "add table inet lab")
        inside(host, "nft", "add chain inet lab input { type filter hook input priority 0 ; }")
        inside(host, "nft", "add rule inet lab input ip protocol 112 drop")
    took = eventually(lambda: shared("one") and shared("two"), "both report it")
    tell(f"firewalls drop VRRP: two masters, both say so after {took:.1f} s")
    print("\n".join(line for line in shown("two").splitlines() if "TWO MACHINES" in line))
    inside("one", "nft", "delete table inet lab")
    took = eventually(lambda: "two-masters-seen" in shown("one"), "the first has heard the second")
    tell(f"the first machine's is taken away: after {took:.1f} s keepalived there says so, too")
    print("\n".join(line for line in shown("one").splitlines() if "two-masters-seen" in line))
    inside("two", "nft", "delete table inet lab")
    took = eventually(lambda: not holds("two", VIP) and not shared("one") and not shared("two"), "one master")
    tell(f"and the second's: one master after {took:.1f} s")


def two_masters():
    say("two masters, and what each can know of it")
    webs = [netlab.nginx(name) for name in SERVERS]
    proxies = {host: balancer(host, netlab.evenkeel, configure(host, True, extra="    vrrp watch eth0\n"),
                              f"{host}.sock") for host in ("one", "two")}
    shown = lambda host: cli(f"{host}.sock", "show vrrp")
    shared = lambda host: f"TWO MACHINES HAVE {VIP}" in shown(host)

    def vrrp_on(host, priority, router=51, version=2):
        text = instance(priority, vrid=router, tracks=BY_SCRIPT % "evenkeel")
        if version == 3:  # which has no passwords
            text = re.sub(r"    authentication {.*?    }\n", "    version 3\n", text, flags=re.DOTALL)
        return keepalived(host, general(host, fifo(host)) + health_script(host) + text)

    both = [vrrp_on("one", 100), vrrp_on("two", 50, router=52)]
    eventually(lambda: holds("one", VIP) and holds("two", VIP), "two masters")
    took = eventually(lambda: shared("one") and shared("two"), "both report it")
    tell(f"virtual_router_id differs: both have {VIP}, both say so {took:.1f} s later:")
    print("\n".join(line for line in shown("one").splitlines() if "TWO MACHINES" in line))
    end(both[1])
    both[1] = vrrp_on("two", 50)
    took = eventually(lambda: not shared("one") and not shared("two") and not holds("two", VIP), "one master")
    tell(f"it is put right: nobody says so after {took:.1f} s")
    end(both[1])
    both[1] = vrrp_on("two", 50, version=3)
    took = eventually(lambda: holds("two", VIP), "the second as master by version 3")
    # keepalived puts off its own advertisement with each of the other version that it hears: they take turns.
    later = eventually(lambda: shared("one") or shared("two"), "a machine that reports it")
    assert holds("one", VIP)
    tell(f"version 2 against version 3: the second is master, too, after {took:.1f} s, said {later:.1f} s later:")
    print("\n".join(line for host in ("one", "two") for line in shown(host).splitlines() if "TWO MACHINES" in line))
    print([line for line in netlab.log_of("keepalived-one").splitlines() if "wrong version" in line][-1])
    end(both[1])
    both[1] = vrrp_on("two", 50)
    eventually(lambda: not shared("one") and not shared("two") and not holds("two", VIP), "one master again")
    if shutil.which("nft") and inside("two", "nft", "add table inet lab", check=False).returncode == 0:
        firewalls(shown, shared)
    else:
        tell("no nft: the rows of the firewall are left out")
    switch = ("ip", "-n", netlab.ns("switch"), "link", "set", "two-eth0")
    netlab.run(*switch, "nomaster")
    eventually(lambda: "VI_51 FAULT" in shown("two"), "the second in FAULT")
    assert not holds("two", VIP)
    tell("the cable of the second is pulled: it cannot reach its servers and so does not become a second master")
    netlab.run(*switch, "master", "br0")
    eventually(lambda: "VI_51 BACKUP" in shown("two"), "the second as the backup again")
    for host in proxies:
        for name in SERVERS:
            cli(f"{host}.sock", f"set server web/{name} state drain")
    took = eventually(lambda: "NOBODY HAS ITS ADDRESS" in shown("one") and "NOBODY" in shown("two"),
                      "nobody is master")
    tell(f"the servers are drained on both: said to be nobody's after {took:.1f} s")
    name = os.path.basename(netlab.evenkeel)
    logs = (netlab.log_of(f"{name}-one") + netlab.log_of(f"{name}-two")).splitlines()
    print([line for line in logs if "nobody that this machine hears" in line][-1])
    for child in [*both, *proxies.values(), *webs]:
        end(child)
    eventually(lambda: nobody_has(VIP), "no address left")


def measured():
    web_pair()
    two_evenkeels()
    two_haproxies()
    track_file_alone()
    fault_file()
    two_addresses()


def roles():
    not_there_yet()
    waiting_clients()
    two_masters()


if __name__ == "__main__":
    netlab.play(roles if sys.argv[2:] == ["roles"] else measured, NETWORK, ("keepalived", "nginx"))
