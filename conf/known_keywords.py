#!/usr/bin/env python3
"""Make conf/known_keywords_data.cc from HAProxy's keyword dump (`haproxy -dKall`, plus a table of proxy keywords).

usage: known_keywords.py DUMP > known_keywords_data.cc
"""
import re, sys

SECTIONS = {"global", "listen", "userlist", "peers", "crt-list", "crt-store", "traces", "acme"}
# Words that HAProxy parses by hand, so that its dump does not list them.
GLOBAL = """maxconn ulimit-n uid gid user group node description log log-tag log-send-hostname nosplice nogetaddrinfo noreuseport
maxconnrate maxsessrate maxsslrate maxpipes maxcompcpuusage maxcomprate maxzlibmem spread-checks max-spread-checks cpu-map
external-check insecure-fork-wanted insecure-setuid-wanted unix-bind server-state-base server-state-file busy-polling
set-dumpable strict-limits numa-cpu-mapping default-path stats h2-workaround-bogus-websocket-clients""".split()

def proxy_name(line):
    return re.split(r"\t|\s\(\*\)", line.strip("\t"))[0].strip()

def parse(text):
    kinds = {k: set() for k in ("global", "proxy", "other", "bind", "server", "action", "fetch", "converter", "filter", "cli")}
    part, section = "", ""
    for line in text.splitlines():
        if line.startswith("# List of registered "): part = line[21:].split(" keyword")[0].split(" func")[0].split(" names")[0]; continue
        if line.startswith("# Proxy keywords"): part = "proxy"; continue
        if line.startswith("#") or not line.strip(): continue
        if part == "configuration":
            if not line.startswith("\t"): section = line.strip(); assert section in SECTIONS, section; continue
            word = line.strip()
            m = re.match(r"(bind <addr>|server <name> <addr>) (?:ssl (?=\S))?(.*)", word)
            if m: kinds["bind" if word.startswith("bind") else "server"].add(m[2])
            elif section == "global": kinds["global"].add(word)
            elif section != "listen": kinds["other"].add(word.split(" +")[0])
            elif re.match(r"(http|tcp)-\S+ (connection |session |content )?\S+$", word): kinds["action"].add(word.rstrip("*"))
            else: kinds["proxy"].add(word.split(" [")[0])
        elif part == "CLI": kinds["cli"].add(" ".join(w for w in line.split(" [")[0].split() if not w.startswith(("<", "[", "@"))))
        elif part == "sample converter": kinds["converter"].add(re.match(r"[^:(]+", line)[0].strip())
        elif part == "sample fetch": kinds["fetch"].add(re.match(r"\[[^\]]*\] ([^:(]+)", line)[1].strip())
        elif part == "ACL": kinds["fetch"].add(line.split(" = ")[0].strip())
        elif part == "filter": kinds["filter"].add(line.split(" [")[0].strip())
        elif part == "proxy": kinds["proxy"].add(proxy_name(line))
    kinds["global"].update(GLOBAL)
    kinds["bind"].update({"ssl"})
    kinds["cli"].discard("")
    return kinds

def main():
    kinds = parse(open(sys.argv[1], encoding="utf-8").read())
    print("// Made by conf/known_keywords.py from HAProxy 3.5's keyword dump. An option's \" +1\" is its number of arguments.")
    print('// clang-format off')
    print('#include "conf/known_keywords_data.h"\n\nnamespace evenkeel::conf::known {\n')
    for kind, words in kinds.items():
        print(f"const std::string_view k_{kind}[] = {{")
        line = "   "
        for w in sorted(words, key=lambda w: w.split(" +")[0].encode()):
            item = ' "' + w + '",'
            if len(line) + len(item) > 110: print(line); line = "   "
            line += item
        print(line + "\n};")
        print(f"const std::size_t n_{kind} = sizeof k_{kind} / sizeof *k_{kind};\n")
    print("}  // namespace evenkeel::conf::known")

main()
