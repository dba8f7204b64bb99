#!/usr/bin/env python3
"""Lab: two machines with keepalived, as in the notes: vrrp.py EVENKEEL.

Network namespaces joined by a bridge are the hosts: a client, two directors, two web servers. keepalived, curl and nginx
are the real ones. Needs root; exit status 77 where this machine cannot.

First the pair of web servers of the notes. Then two Evenkeels in the same roles, and two HAProxies (or Evenkeels, where
there is no HAProxy) with `killall -0` as their check. At the end the Nginx row: servers chosen by regular expression.
"""
import collections
import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

VIP = "192.168.4.80"
RATE = 1000  # requests per second
ADVERT = 1.0
TAG = f"ekv{os.getpid() % 10000}"
FOLDER = ""
EVENKEEL = ""
children = []


def run(*words, check=True, timeout=20):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=timeout)


def ns(host):
    return f"{TAG}-{host}"


def inside(host, *words, **more):
    return run("ip", "netns", "exec", ns(host), *words, **more)


def start(host, *words, log=None):
    with open(f"{FOLDER}/{log or host}.log", "ab") as out:
        child = subprocess.Popen(["ip", "netns", "exec", ns(host), *words], stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=out, start_new_session=True)
    children.append(child)
    return child


def end(child, how=signal.SIGTERM):
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, how)  # `ip netns exec` has become the program; its children are in its group
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)


