#!/usr/bin/env python3
"""Log lines over TCP: rings with servers and tcp@ targets. logs.py PROGRAM [unittest arguments].

What HAProxy 2.6 does too is asked of it as well when it is installed.
"""
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

PROGRAM = ""
ORACLE = shutil.which("haproxy") or "/usr/sbin/haproxy"
PATIENCE = 15


def listener(port=0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen()
    s.settimeout(PATIENCE)
    return s


def get(port, path):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                while s.recv(4096):
                    pass
                return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def read_until(connection, what):
    data = b""
    connection.settimeout(PATIENCE)
    while what not in data:
        piece = connection.recv(4096)
        if not piece:
            raise AssertionError(f"the connection ended after {data!r}")
        data += piece
    return data


class Proxy:
    def __init__(self, program, config, port, proxy="", stderr=subprocess.DEVNULL):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "sock")
        path = os.path.join(self.folder.name, "cfg")
        with open(path, "w") as f:
            f.write(f"""global
    stats socket {self.socket} level admin
{config}
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    log-format "%HP"
frontend fe
    log global
    bind 127.0.0.1:{port}
{proxy}    http-request return status 200
""")
        self.process = subprocess.Popen([program, "-db", "-f", path], stderr=stderr)

    def command(self, text):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(self.socket)
            s.sendall(text.encode() + b"\n")
            data = b""
            while piece := s.recv(4096):
                data += piece
            return data.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()
        self.folder.cleanup()


class LogsOverTcp(unittest.TestCase):
    def both(self, case):
        for program in [PROGRAM, ORACLE] if os.path.exists(ORACLE) else [PROGRAM]:
            with self.subTest(program=os.path.basename(program)):
                case(program)

    def test_framing(self):
        def case(program):
            for proto, expected in (("log-proto octet-count", b"4 /one4 /two"), ("", b"/one\n/two\n")):
                server, port = listener(), free_port()
                to = server.getsockname()[1]
                ring = f"    log ring@r local0\nring r\n    size 20000\n    timeout connect 1s\n    server s 127.0.0.1:{to} {proto}"
                with server, Proxy(program, ring, port):
                    get(port, "/one")
                    connection, _ = server.accept()
                    with connection:
                        get(port, "/two")
                        self.assertEqual(read_until(connection, expected[-5:]), expected)
        self.both(case)

    def test_tcp_target_connects_again(self):
        def case(program):
            server, port = listener(), free_port()
            with server, Proxy(program, f"    log tcp@127.0.0.1:{server.getsockname()[1]} format raw local0", port):
                get(port, "/one")
                connection, _ = server.accept()
                self.assertEqual(read_until(connection, b"\n"), b"/one\n")
                connection.close()
                time.sleep(0.05)  # the proxy has no duty to notice at once
                get(port, "/two")
                get(port, "/three")
                connection, _ = server.accept()
                with connection:
                    self.assertTrue(read_until(connection, b"/three\n").endswith(b"/three\n"))
        self.both(case)

    def test_lines_wait_for_a_server_that_is_down(self):
        port, to = free_port(), free_port()
        with Proxy(PROGRAM, f"    log ring@r local0\nring r\n    size 20000\n    server s 127.0.0.1:{to}", port):
            for i in range(5):
                get(port, f"/{i}")
            with listener(to) as server:
                connection, _ = server.accept()
                with connection:
                    self.assertEqual(read_until(connection, b"/4\n"), b"/0\n/1\n/2\n/3\n/4\n")

    def test_losses_are_counted_and_hold_nobody_up(self):
        port, to = free_port(), free_port()
        with Proxy(PROGRAM, f"    log ring@r local0\nring r\n    size 1024\n    server s 127.0.0.1:{to}", port) as proxy:
            for i in range(300):
                get(port, f"/{i:020}")
            with listener(to) as server:
                connection, _ = server.accept()
                with connection:
                    got = read_until(connection, b"/00000000000000000299\n").decode().split()
                    dropped = int(proxy.command("show events").split("r          : type=buffer, ")[1].split()[0])
                    self.assertEqual(len(got) + dropped, 300)
                    self.assertGreater(dropped, 200)

    def test_show_events_waits(self):
        def case(program):
            port = free_port()
            with Proxy(program, "    log ring@r local0\nring r\n    size 20000", port) as proxy:
                get(port, "/before")
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(proxy.socket)
                    s.sendall(b"show events r -w\n")
                    read_until(s, b"/before\n")
                    get(port, "/after")
                    read_until(s, b"/after\n")
        self.both(case)

    def test_rest_is_sent_at_the_end(self):
        server, port = listener(), free_port()
        with server, Proxy(PROGRAM, f"    log tcp@127.0.0.1:{server.getsockname()[1]} format raw local0", port) as proxy:
            get(port, "/one")
            connection, _ = server.accept()
            with connection:
                read_until(connection, b"/one\n")
                get(port, "/last")
                proxy.process.terminate()
                self.assertEqual(read_until(connection, b"\n"), b"/last\n")
            proxy.process.wait(PATIENCE)


