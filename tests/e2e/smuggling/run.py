#!/usr/bin/env python3
"""Sends malformed messages through a proxy and compares what becomes of them with what HAProxy does.

    run.py --oracle haproxy --binary build/release/evenkeel    both programs, live
    run.py --binary build/release/evenkeel                     against the recorded outcomes of HAProxy 2.6
    run.py --oracle haproxy --record                           writes them anew

A case is weaker when the binary lets pass what the oracle refuses: more requests reach the origin, a message that both
parties could frame differently is forwarded, a poisoned response is delivered, a connection stays open that the oracle
closes. Weaker cases fail the run. Stricter ones are listed. Ports are free ones; nothing outlives the run.
"""
import argparse
import ast
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "haproxy-2.6.txt")
HOST = b"Host: a\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
SECOND = b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SAFE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
FIRST = {
    "response": b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "closing": b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "head": b"HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "connect": b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "upgrade": b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "old": b"GET /1 HTTP/1.0\r\nHost: a\r\n\r\n",
}
LANES = 6


class Case:
    def __init__(self, kind, name, data):
        self.kind, self.name, self.data = kind, name, data


def read_cases(path):
    cases = []
    for line in open(path, encoding="utf-8"):
        if not line.strip() or line.startswith("#"):
            continue
        kind, name, pieces = line.split(None, 2)
        data = b""
        for text, times in re.findall(r'("(?:[^"\\]|\\.)*")(?:\*(\d+))?', pieces):
            data += ast.literal_eval("b" + text) * int(times or 1)
        cases.append(Case(kind, name, data.replace(b"{H}", HOST).replace(b"{NEXT}", NEXT)))
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return cases


def take_request(data):
    """The first complete request of what an origin received: (its bytes, the rest, is it ambiguous), or None."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, at = data[: end + 4], end + 4
    lines = head[:-4].split(b"\r\n")
    dirty = any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)
    lengths, codings = [], []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        dirty |= not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)
        if name.lower() == b"content-length":
            lengths.append(value.strip())
        if name.lower() == b"transfer-encoding":
            codings.append(value.strip().lower().rstrip(b","))
    dirty |= bool(lengths) and bool(codings) or len(set(lengths)) > 1 or any(c != b"chunked" for c in codings)
    if lines[0].startswith(b"CONNECT "):
        return data, b"", dirty
    if codings:
        while True:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                return None
            try:
                size = int(data[at:line_end].split(b";")[0], 16)
            except ValueError:
                return data, b"", True
            at = line_end + 2
            if size == 0:
                last = data.find(b"\r\n\r\n", at - 2)
                return None if last < 0 else (data[: last + 4], data[last + 4:], dirty)
            if len(data) < at + size + 2:
                return None
            dirty |= data[at + size: at + size + 2] != b"\r\n"
            at += size + 2
    if lengths:
        if not lengths[0].isdigit():
            return data, b"", True
        at += int(lengths[0])
        if len(data) < at:
            return None
    return data[:at], data[at:], dirty


class Origin:
    """Counts the complete requests that arrive; answers the n-th with the n-th reply, then with the last one."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.sockets = set()
        self.prepare([PLAIN], False)
        threading.Thread(target=self.accept, daemon=True).start()

    def prepare(self, replies, close_first):
        with self.lock:
            self.epoch = getattr(self, "epoch", 0) + 1
            self.replies, self.close_first = list(replies), close_first
            self.requests, self.dirty, self.bytes, self.last = [], False, b"", time.monotonic()
            for s in self.sockets:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(s)
                epoch = self.epoch
            threading.Thread(target=self.serve, args=(s, epoch), daemon=True).start()

    def serve(self, s, epoch):
        data = b""
        try:
            while chunk := s.recv(65536):
                data += chunk
                with self.lock:
                    if epoch != self.epoch:
                        break
                    self.bytes += chunk
                    self.last = time.monotonic()
                while taken := take_request(data):
                    request, data, dirty = taken
                    with self.lock:
                        self.requests.append(request)
                        self.dirty |= dirty
                        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                        closing = self.close_first and len(self.requests) == 1
                    s.sendall(reply)
                    if closing:
                        s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        with self.lock:
            self.sockets.discard(s)
        s.close()


