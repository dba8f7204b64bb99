#!/usr/bin/env python3
"""soak.py BINARY [--seconds 10] [--seed N]: mixed traffic over every path at once, for sanitizer builds.

Threads of clients send keep-alive, pipelined, chunked, oversized, malformed, upgraded and aborted requests and raw TCP,
while origins answer in every way (length, chunks, until close, errors, silence, cuts), one origin dies and returns, and
the runtime socket keeps changing weights and states. The run fails when the process ends early, when its log shows a
sanitizer report, when a well-behaved request gets a wrong answer, when connections or memory do not come back
afterwards, or when it does not stop on SIGUSR1.
"""
import argparse
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ports import free_port

CONF = """
global
    nbthread 2
    maxconn 500
    stats socket {work}/cli.sock level admin
    hard-stop-after 5s
defaults
    mode http
    timeout connect 1s
    timeout client 2s
    timeout server 2s
    timeout http-request 1s
    timeout queue 1s
    timeout tunnel 2s
    retries 2
    option redispatch 1
frontend web
    bind 127.0.0.1:{web}
    option forwardfor
    stats uri /stats
    default_backend origins
backend origins
    balance roundrobin
    option httpchk GET /check
    cookie SRV insert indirect
    default-server check inter 200ms fall 2 rise 1 maxconn 40
    server a 127.0.0.1:{origin_a} cookie a
    server b 127.0.0.1:{origin_b} cookie b weight 2
    server c 127.0.0.1:{origin_c} cookie c slowstart 1s
listen pooled
    bind 127.0.0.1:{pooled}
    balance leastconn
    http-reuse always
    server a 127.0.0.1:{origin_a}
    server b 127.0.0.1:{origin_b}
listen raw
    bind 127.0.0.1:{raw}
    mode tcp
    balance source
    option splice-auto
    server b 127.0.0.1:{origin_b} send-proxy check port {origin_b}
"""


class Origin:
    """An origin that answers as the target asks: /len/N /chunk/N /close/N /status/N /silent /cut /upgrade /check."""

    def __init__(self, port):
        self.port, self.open, self.listener = port, False, None

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(256)
        self.open = True
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.open = False
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(5)
        data = b""
        try:
            while self.open:
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                if data.startswith(b"PROXY "):
                    data = data[data.index(b"\r\n") + 2:]
                    continue
                head, data = data.split(b"\r\n\r\n", 1)
                data = self.skip_body(connection, head.lower(), data)
                if not self.answer(connection, head.split(b" ")[1].decode().split("?")[0], head.startswith(b"HEAD ")):
                    return
        except (OSError, ValueError, IndexError):
            pass
        finally:
            connection.close()

    @staticmethod
    def skip_body(connection, head, data):
        if b"\r\ntransfer-encoding: chunked" in head:
            while not (data.endswith(b"0\r\n\r\n")):
                more = connection.recv(65536)
                if not more:
                    raise OSError("cut")
                data = data[-16:] + more
            return b""
        length = 0
        if b"\r\ncontent-length:" in head:
            length = int(head.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        while len(data) < length:
            more = connection.recv(65536)
            if not more:
                raise OSError("cut")
            data += more
        return data[length:]

    @staticmethod
    def answer(connection, target, is_head):
        parts = target.strip("/").split("/")
        kind, number = parts[0], int(parts[1]) if len(parts) > 1 else 10
        if kind == "silent":
            time.sleep(2.5)
            return False
        if kind == "cut":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
            return False
        if kind == "upgrade":
            connection.sendall(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while chunk := connection.recv(4096):
                connection.sendall(chunk)
            return False
        if kind == "chunk":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while number > 0 and not is_head:
                size = min(number, 5000)
                connection.sendall(b"%x\r\n" % size + b"c" * size + b"\r\n")
                number -= size
            if not is_head:
                connection.sendall(b"0\r\n\r\n")
            return True
        if kind == "close":
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + (b"" if is_head else b"u" * number))
            return False
        status = number if kind == "status" else 200
        size = number if kind == "len" else 10
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, size) + (b"" if is_head else b"l" * size))
        return True


