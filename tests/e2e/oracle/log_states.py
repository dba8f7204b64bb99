#!/usr/bin/env python3
"""Log lines case by case, against the oracle: termination states, timers, statuses, bytes, cookies, retries.

log_states.py PROGRAM [ORACLE] [-v] [case...]: the same sessions through both programs, one listen section and one
scripted server per case; prints the fields that differ. A duration is shown as "n", one that never came about as -1.
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

PATIENCE = 10
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


def goes_after(request, event):
    """Sends, and closes when the server says so; with a reset, so that nothing is left to wait for."""
    def run(port):
        s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        s.sendall(request)
        event.wait(PATIENCE)
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
            CLOSED.wait(PATIENCE)
    return run


CLOSED = threading.Event()  # the log line of the case is there


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
    gone = threading.Event()

    def hangs_and_tells(s):
        read_head(s)
        gone.set()
        linger(s)
    add("CH", lambda port: goes_after(GET, gone)(port), hangs_and_tells, "option abortonclose")
    # the data
    add("SD", asks(), answers_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"))
    add("SD-chunked", asks(), answers_and_closes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"))
    add("sD", asks(), answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"), "timeout server 200ms")
    add("PD-chunk", asks(), answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), "timeout server 2s")
    sent = threading.Event()

    def half(s):
        read_head(s)
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok")
        linger(s)
    add("CD", lambda port: leaves_in_data(port), half)
    add("cD", never_reads(), pours, "timeout client 300ms", skip="bytes")
    add("post-cut", asks_post_and_goes, hangs)
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


BUSY = threading.Event()  # the server has the first session


def queued(port, leave=False):
    """The first session holds the only slot; the second waits for it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as first:
        first.sendall(GET)
        BUSY.wait(PATIENCE)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as second:
            second.sendall(GET)
            if leave:
                wait_queued()
                second.close()
                FIRST_LINE.wait(PATIENCE)
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
                FIRST_LINE.wait(PATIENCE)
            else:
                linger(second)
        first.close()


FIRST_LINE = threading.Event()
CLI = ""


def command(text):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(CLI)
        s.sendall(text.encode() + b"\n")
        data = b""
        while piece := s.recv(65536):
            data += piece
        return data.decode()


def wait_queued():
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in command("show stat").splitlines():
            fields = line.split(",")
            if len(fields) > 3 and fields[1] == "BACKEND" and fields[2].isdigit() and int(fields[2]) > 0:
                return
        time.sleep(0.01)
    raise AssertionError("nobody queues")


class Server:
    def __init__(self, behaviour):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.fill = []
        if behaviour is None:  # nobody listens
            return
        self.socket.listen(0 if behaviour == "full" else 100)
        if behaviour == "full":  # connections are neither accepted nor refused
            for _ in range(4):
                s = socket.socket()
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", self.port))
                self.fill.append(s)
            time.sleep(0.05)
            return
        threading.Thread(target=self.serve, args=(behaviour,), daemon=True).start()

    def serve(self, behaviour):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(behaviour, s), daemon=True).start()

    @staticmethod
    def one(behaviour, s):
        with s:
            BUSY.set()
            try:
                behaviour(s)
            except OSError:
                pass

    def close(self):
        for s in self.fill:
            s.close()
        self.socket.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def config(all_cases, ports, servers, log_port, cli):
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
        text += f"listen {case.name}\n    bind 127.0.0.1:{ports[case.name]}\n    mode {case.mode}\n"
        text += f"    option {case.mode}log\n"
        lines = case.lines.replace("NOSERVER", "")
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
    ("post-cut", "term"): "CH--",  # no response has begun, so there is no last data
    ("post-silent", "status"): "408",  # timeout client, where HAProxy waits for timeout server
    ("post-silent", "term"): "cH--",
}
# One who leaves a queue without a server: HAProxy counts itself among those before it.
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


def run(program, all_cases, verbose):
    global CLI
    folder = tempfile.TemporaryDirectory()
    CLI = os.path.join(folder.name, "cli")
    logs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    logs.bind(("127.0.0.1", 0))
    servers = {case.name: Server(case.server) for case in all_cases}
    ports = {case.name: free_port() for case in all_cases}
    path = os.path.join(folder.name, "cfg")
    with open(path, "w") as f:
        f.write(config(all_cases, ports, servers, logs.getsockname()[1], CLI))
    process = subprocess.Popen([program, "-db", "-f", path], stderr=subprocess.PIPE if not verbose else None)
    got = {}
    try:
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(CLI):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{program} did not start: {process.stderr.read().decode() if process.stderr else ''}")
            time.sleep(0.02)
        time.sleep(0.1)
        for case in all_cases:
            CLOSED.clear()
            BUSY.clear()
            FIRST_LINE.clear()
            client = threading.Thread(target=guarded, args=(case, ports[case.name]), daemon=True)
            client.start()
            got[case.name] = []
            logs.settimeout(PATIENCE)
            try:
                while len(got[case.name]) < case.expect:
                    line = logs.recv(65536).decode(errors="replace").strip()
                    if f" {case.name} " not in line:
                        continue
                    got[case.name].append(fields(line, case))
                    FIRST_LINE.set()
            except TimeoutError:
                got[case.name].append({"line": "none came"})
            CLOSED.set()
            client.join(PATIENCE)
    finally:
        process.kill()
        process.wait()
        logs.close()
        for server in servers.values():
            server.close()
    return got


def guarded(case, port):
    try:
        case.client(port)
    except OSError:
        pass


def main():
    arguments = sys.argv[1:]
    verbose = "-v" in arguments
    arguments = [a for a in arguments if a != "-v"]
    program = arguments.pop(0)
    oracle = arguments.pop(0) if arguments and os.path.sep in arguments[0] else shutil.which("haproxy") or "/usr/sbin/haproxy"
    wanted = [c for c in cases() if not arguments or c.name in arguments]
    if not os.path.exists(oracle):
        print("skipped: no oracle")
        return 77
    mine = run(program, wanted, verbose)
    theirs = run(oracle, wanted, verbose)
    bad = 0
    for case in wanted:
        if verbose:
            print(case.name, theirs[case.name])
        if mine[case.name] == theirs[case.name]:
            continue
        differs = False
        for i, (a, b) in enumerate(zip(mine[case.name], theirs[case.name])):
            for key in sorted(set(a) | set(b)):
                if a.get(key) != b.get(key) and (i > 0 or OWN.get((case.name, key)) != a.get(key)):
                    differs = True
                    print(f"{case.name}[{i}] {key}: {a.get(key)!r}, HAProxy {b.get(key)!r}")
        bad += differs
    print(f"{len(wanted) - bad} of {len(wanted)} cases agree")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