class Steps(unittest.TestCase):
    """log-steps and log-profile; HAProxy 2.6 has neither."""

    def lines(self, profile, proxy, requests=("/one",)):
        port = free_port()
        config = (f"    log ring@keep format raw profile p local0\nring keep\n    size 20000\n"
                  f"log-profile p\n{profile}")
        with Proxy(PROGRAM, config, port, proxy) as running:
            for path in requests:
                get(port, path)
            return [line for line in running.command("show events keep").split("\n") if line]

    def test_each_step_has_its_format(self):
        profile = ("    on accept format \"A %fi\"\n    on request format \"R %HP %rc\"\n"
                   "    on close format \"E %ST\"\n    on any drop\n")
        self.assertEqual(self.lines(profile, "    log-steps all\n"), ["A 127.0.0.1", "R /one 0", "E 200"])

    def test_only_the_steps_named_write_lines(self):
        self.assertEqual(self.lines("    on any format \"%HP %ST\"\n", "    log-steps request\n"), ["/one -1"])

    def test_without_steps_the_end_writes_one(self):
        self.assertEqual(self.lines("    on request drop\n", ""), ["/one"])

    def test_do_log_takes_the_format_of_any(self):
        profile = "    on any format \"any %HP\"\n    on close format \"end\"\n"
        self.assertEqual(self.lines(profile, "    http-request do-log\n"), ["any /one", "end"])


class LogBackends(unittest.TestCase):
    """mode log; HAProxy 2.6 has none."""

    def receive(self, balance, servers, paths):
        port = free_port()
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
            s.settimeout(PATIENCE)
        text = "".join(f"    server s{i} udp@127.0.0.1:{s.getsockname()[1]} {words}\n"
                       for i, (s, words) in enumerate(zip(sockets, servers)))
        config = f"    log backend@b format raw local0\nbackend b\n    mode log\n    balance {balance}\n{text}"
        with Proxy(PROGRAM, config, port) as proxy:
            for path in paths:
                get(port, path)
            yield proxy, sockets, port
        for s in sockets:
            s.close()

    def test_round_robin_and_weights(self):
        for proxy, (a, b), _ in self.receive("roundrobin", ("", ""), [f"/{i}" for i in range(4)]):
            self.assertEqual(sorted([a.recv(99), a.recv(99), b.recv(99), b.recv(99)]),
                             [b"/0\n", b"/1\n", b"/2\n", b"/3\n"])

    def test_hash_keeps_a_message_where_it_was(self):
        for proxy, (a, b), _ in self.receive("log-hash field(2,/)", ("", ""), ["/k/1", "/k/2", "/k/3"]):
            chosen = select.select([a, b], [], [], PATIENCE)[0][0]
            self.assertEqual([chosen.recv(99) for _ in range(3)], [b"/k/1\n", b"/k/2\n", b"/k/3\n"])

    def test_sticky_moves_when_its_server_goes_and_stays_there(self):
        for proxy, (a, b), port in self.receive("sticky", ("", ""), ["/1"]):
            self.assertEqual(a.recv(99), b"/1\n")
            proxy.command("disable server b/s0")
            get(port, "/2")
            self.assertEqual(b.recv(99), b"/2\n")
            proxy.command("enable server b/s0")
            get(port, "/3")
            self.assertEqual(b.recv(99), b"/3\n")

    def test_backup_and_nobody(self):
        for proxy, (a, b), port in self.receive("roundrobin", ("", "backup"), ["/1"]):
            self.assertEqual(a.recv(99), b"/1\n")
            proxy.command("disable server b/s0")
            get(port, "/2")
            self.assertEqual(b.recv(99), b"/2\n")
            proxy.command("disable server b/s1")
            get(port, "/3")
            self.assertIn("DroppedLogs: 1", proxy.command("show info"))

    def test_stream_server(self):
        port = free_port()
        with listener() as server:
            to = server.getsockname()[1]
            config = f"    log backend@b format raw local0\nbackend b\n    mode log\n    server s 127.0.0.1:{to} log-proto octet-count\n"
            with Proxy(PROGRAM, config, port):
                get(port, "/one")
                connection, _ = server.accept()
                with connection:
                    self.assertEqual(read_until(connection, b"/one"), b"4 /one")


