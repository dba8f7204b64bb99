#!/usr/bin/env python3
"""Asks a proxy for the values of sample expressions, and compares two proxies, or writes the answers down.

A generated configuration puts the value of each expression into a variable and returns the variables in response headers.

  expressions.py write FILE        the oracle's answers as a table, which tests/rules replays
  expressions.py compare PROGRAM   PROGRAM and the oracle must agree, on the table's questions and on random texts

ORACLE_PROGRAM names the oracle (default: haproxy).
"""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

PLAIN = (b"GET /a/b?x=1&y=two HTTP/1.1\r\nHost: www.Example.com:8080\r\nX: one, two\r\nX: three\r\n"
         b"Cookie: a=1; b=2\r\nQ: \"a,b\", c,,d\r\nN: 42\r\nEmpty:\r\n"
         b"Accept-Language: de;q=0.5, en-GB;q=0.8, fr\r\nX-Forwarded-For: 192.0.2.7, 2001:db8::1\r\n"
         b"Authorization: Basic dXNlcjpwYXNz\r\n\r\n")
POST = (b"POST /p%20q/r?z&x=%41+b HTTP/1.1\r\nHost: h.test:81\r\nContent-Length: 18\r\n\r\nk=v&name=J%C3%BCrg")

TEXTS = ["", "a", "abc", "Hello, World", "a.b.c.d", "/a/b/c/", "x=1&y=2", "12", "-5", "12x", "A%20b+c", "bad%zz", "%41%4",
         "::1", "192.0.2.130", "2001:db8::ff", "..a..b..", "The quick brown fox", "42949672960", "www.host.test:8443",
         "[::1]:80", "aGVsbG8=", "aGVsbG8", "4f6b", "0x1F", "zz", "tab\there", "e\u00e9\u20ac", "a'b"]

CONVERTERS = [
    "lower", "upper", "length", "hex", "base64", "b64dec", "ub64enc", "ub64dec", "hex2i", "bytes(1)", "bytes(1,2)", "bytes(50)",
    "field(1,.)", "field(2,.)", "field(-1,.)", "field(-2,/)", "field(2,.,2)", "field(2,.,0)", "field(-1,.,2)", "field(9,.)",
    "word(1,.)", "word(2,.)", "word(-1,/)", "word(1,/.,2)", "word(2,' ',0)", "word(-1,.,2)", "word(3,. )",
    "regsub(a,b)", "regsub(a,b,g)", "regsub(A,b,gi)", "regsub('(.)o',<\\1>,g)", "regsub(^$,empty)", "regsub(o*,-,g)",
    "crc32", "crc32(1)", "crc32c", "crc32c(1)", "djb2", "djb2(1)", "sdbm", "sdbm(1)", "wt6", "wt6(1)", "xxh32", "xxh32(7)",
    "xxh64", "xxh64(7)", "sha1,hex", "sha2,hex", "sha2(224),hex", "sha2(384),hex", "sha2(512),hex", "digest(md5),hex",
    "hmac(sha1,c2VjcmV0),hex", "url_dec", "url_dec(1)", "url_enc", "json", "json(utf8)", "json(utf8s)", "json(utf8p)", "json(utf8ps)",
    "add(1)", "sub(3)", "mul(-2)", "div(2)", "div(0)", "mod(5)", "mod(0)", "and(6)", "or(6)", "xor(6)", "neg", "cpl", "bool",
    "not", "odd", "even", "ipmask(24)", "ipmask(24,64)", "ipmask(255.255.0.0)", "concat(<,txn.nope,>)", "concat(-)", "ltrim(a/.)",
    "rtrim(c/.)", "iif(yes,no)", "host_only", "port_only", "param(x)", "param(y)", "strcmp(txn.nope)", "htonl,hex", "be2dec(:,2),length",
    "be2hex(:,2)", "be2hex(:,2,1)", "be2dec(-,1)", "be2dec(-,3,1)", "utime(%Y-%m-%d)", "http_date", "http_date(10)", "http_date(0,ms)",
    "ms_utime(%H:%M:%S.%N)", "us_utime(%N)", "language(a;b)", "language(de;en,xx)", "cut_crlf", "add_item(';',,x)", "secure_memcmp(txn.nope)",
    "xxh3", "xxh3(7)", "json_query('$.a')", "json_query('$.a[1]')", "jwt_verify(HS256,secret)", "jwt_header_query('$.alg')",
    "mqtt_is_valid", "mqtt_field_value(connect,flags)", "fix_tag_value(35)", "protobuf(1,int32)", "protobuf(2),hex", "ungrpc(1)",
    "lower,upper,length,add(3),hex", "not,iif(a,b),sha1,base64", "hex,hex2i", "base64,b64dec", "url_enc,url_dec",
]