def responses(data, head_first):
    """The responses that a client reads: a list of [status, body length], and whether the last one is complete."""
    found = []
    while data:
        match = re.match(rb"HTTP/[0-9]\.[0-9] +(\d+)[^\r\n]*\r\n", data)
        end = data.find(b"\r\n\r\n")
        if not match or end < 0:
            return found + [["garbage", len(data)]]
        head, status, data = data[: end + 4].lower(), int(match[1]), data[end + 4:]
        if 100 <= status < 200 and status != 101:
            continue
        if status in (204, 304) or (head_first and not found):
            found.append([status, 0])
        elif b"\r\ntransfer-encoding: chunked" in head:
            size = 0
            while True:
                line, _, rest = data.partition(b"\r\n")
                try:
                    n = int(line, 16)
                except ValueError:
                    return found + [[status, "cut"]]
                if n == 0:
                    data = rest.partition(b"\r\n")[2] if rest.startswith(b"\r\n") else rest.partition(b"\r\n\r\n")[2]
                    break
                size, data = size + n, rest[n + 2:]
            found.append([status, size])
        elif length := re.search(rb"\r\ncontent-length: *(\d+)\r\n", head):
            n = int(length[1])
            found.append([status, n if len(data) >= n else "cut"])
            data = data[n:]
        else:
            found.append([status, len(data)])
            data = b""
    return found


class Proxy:
    def __init__(self, binary, folder):
        self.origins = [Origin() for _ in range(LANES)]
        self.ports = [free_port() for _ in range(LANES)]
        lines = ["global", "  nbthread 1", "defaults", "  mode http", "  timeout connect 5s", "  timeout client 20s",
                 "  timeout server 20s", "  timeout http-request 20s"]
        for lane, (port, origin) in enumerate(zip(self.ports, self.origins)):
            lines += [f"frontend f{lane}", f"  bind 127.0.0.1:{port}", f"  default_backend b{lane}",
                      f"backend b{lane}", f"  server s 127.0.0.1:{origin.port}"]
        config = os.path.join(folder, f"{os.path.basename(binary)}-{os.getpid()}.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.process = subprocess.Popen([binary, "-f", config, "-db"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        deadline = time.monotonic() + 10
        for port in self.ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"{binary} does not listen")
                    time.sleep(0.02)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for origin in self.origins:
            origin.listener.close()

    def run(self, case, lane, quiet):
        origin = self.origins[lane]
        if case.kind == "request":
            origin.prepare([PLAIN], False)
            outcome = self.exchange(lane, [case.data], quiet, case.data.startswith(b"HEAD "))
        else:
            origin.prepare([case.data, SAFE], case.kind != "response")
            outcome = self.exchange(lane, [FIRST[case.kind], SECOND], quiet, case.kind == "head")
        with origin.lock:
            outcome["requests"] = len(origin.requests)
            outcome["dirty"] = origin.dirty
            outcome["bytes"] = origin.bytes.decode("latin-1")
        # Requests that the proxy still holds for a client that has gone must not count for the next case.
        origin.prepare([PLAIN], True)
        time.sleep(0.1)
        return outcome

    def exchange(self, lane, parts, quiet, head_first):
        """Sends the parts one after the other, the next when it has been quiet; reads until a close or quiet again."""
        data, closed = b"", False
        with socket.create_connection(("127.0.0.1", self.ports[lane])) as s:
            s.settimeout(quiet)
            for part in parts:
                try:
                    s.sendall(part)
                    while chunk := s.recv(65536):
                        data += chunk
                    closed = True
                except TimeoutError:
                    continue
                except OSError:
                    closed = True
                if closed:
                    break
        return {"responses": responses(data, head_first), "closed": closed}


def run_all(binary, cases, quiet):
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(binary, folder)
        results = {}
        try:
            def lane_work(lane):
                for case in cases[lane::LANES]:
                    results[case.name] = proxy.run(case, lane, quiet)
            with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
                for future in [pool.submit(lane_work, lane) for lane in range(LANES)]:
                    future.result()
            if not proxy.alive():
                raise SystemExit(f"{binary} died")
        finally:
            proxy.stop()
        return results


