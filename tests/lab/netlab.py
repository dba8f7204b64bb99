"""Hosts, cables and programs for the labs: each host is a network namespace with processes of its own.

A host cannot see another host's processes, so that `killall -0 haproxy` means there what it means on a machine.
A lab calls play(); everything that was made is gone at its end, whatever happens.
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

TAG = f"ekv{os.getpid() % 10000}"
RATE = 1000  # requests per second of a Load
SKIPPED = 77
folder = ""  # of this lab's files
evenkeel = ""  # the program under test
children = []
keepers = []  # of the hosts
hosts = {}  # name: process that holds the namespaces


class Missing(Exception):
    """This machine cannot do that; says why."""


def run(*words, check=True, timeout=20, **more):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=timeout, **more)


def ns(host):
    return f"{TAG}-{host}"


def enter(host):
    return ["nsenter", "--target", str(hosts[host]), "--net", "--pid", "--mount", "--"]


def inside(host, *words, **more):
    return run(*enter(host), *words, **more)


def start(host, *words, log=None, **more):
    with open(f"{folder}/{log or host}.log", "ab") as out:
        child = subprocess.Popen([*enter(host), *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 start_new_session=True, **more)
    children.append(child)
    return child


def group_lives(group):
    """Whether a process of the group runs; a zombie, whose sockets are closed, does not."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as f:
            state, _, owner = f.read().rpartition(")")[2].split()[:3]
            if int(owner) == group and state not in "ZX":
                return True
    return False


def offspring(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]
    return []


def end(child, how=signal.SIGTERM, patience=10):
    """Ends the program; returns when it and what it has started are gone."""
    # nsenter stays to reap the program: the reaper of orphans is this machine's, which may take its time.
    for pid in offspring(child.pid) or [child.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        tell(f"{child.args[-1]} does not end, killed")
    if group_lives(child.pid):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    # A killed worker that still holds its listening socket would be taken for a living server.
    eventually(lambda: not group_lives(child.pid), f"the end of {child.args[-1]}")
    if child in children:
        children.remove(child)


def eventually(condition, what, patience=20, pause=0.02):
    """Seconds until the condition held."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise AssertionError(f"not seen within {patience} s: {what}")
        time.sleep(pause)
    return time.monotonic() - began


def build(network):
    """network: {host: [(interface, switch, address/length)]}."""
    run("ip", "netns", "add", ns("switch"))
    for switch in sorted({switch for plugs in network.values() for _, switch, _ in plugs}):
        run("ip", "-n", ns("switch"), "link", "add", switch, "type", "bridge")
        run("ip", "-n", ns("switch"), "link", "set", switch, "up")
    for host, plugs in network.items():
        run("ip", "netns", "add", ns(host))
        # Children that their parents have left are reaped at once, as init does it.
        keeper = subprocess.Popen(["ip", "netns", "exec", ns(host), "unshare", "--pid", "--fork", "--mount-proc",
                                   "--kill-child", "env", "--ignore-signal=CHLD", "sleep", "infinity"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        children.insert(0, keeper)
        keepers.append(keeper)
        hosts[host] = first_process(keeper.pid)
        run("ip", "-n", ns(host), "link", "set", "lo", "up")
        for interface, switch, address in plugs:
            cable = f"{host}-{interface}"
            run("ip", "-n", ns("switch"), "link", "add", cable, "type", "veth", "peer", "name", interface, "netns",
                ns(host))
            run("ip", "-n", ns("switch"), "link", "set", cable, "master", switch, "up")
            run("ip", "-n", ns(host), "address", "add", address, "dev", interface)
            run("ip", "-n", ns(host), "link", "set", interface, "up")


def guest(name, plugs, script, limit):
    """A host that is a QEMU guest with a kernel of its own, see qemu/run; its interfaces are eth0, eth1, ... in the
    order of plugs, which are switches, and script runs in it. Returns before it has booted; Missing: never will."""
    switches = ns("switch")
    for number, switch in enumerate(plugs):
        run("ip", "-n", switches, "tuntap", "add", "dev", f"{name}{number}", "mode", "tap")
        run("ip", "-n", switches, "link", "set", f"{name}{number}", "master", switch, "up")
    lab = write(f"{name}.lab", script)
    cards = [word for number in range(len(plugs)) for word in ("-n", f"{name}{number}")]
    with open(f"{folder}/{name}.log", "ab") as out:
        child = subprocess.Popen(["ip", "netns", "exec", switches, f"{os.path.dirname(__file__)}/qemu/run", "-b", evenkeel,
                                  "-t", str(limit), *cards, lab], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 start_new_session=True)
    children.append(child)
    return child


def first_process(keeper):
    def is_init(pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as f:
            return f.read() == "sleep\n"
        return False
    eventually(lambda: any(map(is_init, offspring(keeper))), "a host's first process")
    return offspring(keeper)[0]


def demolish():
    for child in list(reversed(children)):
        end(child, signal.SIGKILL if child in keepers else signal.SIGTERM)
    for name in run("ip", "netns", "list").stdout.split():
        if name.startswith(TAG + "-"):
            run("ip", "netns", "delete", name, check=False)


def write(name, text, mode=0o644):
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def log_of(name):
    with open(f"{folder}/{name}.log", errors="replace") as f:
        return f.read()


def fetch(host, url, *options):
    if not url.startswith("http"):
        url = f"http://{url}"
    return inside(host, "curl", "-s", "-m", "3", *options, url, check=False).stdout


def holds(host, address, interface="eth0"):
    return f" {address}/" in inside(host, "ip", "-4", "address", "show", "dev", interface).stdout


NGINX = """daemon off; master_process off; pid {folder}/{host}.nginx.pid; error_log {folder}/{host}.nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 0; client_body_temp_path {folder}/t; proxy_temp_path {folder}/t;
  fastcgi_temp_path {folder}/t; uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
  {more}
  server {{ listen {port}; {locations} }} }}