FETCHES = {
    "plain": ["method", "path", "pathq", "query", "url", "base", "baseq", "base32", "url32", "req.hdr(x)", "req.hdr(X,1)", "req.hdr(x,2)",
              "req.hdr(x,3)", "req.hdr(x,4)", "req.hdr(x,-1)", "req.hdr(x,-2)", "req.hdr(x,-3)", "req.hdr(x,-4)", "req.fhdr(x)",
              "req.fhdr(x,1)", "req.fhdr(x,-2)", "req.hdr_cnt(x)", "req.fhdr_cnt(x)", "req.hdr_cnt(q)", "req.hdr(q,1)", "req.hdr(q,2)",
              "req.hdr(q,3)", "req.hdr(q,4)", "req.hdr(empty)", "req.hdr_cnt(empty)", "req.hdr_val(n)", "req.hdr_val(x)", "req.hdr(nope)",
              "req.hdr_cnt(nope)", "req.hdr_ip(x-forwarded-for)", "req.hdr_ip(x-forwarded-for,1)", "req.hdr_ip(x)",
              "req.cook(a)", "req.cook(b)", "req.cook", "req.cook_cnt", "req.cook_cnt(a)", "req.cook_val(b)", "req.cook(z)",
              "urlp(x)", "urlp(y)", "urlp(z)", "urlp_val(x)", "urlp(X,,i)", "url_param(y)", "req.ver", "http_auth_user", "http_auth_pass",
              "http_auth_type", "req.hdr(accept-language),language(en-GB;de)", "src", "dst", "always_true", "always_false", "int(5)",
              "str(abc)", "bin(4142)", "bool(yes)", "ipv4(192.0.2.1)", "ipv6(2001:db8::1)", "meth(GET)", "url_port", "url_ip",
              "req.body", "req.body_len", "http_first_req", "capture.req.uri", "capture.req.method", "capture.req.ver", "req.proto_http",
              "fe_name", "nbproc", "ssl_fc", "query,param(y)", "path,field(2,/)", "req.hdr_names", "req.hdr_names(|)"],
    "post": ["method", "path", "path,url_dec", "query", "urlp(x)", "urlp(z)", "urlp(x),url_dec", "urlp(x),url_dec(1)", "req.body",
             "req.body_len", "req.body_size", "req.body_param(k)", "req.body_param(name)", "req.body_param(name),url_dec",
             "req.body_param(K,i)", "url", "base", "req.hdr_val(content-length)"],
}


class Refused(Exception):
    """The program does not take the configuration; the text says which expressions are to blame."""

    def culprits(self):
        return {int(number) for number in re.findall(r"set-var-fmt\(txn\.v(\d+)\)", str(self))}


