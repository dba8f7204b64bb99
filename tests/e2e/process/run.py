#!/usr/bin/env python3
"""How the process starts, reloads and ends: run.py PROGRAM [unittest arguments].

Everything runs on ports of 127.0.0.1 that the kernel chose. What HAProxy does too is compared with it when it is
installed. Waiting is always for something: a process, a byte, a line.
"""
import contextlib
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

PROGRAM = ""
ORACLE = shutil.which("haproxy") or "/usr/sbin/haproxy"
PATIENCE = 15  # seconds, for machines under load


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited in vain for {what}")


def request(port):
    """The body that one connection gets, or the reason why there was none."""
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while chunk := s.recv(4096):
            data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"answer {data[:80]!r}")
    return body.decode()


class Load:
    """Clients that connect as fast as they can, each connection for one request."""

    def __init__(self, port, clients=3):
        self.failures, self.answers, self.running = [], {}, True
        self.threads = [threading.Thread(target=self.work, args=(port,)) for _ in range(clients)]

    def work(self, port):
        while self.running:
            try:
                body = request(port)
                self.answers[body] = self.answers.get(body, 0) + 1
            except OSError as error:
                self.failures.append(repr(error))

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for t in self.threads:
            t.join()


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="evenkeel-process.")
        self.children, self.pids = [], []

    def tearDown(self):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        # At once, as editors do: a reload may read at any time.
        with open(self.path(name + ".new"), "w") as f:
            f.write(text)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def config(self, name, port, answer="hello", extra="", global_lines="", option=""):
        return self.write(
            name,
            f"global\n{global_lines}\ndefaults\n mode http\n timeout client 5s\n timeout server 5s\n"
            f" timeout connect 1s\nfrontend fe\n {option}\n bind 127.0.0.1:{port}\n"
            f' http-request return status 200 content-type text/plain string "{answer}"\n{extra}\n',
        )

    def start(self, *args, program=None, **options):
        child = subprocess.Popen(
            [program or PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True, **options)
        self.children.append(child)
        return child

    def run_to_end(self, *args, program=None, **options):
        done = subprocess.run([program or PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, **options)
        return done.returncode, done.stdout, done.stderr

    def serving(self, port, answer):
        def try_it():
            with contextlib.suppress(OSError):
                return request(port) == answer
            return False
        until(try_it, f"{answer!r} on port {port}")

    def ended(self, child):
        _, err = child.communicate(timeout=PATIENCE)
        return child.returncode, err

    def gone(self, pid):
        def look():
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
            # Orphans in a container may stay behind as zombies.
            with open(f"/proc/{pid}/stat") as f:
                return f.read().rsplit(")", 1)[1].split()[0] == "Z"
        until(look, f"the end of process {pid}")

    def pid_from(self, name):
        def read():
            with contextlib.suppress(OSError, ValueError), open(self.path(name)) as f:
                return int(f.read())
            return 0
        pid = until(read, "the pid file")
        self.pids.append(pid)
        return pid


class Starting(ProcessTest):
    def test_exit_codes_of_checks_are_haproxys(self):
        port = free_port()
        good = self.config("good.cfg", port)
        cases = {
            "good": ["-c", "-f", good],
            "quiet": ["-c", "-q", "-f", good],
            "verbose": ["-c", "-V", "-f", good],
            "warning": ["-c", "-f", self.write("warn.cfg", f"frontend f\n bind 127.0.0.1:{port}\n")],
            "warning refused": ["-dW", "-c", "-f", self.path("warn.cfg")],
            "error": ["-c", "-f", self.write("bad.cfg", "frontend f\n bnd :1\n")],
            "nothing": ["-c", "-f", self.write("empty.cfg", "")],
            "backend only": ["-c", "-f", self.write("be.cfg", "backend b\n server s 127.0.0.1:1\n")],
            "stats only": ["-c", "-f", self.write("st.cfg", f"global\n stats socket {self.path('s')}\n")],
            "missing": ["-c", "-f", self.path("nowhere")],
            "two files": ["-c", "-f", good, "--", self.write("b2.cfg", "backend b\n server s 127.0.0.1:1\n")],
            "no file": ["-c"],
            "nothing to serve": ["-f", self.path("empty.cfg")],
            "no folder": ["-C", self.path("nowhere"), "-c", "-f", good],
            "bad pid": ["-sf", "abc", "-c", "-f", good],
            "true": ["-cc", "streq(a,a)"],
            "false": ["-cc", "streq(a,b)"],
            "nonsense": ["-cc", "streq(a"],
            "version": ["-v"],
            "build": ["-vv"],
            "usage": [],
            "memory option": ["-dMfoo", "-c", "-f", good],
            "old socket": ["-x", self.path("nowhere"), "-f", good],
        }
        for name, args in cases.items():
            with self.subTest(name):
                code = self.run_to_end(*args)[0]
                if os.path.exists(ORACLE):
                    self.assertEqual(code, self.run_to_end(*args, program=ORACLE)[0])

    def test_check_says_haproxys_sentence(self):
        code, out, err = self.run_to_end("-c", "-f", self.config("a.cfg", free_port()))
        self.assertEqual((code, out, err), (0, "Configuration file is valid\n", ""))
        self.assertEqual(self.run_to_end("-c", "-q", "-f", self.path("a.cfg")), (0, "", ""))

    def test_options_of_test_harnesses(self):
        port = free_port()
        child = self.start("-dM", "-de", "-dr", "-m", "64", "-d", "-f", self.config("a.cfg", port))
        self.serving(port, "hello")
        child.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(child)[0], -signal.SIGINT)

    def debug_events(self, program):
        """What -d shows of a request, without numbers that differ from run to run."""
        port = free_port()
        child = self.start("-d", "-f", self.config("a.cfg", port), program=program)
        self.serving(port, "hello")
        limit = threading.Timer(PATIENCE, child.kill)  # which ends its output
        limit.start()
        lines = []
        for line in child.stdout:
            lines += re.findall(r"^[0-9a-f]{8}:(.*)$", line)
            if ".closed" in line:
                break
        limit.cancel()
        child.send_signal(signal.SIGTERM)
        return [re.sub(r"\(.*?\)=[0-9a-f]{4}|\[[0-9a-f]{4}:[0-9a-f]+\]|\b\d{4,}\b", "#", line) for line in lines]

    def test_debug_shows_what_comes_and_goes(self):
        shown = self.debug_events(None)
        self.assertIn("fe.clireq#: GET / HTTP/1.1", shown)
        self.assertEqual(shown[-1], "fe.closed#")
        if os.path.exists(ORACLE):
            self.assertEqual(shown, self.debug_events(ORACLE))

    def test_daemon_returns_when_it_serves(self):
        port = free_port()
        code, out, err = self.run_to_end("-D", "-p", self.path("pid"), "-f", self.config("a.cfg", port))
        self.assertEqual((code, out, err), (0, "", ""))
        self.assertEqual(request(port), "hello")
        pid = self.pid_from("pid")
        os.kill(pid, signal.SIGTERM)
        self.gone(pid)

    def test_daemon_with_master_says_nothing_later(self):
        port = free_port()
        code, _, err = self.run_to_end("-W", "-D", "-p", self.path("pid"), "-f", self.config("a.cfg", port))
        self.assertEqual(code, 0)
        self.assertIn("Loading success.", err)  # and the pipe is closed, or we would not be here
        self.assertEqual(request(port), "hello")
        pid = self.pid_from("pid")
        os.kill(pid, signal.SIGUSR1)
        self.gone(pid)

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.config("a.cfg", port)
            for args in [["-db"], ["-D"], ["-W"], ["-D", "-W"]]:
                with self.subTest(args):
                    code, _, err = self.run_to_end(*args, "-f", self.path("a.cfg"))
                    self.assertEqual(code, 1)
                    self.assertIn("cannot bind socket (Address already in use)", err)
                    self.assertIn(f"127.0.0.1:{port}", err)

    def test_too_few_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        config = self.config("a.cfg", free_port(), global_lines=" maxconn 5000000")
        code, _, err = self.run_to_end("-f", config, preexec_fn=few)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"Cannot raise FD limit to \d+, limit is 200\..*'maxconn \d+' would fit")

    def test_pidfile_that_cannot_be(self):
        code, _, err = self.run_to_end("-D", "-p", self.path("no/where"), "-f", self.config("a.cfg", free_port()))
        self.assertEqual(code, 1)
        self.assertIn("Cannot create pidfile", err)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_gives_up_root(self):
        port = free_port()
        os.mkdir(self.path("jail"))
        child = self.start("-f", self.config("a.cfg", port,
                           global_lines=f" chroot {self.path('jail')}\n uid 65534\n gid 65534"))
        self.serving(port, "hello")
        with open(f"/proc/{child.pid}/status") as f:
            status = f.read()
        self.assertRegex(status, r"Uid:\s65534\s65534\s65534")
        self.assertRegex(status, r"Gid:\s65534\s65534\s65534")
        self.assertEqual(os.readlink(f"/proc/{child.pid}/root"), self.path("jail"))

    def test_environment_reaches_the_configuration(self):
        port = free_port()
        self.config("a.cfg", port, answer="$HAPROXY_LOCALPEER $HAPROXY_CFGFILES $EK_OWN")
        self.start("-L", "me", "-C", self.folder, "-f", "a.cfg", env={**os.environ, "EK_OWN": "own"})
        self.serving(port, "me a.cfg own")


