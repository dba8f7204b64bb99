#!/usr/bin/env python3
"""mode udp with real sockets: udp.py PROGRAM [unittest arguments]."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

PROGRAM = ""
PATIENCE = 15  # seconds, for machines under load


def eventually(condition, what):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {PATIENCE} s: {what}")
        time.sleep(0.005)


class Echo:
    """Answers a datagram with its name and what came; "quiet..." with nothing, DNS questions with a code."""

    def __init__(self, name, family=socket.AF_INET, rcode=None):
        self.name = name
        self.rcode = rcode
        self.seen = []
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                data, client = self.socket.recvfrom(65536)
            except OSError:
                return
            if data == b"the end":
                return
            self.seen.append((data, client))
            if self.rcode is not None:
                flags = bytes([0x81, 0x80 | self.rcode])
                self.socket.sendto(data[:2] + flags + data[4:], client)
            elif not data.startswith(b"quiet"):
                self.socket.sendto(self.name.encode() + b":" + data, client)

    def close(self):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"the end", self.socket.getsockname())
        self.thread.join(PATIENCE)
        self.socket.close()


class Client:
    def __init__(self, port, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, port))

    def ask(self, text):
        self.socket.send(text.encode())
        return self.socket.recv(65536).decode()

    def hears_nothing(self, text, seconds=0.3):
        """None, or what came all the same."""
        self.socket.send(text.encode())
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(65536)
        except (TimeoutError, ConnectionRefusedError):
            return None
        finally:
            self.socket.settimeout(PATIENCE)

    def close(self):
        self.socket.close()


class Udp(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = self.folder.name
        self.port = free_port()
        self.closing = []
        self.children = []
        self.log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.log.bind(("127.0.0.1", 0))
        self.log.settimeout(PATIENCE)

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait(PATIENCE)
        for thing in self.closing:
            thing.close()
        self.log.close()
        self.folder.cleanup()

    def keep(self, thing):
        self.closing.append(thing)
        return thing

    def echo(self, name, **more):
        return self.keep(Echo(name, **more))

    def becomes(self, name, field, value):
        """Counts follow the log line, at once, but on another thread than the one that answers."""
        eventually(lambda: self.stat(name, field) == value, f"{name}.{field} of {value}")

    def connected(self):
        """Ports of the clients that sockets of the listening port are connected to."""
        with open("/proc/net/udp") as f:
            rows = [line.split() for line in list(f)[1:]]
        return {int(row[2].split(":")[1], 16) for row in rows
                if int(row[1].split(":")[1], 16) == self.port and row[3] == "01"}

    def client(self, host="127.0.0.1"):
        return self.keep(Client(self.port, host))

    def start(self, lines, *more, global_lines=""):
        with open(f"{self.dir}/cfg", "w") as f:
            f.write(f"""global
    stats socket {self.dir}/sock mode 600 level admin expose-fd listeners
    log 127.0.0.1:{self.log.getsockname()[1]} local0
{global_lines}
defaults
    mode udp
    log global
    option tcplog
    timeout client 5s
    timeout server 5s
{lines}
""")
        with open(f"{self.dir}/out", "ab") as out:
            child = subprocess.Popen([PROGRAM, "-f", f"{self.dir}/cfg", "-db", *more], stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out)
        self.children.append(child)

        def serves():
            self.assertIsNone(child.poll(), self.said())
            try:
                return f"Pid: {child.pid}\n" in self.cli("show info")
            except OSError:
                return False
        eventually(serves, "a process that serves")
        return child

    def listen(self, lines, bind=None, **more):
        return self.start(f"listen dns\n    bind {bind or f'127.0.0.1:{self.port}'}\n{lines}", **more)

    def said(self):
        with open(f"{self.dir}/out") as out:
            return out.read()

    def cli(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(f"{self.dir}/sock")
            s.sendall(command.encode() + b"\n")
            text = b""
            while piece := s.recv(65536):
                text += piece
            return text.decode()

    def stat(self, name, field, proxy="dns"):
        lines = self.cli("show stat").splitlines()
        names = lines[0][2:].split(",")
        for line in lines[1:]:
            row = dict(zip(names, line.split(",")))
            if row.get("pxname") == proxy and row.get("svname") == name:
                return row[field]
        raise AssertionError(f"no row {proxy}/{name}")

    def line(self, pattern):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.log.recv(65536).decode()
            if re.search(pattern, text):
                return text
        raise AssertionError(f"not logged: {pattern}")

    def test_a_client_stays_with_its_server_and_clients_take_turns(self):
        a, b = self.echo("a"), self.echo("b")
        self.listen(f"    server a 127.0.0.1:{a.port}\n    server b 127.0.0.1:{b.port}")
        one, two = self.client(), self.client()
        first = one.ask("1")
        self.assertEqual({first, two.ask("1")}, {"a:1", "b:1"})
        for i in range(2, 20):
            self.assertEqual(one.ask(str(i)), f"{first[0]}:{i}")
        self.assertEqual(len({client for _, client in (a if first[0] == "a" else b).seen}), 1)
        self.assertEqual(self.stat("FRONTEND", "mode"), "udp")
        self.assertEqual(self.stat("FRONTEND", "scur"), "2")
        self.assertEqual(self.stat("a", "scur"), "1")
        self.assertEqual(self.stat("BACKEND", "stot"), "2")
        self.assertEqual(self.cli("show sess").count("proto=udpv4"), 2)
        self.cli("shutdown sessions server dns/a")
        self.cli("shutdown sessions server dns/b")
        eventually(lambda: self.stat("FRONTEND", "scur") == "0", "no session left")
        self.line(r" dns dns/[ab] \d+/\d+/\d+ \d+ K")

    def test_silence_ends_a_session(self):
        a = self.echo("a")
        self.listen(f"    timeout client 100ms\n    server a 127.0.0.1:{a.port}")
        self.assertEqual(self.client().ask("hello"), "a:hello")
        text = self.line(r" dns dns/a ")
        self.assertRegex(text, r"127\.0\.0\.1:\d+ \[.*\] dns dns/a 0/0/\d+ 7 -- 1/1/0/0/0 0/0")
        self.becomes("a", "bin", "5")
        self.becomes("a", "bout", "7")
        self.becomes("FRONTEND", "scur", "0")

    def test_a_server_that_owes_an_answer(self):
        a = self.echo("a")
        self.listen(f"    timeout server 100ms\n    server a 127.0.0.1:{a.port}")
        self.client().socket.send(b"quiet, please")
        self.line(r" dns dns/a 0/0/\d+ 0 sD ")

    def test_port_unreachable_ends_the_session(self):
        gone = free_port()
        b = self.echo("b")
        self.listen(f"    server a 127.0.0.1:{gone}\n    server b 127.0.0.1:{b.port}")
        client = self.client()
        client.socket.send(b"lost")
        self.line(r" dns dns/a 0/0/\d+ 0 SD ")
        self.becomes("a", "eresp", "1")
        self.assertEqual(client.ask("again"), "b:again")

    def test_limits(self):
        a = self.echo("a")
        self.listen(f"    maxconn 3\n    server a 127.0.0.1:{a.port} maxconn 2")
        one, two, three = self.client(), self.client(), self.client()
        self.assertEqual((one.ask("x"), two.ask("x")), ("a:x", "a:x"))
        self.assertIsNone(three.hears_nothing("x"))
        self.line(r" dns dns/<NOSRV> .* SQ ")
        self.becomes("BACKEND", "econ", "1")
        self.cli("set maxconn frontend dns 2")
        self.assertIsNone(three.hears_nothing("x"))
        self.becomes("FRONTEND", "ereq", "1")
        self.assertEqual(one.ask("y"), "a:y")

    def test_rules_see_the_first_datagram(self):
        a, b = self.echo("a"), self.echo("b")
        self.start(f"""frontend dns
    bind udp@127.0.0.1:{self.port}
    tcp-request connection reject if {{ src 127.0.0.9 }}
    tcp-request content reject if {{ req.payload(0,3) -m str bad }}
    use_backend special if {{ req.payload(0,4) -m str four }}
    default_backend plain