class SlowTargets(unittest.TestCase):
    """A target that takes nothing holds nobody up; its losses are counted and told once."""

    def flood(self, target, extra="", requests=3000):
        port = free_port()
        with Proxy(PROGRAM, f"    log {target} len 8192 format raw local0\n{extra}", port, stderr=subprocess.PIPE) as proxy:
            get(port, "/warm")
            slowest = 0
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                request = f"GET /{'x' * 4000} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
                for _ in range(requests):
                    began = time.monotonic()
                    s.sendall(request)
                    s.recv(4096)
                    slowest = max(slowest, time.monotonic() - began)
            info = proxy.command("show info")
            proxy.process.terminate()
            warnings = proxy.process.stderr.read().decode()
            return int(re.search(r"DroppedLogs: (\d+)", info)[1]), warnings, slowest

    def test_frozen_stream(self):
        with listener() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            # 24 MB: the kernel takes four for the sender, and the ring behind the target ten.
            dropped, warnings, slowest = self.flood(f"tcp@127.0.0.1:{server.getsockname()[1]}", requests=6000)
        self.assertGreater(dropped, 100)
        self.assertEqual(warnings.count("lines are lost"), 1, warnings)
        self.assertLess(slowest, 2)

    def test_full_datagram_socket(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full:
            path = os.path.join(folder, "log")
            full.bind(path)  # and never reads
            dropped, warnings, slowest = self.flood(path)
        self.assertGreater(dropped, 100)
        self.assertEqual(warnings.count("loses lines"), 1, warnings)
        self.assertLess(slowest, 2)

    def test_missing_socket(self):
        dropped, warnings, _ = self.flood("/nonexistent/log", requests=50)
        self.assertGreaterEqual(dropped, 50)
        self.assertEqual(warnings.count("loses lines"), 1, warnings)


class BackingFile(unittest.TestCase):
    def test_lines_outlive_the_process(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ring")
            config = f"    log ring@r format raw local0\nring r\n    size 4096\n    backing-file {path}\n"
            for text in ("/first", "/second"):
                with Proxy(PROGRAM, config, port) as proxy:
                    get(port, text)
                    self.assertIn(text, proxy.command("show events r"))
            with open(path, "rb") as now, open(path + ".bak", "rb") as before:
                self.assertIn(b"/second", now.read())
                self.assertIn(b"/first", before.read())
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(path).st_size, 4096)


class LogForward(unittest.TestCase):
    maxDiff = None
    FORMATS = ("", "format local", "format rfc3164", "format rfc5424", "format priority", "format short", "format timed",
               "format iso", "format raw")
    MESSAGES = (b"<134>Feb 23 03:43:26 myhost app[12]: hello [x]",
                b"<134>Mar  1 03:43:26 myhost app: hello\n",
                b"<131>1 2026-02-03T03:48:57.542260+00:00 h5 app 30457 ID47 - text",
                b"<134>Feb 23 03:43:26 myhost hello world there",
                b"<134>just text",
                b"no header at all")

    def forwarded(self, program):
        """What each target gets for each message, without the proxy's own dates."""
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE)
        to, port = receiver.getsockname()[1], free_port()
        lines = "".join(f"    log 127.0.0.1:{to} {form} local5\n" for form in self.FORMATS)
        config = f"log-forward x\n    dgram-bind 127.0.0.1:{port}\n    bind 127.0.0.1:{port}\n    timeout client 5s\n{lines}"
        got = []
        with receiver, Proxy(program, config, free_port()):
            stream = None
            deadline = time.monotonic() + PATIENCE
            while stream is None:
                try:
                    stream = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                except ConnectionRefusedError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
            with stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for message in self.MESSAGES:
                    sender.sendto(message, ("127.0.0.1", port))
                    got += [receiver.recv(4096) for _ in self.FORMATS]
                stream.sendall(b"<134>Nov 21 03:43:26 h a: one\n30 <134>Nov 21 03:43:26 h a: two\n<134>Nov 21 03:43:2")
                stream.sendall(b"6 h a: three\n")
                for _ in range(3):
                    got += [receiver.recv(4096) for _ in self.FORMATS]
        today = time.strftime("%Y-%m-%d").encode(), time.strftime("%b %e").encode()
        return [re.sub(rb"\.\d+[+-]\d\d:\d\d", b"", re.sub(rb"(%s.|%s )\d\d:\d\d:\d\d" % today, b"NOW", line))
                for line in got]

    def test_as_the_oracle(self):
        mine = self.forwarded(PROGRAM)
        self.assertEqual(mine[0], b"<134>Feb 23 03:43:26 myhost app[12]: hello [x]\n")
        if os.path.exists(ORACLE):
            self.assertEqual(mine, self.forwarded(ORACLE))

    def test_levels_rings_and_bad_streams(self):
        port, to = free_port(), listener()
        config = (f"ring r\n    size 20000\n    format rfc3164\nlog-forward x\n    bind 127.0.0.1:{port}\n    maxconn 1\n"
                  f"    log ring@r local0 warning\n")
        with to, Proxy(PROGRAM, config, free_port()) as proxy:
            deadline = time.monotonic() + PATIENCE
            for text in (b"<134>a: info\n<132>a: warning\n", b"99999999 x", b"<131>a: error\n"):
                while True:
                    try:
                        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                            s.sendall(text)
                            s.shutdown(socket.SHUT_WR)
                            s.recv(1)  # until the proxy has closed
                        break
                    except ConnectionRefusedError:
                        if time.monotonic() > deadline:
                            raise
                        time.sleep(0.02)
                    except ConnectionResetError:
                        break
            lines = proxy.command("show events r").split("\n")
            self.assertEqual([line.rsplit(" ", 2)[1:] for line in lines if line], [["a:", "warning"], ["a:", "error"]])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