class Talking(ProcessTest):
    """What the process says, and where."""

    def said(self, *args, stop=signal.SIGTERM, program=None, requests=1, extra="", **options):
        port = free_port()
        config = self.config(f"{port}.cfg", port, extra=extra)
        child = self.start(*args, "-f", config, program=program, **options)
        self.serving(port, "hello")
        for _ in range(requests - 1):
            self.assertEqual(request(port), "hello")
        child.send_signal(stop)
        out, err = child.communicate(timeout=PATIENCE)
        return out, err

    def test_quiet_is_quiet_to_the_end(self):
        for program in [None, ORACLE] if os.path.exists(ORACLE) else [None]:
            # HAProxy's master executes itself once more when the worker runs, and a signal gets lost there.
            for args in [["-q"], ["-q", "-db"], *([] if program else [["-q", "-W"]])]:
                with self.subTest(program=program, args=args):
                    self.assertEqual(self.said(*args, stop=signal.SIGUSR1, program=program), ("", ""))
            with socket.create_server(("127.0.0.1", 0)) as taken:
                config = self.config("taken.cfg", taken.getsockname()[1])
                self.assertEqual(self.run_to_end("-q", "-f", config, program=program), (1, "", ""))

    def test_a_soft_stop_tells_of_each_proxy_what_haproxy_tells(self):
        told = []
        for program in [None, ORACLE] if os.path.exists(ORACLE) else [None]:
            _, err = self.said("-db", stop=signal.SIGUSR1, program=program, extra=(
                "backend b\n server s 127.0.0.1:1\n"))
            told.append(re.findall(r"^\[WARNING\]  \(\d+\) : (Proxy (?:fe|b) stopped .*)$", err, re.M))
        self.assertEqual([re.sub(r"FE: [1-9]\d*", "FE: n", line) for line in told[0]],
                         ["Proxy fe stopped (cumulated conns: FE: n, BE: 0).",
                          "Proxy b stopped (cumulated conns: FE: 0, BE: 0)."])
        self.assertEqual([re.sub(r"FE: [1-9]\d*", "FE: n", line) for line in told[-1]],
                         [re.sub(r"FE: [1-9]\d*", "FE: n", line) for line in told[0]])

    def test_debug_tells_of_every_session(self):
        for args in [["-d"], ["-d", "-q"], ["-D", "-d"]]:
            with self.subTest(args):
                out, _ = self.said(*args, requests=3)
                lines = re.findall(r"^[0-9a-f]{8}:fe\.clireq\[[0-9a-f]{4}:ffffffff\]: GET / HTTP/1.1$", out, re.M)
                self.assertGreaterEqual(len(lines), 3, out)
        self.assertNotIn("clireq", self.said("-db")[0])

    def test_the_journal_gets_priorities(self):
        port = free_port()
        config = self.config("j.cfg", port)
        child = self.start("-db", "-f", config, env={**os.environ, "JOURNAL_STREAM": "1:2"})
        self.serving(port, "hello")
        child.send_signal(signal.SIGUSR1)
        self.assertRegex(self.ended(child)[1], r"(?m)^<4>\[WARNING\]  \(\d+\) : Proxy fe stopped ")


