#!/usr/bin/env python3
"""Every file that docs/ha.md shows, read by the program that it is for: ha_docs.py EVENKEEL.

keepalived -t reads the keepalived.conf of every pair, evenkeel -c our configurations. What `evenkeel generate
keepalived` writes from them is read, too.
"""
import os
import re

import netlab
from netlab import inside, say, tell, write

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/ha.md")
PAIRS = ("proxy", "two-addresses", "lvs-dr")  # docs/ha.md has a pair of keepalived.conf for each of these


def files():
    """{name: text} of the fenced blocks that begin with a comment "# <name>" ending in .cfg or .conf."""
    with open(PAGE) as f:
        blocks = re.findall(r"^```[a-z]*\n(.*?)^```$", f.read(), re.M | re.S)
    found = {}
    for block in blocks:
        name = re.match(r"# (\S+\.(?:cfg|conf))\b", block)
        if name:
            assert name[1] not in found, f"{name[1]} is there twice"
            found[name[1]] = block
    return found


def local(text):
    """Paths that this machine has, where a check looks at them."""
    return text.replace("/usr/sbin/evenkeel", netlab.evenkeel)


def keepalived_reads(name, text):
    done = inside("host", "keepalived", "-t", "-f", write(name, local(text)), check=False)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    tell(f"keepalived -t accepts {name}")


def lab():
    say("the files of docs/ha.md")
    inside("host", "mount", "-t", "tmpfs", "tmpfs", "/run")  # the folders of the files, on this host only
    inside("host", "mkdir", "/run/evenkeel")
    found = files()
    for pair in PAIRS:
        for role in ("first", "second"):
            keepalived_reads(f"{pair}-{role}.conf", found.pop(f"{pair}-{role}.conf"))
        conf = f"{pair}.cfg"
        path = write(conf, found.pop(conf))
        done = inside("host", netlab.evenkeel, "-c", "-f", path, check=False)
        assert done.returncode == 0, f"{conf}: {done.stdout}{done.stderr}"
        tell(f"evenkeel -c accepts {conf}")
        vip = re.search(r"bind ([0-9.]+)", open(path).read())[1]
        inside("host", netlab.evenkeel, "generate", "keepalived", "-f", path, "--output", netlab.folder, "--vip",
               f"{vip}/24")
        for role in ("master", "backup"):
            with open(f"{netlab.folder}/keepalived-{role}.conf") as f:
                keepalived_reads(f"generated-{pair}-{role}.conf", f.read())
    for name, text in found.items():
        if name.endswith(".conf"):
            keepalived_reads(name, text)
        else:
            done = inside("host", netlab.evenkeel, "-c", "-f", write(name, text), check=False)
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
            tell(f"evenkeel -c accepts {name}")


if __name__ == "__main__":
    netlab.play(lab, {"host": [("eth0", "br0", "192.168.4.5/24")]}, ("keepalived",))
