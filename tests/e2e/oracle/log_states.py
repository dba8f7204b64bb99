#!/usr/bin/env python3
"""Log lines case by case, against the oracle: termination states, timers, statuses, bytes, cookies, retries.

log_states.py PROGRAM [ORACLE] [-v] [case...]: the same sessions through both programs, one listen section and one
scripted server per case, all at the same time; prints the fields that differ. A duration is shown as "n", one that
never came about as -1. What differs is asked once more with timeouts that a busy machine keeps, and only then counts.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


# ---- what servers do with a connection

def read_head(s):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = s.recv(4096)
        if not piece:
            return None
        data += piece
    return data


def answers(reply):
    def run(s):
        if read_head(s) is not None:
            s.sendall(reply)
            linger(s)
    return run


def linger(s):
    """Until the other side has closed."""
    try:
        while s.recv(65536):
            pass
    except OSError:
        pass


def closes(s):
    read_head(s)


def hangs(s):
    read_head(s)
    linger(s)


def hangs_and_tells(s):
    read_head(s)
    HERE.now.told.set()
    linger(s)


def answers_and_closes(reply):
    def run(s):
        if read_head(s) is not None:
            s.sendall(reply)
    return run


def pours(s):
    """More than anybody buffers, for a client that does not read."""
    read_head(s)
    try:
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            s.sendall(b"x" * 65536)
    except OSError:
        pass


def echo(s):
    try:
        while piece := s.recv(4096):
            s.sendall(piece)
    except OSError:
        pass


def says(data, then_hang=True):
    def run(s):
        s.recv(4096)
        s.sendall(data)
        if then_hang:
            linger(s)
    return run


# ---- what clients do

def asks(request=GET):
    def run(port):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR) if request == b"" else None
            if b"HTTP/" in request:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = s.recv(65536)
                    if not piece:
                        return
                    head += piece
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if length and int(length[1]) > 1000:
                    linger(s)
                elif length:
                    body = head.split(b"\r\n\r\n", 1)[1]
                    while len(body) < int(length[1]):
                        piece = s.recv(65536)
                        if not piece:
                            return
                        body += piece
                else:
                    linger(s)
            else:
                linger(s)
    return run


def goes_after(request):
    """Sends, and closes when the server says so; with a reset, so that nothing is left to wait for."""
    def run(port):
        s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        s.sendall(request)
        HERE.now.told.wait(PATIENCE)
        s.close()
    return run


def stays_silent(request=b""):
    def run(port):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
            if request:
                s.sendall(request)
            linger(s)
    return run


def never_reads(request=GET):
    def run(port):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", port))
            s.sendall(request)
            HERE.now.closed.wait(PATIENCE)
    return run


HERE = threading.local()  # .now is the State of the case that the thread, client's or server's, belongs to


class State:
    """One case at one program."""

    def __init__(self, case, command):
        self.case, self.command, self.lines = case, command, []
        self.busy = threading.Event()  # the server has the first session
        self.told = threading.Event()  # the server has the request
        self.first_line = threading.Event()  # the first log line is there
        self.closed = threading.Event()  # all log lines of the case are there


class Case:
    def __init__(self, name, client, server=None, lines="", mode="http", server_words="", skip="", expect=1):
        self.name, self.client, self.server, self.lines, self.mode = name, client, server, lines, mode
        self.server_words, self.skip, self.expect = server_words, skip.split(), expect


def cookie_request(value):
    return b"GET /x HTTP/1.1\r\nHost: h\r\nCookie: SRV=" + value + b"\r\n\r\n"


def cases():
    ok = answers(OK)
    insert = "cookie SRV insert indirect nocache"
    made = []
    add = lambda *a, **k: made.append(Case(*a, **k))
    # nothing wrong, and what cookies were
    add("normal", asks(), ok)
    add("cookie-none", asks(), ok, insert, server_words="cookie s1")
    add("cookie-valid", asks(cookie_request(b"s1")), ok, insert, server_words="cookie s1")
    add("cookie-invalid", asks(cookie_request(b"zz")), ok, insert, server_words="cookie s1")
    add("cookie-maxidle-none", asks(cookie_request(b"s1")), ok, insert + " maxidle 10m", server_words="cookie s1")
    add("cookie-expired", asks(cookie_request(b"s1|AAAAA|AAAAA")), ok, insert + " maxidle 10m", server_words="cookie s1")
    add("cookie-old", asks(cookie_request(b"s1|AAAAA|AAAAA")), ok, insert + " maxlife 10m", server_words="cookie s1")
    add("cookie-prefix", asks(), answers(b"HTTP/1.1 200 OK\r\nSet-Cookie: SRV=abc\r\nContent-Length: 2\r\n\r\nok"),
        "cookie SRV prefix", server_words="cookie s1")
    add("cookie-rewrite", asks(), answers(b"HTTP/1.1 200 OK\r\nSet-Cookie: SRV=abc\r\nContent-Length: 2\r\n\r\nok"),
        "cookie SRV rewrite", server_words="cookie s1")
    add("cookie-passive", asks(), answers(b"HTTP/1.1 200 OK\r\nSet-Cookie: SRV=abc\r\nContent-Length: 2\r\n\r\nok"),
        "cookie SRV", server_words="cookie s1")
    add("cookie-preserve", asks(), answers(b"HTTP/1.1 200 OK\r\nSet-Cookie: SRV=s1\r\nContent-Length: 2\r\n\r\nok"),
        "cookie SRV insert preserve", server_words="cookie s1")
    add("cookie-ignored", asks(cookie_request(b"s1")), ok, insert + "\n    ignore-persist if TRUE", server_words="cookie s1")
    # before there is a request
    add("CR", lambda port: asks_half(port), ok)
    add("cR", stays_silent(b"GET / HT"), ok, "timeout http-request 200ms")
    add("cR-silent", stays_silent(), ok, "timeout http-request 200ms")
    add("PR-bad", asks(b"GE(T / HTTP/1.1\r\n\r\n"), ok)
    add("PR-deny", asks(), ok, "http-request deny")
    add("PR-deny-429", asks(), ok, "http-request deny deny_status 429")
    add("PR-reject", asks(), ok, "http-request reject")
    add("PT", asks(), ok, "http-request tarpit\n    timeout tarpit 100ms")
    add("LR-return", asks(), ok, "http-request return status 200")
    add("LR-redirect", asks(), ok, "http-request redirect location /y")
    add("LR-stats", asks(b"GET /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), ok, "stats enable\n    stats uri /s", skip="bytes")
    add("LH-redir", asks(), ok, server_words="redir http://other")
    add("auth", asks(), ok, "http-request auth realm x")
    # on the way to the server
    add("SC-refused", asks(), None, "retries 1")
    add("SC-redispatch", asks(), None, "retries 1\n    option redispatch\n    server t 127.0.0.1:1")
    add("SC-none", asks(), None, "NOSERVER")
    add("SC-disabled", asks(), None, server_words="disabled")
    add("sC", asks(), "full", "timeout connect 200ms\n    retries 0")
    add("sQ", lambda port: queued(port), hangs, "timeout queue 200ms", server_words="maxconn 1", expect=2)
    add("CQ", lambda port: queued(port, leave=True), hangs, "option abortonclose\n    timeout queue 5s", server_words="maxconn 1", expect=2)
    # headers of the response
    add("SH", asks(), closes)
    add("SH-half", asks(), answers_and_closes(b"HTTP/1.1 200 OK\r\nContent-Le"))
    add("sH", asks(), hangs, "timeout server 200ms")
    add("PH-bad", asks(), answers(b"HTTP/1.1 2x0 OK\r\n\r\n"))
    add("PH-deny", asks(), ok, "http-response deny")
    add("CH", goes_after(GET), hangs_and_tells, "option abortonclose")
    # the data
    add("SD", asks(), answers_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"))
    add("SD-chunked", asks(), answers_and_closes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"))
    add("sD", asks(), answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"), "timeout server 200ms")
    add("PD-chunk", asks(), answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), "timeout server 2s")
    add("CD", leaves_in_data, answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"))
    add("cD", never_reads(), pours, "timeout client 300ms", skip="bytes")
    add("post-cut", asks_post_and_goes, hangs_and_tells)
    add("post-silent", stays_silent(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"), hangs, "timeout client 200ms\n    timeout http-request 5s")
    add("200-post-wait", stays_silent(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"), hangs,
        "option http-buffer-request\n    timeout http-request 200ms")
    add("until-close", asks(b"GET /x HTTP/1.0\r\n\r\n"), answers_and_closes(b"HTTP/1.0 200 OK\r\n\r\nsome data"))
    add("logasap", asks(), ok, "option logasap")
    add("retry", lambda port: asks()(port), first_closes(), "retry-on empty-response\n    retries 2")
    # mode tcp
    add("t-normal", tcp_echo, echo, mode="tcp")
    add("t-no-data", lambda port: socket.create_connection(("127.0.0.1", port)).close(), echo, mode="tcp", skip="term timers")
    add("t-SC", stays_silent(b"x"), None, "retries 1", mode="tcp")
    add("t-SC-none", stays_silent(b"x"), None, "NOSERVER", mode="tcp")
    add("t-sC", stays_silent(b"x"), "full", "timeout connect 200ms\n    retries 0", mode="tcp")
    add("t-cD", stays_silent(b"x"), says(b"y"), "timeout client 200ms", mode="tcp")
    add("t-sD", stays_silent(b"x"), says(b"y"), "timeout server 200ms", mode="tcp")
    add("t-SD", stays_silent(b"x"), reset_after, mode="tcp")
    add("t-CD", tcp_reset, says(b"y"), mode="tcp")
    add("t-PR", stays_silent(b"x"), echo, "tcp-request content reject", mode="tcp")
    add("t-PR-inspect", stays_silent(b"x"), echo, "tcp-request inspect-delay 100ms\n    tcp-request content reject if WAIT_END", mode="tcp")
    add("t-PD", stays_silent(b"x"), says(b"y"), "tcp-response content reject", mode="tcp")
    add("t-sQ", lambda port: tcp_queued(port), says(b"y"), "timeout queue 200ms", mode="tcp", server_words="maxconn 1", expect=2)
    add("t-CQ", lambda port: tcp_queued(port, leave=True), says(b"y"), "option abortonclose\n    timeout queue 5s", mode="tcp", server_words="maxconn 1", expect=2)
    add("t-CQ-silent", lambda port: tcp_queued(port, leave=True, silent=True), says(b"y"), "timeout queue 1s", mode="tcp", server_words="maxconn 1", expect=2, skip="bytes")
    add("t-logasap", tcp_echo, echo, "option logasap", mode="tcp")
    return made


def asks_half(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHo")
        s.shutdown(socket.SHUT_WR)
        linger(s)


def asks_post_and_goes(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
        HERE.now.told.wait(PATIENCE)  # or it has gone before a server is asked for, or while one is
        s.shutdown(socket.SHUT_WR)
        linger(s)


def leaves_in_data(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(GET)
        data = b""
        while not data.endswith(b"ok"):
            data += s.recv(4096)


def tcp_echo(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"hello")
        assert s.recv(100) == b"hello"
        s.shutdown(socket.SHUT_WR)
        linger(s)


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def reset_after(s):
    s.recv(100)
    s.sendall(b"y")
    s.recv(100)
    reset(s)


def tcp_reset(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"x")
        s.recv(1)
        reset(s)


def first_closes():
    seen = []

    def run(s):
        read_head(s)
        seen.append(1)
        if len(seen) % 2 == 0:
            s.sendall(OK)
            linger(s)
    return run


def queued(port, leave=False):
    """The first session holds the only slot; the second waits for it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as first:
        first.sendall(GET)
        HERE.now.busy.wait(PATIENCE)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as second:
            second.sendall(GET)
            if leave:
                wait_queued()
                second.close()
                HERE.now.first_line.wait(PATIENCE)
            else:
                linger(second)
        first.close()