class Stopping(ProcessTest):
    def origin(self, begin, finish):
        """Answers one request: a head and half of the body, then waits for `finish`."""
        listener = socket.create_server(("127.0.0.1", 0))

        def work():
            with listener, listener.accept()[0] as s:
                s.recv(4096)
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100000)
                begin.set()
                finish.wait(PATIENCE)
                s.sendall(b"y" * 100000)
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        return listener.getsockname()[1]

    def test_soft_stop_finishes_a_download(self):
        begin, finish = threading.Event(), threading.Event()
        origin, port = self.origin(begin, finish), free_port()
        config = self.write("a.cfg", "defaults\n mode http\n timeout client 9s\n timeout server 9s\n timeout connect 1s\n"
                            f"listen l\n bind 127.0.0.1:{port}\n server s 127.0.0.1:{origin}\n")
        child = self.start("-f", config)

        def connect():
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            return None
        with until(connect, "the port") as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            begin.wait(PATIENCE)
            child.send_signal(signal.SIGUSR1)

            def refused():
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
                except ConnectionRefusedError:
                    return True
                except ConnectionResetError:  # the port was closed while this one waited to be accepted
                    return False
                return False
            until(refused, "a closed port")
            self.assertIsNone(child.poll())
            finish.set()
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        self.assertTrue(data.endswith(b"y" * 1000))
        self.assertEqual(len(data.partition(b"\r\n\r\n")[2]), 200000)
        self.assertEqual(self.ended(child)[0], 0)

    def test_signals_are_answered(self):
        port = free_port()
        child = self.start("-f", self.config("a.cfg", port, extra="backend b\n server s 127.0.0.1:1 disabled\n"))
        self.serving(port, "hello")
        for number in [signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGPIPE, signal.SIGTTOU]:
            child.send_signal(number)

        # Signals that wait together are delivered by their number, and SIGTTIN has the lower one.
        def taken():
            with open(f"/proc/{child.pid}/status") as f:
                return re.search(r"ShdPnd:\s0+\n", f.read())
        until(taken, "the signals to be taken")
        child.send_signal(signal.SIGTTIN)
        self.serving(port, "hello")
        child.send_signal(signal.SIGTERM)
        code, err = self.ended(child)
        self.assertEqual(code, -signal.SIGTERM)
        self.assertIn("Server b/s is in maintenance", err)
        self.assertRegex(err, r"threads, \d+ of \d+ connections")


def talk(path, text):
    """What the master's socket answers to these lines until it ends the connection."""
    data = b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(path)
        s.sendall(text.encode() + b"\n")
        s.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while chunk := s.recv(65536):
                data += chunk
    return data.decode()


def answered(path, text):
    """What the socket answers, as soon as somebody listens there: its file appears a moment earlier."""
    def ask():
        with contextlib.suppress(OSError):
            return talk(path, text)
        return ""
    return until(ask, f"an answer on {path}")


