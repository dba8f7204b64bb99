#!/usr/bin/env python3
"""Compare the runtime commands on maps and ACLs with HAProxy's, byte for byte.

usage: map_compare.py BINARY [--haproxy /usr/sbin/haproxy] [-v]

Both programs read the same maps and ACLs and get the same commands in the same order. Blanked in both: the references
of entries (addresses there, numbers here), the lists that HAProxy's own HTTP client declares, and entry_cnt once an
addition was refused (HAProxy loses count then). Exit status 0 where everything holds, 77 without HAProxy.
"""
import argparse
import difflib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from ports import free_port

FILES = {
    "m.map": "a.com x\nb.com y z  \n# c\n  d.com\tw\n\ne.com\n#no\n  # yes\nb.com second\n",
    "a.lst": "a.com x\nb.com\n# c\n  /p  \n\nb.com\n",
    "ip.map": "10.0.0.0/8 1\n10.1.0.0/16 2\n2001:db8::/32 3\n192.168.1.1 4\n",
    "int.map": "1:10 one\n5 five\n20: big\n",
    "reg.map": "^/a(.*) A\\1\n^/b B\n",
    "addr.map": "k 192.0.2.1\nl 2001:db8::1\n",
    "beg.map": "/a 1\n/a/b 2\n/ 3\n",
}

CONFIG = """
global
  stats socket unix@{dir}/sock level admin
  nbthread 2
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:{port}
  acl in1 path_beg /a /b
  acl in2 hdr(host) -i Foo.com
  acl in2 hdr(host) -m end .org
  acl fl path -f {dir}/a.lst
  acl fl5 path -i -u 50 -f {dir}/a.lst extra
  acl mm hdr(host) -M -f {dir}/m.map
  acl exists hdr(x-y) -m found
  acl big hdr_cnt(x) gt 3
  acl small hdr_cnt(x) le 3 7:9
  acl net src 10.0.0.0/8 192.168.0.0/255.255.0.0 2001:db8::/32
  acl words hdr_dom(host) a.b .c.
  acl length path_len 3:5 9
  acl regex path_reg ^/x$ ^/y
  http-request deny if {{ path /secret }} !METH_OPTIONS
  http-request set-header a b if in1 in2 fl fl5 mm exists big small net words length regex
  http-request set-header X1 %[hdr(host),map({dir}/m.map,def)]
  http-request set-header X2 %[hdr(host),map_dom({dir}/m.map,def)]
  http-request set-header X3 %[src,map_ip_int({dir}/ip.map,7)]
  http-request set-header X4 %[int(5),map_int({dir}/int.map,7)]
  http-request set-header X5 %[path,map_regm({dir}/reg.map)]
  http-request set-header X6 %[path,map_str_ip({dir}/addr.map)]
  http-request set-header X7 %[path,map_beg({dir}/beg.map)]
  http-request set-map({dir}/m.map) %[path] %[src] if {{ path_beg /zz }}
  http-request set-map({dir}/new.map) %[path] %[src] if {{ path_beg /zz }}
  http-request del-map({dir}/m.map) %[path] if {{ path_beg /yy }}
  http-request add-acl({dir}/a.lst) %[path] if {{ path_beg /vv }}
  http-request del-acl({dir}/a.lst) %[path] if {{ path_beg /uu }}
  http-request return status 200 hdr X "%[hdr(host),map({dir}/m.map,def)]"
"""

