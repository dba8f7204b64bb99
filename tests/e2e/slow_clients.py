#!/usr/bin/env python3
"""slow_clients.py BINARY: attacks by slow clients, held by the timeouts.

slowhttptest opens connections that send a head in drops (slowloris), a body in drops (R-U-Dead-Yet) or read the answer
in drops. While each attack runs, an honest client must be served at once, and the attackers' connections must be gone
shortly after the timeout that is meant for them. Skipped (77) when slowhttptest is absent.
"""
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from ports import free_port

ATTACKERS = 150
CONF = """
global
    stats socket {work}/cli.sock level admin
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 2s
    timeout server 5s
    timeout http-request 1s
    timeout http-keep-alive 1s
frontend fe
    bind 127.0.0.1:{port}
    default_backend be
backend be
    option http-buffer-request
    server origin 127.0.0.1:{origin}
frontend origin
    bind 127.0.0.1:{origin}
    http-request return status 200 content-type text/plain file {work}/page
"""
ATTACKS = {
    "slow heads": ["-H", "-i", "1", "-x", "10"],
    "slow bodies": ["-B", "-i", "1", "-x", "10", "-s", "8192"],
    "slow reads": ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "32", "-k", "1"],
}


def honest_request(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - began
    finally:
        connection.close()


def open_connections(port):
    """Established connections of the listening port, seen from the proxy's side."""
    count = 0
    with open("/proc/net/tcp") as f:
        for line in list(f)[1:]:
            fields = line.split()
            count += int(fields[1].split(":")[1], 16) == port and fields[3] == "01"
    return count


def attack(name, words, port, failures):
    tool = subprocess.Popen(["slowhttptest", "-c", str(ATTACKERS), "-r", "100", "-l", "7", "-p", "3", *words,
                             "-u", f"http://127.0.0.1:{port}/"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    peak, slowest, served = 0, 0.0, 0
    try:
        while tool.poll() is None:
            peak = max(peak, open_connections(port))
            try:
                status, took = honest_request(port)
            except OSError as error:
                failures.append(f"{name}: an honest request failed: {error}")
                break
            if status != 200:
                failures.append(f"{name}: an honest request got {status}")
            served, slowest = served + 1, max(slowest, took)
            time.sleep(0.1)
    finally:
        if tool.poll() is None:
            tool.terminate()
        tool.wait()
    deadline = time.monotonic() + 3
    while open_connections(port) > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    left = open_connections(port)
    print(f"{name}: up to {peak} open, {served} honest requests served, the slowest in {slowest * 1000:.0f} ms, {left} left")
    if slowest > 1.0:
        failures.append(f"{name}: an honest request took {slowest:.2f} s")
    if peak < 20:
        failures.append(f"{name}: the attack never got going ({peak} connections)")
    if left > 2:
        failures.append(f"{name}: {left} connections outlive the timeouts")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    if not shutil.which("slowhttptest"):
        print("slow_clients: SKIP: slowhttptest is not installed")
        return 77
    failures = []
    with tempfile.TemporaryDirectory(prefix="evenkeel-slow.") as work:
        port, origin = free_port(), free_port()
        with open(os.path.join(work, "page"), "wb") as f:
            f.write(b"x" * 12000)
        path = os.path.join(work, "cfg")
        with open(path, "w") as f:
            f.write(CONF.format(work=work, port=port, origin=origin))
        with open(os.path.join(work, "log"), "w+") as log:
            proxy = subprocess.Popen([sys.argv[1], "-db", "-f", path], stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=subprocess.STDOUT)
            try:
                for _ in range(200):
                    try:
                        honest_request(port)
                        break
                    except OSError:
                        time.sleep(0.02)
                for name, words in ATTACKS.items():
                    attack(name, words, port, failures)
                if proxy.poll() is not None:
                    failures.append(f"the proxy ended with {proxy.returncode}")
            finally:
                proxy.terminate()
                proxy.wait(10)
                if failures:
                    log.seek(0)
                    print("".join(log.readlines()[-20:]))
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