def tcp_queued(port, leave=False, silent=False):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as first:
        first.sendall(b"x")
        first.recv(1)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as second:
            if not silent:
                second.sendall(b"x")
            if leave:
                wait_queued()
                second.close()
                HERE.now.first_line.wait(PATIENCE)
            else:
                linger(second)
        first.close()


def command(path, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(path)
        s.sendall(text.encode() + b"\n")
        data = b""
        while piece := s.recv(65536):
            data += piece
        return data.decode()


def wait_queued():
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in HERE.now.command("show stat").splitlines():
            fields = line.split(",")
            if fields[:2] == [HERE.now.case.name, "BACKEND"] and int(fields[2]) > 0:
                return
        time.sleep(0.01)
    raise AssertionError("nobody queues")


class Server:
    def __init__(self, behaviour, state):
        self.state = state
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.fill = []
        if behaviour is None:  # nobody listens
            return
        self.socket.listen(0 if behaviour == "full" else 100)
        if behaviour == "full":  # connections are neither accepted nor refused
            while True:
                s = socket.socket()
                self.fill.append(s)
                s.settimeout(0.3)
                try:
                    s.connect(("127.0.0.1", self.port))
                except TimeoutError:  # and this one goes on asking, as all that come later
                    return
        threading.Thread(target=self.serve, args=(behaviour,), daemon=True).start()

    def serve(self, behaviour):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(behaviour, s), daemon=True).start()

    def one(self, behaviour, s):
        HERE.now = self.state
        with s:
            self.state.busy.set()
            try:
                behaviour(s)
            except OSError:
                pass

    def close(self):
        for s in self.fill:
            s.close()
        self.socket.close()


