#!/usr/bin/env python3
"""Both ends towards keepalived, without keepalived: vrrp.py PROGRAM [unittest arguments].

evenkeel health for its vrrp_script, the track file that it watches, the FIFO that it writes.
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

PROGRAM = ""
PATIENCE = 15  # seconds, for machines under load


def eventually(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {PATIENCE} s: {what}")
        time.sleep(0.005)


def offspring(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


class Vrrp(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = self.folder.name
        self.port = free_port()
        with open(f"{self.dir}/cfg", "w") as f:
            f.write(f"""global
    stats socket {self.dir}/sock mode 600 level admin expose-fd listeners
    vrrp track-file {self.dir}/weight weight 60 quorum web:2
    vrrp notify-fifo {self.dir}/fifo
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
listen web
    bind 127.0.0.1:{self.port}
    stats uri /stats
    server a 127.0.0.1:9
    server b 127.0.0.1:9
""")
        self.children = []

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait(PATIENCE)
            child.stderr.close()
        self.folder.cleanup()

    def start(self, *more):
        with open(f"{self.dir}/log", "ab") as log:
            child = subprocess.Popen([PROGRAM, "-f", f"{self.dir}/cfg", "-db", *more], stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=subprocess.PIPE)
        os.set_blocking(child.stderr.fileno(), False)
        self.children.append(child)
        eventually(lambda: child.poll() is not None or self.health().returncode == 0, "a process that serves")
        return child

    def health(self, *more, path=None):
        return subprocess.run([PROGRAM, "health", "--socket", path or f"{self.dir}/sock", *more],
                              capture_output=True, text=True, timeout=PATIENCE)

    def cli(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(f"{self.dir}/sock")
            s.sendall(command.encode() + b"\n")
            text = b""
            while piece := s.recv(65536):
                text += piece
            return text.decode()

    def weight(self):
        with open(f"{self.dir}/weight") as f:
            return f.read()

    def test_a_master_speaks_for_its_dead_worker(self):
        for refused_reload in (False, True):
            with self.subTest(refused_reload=refused_reload):
                master = self.start("-W")
                self.assertEqual(self.weight(), "60\n")
                worker, = offspring(master.pid)
                if refused_reload:
                    with open(f"{self.dir}/cfg") as f:
                        good = f.read()
                    with open(f"{self.dir}/cfg", "w") as f:
                        f.write("nonsense\n")
                    said = b""

                    def reload_is_refused():
                        nonlocal said
                        said += master.stderr.read() or b""
                        return b"Loading failure" in said

                    master.send_signal(signal.SIGUSR2)
                    eventually(reload_is_refused, "a refused reload")
                    with open(f"{self.dir}/cfg", "w") as f:
                        f.write(good)
                os.kill(worker, signal.SIGKILL)
                eventually(lambda: self.weight() == "0\n", "the weight of a dead worker")
                self.assertNotEqual(master.wait(PATIENCE), 0)

    def test_health_says_why(self):
        done = self.health()
        self.assertEqual(done.returncode, 1)
        self.assertIn("sock: No such file or directory", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.start()
        self.assertEqual(self.health("--quorum", "web:2").returncode, 0)
        self.assertIn("there is no backend 'nope'", self.health("--quorum", "nope:1").stderr)
        self.cli("set server web/b state drain")
        done = self.health("--quorum", "web:2")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "evenkeel health: backend 'web' has 1 usable servers, its quorum is 2\n"))
        self.assertEqual(self.health("--quorum", "web:1").returncode, 0)
        for args in (["--quorum", "web:0"], ["--quorum"], ["--nonsense", "x"], ["--timeout", "never"]):
            self.assertEqual(self.health(*args).returncode, 2, args)

    def test_health_does_not_wait_for_one_that_hangs(self):
        with socket.socket(socket.AF_UNIX) as mute:
            mute.bind(f"{self.dir}/mute")
            mute.listen(1)
            done = self.health("--timeout", "100ms", path=f"{self.dir}/mute")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no answer within 100 ms", done.stderr)

    def test_health_is_quick(self):
        self.start()
        times = []
        for _ in range(20):
            began = time.monotonic()
            self.assertEqual(self.health("--quorum", "web:2").returncode, 0)
            times.append((time.monotonic() - began) * 1000)
        print(f"evenkeel health: median {sorted(times)[10]:.1f} ms, best {min(times):.1f} ms", file=sys.stderr)
        # The machine may be loaded, so the best counts: it is what the program itself needs. 20 ms in release.
        self.assertLess(min(times), 100)

    def test_weight_follows_drain_and_stop(self):
        child = self.start()
        self.assertEqual(self.weight(), "60\n")
        self.cli("set server web/a state drain")
        eventually(lambda: self.weight() == "0\n", "a weight of 0 below the quorum")
        self.assertIn("# weight: 0 (backend 'web' has 1 usable servers, its quorum is 2)", self.cli("show vrrp"))
        self.cli("set server web/a state ready")
        eventually(lambda: self.weight() == "60\n", "the weight again")
        child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE)
        self.assertEqual(self.weight(), "0\n")

    def test_weight_stays_over_a_reload(self):
        old = self.start()
        new = self.start("-x", f"{self.dir}/sock", "-sf", str(old.pid))
        old.wait(PATIENCE)
        self.assertIsNone(new.poll())
        self.assertEqual(self.weight(), "60\n")

    def generate(self, *more):
        return subprocess.run([PROGRAM, "generate", "keepalived", "-f", f"{self.dir}/cfg", *more], capture_output=True,
                              text=True, timeout=PATIENCE)

    def test_generates_the_pair(self):
        done = self.generate("--output", self.dir, "--vip", "192.0.2.80/24", "--interface", "eth7", "--vrid", "7")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        texts = []
        for role in ("master", "backup"):
            with open(f"{self.dir}/keepalived-{role}.conf") as f:
                texts.append(f.read())
        for text in texts:
            for line in ("192.0.2.80/24", "interface eth7", "virtual_router_id 7", f"vrrp_notify_fifo {self.dir}/fifo",
                         f'file "{self.dir}/weight"', f"health --socket {self.dir}/sock --quorum web:2"):
                self.assertIn(line, text)
        self.assertIn("state MASTER\n    interface eth7\n    virtual_router_id 7\n    priority 100", texts[0])
        self.assertIn("priority 50", texts[1])
        for args, what in ((["--output", self.dir], "--vip has to name one"), ([], "-f and --output are needed"),
                           (["--output", self.dir, "--vrid", "0"], "--vrid"),
                           (["--output", self.dir, "--vip", "1 }"], "cannot stand in keepalived.conf")):
            done = self.generate(*args)
            self.assertEqual(done.returncode, 2)
            self.assertIn(what, done.stderr)

    def test_roles_are_shown(self):
        self.start()
        self.assertIn("told nothing yet", self.cli("show vrrp"))
        with open(f"{self.dir}/fifo", "w") as fifo:
            fifo.write('INSTANCE "VI_1" MASTER 110\nINSTANCE "VI_1" MASTER_RX_LOWER_PRI 110\n')
        eventually(lambda: "instance VI_1 MASTER 110 20" in self.cli("show vrrp"), "the role")
        self.assertIn("two-masters-seen", self.cli("show vrrp"))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=PATIENCE) as page:
            text = page.read().decode()
        self.assertIn("VI_1 MASTER, priority 110", text)
        self.assertIn("another MASTER seen", text)
        log = self.children[0].stderr.read().decode()
        self.assertIn("instance 'VI_1' is MASTER, priority 110", log)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