def quote(text):
    """A text as one argument of str(): single quotes, which cannot hold themselves."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def config_word(text):
    """A text as one word of the configuration."""
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + out.replace("\t", "\\t") + '"'


def ask(program, expressions, request, port=None):
    port = port or free_port()
    lines = ["global", " maxconn 100", "defaults", " mode http", " timeout client 5s", " timeout server 5s", " timeout connect 5s",
             " option http-buffer-request", "frontend f", f" bind 127.0.0.1:{port}"]
    for i, expression in enumerate(expressions):
        lines.append(f" http-request set-var-fmt(txn.v{i}) " + config_word(f"%[{expression}]"))
    for i in range(len(expressions)):
        lines.append(f' http-after-response set-header x-{i} "<%[var(txn.v{i}),hex]>"')
    lines.append(" http-request return status 200")
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as config:
        config.write("\n".join(lines) + "\n")
        config.flush()
        process = subprocess.Popen([program, "-db", "-f", config.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            return read_answer(process, port, request, len(expressions))
        finally:
            process.kill()
            process.wait()


def read_answer(process, port, request, count):
    for _ in range(200):
        try:
            client = socket.create_connection(("127.0.0.1", port), 5)
            break
        except OSError:
            if process.poll() is not None:
                raise Refused(process.stdout.read().decode())
            time.sleep(0.02)
    with client:
        client.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = client.recv(65536)
            if not chunk:
                break
            data += chunk
    values = dict(line.lower().split(b": ", 1) for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:] if b": " in line)
    return [values.get(b"x-%d" % i, b"?").decode().strip("<>").upper() for i in range(count)]


# Where the oracle (2.6.12) is plainly wrong and we are not: a negative minus a number saturates upwards, negative times
# land in the year 1141709097, padded text of the unpadded base64 grows a byte, letters count as digits of a port.
ORACLE_ERRS = ("str('2001:db8::ff'),port_only", "str('-5'),sub", "str('-5'),utime", "str('-5'),http_date", "str('-5'),ms_utime", "str('aGVsbG8='),ub64dec",
               # It waits for more of what can never become a CONNECT.
               "str(''),mqtt_is_valid", "str('a'),mqtt_is_valid", "str('bad%zz'),mqtt_is_valid")


def questions():
    """(request name, expression) pairs."""
    for name, expressions in FETCHES.items():
        for expression in expressions:
            yield name, expression
    for converter in CONVERTERS:
        for text in TEXTS:
            expression = f"str({quote(text)}),{converter}"
            if not expression.startswith(ORACLE_ERRS):
                yield "plain", expression


def ask_what_is_known(program, expressions, request):
    """As ask(), with None for what the program does not know."""
    known = list(expressions)
    while known:
        try:
            values = dict(zip(known, ask(program, known, request)))
            return [values.get(expression) for expression in expressions]
        except Refused as refused:
            culprits = refused.culprits()
            if not culprits:
                raise
            known = [e for i, e in enumerate(known) if i not in culprits]
    return [None] * len(expressions)


def answer_all(program, pairs):
    requests = {"plain": PLAIN, "post": POST}
    answers = {}
    for name, request in requests.items():
        expressions = [e for n, e in pairs if n == name]
        for i in range(0, len(expressions), 35):
            batch = expressions[i:i + 35]
            for expression, value in zip(batch, ask_what_is_known(program, batch, request)):
                answers[name, expression] = value
    return answers


def random_questions(count, seed):
    rng = random.Random(seed)
    alphabet = "abcXYZ019/.:;,&=%+-_ ~[]()<>\u00e9"
    for _ in range(count):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randrange(24)))
        # Of a host that is none, the oracle takes some letters for digits of a port.
        converter = rng.choice([c for c in CONVERTERS if c != "port_only"])
        yield "plain", f"str({quote(text)}),{converter}"


def main():
    oracle = os.environ.get("ORACLE_PROGRAM", "haproxy")
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "compare"):
        raise SystemExit(__doc__)
    if shutil.which(oracle) is None:
        print(f"skipped: there is no {oracle} to ask")
        sys.exit(77)
    pairs = list(questions())
    if sys.argv[1] == "write":
        answers = answer_all(oracle, pairs)
        with open(sys.argv[2], "w", encoding="utf-8") as table:
            table.write("# request, expression, value in hexadecimal; written by tests/e2e/oracle/expressions.py\n")
            for (name, expression), value in answers.items():
                if value is not None:
                    table.write(f"{name}\t{expression.replace(chr(9), chr(92) + 't')}\t{value}\n")
        return
    pairs += [(name, e) for name, e in random_questions(2000, 1) if not e.startswith(ORACLE_ERRS)]
    expected = answer_all(oracle, pairs)
    actual = answer_all(sys.argv[2], pairs)
    wrong = [(key, value, actual[key]) for key, value in expected.items()
             if value is not None and actual[key] != value]
    for key, value, other in wrong:
        print(f"{key[0]} {key[1]}: oracle {value}, ours {other}")
    print(f"{len(expected) - len(wrong)} of {len(expected)} agree")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
