"""Records what haproxy does with persistence cookies: rewrites ../vectors/cookie.tsv.

Three servers: 0 with cookie A, 1 with B, 2 without; in definitions marked "down" server 0 is in maintenance. A row:
definition, method, status, Cookie fields, origin's fields, number of the server that answered, Cookie fields that it saw,
the response's cookie and caching fields, the log's two cookie letters. Fields are joined by '^'. {n} stands for a date n
seconds from now, which is a multiple of four.
"""
import os
import re
import socket
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
seen = {}


def encode(seconds):
    return "".join(LETTERS[(seconds // 4 >> shift) & 63] for shift in (24, 18, 12, 6, 0))


def decode(text):
    ticks = 0
    for c in text:
        ticks = ticks << 6 | LETTERS.index(c)
    return ticks * 4


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            return
        head += data
    lines = head.decode("latin1").split("\r\n")
    seen["cookies"] = [line[8:] for line in lines if line.lower().startswith("cookie: ")]
    status, fields = seen["plan"]
    text = f"HTTP/1.1 {status} X\r\n" + "".join(f + "\r\n" for f in fields)
    text += ("" if status in (204, 304) else "Content-Length: 0\r\n") + "\r\n"
    connection.sendall(text.encode("latin1"))
    connection.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Haproxy:
    def __init__(self, definitions):
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        origin = listener.getsockname()[1]
        self.logs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.logs.bind(("127.0.0.1", 0))
        self.ports = {}
        text = ["global", " nbthread 1", f" log 127.0.0.1:{self.logs.getsockname()[1]} local0", "defaults", " mode http",
                " timeout connect 5s", " timeout client 5s", " timeout server 5s", " log global", " log-format \"%tsc %s\"",
                " http-reuse never"]
        for i, definition in enumerate(definitions):
            port = free_port()
            while port in self.ports.values():
                port = free_port()
            self.ports[definition] = port
            words = definition.replace("down ", "").replace("persist ", "")
            text += [f"frontend f{i}", f" bind 127.0.0.1:{port}", f" default_backend b{i}", f"backend b{i}",
                     f" cookie SRV {words}"]
            if definition.startswith("persist "):
                text.append(" option persist")
            down = " disabled" if "down " in definition else ""
            text += [f" server s0 127.0.0.1:{origin} cookie A{down}", f" server s1 127.0.0.1:{origin} cookie B",
                     f" server s2 127.0.0.1:{origin}"]
        self.directory = tempfile.mkdtemp()
        path = self.directory + "/cfg"
        with open(path, "w") as f:
            f.write("\n".join(text) + "\n")
        self.process = subprocess.Popen(["haproxy", "-q", "-db", "-f", path])
        time.sleep(0.5)

    def ask(self, definition, method, status, cookies, fields):
        seen["plan"] = (status, fields)
        with socket.create_connection(("127.0.0.1", self.ports[definition])) as s:
            text = f"{method} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            text += "Content-Length: 0\r\n" if method in ("POST", "PUT", "PATCH") else ""
            text += "".join(f"Cookie: {c}\r\n" for c in cookies) + "\r\n"
            s.sendall(text.encode("latin1"))
            head = b""
            while True:
                data = s.recv(65536)
                if not data:
                    break
                head += data
        letters, server = self.logs.recv(65536).decode().split(": ", 1)[1].split()
        wanted = ("set-cookie", "set-cookie2", "cache-control", "pragma", "etag", "expires", "last-modified")
        out = [line for line in head.decode("latin1").split("\r\n")[1:] if line.split(":")[0].lower() in wanted]
        return int(server[1:]), seen["cookies"], out, letters[2:]


def with_dates(text, now):
    return re.sub(r"\{(-?\d+)\}", lambda m: encode(now + int(m.group(1))), text)


def without_dates(text, now):
    def name(m):
        return "|{%d}" % (decode(m.group(1)) - now)
    return re.sub(r"\|([A-Za-z0-9+/]{5})", name, text)


def record(haproxy, out, definition, cookies, fields, method="GET", status=200):
    dated = any("{" in c for c in cookies) or "max" in definition
    while True:
        now = int(time.time()) // 4 * 4
        if dated and time.time() - now > 0.9:
            time.sleep(0.5)
            continue
        result = haproxy.ask(definition, method, status, [with_dates(c, now) for c in cookies], fields)
        if not dated or time.time() - now < 1:
            break
    server, request, response, letters = result
    row = [definition, method, str(status), "^".join(cookies), "^".join(fields), str(server),
           "^".join(without_dates(r, now) if dated else r for r in request),
           "^".join(without_dates(r, now) if dated else r for r in response), letters]
    out.write("\t".join(row) + "\n")


MODES = ["", "rewrite", "insert", "insert indirect", "insert indirect nocache", "insert nocache", "insert postonly",
         "insert preserve", "insert indirect preserve", "prefix", "prefix indirect", "prefix nocache", "rewrite nocache",
         "rewrite postonly", "indirect", "nocache", "indirect preserve",
         "insert httponly secure domain .a.com domain b.org attr SameSite=Lax attr \"x y\""]
COOKIES = [[], ["SRV=A"], ["SRV=B"], ["SRV=ZZ"], ["SRV="], ["x=1; SRV=B; y=2"], ["SRV=A~abc; k=v"], ["k=v;SRV=Q~abc"],
           ["SRV=A; SRV=B"], ["SRV=ZZ; SRV=B"], ["a=b", "SRV=B", "SRV=A"]]
FIELDS = [[], ["Set-Cookie: SRV=sess; path=/x"], ["Set-Cookie: SRV=A"], ["Set-Cookie: o=1"], ["Set-Cookie: SRV="],
          ["Cache-Control: max-age=5"], ["Set-Cookie: SRV=q", "Cache-Control: max-age=5"]]
ODD_COOKIES = ["SRV=B ;x=1", "x=1, SRV=B", "x=1;SRV=B,y=2", "srv=B", "SRV", "SRV;x=1", "SRV=B; ", "; SRV=B", "SRV=B~x~y",
               "$Version=1; SRV=B; $Path=/; y=2", "SRV=~x", "SRV=B~", "x=y; SRV=Z~1; SRV=B~2; q=r", "SRV=B~1; SRV=A~2",
               "SRV=B|x", "SRV=B|abc|def", "SRV=B=x", "SRV=\"B\"", "a=1;; SRV=B;;b=2", "q=\"a;SRV=A\"; SRV=B",
               "SRV=A|x; SRV=B", "aSRV=A; SRV=B", "SRV=A; x"]
ODD_SET_COOKIES = ["SRV=x;path=/;HttpOnly", "SRV = x; path=/", "SRV=\"x y\"; p=1", "a=b; SRV=c", "SRV", "SRV; path=/",
                   "srv=x", "SRV=x=y; k", "SRV=x, b=c; path=/", "=x", "SRV=;path=/",
                   "SRV=x; Expires=Thu, 01 Jan 2026 00:00:00 GMT"]
DATES = ["B", "B|{0}", "B|{0}|{0}", "B|{-1200}|{-1200}", "B|{-1860}|{-1860}", "B|{-60}|{-25200}", "B|{-60}|{-32400}",
         "B|{3600}|{3600}", "B|{90000}|{90000}", "B|{0}|{90000}", "B|", "B||", "B|*&^", "B|AB", "B||{-60}", "Z|{0}|{0}",
         "B|{0}|{0}|x", "B|{0}xx|{0}yy", "B|{-120}", "B|{-1860}", "B|{-32400}|{-32400}", "B|{3600}", "B|{90000}"]
CACHING = [["Expires: Thu, 01 Dec 2026 16:00:00 GMT"], ["ETag: x"], ["Last-Modified: Thu, 01 Dec 1994 16:00:00 GMT"],
           ["Cache-Control: public"], ["Cache-Control: no-store"], ["Cache-Control: private"], ["Cache-Control: no-cache"],
           ["Cache-Control: max-age=0"], ["Cache-Control: s-maxage=0"], ["Cache-Control: s-maxage=4"],
           ["Cache-Control: max-age=0", "ETag: x"], ["Cache-Control: max-age=5", "Pragma: no-cache"],
           ["Cache-Control: public, max-age=3"], ["Cache-Control: no-cache=\"set-cookie\""], ["Pragma: no-cache"],
           ["Cache-Control: max-age=5, no-cache=\"set-cookie\""], ["Cache-Control: must-revalidate"], ["Expires: "],
           ["Cache-Control: max-age=5", "Cache-Control: private"], ["Cache-Control: MAX-AGE=5"], ["Cache-Control: max-age"],
           ["Cache-Control: max-age=0", "Cache-Control: s-maxage=5"], ["Cache-Control: max-age=abc"], ["Expires: 0"],
           ["ETag: x", "Cache-Control: public, no-store"], ["ETag: x", "Cache-Control: NO-STORE"],
           ["ETag: x", "Pragma: No-Cache"], ["ETag: x", "Cache-Control: private=\"x\""]]
STATUSES = (200, 201, 202, 203, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 403, 404, 405, 410, 414, 500, 501, 503)


def main():
    limits = ["insert indirect maxidle 30m maxlife 8h", "insert indirect maxidle 30m", "insert maxlife 8h", "insert",
              "insert preserve maxidle 30m", "rewrite maxidle 30m"]
    down = ["down insert indirect", "persist down insert indirect", "down prefix", "down rewrite"]
    haproxy = Haproxy(dict.fromkeys(MODES + limits + down))
    os.makedirs(HERE + "/../vectors", exist_ok=True)
    with open(HERE + "/../vectors/cookie.tsv", "w") as out:
        for mode in MODES:
            for cookies in COOKIES:
                for fields in FIELDS:
                    record(haproxy, out, mode, cookies, fields)
            for fields in FIELDS:
                record(haproxy, out, mode, [], fields, "POST")
        for mode in ("insert", "insert indirect nocache", "prefix", "rewrite"):
            for cookie in ODD_COOKIES:
                record(haproxy, out, mode, [cookie], [])
            for value in ODD_SET_COOKIES:
                record(haproxy, out, mode, ["SRV=B"], ["Set-Cookie: " + value])
        for mode in limits:
            for cookie in [None] + DATES:
                record(haproxy, out, mode, [] if cookie is None else ["SRV=" + cookie], [])
        for fields in CACHING:
            record(haproxy, out, "insert nocache", [], fields)
        for status in STATUSES:
            record(haproxy, out, "insert nocache", [], ["ETag: x"], status=status)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "FOO"):
            record(haproxy, out, "insert nocache", [], ["ETag: x"], method)
        for mode in down:
            for cookie in ("A", "B", "X", "A~1", "B~1", "A; SRV=B"):
                record(haproxy, out, mode, ["SRV=" + cookie], ["Set-Cookie: SRV=q"])
                record(haproxy, out, mode, ["SRV=" + cookie], [])
    haproxy.process.terminate()
    haproxy.process.wait()


main()