def refused(outcome):
    first = outcome["responses"][0][0] if outcome["responses"] else None
    return first is None or first == "garbage" or first >= 400


def judge(case, ours, theirs):
    """('same' | 'differs' | 'stricter' | 'weaker', why)"""
    if ours["dirty"] and not theirs["dirty"]:
        return "weaker", "what was forwarded can be read in two ways"
    if ours["requests"] > theirs["requests"]:
        return "weaker", f"{ours['requests']} requests reach the origin instead of {theirs['requests']}"
    if refused(theirs) and not refused(ours):
        return "weaker", f"answers {ours['responses']} instead of {theirs['responses']}"
    bodies = [body for _, body in ours["responses"][1:]]
    if case.kind == "response" and b"evil" in case.data and 4 in bodies and theirs["responses"] != ours["responses"]:
        return "weaker", "delivers a response that nobody asked for"
    if refused(ours) and not refused(theirs):
        return "stricter", f"{ours['responses']} instead of {theirs['responses']}"
    if ours["requests"] < theirs["requests"]:
        return "stricter", f"{ours['requests']} requests reach the origin instead of {theirs['requests']}"
    if theirs["closed"] and not ours["closed"]:
        return "weaker", "the connection stays open"
    if ours["closed"] and not theirs["closed"]:
        return "stricter", "the connection is closed"
    if ours["responses"] != theirs["responses"]:
        return "differs", f"{ours['responses']} instead of {theirs['responses']}"
    if theirs.get("bytes") is not None and ours["bytes"] != theirs["bytes"]:
        return "differs", f"the origin receives {ours['bytes']!r} instead of {theirs['bytes']!r}"
    return "same", ""


def record(path, results, cases):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# What HAProxy 2.6.12 makes of cases.txt; written by run.py --oracle haproxy --record.\n")
        for case in cases:
            r = dict(results[case.name])
            if len(r["bytes"]) > 600:
                r["bytes"] = None  # only framing is compared
            file.write(f"{case.name} {json.dumps(r, sort_keys=True)}\n")


def read_recorded(path):
    lines = [line.split(None, 1) for line in open(path, encoding="utf-8") if not line.startswith("#")]
    return {name: json.loads(text) for name, text in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", help="haproxy; without it the recorded outcomes serve")
    parser.add_argument("--binary", help="the program under test")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--only", help="run the cases whose name matches this regular expression")
    parser.add_argument("--quiet", type=float, default=0.4, help="seconds without a byte that end an exchange")
    parser.add_argument("--verbose", action="store_true", help="print the bytes of every case that is not the same")
    options = parser.parse_args()

    cases = read_cases(os.path.join(HERE, "cases.txt"))
    if options.only:
        cases = [case for case in cases if re.search(options.only, case.name)]
    theirs = run_all(options.oracle, cases, options.quiet) if options.oracle else read_recorded(RECORDED)
    if options.record:
        record(RECORDED, theirs, cases)
    if not options.binary:
        for case in cases if options.verbose else []:
            print(case.name, theirs[case.name])
        print(f"{len(cases)} cases, of which the oracle refuses {sum(refused(theirs[c.name]) for c in cases)}")
        return 0

    ours = run_all(options.binary, cases, options.quiet)
    # A busy machine can make an exchange end too early: what is not the same gets a second, slower try.
    doubtful = [case for case in cases if judge(case, ours[case.name], theirs[case.name])[0] != "same"]
    if doubtful:
        ours.update(run_all(options.binary, doubtful, options.quiet * 3))
        if options.oracle:
            theirs.update(run_all(options.oracle, doubtful, options.quiet * 3))
    count = {"same": 0, "differs": 0, "stricter": 0, "weaker": 0}
    for case in cases:
        verdict, why = judge(case, ours[case.name], theirs[case.name])
        count[verdict] += 1
        if verdict != "same":
            print(f"{verdict:9} {case.name:28} {why}")
            if options.verbose:
                print("   sent  ", case.data[:300])
                print("   ours  ", ours[case.name])
                print("   oracle", theirs[case.name])
    print(", ".join(f"{n} {verdict}" for verdict, n in count.items()), f"of {len(cases)} cases")
    return 1 if count["weaker"] else 0


if __name__ == "__main__":
    sys.exit(main())