def slower(lines, factor):
    return re.sub(r"(timeout [-\w]+ |inspect-delay )(\d+)(m?s)", lambda m: f"{m[1]}{int(m[2]) * factor}{m[3]}", lines)


def config(all_cases, binds, servers, log_port, cli, factor):
    text = f"""global
    stats socket {cli} level admin
    log 127.0.0.1:{log_port} format raw local0
defaults
    log global
    timeout connect 2s
    timeout client 5s
    timeout server 5s
"""
    for case in all_cases:
        text += f"listen {case.name}\n    bind fd@{binds[case.name].fileno()}\n    mode {case.mode}\n"
        text += f"    option {case.mode}log\n"
        lines = slower(case.lines.replace("NOSERVER", ""), factor)
        if lines.strip():
            text += f"    {lines}\n"
        if "NOSERVER" not in case.lines:
            text += f"    server s 127.0.0.1:{servers[case.name].port} {case.server_words}\n"
    return text


# Where the two differ knowingly: (case, field) -> what Evenkeel shows.
OWN = {
    ("PR-reject", "timers"): "n/-1/-1/-1/n",  # the request was read, so its time is known
    ("PT", "timers"): "n/-1/-1/-1/n",  # likewise; nobody queued
    ("200-post-wait", "timers"): "n/-1/-1/-1/n",  # the head was complete, the body was not
    ("post-silent", "status"): "408",  # timeout client, as chapter 8.5 has it; HAProxy waits for timeout server
    ("post-silent", "term"): "cH--",
}
# One who leaves a queue without a server: HAProxy counts it among those before it (docs/migration.md).
OWN.update({(name, "queue"): "0/0" for name in ("sQ", "CQ", "t-sQ", "t-CQ", "t-CQ-silent")})