"""


def nginx(host, text=None, port=80, locations=None, more=""):
    """A web server whose every page is `text`, by default the host's name."""
    locations = locations or f'location / {{ default_type text/plain; return 200 "{text or host}\\n"; }}'
    conf = write(f"nginx-{host}.conf", NGINX.format(folder=folder, host=host, port=port, locations=locations,
                                                    more=more))
    child = start(host, "nginx", "-c", conf, "-p", folder, log=f"nginx-{host}")
    eventually(lambda: fetch(host, f"127.0.0.1:{port}/", "-w", "%{http_code}", "-o", "/dev/null") != "000",
               f"nginx on {host}")
    return child


def cli(sock, command):
    """Runtime command; sock: path below the lab's folder."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(f"{folder}/{sock}")
        s.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def balancer(host, program, conf, sock=None, *more):
    """Starts Evenkeel or HAProxy; returns when the runtime socket answers."""
    child = start(host, program, "-f", conf, "-db", *more, log=f"{os.path.basename(program)}-{host}")

    def answers():
        if child.poll() is not None:
            raise AssertionError(f"{program} on {host} ended:\n" + log_of(f"{os.path.basename(program)}-{host}"))
        with contextlib.suppress(OSError):
            return not sock or "Name:" in cli(sock, "show info")
        return False
    eventually(answers, f"{program} on {host}")
    return child


def keepalived(host, conf_text, name=None):
    conf = write(f"keepalived-{name or host}.conf", conf_text)
    tested = inside(host, "keepalived", "-t", "-f", conf, check=False)
    if tested.returncode != 0:
        raise AssertionError(f"keepalived -t: {tested.stdout}{tested.stderr}")
    return start(host, "keepalived", "-n", "-l", "-D", "-P", "-f", conf, "-p", f"{folder}/{host}.kpid", "-r",
                 f"{folder}/{host}.vpid", log=f"keepalived-{host}")


class Load:
    """RATE requests per second from a host, each on a connection of its own, without waiting for the answers."""

    def __init__(self, host, address, port=80):
        self.path = f"{folder}/load-{time.monotonic_ns()}"
        self.child = start(host, sys.executable, os.path.abspath(__file__), self.path, address, str(port), log="load")
        eventually(lambda: os.path.exists(f"{self.path}.on"), "the load")
        time.sleep(1)  # so that the row shows how it is before; nothing waits for it

    def stop(self):
        """[(monotonic time of the start, answered)]"""
        end(self.child)
        with open(self.path) as f:
            lines = [line.split() for line in f]
        return [(float(when), word == "1") for when, word in lines]


Losses = collections.namedtuple("Losses", "requests lost seconds")


def losses(results, since=0.0, until=float("inf")):
    """seconds: from the first lost request to the last."""
    part = [(when, good) for when, good in results if since <= when < until]
    lost = [when for when, good in part if not good]
    return Losses(len(part), len(lost), max(lost) - min(lost) if lost else 0.0)


def generate(path, address, port):
    """The client of Load, in a process of its own, so that the lab's waiting does not slow it."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    select = selectors.DefaultSelector()
    waiting = collections.OrderedDict()
    results = []
    next_at = time.monotonic()

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
                sock.connect_ex((address, port))
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
        f.writelines(f"{when:.4f} {int(good)}\n" for when, good in results)


def say(text):
    print(f"-- {text}", flush=True)


def tell(text):
    print(f"   {text}", flush=True)


def check(what, want, got):
    if want != got:
        raise AssertionError(f"{what}: {got!r} instead of {want!r}")
    tell(what)


def show_logs():
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log"):
            with open(f"{folder}/{name}", errors="replace") as f:
                print(f"---- {name}\n" + "".join(f.readlines()[-25:]))


def play(lab, network, programs):
    """Runs lab() on those hosts with the program that the command line names; exits."""
    global folder, evenkeel
    evenkeel = os.path.abspath(sys.argv[1])
    missing = [p for p in ("ip", "nsenter", "unshare", "curl", *programs) if not shutil.which(p)]
    if os.geteuid() != 0 or missing:
        print(f"lab: {'needs ' + ', '.join(missing) if missing else 'needs root'}, skipped")
        sys.exit(SKIPPED)
    probe = run("ip", "netns", "add", ns("probe"), check=False)
    if probe.returncode != 0:
        print(f"lab: no network namespaces here ({probe.stderr.strip()}), skipped")
        sys.exit(SKIPPED)
    run("ip", "netns", "delete", ns("probe"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a time limit tidies up, too
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lab") as made:
        folder = made
        os.chmod(folder, 0o755)
        try:
            build(network)
            lab()
        except Missing as why:
            print(f"lab: {why}, skipped")
            sys.exit(SKIPPED)
        except BaseException:
            show_logs()
            raise
        finally:
            demolish()
    print(f"lab: passed in {time.monotonic() - began:.0f} s")
    sys.exit(0)


if __name__ == "__main__":
    generate(sys.argv[1], sys.argv[2], int(sys.argv[3]))
