"""Records which server haproxy picks for many keys: rewrites ../vectors/*.tsv. Usage: hash_vectors.py [name...]

A row is: balance arguments, hash-type arguments, weights, number of the server that is down or -, keys file, picks.
Picks are one character for each line of the keys file (base 36 digits; - for none).
"""
import os
import random
import socket
import sys
import threading

from oracle import Oracle

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
WEIGHTS = ([1] * 5, [3, 1, 7, 2, 10])
FUNCTIONS = ["sdbm", "djb2", "wt6", "crc32"]
TYPES = [f"{m} {f}{a}" for m in ("map-based", "consistent") for f in FUNCTIONS for a in ("", " avalanche")]
PLAIN = ["map-based sdbm", "consistent sdbm avalanche"]


def rng(name):
    return random.Random(name)


def words(r, alphabet, low, high):
    return "".join(r.choice(alphabet) for _ in range(r.randint(low, high)))


ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~%"


def uris():
    r = rng("uri")
    out = ["/", "/a", "/?", "/?x=1", "//", "///", "/a/", "/a/?b", "/a?b/c/d", "/a//b//c", "http://h/", "http://h",
           "http://host.example/a/b?c", "https://h:8443/x/y/z/"]
    while len(out) < 400:
        path = "".join("/" + words(r, ALNUM, 0, 9) for _ in range(r.randint(1, 6)))
        if r.random() < 0.5:
            path += "?" + words(r, ALNUM + "=&/?", 0, 20)
        if r.random() < 0.1:
            path = "http://" + words(r, "abc.", 3, 9).strip(".") + ":8080" + path
        out.append(path)
    return out


def header_values():
    r = rng("hdr")
    out = ["a", "a,b", "a , b", " a", "x y", "localhost", "www.example.com", "www.example.com:8080", "example.com", "com",
           "a.b.c.d.e", "10.1.2.3", "haproxy.1wt.eu", "1wt.eu", "eu.", ".eu", ".", "..", "a..b", "a.b.", "[::1]:80",
           "a.b,c.d", "example.com.:80", ":80", "a:b:c", "a.b.c:d.e.f", "x-y.z-w.q", "A.B.C", "q=1;w=2", "\"q,w\",e"]
    while len(out) < 400:
        kind = r.random()
        if kind < 0.5:
            out.append(words(r, ALNUM, 1, 30))
        else:
            out.append(".".join(words(r, "abcdefghij0123-", 1, 8) for _ in range(r.randint(1, 5)))
                       + r.choice(["", "", ":80", ":8443"]))
    return out


def params():
    r = rng("param")
    out = ["/?id=", "/?id=&x", "/?id=1", "/?xid=2&id=3", "/?id&id=4", "/?id=5;x=6", "/?ID=8&id=9",
           "/?id=1%32", "/?&id=x", "/?&&id=y", "/?id=a=b", "/?id=a?b", "/a?b?id=c&id=d", "/?id=z&id=w", "/?a;id=5&id=6",
           "/id=1?id=2"]
    while len(out) < 300:
        items = [words(r, "abidx", 1, 3) + "=" + words(r, ALNUM, 0, 12) for _ in range(r.randint(0, 3))]
        items.insert(r.randint(0, len(items)), "id=" + words(r, ALNUM, 1, 16))
        out.append("/" + words(r, "ab/", 0, 4) + "?" + "&".join(items))
    return out


def bodies():
    r = rng("body")
    out = ["id=1", "x=2&id=3", "id=4 id=5", "id=7\\r\\nid=8", "id=9&", "xid=1&id=2", "id=a%20b"]
    while len(out) < 100:
        items = [words(r, "abidx", 1, 3) + "=" + words(r, ALNUM, 0, 12) for _ in range(r.randint(0, 3))]
        items.insert(r.randint(0, len(items)), "id=" + words(r, ALNUM, 1, 16))
        out.append("&".join(items))
    return out


def sources():
    r = rng("source")
    out = []
    while len(out) < 200:
        out.append(".".join(str(r.randint(1, 254)) for _ in range(4)))
    while len(out) < 400:
        out.append(":".join("%x" % r.randint(1, 65535) for _ in range(8)))
    return out


def cookies():
    r = rng("rdp")
    return ["Cookie: mstshash=u", "cookie: MSTSHASH=u2", "Cookie:  mstshash=two spaces", "Cookie:mstshash=x",
            "Cookie: mstshash=a;b", "Cookie: mstshash=a=b", "Cookie: mstshash= lead", "Cookie: mstshash=dom\\user"] + [
        "Cookie: mstshash=" + words(r, ALNUM, 1, 12) for _ in range(150)]


KEYS = {"uri": uris(), "hdr": header_values(), "param": params(), "body": bodies(), "source": sources(), "rdp": cookies()}


def unescape(key):
    return key.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t")