def eventually(condition, what, patience=20):
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise AssertionError(f"not seen within {patience} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


HOSTS = {"client": "192.168.4.10", "one": "192.168.4.5", "two": "192.168.4.6", "web1": "192.168.4.100",
         "web2": "192.168.4.200"}


def build_network():
    run("ip", "netns", "add", ns("switch"))
    inside("switch", "ip", "link", "add", "br0", "type", "bridge")
    inside("switch", "ip", "link", "set", "br0", "up")
    for host, address in HOSTS.items():
        run("ip", "netns", "add", ns(host))
        inside("switch", "ip", "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", ns(host))
        inside("switch", "ip", "link", "set", host, "master", "br0", "up")
        inside(host, "ip", "link", "set", "lo", "up")
        inside(host, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        inside(host, "ip", "link", "set", "eth0", "up")


def remove_network():
    for host in [*HOSTS, "switch"]:
        run("ip", "netns", "delete", ns(host), check=False)


def holds(host):
    return f" {VIP}/" in inside(host, "ip", "-4", "address", "show", "dev", "eth0").stdout


def write(name, text):
    with open(f"{FOLDER}/{name}", "w") as f:
        f.write(text)
    return f"{FOLDER}/{name}"


def keepalived(host, priority, globals_="", blocks="", tracks=""):
    state = "MASTER" if priority == 100 else "BACKUP"
    conf = write(f"keepalived-{host}.conf", f"""global_defs {{
    router_id {host}
    enable_script_security
    script_user root
{globals_}}}
{blocks}
vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        {VIP}/24
    }}
{tracks}}}
""")
    tested = inside(host, "keepalived", "-t", "-f", conf, check=False)
    if tested.returncode != 0:
        raise AssertionError(f"keepalived -t: {tested.stdout}{tested.stderr}")
    return start(host, "keepalived", "-n", "-l", "-D", "-P", "-f", conf, "-p", f"{FOLDER}/{host}.kpid", "-r",
                 f"{FOLDER}/{host}.vpid", log=f"keepalived-{host}")


NGINX = """daemon off; master_process off; pid {folder}/{host}.nginx.pid; error_log {folder}/{host}.nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 0; client_body_temp_path {folder}/t; proxy_temp_path {folder}/t;
  fastcgi_temp_path {folder}/t; uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
  server {{ listen {port}; location / {{ default_type text/plain; return 200 "{host}\\n"; }} }} }}
"""


def nginx(host, port=80):
    conf = write(f"nginx-{host}.conf", NGINX.format(folder=FOLDER, host=host, port=port))
    return start(host, "nginx", "-c", conf, "-p", FOLDER)


def fetch(host, path="/", address=VIP):
    return inside(host, "curl", "-s", "-m", "2", f"http://{address}{path}", check=False).stdout


class Load:
    """So many requests per second from the client's namespace, each on a connection of its own."""

    def __init__(self):
        self.results = []  # (time of the start, answered)
        self.child = start("client", sys.executable, os.path.abspath(__file__), "--load", f"{FOLDER}/load", log="load")
        eventually(lambda: os.path.exists(f"{FOLDER}/load.on"), "the load")

    def stop(self):
        end(self.child)
        with open(f"{FOLDER}/load") as f:
            lines = [line.split() for line in f]
        os.remove(f"{FOLDER}/load")
        os.remove(f"{FOLDER}/load.on")
        return [(float(when), word == "1") for when, word in lines]


def generate(path):
    """The client, in a process of its own, so that the lab's waiting does not slow it."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    select = selectors.DefaultSelector()
    waiting = collections.OrderedDict()
    results = []
    begin = next_at = time.monotonic()

    def done(sock, good):
        when = waiting.pop(sock)
        select.unregister(sock)
        sock.close()
        results.append((when, good))

    open(path + ".on", "w").close()
    while not stop.is_set() or waiting:
        now = time.monotonic()
        while not stop.is_set() and next_at <= now:
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(OSError):
                sock.connect_ex((VIP, 80))
            waiting[sock] = next_at
            select.register(sock, selectors.EVENT_WRITE)
            next_at += 1 / RATE
        for key, events in select.select(0.002):
            sock = key.fileobj
            try:
                if events & selectors.EVENT_WRITE:
                    sock.send(b"GET / HTTP/1.1\r\nHost: vip\r\nConnection: close\r\n\r\n")
                    select.modify(sock, selectors.EVENT_READ)
                else:
                    done(sock, sock.recv(4096).startswith(b"HTTP/1.1 200"))
            except OSError:
                done(sock, False)
        while waiting and now - next(iter(waiting.values())) > 1:
            done(next(iter(waiting)), False)
    with open(path, "w") as f:
        f.writelines(f"{when - begin:.4f} {int(good)}\n" for when, good in results)


def outage(results):
    """(requests, lost, seconds between the last answer before and the first after the losses)."""
    lost = [when for when, good in results if not good]
    if not lost:
        return len(results), 0, 0.0
    return len(results), len(lost), max(lost) - min(lost)


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
    bind {vip}:80 transparent
    server web1 192.168.4.100:80 check inter 500ms fall 1 rise 1
    server web2 192.168.4.200:80 check inter 500ms fall 1 rise 1
"""


def proxy(host, program, words):
    more = f"    vrrp track-file {FOLDER}/{host}.weight weight 60 quorum web:1\n" \
           f"    vrrp notify-fifo {FOLDER}/{host}.fifo" if words else ""
    conf = write(f"{host}.cfg", CONFIG.format(folder=FOLDER, host=host, more=more, vip=VIP))
    child = start(host, program, "-f", conf, "-db")
    eventually(lambda: os.path.exists(f"{FOLDER}/{host}.sock"), f"{program} on {host}")
    return child


def cli(host, command):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(f"{FOLDER}/{host}.sock")
        s.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def evenkeel_pair(host, priority):
    script = f"{EVENKEEL} health --socket {FOLDER}/{host}.sock --timeout 800ms --quorum web:1"
    return keepalived(host, priority, f"    vrrp_notify_fifo {FOLDER}/{host}.fifo\n", f"""
vrrp_script evenkeel {{
    script "{script}"
    interval 1
    timeout 1
    fall 1
    rise 2
}}
track_file weight {{
    file "{FOLDER}/{host}.weight"
    weight 1
}}
""", "    track_script {\n        evenkeel\n    }\n    track_file {\n        weight\n    }\n")


def killall_pair(host, priority):
    # As people write it. Both "machines" share one table of processes here, so the check asks for its own by pid.
    check = write(f"check-{host}", f"#!/bin/sh\nkill -0 $(cat {FOLDER}/{host}.pid)\n")
    os.chmod(check, 0o700)
    return keepalived(host, priority, "", f"""
vrrp_script alive {{
    script "{check}"
    interval 1
    timeout 1
    fall 1
    rise 2
}}
""", "    track_script {\n        alive\n    }\n")


def lab_web_pair():
    print("-- the keepalived web pair of the notes")
    web = [nginx("one"), nginx("two")]
    pair = [keepalived("one", 100), keepalived("two", 50)]
    eventually(lambda: holds("one") and not holds("two"), "the address on the master")
    eventually(lambda: fetch("client") == "one\n", "the master's page")
    end(pair[0])
    took = eventually(lambda: fetch("client") == "two\n", "the backup's page")
    print(f"   keepalived stopped on the master: the backup answers after {took:.1f} s")
    pair[0] = keepalived("one", 100)
    took = eventually(lambda: fetch("client") == "one\n", "the address back by priority")
    print(f"   started again: the master answers after {took:.1f} s")
    for child in pair + web:
        end(child)
    eventually(lambda: not holds("one") and not holds("two"), "no address left")


def failure(name, action, undo, results):
    load = Load()
    time.sleep(1)  # of load before; not a synchronisation
    began = time.monotonic()
    action()
    moved = eventually(lambda: holds("two"), f"the address on the backup after: {name}")
    eventually(lambda: fetch("client") in ("web1\n", "web2\n"), "an answer")
    time.sleep(0.5)
    requests, lost, gap = outage(load.stop())
    print(f"   {name}: address moved after {moved:.2f} s, {lost} of {requests} requests lost in {gap:.2f} s")
    undo()
    eventually(lambda: holds("one") and not holds("two"), "the address back by priority")
    eventually(lambda: fetch("client") in ("web1\n", "web2\n"), "an answer of the master")
    results[name] = (moved, lost, gap)


def lab_proxies(title, program, words, pair_of):
    print(f"-- {title}")
    webs = [nginx("web1"), nginx("web2")]
    proxies = {host: proxy(host, program, words) for host in ("one", "two")}
    for host, child in proxies.items():
        write(f"{host}.pid", str(child.pid))
    pair = [pair_of("one", 100), pair_of("two", 50)]
    eventually(lambda: holds("one") and not holds("two"), "the address on the first")
    eventually(lambda: fetch("client") in ("web1\n", "web2\n"), "an answer through the address")
    results = {}

    def again():
        proxies["one"] = proxy("one", program, words)
        write("one.pid", str(proxies["one"].pid))

    def kill():
        end(proxies["one"], signal.SIGKILL)
        os.remove(f"{FOLDER}/one.sock")

    failure("the proxy is killed", kill, again, results)
    if words:
        failure("its servers are drained", lambda: [cli("one", f"set server web/{s} state drain") for s in
                                                    ("web1", "web2")],
                lambda: [cli("one", f"set server web/{s} state ready") for s in ("web1", "web2")], results)
    block = [["ip", "route", "add", "unreachable", f"192.168.4.{n}/32"] for n in (100, 200)]
    lose = lambda: [inside("one", *words) for words in block]
    regain = lambda: [inside("one", *(w if w != "add" else "delete" for w in words)) for words in block]
    if words:
        failure("it loses its servers", lose, regain, results)
        eventually(lambda: "instance VI_1 MASTER" in cli("one", "show vrrp"), "the role in show vrrp")
    else:
        load = Load()
        time.sleep(1)
        lose()
        time.sleep(4)
        requests, lost, _ = outage(load.stop())
        print(f"   it loses its servers: the address {'stays' if holds('one') else 'moved'}, "
              f"{lost} of {requests} requests lost in 4 s and no end")
        regain()
        results["it loses its servers"] = (None, lost, None)
    for child in [*pair, *proxies.values(), *webs]:
        end(child)
    for host in ("one", "two"):
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{FOLDER}/{host}.sock")
    eventually(lambda: not holds("one") and not holds("two"), "no address left")
    return results


def lab_regular_expressions():
    print("-- the Nginx row: servers by regular expression")
    webs = [nginx("web1"), nginx("web2")]
    conf = write("regex.cfg", """defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend www
    bind 192.168.4.5:80
    use_backend static if { path_reg -i \\.(png|jpe?g|css|js)$ }
    default_backend dynamic
backend static
    server web1 192.168.4.100:80
backend dynamic
    server web2 192.168.4.200:80
""")
    child = start("one", EVENKEEL, "-f", conf, "-db")
    eventually(lambda: fetch("client", address="192.168.4.5") == "web2\n", "an answer")
    for path, want in (("/a.png", "web1\n"), ("/b/C.JPEG", "web1\n"), ("/a.php", "web2\n"), ("/png", "web2\n")):
        got = fetch("client", path, "192.168.4.5")
        assert got == want, f"{path}: {got!r} instead of {want!r}"
    print("   .png and .JPEG come from web1, .php and /png from web2")
    for one in [child, *webs]:
        end(one)


def lab_generated_pair():
    print("-- the pair of files that evenkeel generate writes")
    conf = write("generate.cfg", CONFIG.format(folder=FOLDER, host="one", vip=VIP, more=f"""    vrrp track-file {FOLDER}/w weight 60
    vrrp notify-fifo {FOLDER}/f"""))
    inside("one", EVENKEEL, "generate", "keepalived", "-f", conf, "--output", FOLDER, "--vip", f"{VIP}/24")
    for role in ("master", "backup"):
        tested = inside("one", "keepalived", "-t", "-f", f"{FOLDER}/keepalived-{role}.conf", check=False)
        assert tested.returncode == 0, tested.stdout + tested.stderr
    print("   keepalived -t accepts both")


def main():
    global FOLDER, EVENKEEL
    EVENKEEL = os.path.abspath(sys.argv[1])
    missing = [p for p in ("keepalived", "nginx", "curl", "ip") if not shutil.which(p)]
    if os.geteuid() != 0 or missing:
        print(f"lab: {'needs ' + ', '.join(missing) if missing else 'needs root'}, skipped")
        return 77
    probe = run("ip", "netns", "add", ns("probe"), check=False)
    if probe.returncode != 0:
        print(f"lab: no network namespaces here ({probe.stderr.strip()}), skipped")
        return 77
    run("ip", "netns", "delete", ns("probe"))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as FOLDER:
        os.chmod(FOLDER, 0o755)
        try:
            build_network()
            lab_generated_pair()
            lab_web_pair()
            ours = lab_proxies("two Evenkeels: evenkeel health and a track file", EVENKEEL, True, evenkeel_pair)
            other = shutil.which("haproxy") or EVENKEEL
            theirs = lab_proxies(f"two of {os.path.basename(other)}, checked like killall -0", other, False,
                                 killall_pair)
            lab_regular_expressions()
            for name, (moved, _, gap) in ours.items():
                assert moved <= 3 * ADVERT, f"{name}: the address moved after {moved:.2f} s"
            assert ours["it loses its servers"][1] < theirs["it loses its servers"][1]
        except BaseException:
            for name in sorted(os.listdir(FOLDER)):
                if name.endswith(".log"):
                    with open(f"{FOLDER}/{name}", errors="replace") as f:
                        print(f"---- {name}\n" + "".join(f.readlines()[-25:]))
            raise
        finally:
            for child in reversed(children):
                end(child)
            remove_network()
    print(f"lab: passed in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--load":
        generate(sys.argv[2])
        sys.exit(0)
    sys.exit(main())
