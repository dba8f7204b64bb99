"""Asks a running haproxy which server it picks: one origin behind many server lines, the choice in a response header."""
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time

HAPROXY = os.environ.get("HAPROXY_PROGRAM", "haproxy")


_given = set()


def free_port():
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


class Oracle:
    """backends: {name: text of the backend without its server lines, weights: list, extra}; one frontend each."""

    def __init__(self, backends, bind="127.0.0.1", suffix="", frontend="", mode="http", origins=()):
        self.dir = tempfile.mkdtemp(prefix="oracle")
        origin = free_port()
        self.ports = {}
        self.sock = self.dir + "/admin.sock"
        text = ["global", " nbthread 1", f" stats socket {self.sock} level admin", " maxconn 2000",
                "defaults", f" mode {mode}", " timeout connect 5s", " timeout client 30s", " timeout server 30s",
                " timeout queue 10s",
                "frontend origin", " mode http", f" bind 127.0.0.1:{origin}", " http-request return status 200"]
        for name, (body, servers) in backends.items():
            self.ports[name] = free_port()
            text += [f"frontend f_{name}", f" bind {bind}:{self.ports[name]} {suffix}", frontend,
                     f" default_backend {name}", f"backend {name}"]
            if mode == "http":
                text.append(" http-response set-header x-srv %[srv_name]")
            text += [" " + line for line in body.splitlines()]
            for i, server in enumerate(servers):
                text.append(f" server s{i} 127.0.0.1:{origins[i] if origins else origin} {server}")
        path = self.dir + "/cfg"
        with open(path, "w") as f:
            f.write("\n".join(text) + "\n")
        self.process = subprocess.Popen([HAPROXY, "-q", "-db", "-f", path])
        for _ in range(500):
            if os.path.exists(self.sock):
                try:
                    self.command("show info")
                    break
                except OSError:
                    pass
            if self.process.poll() is not None:
                raise SystemExit("haproxy did not start: " + path)
            time.sleep(0.02)

    def command(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.sock)
            s.sendall(line.encode() + b"\n")
            answer = b""
            while True:
                data = s.recv(65536)
                if not data:
                    return answer.decode()
                answer += data

    def picks(self, name, requests, source=None, host="127.0.0.1"):
        """requests: (method, target, headers, body) each; yields server numbers, None for 503."""
        conn = http.client.HTTPConnection(host, self.ports[name], source_address=source and (source, 0))
        for method, target, headers, body in requests:
            conn.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
            for key, value in headers.items():
                conn.putheader(key, value)
            if body is not None:
                conn.putheader("Content-Length", str(len(body)))
            conn.endheaders(body)
            response = conn.getresponse()
            response.read()
            server = response.getheader("x-srv")
            yield None if server is None else int(server[1:])
        conn.close()

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir)