def request(keys, key):
    if "://" in key and keys == "uri":
        return ("GET", key, {"Host": key.split("/")[2].split("?")[0]}, None)
    if keys in ("uri", "param"):
        return ("GET", key, {"Host": "h"}, None)
    if keys == "hdr":
        # The field behind it keeps haproxy's use_domain_only from reading a stale byte after the value.
        return ("GET", "/", {"Host": "h", "X-Key": key, "Z": "z"}, None)
    return ("POST", "/", {"Host": "h"}, unescape(key).encode())


def digits(picks):
    return "".join("-" if p is None else DIGITS[p] for p in picks)


def http_rows(keys, plans):
    """plans: (balance arguments, hash types)"""
    wanted = [(b, t, w, down) for b, types in plans for t in types for w in WEIGHTS for down in (None, 2)]
    backends = {f"b{i}": (f"balance {b}\nhash-type {t}", [f"weight {x}" + (" disabled" if n == down else "")
                                                         for n, x in enumerate(w)])
                for i, (b, t, w, down) in enumerate(wanted)}
    oracle = Oracle(backends)
    for i, (b, t, w, down) in enumerate(wanted):
        picks = digits(oracle.picks(f"b{i}", [request(keys, k) for k in KEYS[keys]]))
        yield b, t, w, down, keys, picks
    oracle.close()


def source_rows():
    """The PROXY protocol gives haproxy any source."""
    wanted = [(t, w, down) for t in TYPES for w in WEIGHTS for down in (None, 2)]
    backends = {f"b{i}": (f"balance source\nhash-type {t}", [f"weight {x}" + (" disabled" if n == down else "")
                                                          for n, x in enumerate(w)])
                for i, (t, w, down) in enumerate(wanted)}
    oracle = Oracle(backends, suffix="accept-proxy")
    for i, (t, w, down) in enumerate(wanted):
        picks = []
        for key in KEYS["source"]:
            family = "TCP6" if ":" in key else "TCP4"
            with socket.create_connection(("127.0.0.1", oracle.ports[f"b{i}"])) as s:
                s.sendall(f"PROXY {family} {key} {key} 1 2\r\nGET / HTTP/1.0\r\n\r\n".encode())
                head = s.makefile("rb").read().decode()
            picks.append(int(head.split("x-srv: s")[1].split("\r")[0]))
        yield "source", t, w, down, "source", digits(picks)
    oracle.close()


def rdp_packet(line):
    payload = line.encode() + b"\r\n"
    size = 11 + len(payload)
    return bytes([3, 0, size >> 8, size & 255, size - 5, 0xE0, 0, 0, 0, 0, 0]) + payload


def rdp_rows():
    listeners = []
    for number in range(5):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve(listener=listener, number=number):
            while True:
                try:
                    conn, _ = listener.accept()
                except OSError:
                    return
                conn.sendall(DIGITS[number].encode())
                conn.close()
        threading.Thread(target=serve, daemon=True).start()
    wanted = [(t, w) for t in TYPES for w in WEIGHTS]
    oracle = Oracle({f"b{i}": (f"balance rdp-cookie\nhash-type {t}", [f"weight {x}" for x in w])
                     for i, (t, w) in enumerate(wanted)},
                    frontend=" tcp-request inspect-delay 5s\n tcp-request content accept if { req.len gt 11 }",
                    mode="tcp", origins=[l.getsockname()[1] for l in listeners])
    for i, (t, w) in enumerate(wanted):
        picks = ""
        for key in KEYS["rdp"]:
            with socket.create_connection(("127.0.0.1", oracle.ports[f"b{i}"])) as s:
                s.sendall(rdp_packet(key))
                picks += s.recv(10).decode() or "-"
        yield "rdp-cookie", t, w, None, "rdp", picks
    oracle.close()


GROUPS = {
    "uri": lambda: http_rows("uri", [("uri", TYPES), ("uri len 10", PLAIN), ("uri depth 2", PLAIN), ("uri whole", PLAIN),
                                     ("uri path-only", PLAIN), ("uri len 12 depth 1 whole", PLAIN),
                                     ("uri whole path-only", PLAIN), ("uri path-only len 7", PLAIN)]),
    "hdr": lambda: http_rows("hdr", [("hdr(x-key)", TYPES), ("hdr(X-Key) use_domain_only", PLAIN)]),
    "param": lambda: http_rows("param", [("url_param id", TYPES)]),
    "body": lambda: http_rows("body", [("url_param id check_post", PLAIN)]),
    "hash": lambda: http_rows("hdr", [("hash req.hdr(x-key)", PLAIN)]),
    "source": source_rows,
    "rdp": rdp_rows,
}


def main():
    os.makedirs(VECTORS, exist_ok=True)
    for name, keys in KEYS.items():
        with open(os.path.join(VECTORS, f"{name}.keys"), "w") as f:
            f.writelines(k + "\n" for k in keys)
    for group in sys.argv[1:] or GROUPS:
        with open(os.path.join(VECTORS, f"{group}.tsv"), "w") as f:
            for b, t, w, down, keys, picks in GROUPS[group]():
                f.write("\t".join([b, t, ",".join(map(str, w)), "-" if down is None else str(down), keys, picks]) + "\n")


main()