class MasterSocket(ProcessTest):
    # Answered by HAProxy 2.6 in the same way; `help` has other words there.
    COMMANDS = [
        "show proc", "show version", "prompt", "@1", "@2 show version", "@!99 show version", "@master show proc",
        "@master", "@1 show version; @1 get weight b/s; show version",
        "@1; show version; get weight b/s; @master; show version",
        "prompt;show proc;@1;show version;get weight b/s;@master;show version;quit",
        "user; show proc; reload; @1 disable server b/s; @1 show cli level",
        "operator; @1 disable server b/s; @1 show cli level", "show cli level", "@x", "@0", "@!x", "quit",
        "expert-mode", "expert-mode on; @1 expert-mode; @1 experimental-mode",
        "experimental-mode on; @1 expert-mode; @1 experimental-mode", "expert-mode on; expert-mode; @1 expert-mode",
        "expert-mode on;experimental-mode on;prompt;@1;expert-mode off;show version;@master",
        "expert-mode bla; prompt", "operator;expert-mode on;prompt;@1 show version", "prompt;quit", "prompt;@99",
        "prompt;prompt;show version", "prompt;@1 show version; @1; @; @1;@0; @99;;",
        "prompt; @1 quit; @1 prompt; show version", "@1 prompt; @1 show version",
        "show version <<\nx\n\nshow version", "show version\nshow cli level",
        "prompt\nshow version\n@1\nshow cli level\n@", "@1;@!999;show version", "@1 ; @1",
        "@1;operator;show cli level;user;show cli level", "@1 operator; @1 show cli level",
        "user;operator;show cli level", "@1 set weight b/s 20; @1 get weight b/s",
    ]

    def master(self, name, program=None, level=""):
        config = self.config(f"{name}.cfg", free_port(), extra="backend b\n server s 127.0.0.1:1\n")
        child = self.start("-W", "-S", f"{self.path(name)},mode,600{level}", "-f", config, program=program)

        def answers():
            with contextlib.suppress(OSError):
                return " worker " in talk(self.path(name), "show proc")
        # HAProxy's master executes itself once more when the worker runs.
        until(lambda: "success" in child.stderr.readline(), "a worker")
        until(lambda: answers() and answers(), "the master")
        return child

    def plain(self, text):
        """Process ids, versions and times made equal."""
        text = re.sub(r"^\d+( +(?:worker|master) )", r"PID\1", text, flags=re.M)
        text = re.sub(r"(^|> )\d+(?=(\([xe]+\))?> )", r"\1PID", text, flags=re.M)
        text = re.sub(r"(^|> )\d+(?=(\([xe]+\))?> )", r"\1PID", text, flags=re.M)
        text = re.sub(r"0d00h\d\dm\d\ds", "UP", text)
        return re.sub(r"\d+\.\d+\.\d+[-+\w]*", "VERSION", text)

    @unittest.skipUnless(os.path.exists(ORACLE), "needs haproxy")
    def test_answers_like_haproxys(self):
        self.master("ours")
        self.master("theirs", program=ORACLE)
        for command in self.COMMANDS:
            with self.subTest(command):
                self.assertEqual(self.plain(talk(self.path("ours"), command)),
                                 self.plain(talk(self.path("theirs"), command)))
        self.assertEqual(os.stat(self.path("ours")).st_mode & 0o777, 0o600)

    def test_reloads_and_keeps_its_socket(self):
        child = self.master("m")
        self.assertIn("1 [failed: 0]", [talk(self.path("m"), "reload"), talk(self.path("m"), "show proc")][1])
        self.write("m.cfg", "nonsense\n")
        talk(self.path("m"), "reload")
        out = talk(self.path("m"), "prompt;show proc;@1 show version")
        self.assertTrue(out.startswith("master[ReloadFailed]> "), out)
        self.assertIn("2 [failed: 1]", out)
        until(lambda: talk(self.path("m"), "show proc").count(" worker ") == 1, "the end of the old worker")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(child)[0], 0)

    def test_talks_to_a_worker_that_is_leaving(self):
        port = free_port()
        config = self.config("m.cfg", port, global_lines=f" stats socket {self.path('s')} level admin")
        child = self.start("-W", "-S", self.path("m"), "-f", config)
        self.serving(port, "hello")
        held = socket.create_connection(("127.0.0.1", port))
        held.sendall(b"GET / HTTP/1.1\r\n")
        old = until(lambda: re.search(r"^(\d+) +worker", talk(self.path("m"), "show proc"), re.M), "the worker").group(1)
        until(lambda: "src=127" in talk(self.path("m"), "@1 show sess"), "the session")
        talk(self.path("m"), "reload")
        until(lambda: f"# old workers\n{old} " in talk(self.path("m"), "show proc"), "the old worker")
        self.assertIn(f"\nPid: {old}\n", talk(self.path("m"), f"@!{old} show info"))
        self.assertNotIn(f"\nPid: {old}\n", talk(self.path("m"), "@1 show info"))
        held.close()
        self.gone(int(old))
        child.send_signal(signal.SIGTERM)
        self.ended(child)

    def test_level_of_the_socket(self):
        self.master("m", level=",level,user")
        self.assertEqual(talk(self.path("m"), "show cli level;reload;@1 disable server b/s"),
                         "user\n\nPermission denied\n\nPermission denied\n\n")

    def test_bad_addresses_are_told(self):
        config = self.config("m.cfg", free_port())
        code, _, err = self.run_to_end("-W", "-S", "/nowhere/at/all", "-f", config)
        self.assertEqual(code, 1)
        self.assertIn("-S: cannot bind socket (No such file or directory) for [/nowhere/at/all]", err)
        code, _, err = self.run_to_end("-W", "-S", "/tmp/x,nonsense", "-f", config)
        self.assertEqual(code, 1)
        self.assertIn("nonsense", err)

    def test_worker_knows_the_address(self):
        self.config("m.cfg", free_port())
        child = self.start("-W", "-S", self.path("m"), "-f", self.path("m.cfg"))
        until(lambda: "success" in child.stderr.readline(), "a worker")
        self.assertIn(f"HAPROXY_MASTER_CLI=unix@{self.path('m')}\n", answered(self.path("m"), "@1 show env"))