def number(text):
    return "-1" if text == "-1" else ("+" if text.startswith("+") else "") + "n"


HTTP = re.compile(r'(\S+) \[[^]]+\] (\S+) (\S+)/(\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) "(.*)"$')
TCP = re.compile(r"(\S+) \[[^]]+\] (\S+) (\S+)/(\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$")


def fields(line, case):
    http = HTTP.match(line)
    if http:
        g = http.groups()
        made = {"frontend": g[1], "backend": g[2], "server": g[3], "timers": "/".join(number(t) for t in g[4].split("/")),
                "status": g[5], "bytes": g[6], "term": g[9], "retries": g[10].split("/")[-1], "queue": g[11],
                "request": g[12]}
    else:
        tcp = TCP.match(line)
        if not tcp:
            return {"line": re.sub(r"\[[^]]+\]|:\d+", "", line)}
        g = tcp.groups()
        made = {"frontend": g[1], "backend": g[2], "server": g[3], "timers": "/".join(number(t) for t in g[4].split("/")),
                "bytes": g[5], "term": g[6], "retries": g[7].split("/")[-1], "queue": g[8]}
    # HAProxy counts the bytes of HTTP messages as it holds them in memory, not as they go over the wire.
    return {k: v for k, v in made.items() if k not in case.skip and not (http and k == "bytes")}


