#!/usr/bin/env python3
"""Log lines over TCP: rings with servers and tcp@ targets. logs.py PROGRAM [unittest arguments].

What HAProxy 2.6 does too is asked of it as well when it is installed.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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
    def __init__(self, program, config, port):
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
    http-request return status 200
""")
        self.process = subprocess.Popen([program, "-db", "-f", path], stderr=subprocess.DEVNULL)

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