# "GET /path" is a request; everything else goes to the socket, with \\n for line feeds inside.
COMMANDS = r"""
show acl
show map
show map {dir}/m.map
show acl {dir}/m.map
show acl {dir}/a.lst
show acl #0
show acl #1
show acl #8
show acl #9
show acl #10
show acl #11
show acl #12
show acl #13
show acl #14
show acl #15
show map #0
show acl #99
show map nofile
show acl @1 #0
show acl @0
show acl @0 nofile
get map {dir}/m.map b.com
get map {dir}/m.map x.b.com
get map {dir}/m.map nope
get acl {dir}/m.map b.com
get acl {dir}/a.lst b.com
get acl {dir}/a.lst B.com
get acl {dir}/a.lst nope
get acl #2 x.org
get acl #1 FOO.com
get acl #8 4
get acl #8 3
get acl #9 8
get acl #9 2
get acl #10 10.2.3.4
get acl #10 11.2.3.4
get acl #11 x.a.b.y
get acl #11 c.d
get acl #12 abcd
get acl #13 /y/z
get map {dir}/ip.map 10.1.2.3
get map {dir}/ip.map 11.1.2.3
get map {dir}/ip.map xx
get map {dir}/ip.map 2001:db8::5
get map {dir}/ip.map 192.168.1.1
get map {dir}/int.map 7
get map {dir}/int.map 5
get map {dir}/int.map 25
get map {dir}/int.map 11
get map {dir}/reg.map /abc
get map {dir}/addr.map k
get map {dir}/addr.map l
get map {dir}/beg.map /a/bc
get map {dir}/beg.map /ab
get map {dir}/beg.map x
get map
get map #17
get acl
get acl nofile x
get map nofile x
get map #0 /abc
add map {dir}/m.map new.com v w x
add map {dir}/m.map new2.com
add map {dir}/m.map new.com second
show map {dir}/m.map
add acl {dir}/m.map foo
add acl {dir}/a.lst k1 k2
add acl {dir}/a.lst k1
show acl {dir}/a.lst
show acl
add acl #3
add acl
add map
add map nofile k v
add acl nofile k
add map {dir}/ip.map zz 1
add map {dir}/ip.map 1.2.3.0/24 abc
add map @3 {dir}/m.map k v
add map @0 {dir}/m.map k0 v0
add map @x {dir}/m.map k1 v1
add acl @1 {dir}/a.lst k3
add map #0 /new val
show acl #0
get acl #0 /newer
get map #0 /newer
set map {dir}/m.map b.com newval more
show map {dir}/m.map
set map {dir}/m.map nokey v
set map {dir}/m.map b.com
set map {dir}/m.map
set map
set map nofile k v
set map {dir}/m.map #0x123 x
set map {dir}/m.map #zz x
del map {dir}/m.map b.com
del map {dir}/m.map nokey
del map {dir}/m.map
del map
del map nofile x
del map #0 /new
del acl {dir}/a.lst b.com
del acl {dir}/m.map e.com
del acl {dir}/a.lst #0x12
del acl {dir}/a.lst
del acl
del acl #99 x
del acl #0 /new
show acl #0
show map {dir}/m.map
add map {dir}/m.map <<\nk1 v1\nk2 v2 and more  \n  k3   v3\n\n
show map {dir}/m.map
add map {dir}/m.map <<\nk6 v\n\tk7\tv\nk8\n\n
show map {dir}/m.map
add map {dir}/ip.map <<\n1.0.0.0/8 5\nzz 5\n2.0.0.0/8 5\n\n
show map {dir}/ip.map
add acl {dir}/a.lst <<\na b\nc\n\n
GET /zz1
GET /zz1
GET /vv2
GET /vv2
show map {dir}/m.map
show map {dir}/new.map
show acl {dir}/a.lst
show map
set map {dir}/m.map /zz1 other
GET /zz1
show map {dir}/m.map
GET /yy
GET /uu
clear map {dir}/reg.map
clear map
clear acl
clear map nofile
clear acl #99
clear map #0
prepare map {dir}/m.map
prepare acl {dir}/m.map
prepare map
prepare map zz
prepare acl zz
show map
add map @1 {dir}/m.map p1 v1
add map @2 {dir}/m.map p2 v2
show map {dir}/m.map
show map @1 {dir}/m.map
get map {dir}/m.map p1
prepare map {dir}/m.map
add map @2 {dir}/m.map q2 v2
add map @2 {dir}/m.map <<\nr2 v v\ns2 w\n\n
commit map @1 {dir}/m.map
show map
show map {dir}/m.map
show map @2 {dir}/m.map
commit map @5 {dir}/m.map
commit map {dir}/m.map
commit map
commit map @2
commit acl @2
commit map @2 nofile
commit acl @2 nofile
commit acl @2 {dir}/m.map
commit map @2 {dir}/m.map
show map {dir}/m.map
get map {dir}/m.map r2
clear map @1 {dir}/m.map
clear map @9 {dir}/m.map
clear acl @x {dir}/a.lst
prepare acl {dir}/a.lst
commit acl @1 {dir}/a.lst
show acl {dir}/a.lst
add acl @1 {dir}/a.lst zz
show acl {dir}/a.lst
show acl
clear acl {dir}/m.map
show map {dir}/m.map
""".strip().split("\n")



class Program:
    def __init__(self, binary, folder):
        self.folder = folder
        self.counts = True
        os.makedirs(folder)
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        self.port = free_port()
        path = os.path.join(folder, "proxy.cfg")
        with open(path, "w") as f:
            f.write(CONFIG.format(dir=folder, port=self.port))
        self.log = open(os.path.join(folder, "log"), "wb")
        self.process = subprocess.Popen([binary, "-db", "-f", path], stdout=self.log, stderr=self.log)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"{binary} did not start, see {folder}/log:\n" + open(self.log.name).read())
                time.sleep(0.02)

    def ask(self, command):
        if command.startswith("GET "):
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                s.sendall(f"{command} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
                return self.read(s).split("\r\n")[0] + "\n"
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(os.path.join(self.folder, "sock"))
            text = command.format(dir=self.folder).replace("\\n", "\n").replace("\\t", "\t")
            s.sendall((text if text.endswith("\n") else text + "\n").encode())
            self.counts = self.counts and " zz 1" not in command
            return self.blank(self.read(s))

    def blank(self, text):
        text = text.replace(self.folder, "DIR")
        text = re.sub(r"^0x[0-9a-f]+ ", "0xREF ", text, flags=re.M)
        text = re.sub(r"type=unknown\(0x[0-9a-f]+\)", "type=str", text)
        text = re.sub(r"^\d+ \(\) acl 'var' file 'httpclient'.*\n", "", text, flags=re.M)
        return text if self.counts else re.sub(r"entry_cnt=\d+", "entry_cnt=N", text)

    @staticmethod
    def read(s):
        got = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                return got.decode("latin-1")
            got += piece

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--haproxy", default="/usr/sbin/haproxy")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    if not os.access(options.haproxy, os.X_OK):
        return 77
    folder = tempfile.mkdtemp(prefix="map-compare.")
    programs = [Program(options.haproxy, folder + "/h"), Program(os.path.abspath(options.binary), folder + "/e")]
    wrong = 0
    try:
        for command in COMMANDS:
            theirs, ours = (p.ask(command) for p in programs)
            if options.v:
                print(f"--- {command}\n{ours}", end="")
            if theirs == ours:
                continue
            wrong += 1
            print(f"=== {command}")
            print("".join(difflib.unified_diff(theirs.splitlines(True), ours.splitlines(True), "haproxy", "evenkeel", n=1)))
    finally:
        for program in programs:
            program.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"map_compare: {len(COMMANDS) - wrong} of {len(COMMANDS)} answers agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