class Run:
    """All cases at one program."""

    def __init__(self, program, names, factor):
        self.program, self.factor = program, factor
        self.folder = tempfile.TemporaryDirectory()
        self.cli = os.path.join(self.folder.name, "cli")
        self.cases = [c for c in cases() if not names or c.name in names]
        self.states = {c.name: State(c, lambda text: command(self.cli, text)) for c in self.cases}
        self.logs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.logs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.logs.bind(("127.0.0.1", 0))
        self.logs.settimeout(0.2)
        self.binds = {c.name: socket.create_server(("127.0.0.1", 0)) for c in self.cases}

    def sessions(self):
        servers = {c.name: Server(c.server, self.states[c.name]) for c in self.cases}
        path = os.path.join(self.folder.name, "cfg")
        with open(path, "w") as f:
            f.write(config(self.cases, self.binds, servers, self.logs.getsockname()[1], self.cli, self.factor))
        process = subprocess.Popen([self.program, "-db", "-f", path], stderr=subprocess.PIPE,
                                   pass_fds=[s.fileno() for s in self.binds.values()])
        try:
            self.wait_for(process)
            clients = [threading.Thread(target=self.client, args=(c,), daemon=True) for c in self.cases]
            for client in clients:
                client.start()
            self.collect()
            for client in clients:
                client.join(PATIENCE)
        finally:
            process.kill()
            process.communicate()
            for s in [self.logs, *self.binds.values(), *servers.values()]:
                s.close()
            self.folder.cleanup()

    def wait_for(self, process):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if command(self.cli, "show stat"):
                    return
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise SystemExit(f"{self.program} did not start: {process.stderr.read().decode()}")
            time.sleep(0.02)

    def client(self, case):
        HERE.now = self.states[case.name]
        try:
            case.client(self.binds[case.name].getsockname()[1])
        except OSError:
            pass

    def collect(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not all(s.closed.is_set() for s in self.states.values()):
            try:
                line = self.logs.recv(65536).decode(errors="replace").strip()
            except TimeoutError:
                continue
            for state in self.states.values():
                if f"] {state.case.name} " in line and not state.closed.is_set():
                    state.lines.append(fields(line, state.case))
                    state.first_line.set()
                    if len(state.lines) == state.case.expect:
                        state.closed.set()
        for state in self.states.values():
            if not state.closed.is_set():
                state.lines.append({"line": "none came"})
                state.closed.set()


def compare(program, oracle, names, verbose, factor=1):
    """Case by case what differs, as lines."""
    mine, theirs = Run(program, names, factor), Run(oracle, names, factor)
    threads = [threading.Thread(target=r.sessions) for r in (mine, theirs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    differing = {}
    for name, state in mine.states.items():
        other = theirs.states[name].lines
        if verbose:
            print(name, other, *([f"\n    Evenkeel {state.lines}"] if state.lines != other else []))
        for i, (a, b) in enumerate(zip(state.lines, other)):
            for key in sorted(set(a) | set(b)):
                if a.get(key) != b.get(key) and (i > 0 or OWN.get((name, key)) != a.get(key)):
                    differing.setdefault(name, []).append(f"{name}[{i}] {key}: {a.get(key)!r}, HAProxy {b.get(key)!r}")
        if len(state.lines) != len(other):
            differing.setdefault(name, []).append(f"{name}: {state.lines}, HAProxy {other}")
    return len(mine.cases), differing


def main():
    arguments = sys.argv[1:]
    verbose = "-v" in arguments
    arguments = [a for a in arguments if a != "-v"]
    program = arguments.pop(0)
    oracle = arguments.pop(0) if arguments and os.path.sep in arguments[0] else shutil.which("haproxy") or "/usr/sbin/haproxy"
    if not os.path.exists(oracle):
        print("skipped: no oracle")
        return 77
    count, differing = compare(program, oracle, arguments, verbose)
    if differing:
        print("asked again: " + " ".join(differing))
        differing = compare(program, oracle, list(differing), verbose, factor=4)[1]
    for lines in differing.values():
        print("\n".join(lines))
    print(f"{count - len(differing)} of {count} cases agree")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
