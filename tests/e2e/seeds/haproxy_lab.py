#!/usr/bin/env python3
"""haproxy_lab.py BINARY: the HAProxy lab as users wrote it down, with only addresses and ports adapted.

The configuration keeps its age: an address on the section line, two sections of one name, no mode, no timeouts,
bare words in the realm. What the lab promises is then held to: 2:1 exactly, a dead origin replaced within
fall x inter without one failed request, a revived one back after rise successes, and a statistics page.
"""
import base64
import http.client
import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

INTER, RISE, FALL = 2.0, 2, 3  # as the lab says: check inter 2s rise 2 fall 3


class Origin:
    """A web server whose page is its own name, as in the lab (`echo ADDRESS > index.html`)."""

    def __init__(self, name, port):
        self.name, self.port, self.server = name, port, None

    def start(self):
        body = (self.name + "\n").encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # health checks hang up without a word; that is no news

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.server = None


def get(port, path="/", auth=None, timeout=10):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = {"Connection": "close"}
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace").strip(), answer.headers
    finally:
        connection.close()


class Lab:
    def __init__(self, binary, work):
        self.port, self.stats = free_port(), free_port()
        self.web1, self.web2 = Origin("web1", free_port()), Origin("web2", free_port())
        self.failures = []
        path = os.path.join(work, "haproxy.cfg")
        with open(path, "w") as f:
            f.write(f"""listen stats 0.0.0.0:{self.port}
    balance  roundrobin
    server web1 127.0.0.1:{self.web1.port} check inter 2s rise 2 fall 3 weight 2
    server web2 127.0.0.1:{self.web2.port} check inter 2s rise 2 fall 3 weight 1
listen stats *:{self.stats}
    stats refresh 30s
    stats uri /stats
    stats realm Haproxy Manager
    stats auth admin:admin
""")
        self.web1.start()
        self.web2.start()
        self.log = open(os.path.join(work, "log"), "w+")
        checked = subprocess.run([binary, "-c", "-f", path], capture_output=True, text=True)
        self.expect(checked.returncode == 0, f"-c must accept the lab's file: {checked.stdout}{checked.stderr}")
        self.warnings = checked.stdout + checked.stderr
        self.process = subprocess.Popen([binary, "-db", "-f", path], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        self.wait(lambda: get(self.port)[0] == 200, 10, "the proxy to answer")

    def expect(self, condition, what):
        print(("ok      " if condition else "FAILED  ") + what)
        if not condition:
            self.failures.append(what)

    def wait(self, condition, seconds, what):
        """Seconds until the condition held; requests that fail meanwhile do not count as answers."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if condition():
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.02)
        self.expect(False, f"waited {seconds:.0f} s in vain for {what}")
        return seconds

    def warned(self):
        for word in ("bind", "timeout"):
            self.expect(word in self.warnings, f"a warning shows the modern form of: {word}")

    def exact_ratio(self):
        answers = [get(self.port)[1] for _ in range(30)]
        self.expect(answers.count("web1") == 20 and answers.count("web2") == 10,
                    f"30 connections fall 20:10 ({answers.count('web1')}:{answers.count('web2')})")
        exact = all(answers[i:i + 3].count("web1") == 2 for i in range(0, 28))
        self.expect(exact, "any three consecutive connections fall 2:1")

    def survives(self, origin, other):
        """Traffic runs while the origin dies: nothing fails, and soon nothing is even tried there."""
        origin.stop()
        began, bad, done = time.monotonic(), 0, 0
        limit = INTER * FALL + INTER
        while time.monotonic() - began < limit:
            try:
                status, body, _ = get(self.port)
                bad += status != 200 or body != other.name
            except OSError:
                bad += 1
            done += 1
            if f",{origin.name}," in self.csv() and self.status(origin).startswith("DOWN"):
                break
            time.sleep(0.01)
        took = time.monotonic() - began
        self.expect(self.status(origin).startswith("DOWN"), f"{origin.name} is down after {took:.1f} s (limit {limit:.0f})")
        self.expect(bad == 0, f"no request failed while {origin.name} died ({bad} of {done})")
        answers = {get(self.port)[1] for _ in range(12)}
        self.expect(answers == {other.name}, f"all traffic goes to {other.name}: {answers}")

    def returns(self, origin):
        origin.start()
        limit = INTER * RISE + INTER
        took = self.wait(lambda: self.status(origin).startswith("UP") and get(self.port)[1] == origin.name, limit + 2,
                         f"{origin.name} to come back")
        self.expect(took <= limit, f"{origin.name} is back after {took:.1f} s (limit {limit:.0f})")

    def csv(self):
        return get(self.stats, "/stats;csv", "admin:admin")[1]

    def status(self, origin):
        for line in self.csv().splitlines():
            fields = line.split(",")
            if len(fields) > 17 and fields[1] == origin.name:
                return fields[17]
        return "missing"

    def page(self):
        status, _, headers = get(self.stats, "/stats")
        self.expect(status == 401, f"the page asks for a password ({status})")
        self.expect("Haproxy Manager" in headers.get("WWW-Authenticate", ""), "the realm has both words")
        self.expect(get(self.stats, "/stats", "admin:wrong")[0] == 401, "a wrong password is refused")
        status, body, _ = get(self.stats, "/stats", "admin:admin")
        self.expect(status == 200 and "web1" in body and "web2" in body, "admin:admin opens the page with both servers")

    def run(self):
        self.warned()
        self.exact_ratio()
        self.page()
        self.survives(self.web1, self.web2)
        self.returns(self.web1)
        self.wait(lambda: self.status(self.web2).startswith("UP"), 5, "web2 to be up")
        self.exact_ratio()
        self.process.terminate()
        self.expect(self.process.wait(10) in (0, 143, -15), "SIGTERM ends it")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.failures:
            self.log.seek(0)
            print("".join(self.log.readlines()[-30:]))
        self.log.close()


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="evenkeel-lab.") as work:
        lab = Lab(sys.argv[1], work)
        try:
            lab.run()
        finally:
            lab.close()
        return 1 if lab.failures else 0


if __name__ == "__main__":
    sys.exit(main())