class Client(threading.Thread):
    def __init__(self, ports, seed, end, tally):
        super().__init__(daemon=True)
        self.ports, self.random, self.end, self.tally = ports, random.Random(seed), end, tally

    def run(self):
        kinds = [self.good, self.good, self.good, self.pipelined, self.posted, self.malformed, self.aborted, self.upgraded,
                 self.raw, self.trouble, self.oversized, self.stats]
        while time.monotonic() < self.end:
            kind = self.random.choice(kinds)
            try:
                kind()
                self.tally.done(kind.__name__)
            except (OSError, EOFError):
                self.tally.interrupted(kind.__name__)

    def connect(self, name):
        connection = socket.create_connection(("127.0.0.1", self.ports[name]), 4)
        connection.settimeout(20)
        return connection

    def web(self):
        return self.random.choice(["web", "web", "pooled"])

    @staticmethod
    def read_answer(stream, is_head=False):
        line = stream.readline()
        if not line:
            raise EOFError
        status = int(line.split(b" ")[1])
        headers = {}
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, value = line.split(b":", 1)
            headers[name.lower()] = value.strip()
        if is_head or status in (101, 204, 304):
            return status, b""
        if headers.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
            return status, body
        if b"content-length" in headers:
            return status, stream.read(int(headers[b"content-length"]))
        return status, stream.read()

    def good(self):
        """Well-behaved: the answer must be whole and right, or an honest 503."""
        with self.connect(self.web()) as c, c.makefile("rb") as stream:
            for _ in range(self.random.randint(1, 8)):
                kind, size = self.random.choice(["len", "chunk", "close"]), self.random.choice([0, 1, 100, 20000, 300000])
                c.sendall(f"GET /{kind}/{size} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                status, body = self.read_answer(stream)
                if status not in (200, 502, 503, 504) or (status == 200 and (len(body) != size or len(set(body)) > 1)):
                    self.tally.wrong(f"/{kind}/{size} got {status} with {len(body)} bytes")
                if status != 200 or kind == "close":
                    return

    def pipelined(self):
        with self.connect(self.web()) as c, c.makefile("rb") as stream:
            sizes = [self.random.randint(0, 3000) for _ in range(5)]
            c.sendall(b"".join(b"GET /len/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size for size in sizes))
            for size in sizes:
                status, body = self.read_answer(stream)
                if status == 200 and len(body) != size:
                    self.tally.wrong(f"pipelined answer of {len(body)} bytes instead of {size}")
                if status != 200:
                    return

    def posted(self):
        with self.connect(self.web()) as c, c.makefile("rb") as stream:
            size = self.random.choice([0, 10, 30000, 400000])
            if self.random.random() < 0.5:
                c.sendall(b"POST /len/5 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"p" * size)
            else:
                c.sendall(b"POST /len/5 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                if size:
                    c.sendall(b"%x\r\n" % size + b"p" * size + b"\r\n")
                c.sendall(b"0\r\n\r\n")
            self.read_answer(stream)

    def malformed(self):
        lines = [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                 b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 bytes(self.random.randrange(256) for _ in range(200)) + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"]
        with self.connect(self.web()) as c:
            c.sendall(self.random.choice(lines))
            c.shutdown(socket.SHUT_WR)
            while c.recv(4096):
                pass

    def aborted(self):
        with self.connect(self.random.choice(["web", "pooled", "raw"])) as c:
            c.sendall(b"GET /len/300000 HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if self.random.random() < 0.7 else b""))
            if self.random.random() < 0.5:
                c.recv(100)
            if self.random.random() < 0.5:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def upgraded(self):
        with self.connect("web") as c, c.makefile("rb") as stream:
            c.sendall(b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            status, _ = self.read_answer(stream)
            if status == 101:
                c.sendall(b"echo" * 100)
                if stream.read(400) != b"echo" * 100:
                    self.tally.wrong("the tunnel changed the bytes")

    def raw(self):
        with self.connect("raw") as c, c.makefile("rb") as stream:
            size = self.random.choice([1, 1000, 500000])
            c.sendall(b"GET /len/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
            status, body = self.read_answer(stream)
            if status == 200 and len(body) != size:
                self.tally.wrong(f"raw relay of {len(body)} bytes instead of {size}")

    def trouble(self):
        with self.connect(self.web()) as c, c.makefile("rb") as stream:
            target = self.random.choice(["cut", "status/500", "status/204", "silent", "status/404"])
            c.sendall(f"GET /{target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.read_answer(stream)

    def oversized(self):
        with self.connect(self.web()) as c, c.makefile("rb") as stream:
            c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 60000 + b"\r\n\r\n")
            self.read_answer(stream)

    def stats(self):
        with self.connect("web") as c, c.makefile("rb") as stream:
            c.sendall(b"GET /stats%s HTTP/1.1\r\nHost: x\r\n\r\n" % self.random.choice([b"", b";csv"]))
            status, body = self.read_answer(stream)
            if status != 200 or b"origins" not in body:
                self.tally.wrong(f"the statistics page got {status}")


class Tally:
    def __init__(self):
        self.lock, self.finished, self.cut, self.errors = threading.Lock(), {}, {}, []

    def done(self, kind):
        with self.lock:
            self.finished[kind] = self.finished.get(kind, 0) + 1

    def interrupted(self, kind):
        with self.lock:
            self.cut[kind] = self.cut.get(kind, 0) + 1

    def wrong(self, what):
        with self.lock:
            self.errors.append(what)


def command(work, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(f"{work}/cli.sock")
        s.sendall(text.encode() + b"\n")
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
    return answer.decode("utf-8", "replace")


def disturb(work, origin, end, seed):
    """What operators do: weights, drains, sessions listed, an origin restarted."""
    chance = random.Random(seed)
    words = ["set weight origins/a 50%", "set weight origins/a 100%", "disable server origins/b", "enable server origins/b",
             "set server origins/c state drain", "set server origins/c state ready", "show sess", "show stat", "show info",
             "clear counters", "show servers state", "shutdown sessions server raw/b", "show errors"]
    alive = True
    while time.monotonic() < end - 1.5:
        try:
            command(work, chance.choice(words))
        except OSError:
            pass
        if chance.random() < 0.08:
            origin.stop() if alive else origin.start()
            alive = not alive
        time.sleep(0.05)
    if not alive:
        origin.start()
    for text in ("enable server origins/b", "set server origins/c state ready"):
        command(work, text)


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def established(ports):
    count = 0
    with open("/proc/net/tcp") as f:
        for line in list(f)[1:]:
            fields = line.split()
            count += int(fields[1].split(":")[1], 16) in ports and fields[3] == "01"
    return count


def soak(binary, seconds, seed, clients, work):
    ports = {name: free_port() for name in ("web", "pooled", "raw", "origin_a", "origin_b", "origin_c")}
    origins = [Origin(ports[f"origin_{name}"]) for name in "abc"]
    for origin in origins:
        origin.start()
    path, log_path = f"{work}/cfg", f"{work}/log"
    with open(path, "w") as f:
        f.write(CONF.format(work=work, **ports))
    failures, tally = [], Tally()
    log = open(log_path, "w")
    proxy = subprocess.Popen([binary, "-db", "-f", path], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(500):
            try:
                command(work, "show info")
                break
            except OSError:
                time.sleep(0.02)
        end = time.monotonic() + seconds
        threads = [Client(ports, seed + n, end, tally) for n in range(clients)]
        for thread in threads:
            thread.start()
        disturb(work, origins[2], end, seed)
        for thread in threads:
            thread.join(max(0.0, end + 15 - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            failures.append("a client hangs")
        if proxy.poll() is not None:
            failures.append(f"the process ended with {proxy.returncode}")
        else:
            settle = time.monotonic() + 6
            mine = {ports["web"], ports["pooled"], ports["raw"]}
            while established(mine) and time.monotonic() < settle:
                time.sleep(0.05)
            if established(mine):
                failures.append(f"{established(mine)} connections did not go away")
            print(f"resident memory {resident_kb(proxy.pid) // 1024} MB")
            proxy.send_signal(signal.SIGUSR1)
            try:
                code = proxy.wait(15)
                if code != 0:
                    failures.append(f"SIGUSR1 ended it with {code}")
            except subprocess.TimeoutExpired:
                failures.append("it did not stop on SIGUSR1")
    finally:
        if proxy.poll() is None:
            proxy.kill()
            proxy.wait()
        log.close()
    with open(log_path, errors="replace") as f:
        text = f.read()
    for sign in ("Sanitizer", "runtime error:", "terminate called", "Assertion"):
        if sign in text:
            failures.append(f"the log shows: {sign}\n{text[max(0, text.index(sign) - 200):][:4000]}")
            break
    failures += [f"{len(tally.errors)} wrong answers, the first: {tally.errors[0]}"] if tally.errors else []
    for kind in sorted(set(tally.finished) | set(tally.cut)):
        print(f"  {kind:10} {tally.finished.get(kind, 0):6} finished {tally.cut.get(kind, 0):6} cut off")
    if not tally.finished.get("good"):
        failures.append("no well-behaved request finished")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=24)
    args = parser.parse_args()
    os.environ.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1")
    os.environ.setdefault("TSAN_OPTIONS", "halt_on_error=0")
    with tempfile.TemporaryDirectory(prefix="evenkeel-soak.") as work:
        failures = soak(args.binary, args.seconds, args.seed, args.clients, work)
    for failure in failures:
        print("FAILED:", failure)
    print("soak: failed" if failures else f"soak: {args.seconds:.0f} s passed (seed {args.seed})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