class SoftStop(ProcessTest):
    def idle_ends(self, clients=24, patience=PATIENCE, **lines):
        """Seconds between SIGUSR1 and the end of each idle connection, and those that stay that long."""
        port = free_port()
        child = self.start("-f", self.config("c.cfg", port, **lines))
        self.serving(port, "hello")
        idle = []
        for _ in range(clients):
            s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while b"hello" not in s.recv(4096):
                pass
            idle.append(s)
        time.sleep(1.2)  # now they have been idle for longer than a second
        child.send_signal(signal.SIGUSR1)
        begin, ends = time.monotonic(), []
        while idle and time.monotonic() - begin < patience:
            for s in select.select(idle, [], [], 0.1)[0]:
                self.assertEqual(s.recv(100), b"")
                ends.append(time.monotonic() - begin)
                idle.remove(s)
        return child, ends, idle

    def test_idle_connections_close_at_once(self):
        child, ends, left = self.idle_ends()
        self.assertEqual(left, [])
        self.assertLess(max(ends), 3)  # before timeout client would have ended them
        self.assertEqual(self.ended(child)[0], 0)

    def test_close_spread_time_spreads_it(self):
        child, ends, left = self.idle_ends(global_lines=" close-spread-time 1500ms")
        self.assertEqual(left, [])
        self.assertGreater(max(ends) - min(ends), 0.7)
        self.assertGreater(len({round(e, 1) for e in ends}), 4)
        self.assertEqual(self.ended(child)[0], 0)

    def test_idle_connections_may_be_spared(self):
        for lines in [{"global_lines": " close-spread-time infinite"}, {"option": "option idle-close-on-response"}]:
            with self.subTest(lines):
                child, ends, left = self.idle_ends(clients=3, patience=1.5, **lines)
                self.assertEqual((ends, len(left)), ([], 3))
                left[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = left[0].recv(4096).lower()
                self.assertEqual(b"connection: close" in answer, "option" in lines)
                for s in left:
                    s.close()
                self.assertEqual(self.ended(child)[0], 0)


class Variables(ProcessTest):
    @unittest.skipUnless(os.path.exists(ORACLE), "needs haproxy")
    def test_the_global_section_sets_them(self):
        lines = (" stats socket {} level admin\n set-var proc.a str(x)\n set-var proc.b int(3),add(4)\n"
                 " set-var proc.c int(1),add(proc.b)\n set-var proc.t bool(true)\n set-var proc.ip ipv4(1.2.3.4)\n"
                 " set-var-fmt proc.f \"a b %[var(proc.b)]\"\n")
        answers = []
        for name, program in [("ours", None), ("theirs", ORACLE)]:
            self.start("-f", self.config(name + ".cfg", free_port(), global_lines=lines.format(self.path(name))),
                       program=program)
            command = "; ".join(f"get var proc.{n}" for n in ["a", "b", "c", "t", "ip", "f", "none"])
            answers.append(answered(self.path(name), command + "; get var; get var txn.a"))
        self.assertEqual(*answers)
        self.assertIn("proc.f: type=str value=<a b 7>\n", answers[0])

    @unittest.skipUnless(os.path.exists(ORACLE), "needs haproxy")
    def test_the_runtime_socket_sets_them(self):
        commands = ["set var proc.x int(3)", "experimental-mode on; set var proc.x int(3); get var proc.x",
                    "experimental-mode on; set var proc.x expr str(abc),length; get var proc.x",
                    "experimental-mode on; set var proc.x fmt a\\ b%[var(proc.x)]; get var proc.x",
                    "experimental-mode on; set var", "experimental-mode on; set var proc.x",
                    "experimental-mode on; set var txn.x int(3)", "experimental-mode on; set var proc.x int(3) junk"]
        answers = []
        for name, program in [("ours", None), ("theirs", ORACLE)]:
            lines = f" stats socket {self.path(name)} level admin"
            self.start("-f", self.config(name + ".cfg", free_port(), global_lines=lines), program=program)
            answers.append([answered(self.path(name), c) for c in commands])
        for command, ours, theirs in zip(commands, *answers):
            with self.subTest(command):
                self.assertEqual(ours, theirs)

    def test_what_has_no_connection_to_look_at_is_refused(self):
        for line, message in [("set-var txn.x int(1)", "only variables of the process"),
                              ("set-var proc.x src", "no connection to take it from"),
                              ("set-var proc.x", "a sample expression"),
                              ("set-var-fmt proc.x \"%[src]\"", "src"),
                              ("set-var proc.x int(1),nonsense", "nonsense")]:
            with self.subTest(line):
                code, _, err = self.run_to_end("-c", "-f", self.config("c.cfg", free_port(), global_lines=" " + line))
                self.assertEqual(code, 1)
                self.assertIn(message, err)


class Node(ProcessTest):
    """The node's name is the machine's unless it is set; the socket, the page and checks tell it."""

    def told(self, lines):
        port, check = free_port(), socket.create_server(("127.0.0.1", 0))
        check.settimeout(PATIENCE)
        path = self.path("s" + str(port))
        self.start("-f", self.config(
            f"{port}.cfg", port, global_lines=f" stats socket {path} level admin\n{lines}",
            option="stats enable\n stats uri /\n stats show-node",
            extra="backend b\n option httpchk GET /\n http-check send-state\n"
                  f" server s 127.0.0.1:{check.getsockname()[1]} check"))
        with check, check.accept()[0] as s:
            state = s.recv(4096).decode()
        info = answered(path, "show info")
        return re.search(r"node=([^;]*);", state)[1], re.search(r"^node: (.*)$", info, re.M)[1], info

    def test_the_name(self):
        self.assertEqual(self.told("")[:2], (socket.gethostname(),) * 2)
        *names, info = self.told(" node lb-1\n description a b")
        self.assertEqual(names, ["lb-1"] * 2)
        self.assertIn("\ndescription: a b\n", info)


class PassedSockets(ProcessTest):
    """sockpair@: connections that are made by passing a socket over another one."""

    def relayed(self, front, back, option=""):
        """What a client gets through the server line of one program and the bind line of another."""
        ours, theirs = socket.socketpair()
        port = free_port()
        defaults = "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 2s\n"
        with ours, theirs:
            for program, end, name, lines in (
                    (back, theirs, "back", " http-request return status 200 content-type text/plain"
                                           ' lf-string "[%[src]] %[path]"\n'),
                    (front, ours, "front", f" bind 127.0.0.1:{port}\n default_backend b\nbackend b\n")):
                lines = f"frontend {name}\n" + (f" bind sockpair@{end.fileno()}\n" if name == "back" else "") + lines + (
                    f" server s sockpair@{end.fileno()} {option}\n" if name == "front" else "")
                self.start("-f", self.write(name + ".cfg", defaults + lines), program=program,
                           pass_fds=[end.fileno()])
            self.serving(port, "[] /")
            return [request(port) for _ in range(20)]

    def test_a_server_reaches_a_bind(self):
        self.assertEqual(self.relayed(PROGRAM, PROGRAM), ["[] /"] * 20)
        self.assertEqual(self.relayed(PROGRAM, PROGRAM, "check inter 100ms"), ["[] /"] * 20)

    @unittest.skipUnless(os.path.exists(ORACLE), "no haproxy")
    def test_the_way_is_haproxys(self):
        self.assertEqual(self.relayed(PROGRAM, ORACLE), ["[] /"] * 20)
        self.assertEqual(self.relayed(ORACLE, PROGRAM), ["[] /"] * 20)

    def test_the_end_of_the_other_side_is_told_once_and_costs_nothing(self):
        ours, theirs = socket.socketpair()
        port = free_port()
        child = self.start("-f", self.config("c", port, option=f"bind sockpair@{theirs.fileno()}"),
                           pass_fds=[theirs.fileno()])
        theirs.close()
        self.serving(port, "hello")
        ours.close()
        until(lambda: "nobody passes connections" in child.stderr.readline(), "the warning")
        self.serving(port, "hello")
        child.terminate()
        _, err = self.ended(child)
        self.assertLess(err.count("nobody passes connections"), os.cpu_count())  # one for each thread


class StateFiles(ProcessTest):
    CONFIG = """global
 stats socket {sock} level admin
 server-state-base {folder}
 server-state-file {state}
defaults
 mode http
 timeout client 5s
 timeout server 5s
 timeout connect 5s
 load-server-state-from-file global
listen f
 bind 127.0.0.1:{port}
 server unused 127.0.0.1:1
backend b
 server weight 127.0.0.1:1 weight 10
 server weightchg 127.0.0.1:1 weight 11
 server maint 127.0.0.1:1
 server drain 127.0.0.1:1
 server dis 127.0.0.1:1 disabled
 server addr 127.0.0.1:1
 server host localhost:1
 server hostlibc localhost:1 init-addr libc,none
 server down 127.0.0.1:1 check inter 1h rise 2 fall 3
 server up 127.0.0.1:{port} check inter 1h rise 2 fall 3
 server off 127.0.0.1:1 check inter 1h
 server port 127.0.0.1:1
 server checked 127.0.0.1:1 check inter 1h
 server led 127.0.0.1:1 track b/leader
 server leader 127.0.0.1:1 check inter 1h
 server new 127.0.0.1:1
 server bad 127.0.0.1:1
backend mine
 load-server-state-from-file local
 server maint 127.0.0.1:1
backend named
 server maint 127.0.0.1:1
 server-state-file-name other.state
 load-server-state-from-file local
backend none
 load-server-state-from-file none
 server maint 127.0.0.1:1
"""
    HEAD = "1\n# be_id be_name srv_id srv_name ...\n"
    ROWS = """3 b 1 weight 127.0.0.1 2 0 33 10 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 2 weightchg 127.0.0.1 2 0 33 10 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 3 maint 127.0.0.1 2 1 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 4 drain 127.0.0.1 2 8 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 5 dis 127.0.0.1 2 0 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 6 addr 127.0.0.9 2 0 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
3 b 7 host 127.0.0.9 2 0 1 1 500 1 0 3 0 0 0 0 localhost 1 - 0 0 - - 0
3 b 8 hostlibc 127.0.0.9 2 0 1 1 500 1 0 3 0 0 0 0 localhost 1 - 0 0 - - 0
3 b 9 down 127.0.0.1 0 0 1 1 500 8 2 0 6 0 0 0 - 1 - 0 0 - - 0
3 b 10 up 127.0.0.1 2 0 1 1 500 6 3 4 6 0 0 0 - {port} - 0 0 - - 0
3 b 11 off 127.0.0.1 2 0 1 1 500 6 3 4 2 0 0 0 - 1 - 0 0 - - 0
3 b 12 port 127.0.0.1 2 0 1 1 500 1 0 3 0 0 0 0 - 99 - 0 0 - - 0
3 b 13 checked 127.0.0.1 2 1 1 1 500 6 3 3 6 0 0 0 - 1 - 0 555 127.0.0.8 - 0
3 b 15 leader 127.0.0.1 0 1 1 1 500 6 3 0 14 0 0 0 - 1 - 0 0 - - 0
9 b 17 bad 127.0.0.1 9 1 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
4 none 1 maint 127.0.0.1 2 1 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0
"""
    LOCAL = "5 {name} 1 maint 127.0.0.1 2 1 1 1 500 1 0 3 0 0 0 0 - 1 - 0 0 - - 0\n"

    def prepare(self, name):
        port = free_port()
        self.write("state", self.HEAD + self.ROWS.format(port=port))
        self.write("mine", self.HEAD + self.LOCAL.format(name="mine"))
        self.write("other.state", self.HEAD + self.LOCAL.format(name="named"))
        return self.write(name + ".cfg", self.CONFIG.format(
            sock=self.path(name), folder=self.folder, state=self.path("state"), port=port))

    def states(self, name, program=None):
        child = self.start("-f", self.path(name + ".cfg"), program=program)

        text = answered(self.path(name), "show servers state")
        child.terminate()
        child.communicate(timeout=PATIENCE)
        rows = [line.split() for line in text.splitlines()[2:] if line]
        # Names, address, administrative state, weights, state of checks, name, port and where checks go.
        for row in rows:
            row[13] = str(int(row[13]) & ~1)  # whether a check is on its way at this moment
        return {row[1] + "/" + row[3]: [row[n] for n in (4, 6, 7, 8, 13, 14, 17, 21, 22, 23, 24)] for row in rows}

    @unittest.skipUnless(os.path.exists(ORACLE), "needs haproxy")
    def test_servers_go_on_as_haproxys_do(self):
        self.prepare("ours")
        ours = self.states("ours")
        self.prepare("theirs")
        theirs = self.states("theirs", program=ORACLE)
        self.maxDiff = None
        self.assertEqual(ours, theirs)
        self.assertEqual(ours["b/weight"][2], "33")
        self.assertEqual(ours["b/maint"][1], "1")
        self.assertEqual(ours["mine/maint"][1], "1")
        self.assertEqual(ours["named/maint"][1], "1")
        self.assertEqual(ours["none/maint"][1], "0")

    def test_bad_rows_and_files_are_warnings(self):
        config = self.prepare("c")
        code, _, err = self.run_to_end("-c", "-f", config)
        self.assertEqual(code, 0)
        self.assertIn("server 'b/bad' starts anew: srv_op_state '9' is out of range", err)
        os.unlink(self.path("mine"))
        self.write("state", "no state\n")
        code, _, err = self.run_to_end("-c", "-f", config)
        self.assertEqual(code, 0)
        self.assertRegex(err, r"cannot use the server state file '.*/mine': No such file")
        self.assertRegex(err, r"cannot use the server state file '.*/state': it does not begin with '1'")

    def test_own_dump_survives_a_restart(self):
        config = self.prepare("c")
        os.unlink(self.path("state"))
        child = self.start("-f", config)
        until(lambda: answered(self.path("c"), "set weight b/weight 77;set server b/up state drain;"
                           "disable health b/checked;disable server b/addr"), "the changes")
        dump = talk(self.path("c"), "show servers state")
        child.terminate()
        child.communicate(timeout=PATIENCE)
        self.write("state", dump)
        after = self.states("c")
        self.assertEqual(after["b/weight"][2], "77")
        self.assertEqual(after["b/up"][1], "8")
        self.assertEqual(after["b/addr"][1], "1")
        self.assertEqual(after["b/checked"][4], "2")
        self.assertEqual(after["b/host"][6], "localhost")


class Reloading(ProcessTest):
    def daemon(self, generation, port, *args, threads=2):
        config = self.config(f"{generation}.cfg", port, answer=generation, global_lines=(
            f" nbthread {threads}\n stats socket {self.path(generation)}.sock level admin expose-fd listeners"))
        code, _, err = self.run_to_end("-D", "-p", self.path(generation + ".pid"), "-f", config, *args)
        self.assertEqual(code, 0, err)
        return self.pid_from(generation + ".pid")

    def test_takeover_loses_no_connection(self):
        port = free_port()
        pid = self.daemon("g0", port, threads=4)
        with Load(port) as load:
            for generation, threads in [("g1", 2), ("g2", 3), ("g3", 1)]:
                old = f"g{int(generation[1]) - 1}"
                successor = self.daemon(generation, port, "-x", self.path(old + ".sock"), "-sf", str(pid),
                                        threads=threads)
                self.gone(pid)
                pid = successor
        self.assertEqual(load.failures, [])
        self.assertEqual(request(port), "g3")

    def test_finish_without_takeover(self):
        port = free_port()
        old = self.daemon("g0", port)
        self.daemon("g1", port, "-sf", str(old))
        self.gone(old)
        self.assertEqual(request(port), "g1")

    def test_terminate_old(self):
        port = free_port()
        old = self.daemon("g0", port)
        self.daemon("g1", port, "-st", str(old))
        self.gone(old)
        self.assertEqual(request(port), "g1")

    def master(self, port, *args, answer="first", **options):
        self.config("m.cfg", port, answer=answer, global_lines=" nbthread 2")
        child = self.start("-W", "-p", self.path("m.pid"), "-f", self.path("m.cfg"), *args, **options)
        self.serving(port, answer)
        self.assertEqual(self.pid_from("m.pid"), child.pid)
        return child

    def workers(self, child):
        out = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(child.pid)], capture_output=True, text=True).stdout
        return [int(line.split()[0]) for line in out.splitlines() if "Z" not in line.split()[1]]

    def test_master_reloads_without_losing_a_connection(self):
        port = free_port()
        child = self.master(port)
        with Load(port) as load:
            for n in range(6):
                self.config("m.cfg", port, answer=f"r{n}", global_lines=f" nbthread {1 + n % 3}")
                child.send_signal(signal.SIGHUP if n % 2 else signal.SIGUSR2)
                until(lambda: f"r{n}" in load.answers, f"reload {n}")
        self.assertEqual(load.failures, [])
        until(lambda: len(self.workers(child)) == 1, "the end of old workers")
        child.send_signal(signal.SIGTERM)
        code, err = self.ended(child)
        self.assertEqual(code, 0)
        self.assertEqual(err.count("Loading success."), 7)

    def test_broken_configuration_leaves_all_as_it_is(self):
        port = free_port()
        child = self.master(port)
        before = self.workers(child)
        self.write("m.cfg", "nonsense\n")
        child.send_signal(signal.SIGUSR2)
        until(lambda: "Loading failure" in child.stderr.readline(), "the message")
        self.assertEqual(self.workers(child), before)
        self.assertEqual(request(port), "first")
        self.config("m.cfg", port, answer="again")
        child.send_signal(signal.SIGUSR2)
        self.serving(port, "again")

    def test_options_about_haproxys_insides_are_one_warning(self):
        code, _, err = self.run_to_end("-dMtag,no-merge", "-dZ", "-dF", "-dG", "-dt", "h1", "-c", "-f",
                                       self.config("a.cfg", free_port()))
        self.assertEqual(code, 0)
        self.assertEqual(err.count("no counterpart here"), 1)
        self.assertIn("-dMtag, -dMno-merge, -dZ, -dF, -dG, -dt", err)

    def test_dump_of_the_configuration_is_one(self):
        config = self.config("a.cfg", free_port(), extra="backend b # comment\n server s 127.0.0.1:1\n")
        code, out, err = self.run_to_end("-dC", "-c", "-q", "-f", config)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("backend b\n\tserver s 127.0.0.1:1\n", out)
        again = self.run_to_end("-dC", "-c", "-q", "-f", self.write("dump.cfg", out))
        self.assertEqual(again, (0, out, ""))
        hidden = self.run_to_end("-dC4711", "-c", "-q", "-f", config)[1]
        self.assertNotIn("127.0.0.1", hidden)
        self.assertIn("\tserver h", hidden)

    def test_crash_of_the_worker_ends_the_master(self):
        child = self.master(free_port())
        os.kill(self.workers(child)[0], signal.SIGSEGV)
        code, err = self.ended(child)
        self.assertEqual(code, 128 + signal.SIGSEGV)
        self.assertIn("exited with code 139 (Segmentation fault)", err)

    def test_worker_ends_with_its_master(self):
        child = self.master(free_port())
        worker = self.workers(child)[0]
        child.kill()
        self.pids.append(worker)
        self.gone(worker)

    def test_soft_stop_and_interrupt(self):
        for number, expected in [(signal.SIGUSR1, 0), (signal.SIGINT, 130)]:
            with self.subTest(number):
                child = self.master(free_port())
                child.send_signal(number)
                self.assertEqual(self.ended(child)[0], expected)

    def test_relative_paths_survive_reloads(self):
        port = free_port()
        self.config("m.cfg", port, answer="one")
        os.mkdir(self.path("sub"))
        child = self.start("-W", "-C", "..", "-f", "m.cfg", cwd=self.path("sub"))
        self.serving(port, "one")
        self.config("m.cfg", port, answer="two")
        child.send_signal(signal.SIGUSR2)
        self.serving(port, "two")

    @unittest.skipUnless(shutil.which("systemctl") or os.path.exists("/usr/lib/x86_64-linux-gnu/libsystemd.so.0"),
                         "needs libsystemd")
    def test_systemd_is_told(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(self.path("notify"))
            notify.settimeout(PATIENCE)
            port = free_port()
            self.config("m.cfg", port)
            child = self.start("-Ws", "-f", self.path("m.cfg"), env={**os.environ, "NOTIFY_SOCKET": self.path("notify")})
            self.assertIn(f"READY=1\nMAINPID={child.pid}", notify.recv(4096).decode())
            child.send_signal(signal.SIGUSR2)
            self.assertRegex(notify.recv(4096).decode(), re.compile(r"^RELOADING=1$\s^MONOTONIC_USEC=\d+$", re.M))
            self.assertIn("READY=1", notify.recv(4096).decode())
            child.send_signal(signal.SIGTERM)
            self.assertIn("STOPPING=1", notify.recv(4096).decode())
            self.assertEqual(self.ended(child)[0], 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = os.path.realpath(sys.argv.pop(1))
    unittest.main()