backend plain
    server a 127.0.0.1:{a.port}
backend special
    balance source
    server b 127.0.0.1:{b.port}""")
        self.assertEqual(self.client().ask("fourth"), "b:fourth")
        self.assertEqual(self.client().ask("fifth"), "a:fifth")
        self.assertIsNone(self.client().hears_nothing("bad"))
        self.becomes("FRONTEND", "dreq", "1")
        self.line(r" dns dns/<NOSRV> .* PR ")
        refused = self.keep(Client(self.port))
        refused.socket.close()
        refused.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        refused.socket.bind(("127.0.0.9", 0))
        refused.socket.connect(("127.0.0.1", self.port))
        self.assertIsNone(refused.hears_nothing("x"))
        self.becomes("FRONTEND", "dcon", "1")

    def test_answers_come_from_the_address_that_was_asked(self):
        a = self.echo("a")
        self.listen(f"    server a 127.0.0.1:{a.port}", bind=f":{self.port}")
        for host in ("127.0.0.2", "127.0.0.3"):
            self.assertEqual(self.client(host).ask("x"), "a:x")

    def test_ipv6(self):
        try:
            a = self.echo("a", family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 here")
        self.listen(f"    server a [::1]:{a.port}", bind=f":::{self.port} v4v6")
        self.assertEqual(self.client("::1").ask("six"), "a:six")
        self.assertEqual(self.client().ask("four"), "a:four")

    def test_drain_lets_sessions_be_and_going_down_ends_them(self):
        a, b = self.echo("a"), self.echo("b")
        self.listen(f"    server a 127.0.0.1:{a.port} on-marked-down shutdown-sessions\n"
                    f"    server b 127.0.0.1:{b.port} backup")
        client = self.client()
        self.assertEqual(client.ask("1"), "a:1")
        self.cli("set server dns/a state drain")
        self.assertEqual(self.client().ask("2"), "b:2")
        self.assertEqual(client.ask("3"), "a:3")
        self.cli("set server dns/a state maint")
        self.line(r" dns dns/a .* D")
        self.assertEqual(client.ask("4"), "b:4")

    def test_a_paused_frontend_serves_who_is_in(self):
        a = self.echo("a")
        self.listen(f"    server a 127.0.0.1:{a.port}")
        client = self.client()
        self.assertEqual(client.ask("1"), "a:1")
        self.cli("disable frontend dns")
        self.assertIsNone(self.client().hears_nothing("2"))
        self.assertEqual(client.ask("3"), "a:3")
        self.cli("enable frontend dns")
        self.assertEqual(self.client().ask("4"), "a:4")

    def test_sessions_survive_a_reload(self):
        a, b = self.echo("a"), self.echo("b")
        for hand_over in (False, True):
            old = self.listen(f"    server a 127.0.0.1:{a.port}", global_lines="    nbthread 2")
            clients = [self.client() for _ in range(8)]
            for client in clients:
                self.assertEqual(client.ask("1"), "a:1")
            more = ["-sf", str(old.pid)] + (["-x", f"{self.dir}/sock"] if hand_over else [])
            new = self.start(f"listen dns\n    bind 127.0.0.1:{self.port}\n    server b 127.0.0.1:{b.port}",
                             *more, global_lines="    nbthread 2")
            # A socket that closes may take a datagram with it, so nobody waits long for one answer.
            eventually(lambda: self.client().hears_nothing("x") == b"b:x", "the new process")
            # Between the new process's first answer and the old one's obedience, either may get a datagram.
            known = {client.socket.getsockname()[1] for client in clients}
            eventually(lambda: known <= self.connected(), "sockets of the old sessions")
            for client in clients:
                self.assertEqual(client.ask("2"), "a:2")
            for _ in range(20):
                self.assertEqual(self.client().ask("new"), "b:new")
            self.assertIsNone(old.poll())
            self.assertEqual(new.poll(), None)
            old.send_signal(signal.SIGTERM)
            old.wait(PATIENCE)
            new.send_signal(signal.SIGTERM)
            new.wait(PATIENCE)

    def test_many_datagrams(self):
        a = self.echo("a")
        self.listen(f"    server a 127.0.0.1:{a.port}")
        client = self.client()
        for size in (0, 1, 1400, 9000, 60000):
            self.assertEqual(client.ask("x" * size), "a:" + "x" * size)
        segment = getattr(socket, "UDP_SEGMENT", 103)
        client.socket.setsockopt(socket.IPPROTO_UDP, segment, 1000)
        client.socket.send(b"z" * 10500)  # eleven datagrams, which the kernel may hand over as one
        lengths = sorted(len(client.socket.recv(65536)) for _ in range(11))
        self.assertEqual(lengths, [502] + [1002] * 10)
        self.assertEqual(eventually(lambda: len(a.seen) == 16, "all of them"), True)

    def test_checks_by_datagrams(self):
        a = self.echo("a")
        gone = free_port()
        self.listen(f"    option udp-check send hello expect string a:hello\n"
                    f"    server a 127.0.0.1:{a.port} check inter 50ms\n"
                    f"    server b 127.0.0.1:{gone} check inter 50ms\n")
        eventually(lambda: self.stat("b", "status") == "DOWN", "b down")
        self.assertEqual(self.stat("b", "check_status"), "L4CON")
        self.assertIn("Connection refused", self.stat("b", "last_chk"))
        eventually(lambda: self.stat("a", "check_status") == "L7OK", "a up")
        self.assertEqual(self.stat("a", "status"), "UP")

    def test_checks_that_ask_a_name_server(self):
        good, bad = self.echo("good", rcode=0), self.echo("bad", rcode=3)
        self.listen(f"    option dns-check type A name www.example.org\n"
                    f"    server good 127.0.0.1:{good.port} check inter 50ms\n"
                    f"    server bad 127.0.0.1:{bad.port} check inter 50ms\n")
        eventually(lambda: self.stat("bad", "status") == "DOWN", "bad down")
        self.assertEqual((self.stat("bad", "check_status"), self.stat("bad", "check_code")), ("L7STS", "3"))
        self.assertIn("NXDOMAIN", self.stat("bad", "last_chk"))
        eventually(lambda: self.stat("good", "check_status") == "L7OK", "good up")

    def test_a_check_without_an_answer(self):
        a = self.echo("a")
        gone = free_port()
        self.listen(f"    option udp-check send quiet\n    timeout check 100ms\n"
                    f"    server a 127.0.0.1:{a.port} check inter 50ms\n"
                    f"    server b 127.0.0.1:{gone} check inter 50ms\n")
        eventually(lambda: self.stat("b", "status") == "DOWN", "b down")
        eventually(lambda: self.stat("a", "check_status") == "L4OK", "a not refused")

    def test_a_section_for_the_kernel_falls_back(self):
        if os.path.exists("/proc/net/ip_vs"):
            self.skipTest("this machine has IPVS")
        a = self.echo("a")
        page = free_port()
        self.listen(f"    lvs nat fallback proxy\n    server a 127.0.0.1:{a.port}\n"
                    f"listen page\n    mode http\n    bind 127.0.0.1:{page}\n    stats uri /\n"
                    f"    stats show-desc\n")
        self.assertEqual(self.client().ask("x"), "a:x")
        self.assertIn("'dns' is served in user space", self.said())
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/", timeout=PATIENCE) as answer:
            self.assertIn("in user space, for want of IPVS", answer.read().decode())


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
