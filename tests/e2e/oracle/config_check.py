#!/usr/bin/env python3
"""Compare which configurations BINARY accepts with which ones HAProxy accepts.

usage: config_check.py BINARY [--haproxy /usr/sbin/haproxy] [--only SUBSTRING] [-v]

Every file of configs/ is one case. Both programs run `-c -f FILE` and have to agree on "accepted" (0, or 2: nothing to
listen on) or "refused". Where we differ on purpose, a line of the file says so:

    # differs: accepted, <why>       we take what HAProxy 2.6 refuses
    # differs: refused, <why>        we refuse what HAProxy 2.6 takes

`# says: <text>` (repeatable) demands a text in our messages. Exit status 0 where all cases hold, 77 without HAProxy.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(binary, path):
    done = subprocess.run([binary, "-c", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    verdict = "accepted" if done.returncode in (0, 2) else "refused"
    return verdict, done.stdout.decode("utf-8", "replace"), done.returncode


def problems_of(path, ours, theirs):
    text = open(path, errors="surrogateescape").read()
    differs = re.search(r"^# differs: (accepted|refused)", text, re.M)
    verdict, output, code = ours
    if code not in (0, 1, 2):
        yield f"exit status {code}"
    if differs and theirs[0] == differs.group(1):
        yield f"is said to differ, but HAProxy has it {theirs[0]}, too"
    expected = differs.group(1) if differs else theirs[0]
    if verdict != expected:
        yield f"{verdict}, expected {expected}"
    for said in re.findall(r"^# says: (.*)$", text, re.M):
        if said not in output:
            yield f"does not say '{said}'"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--haproxy", default="/usr/sbin/haproxy")
    parser.add_argument("--only", default="")
    parser.add_argument("-v", action="store_true", help="show the messages of both for cases that fail")
    options = parser.parse_args()
    binary = shutil.which(options.binary) or os.path.abspath(options.binary)
    if not os.path.exists(options.haproxy):
        print("skipped: there is no " + options.haproxy)
        sys.exit(77)
    folder = os.path.join(HERE, "configs")
    cases = sorted(f for f in os.listdir(folder) if f.endswith(".cfg") and options.only in f)
    failed = 0
    for case in cases:
        path = os.path.join(folder, case)
        ours, theirs = run(binary, path), run(options.haproxy, path)
        problems = list(problems_of(path, ours, theirs))
        failed += bool(problems)
        for problem in problems:
            print(f"{case}: {problem}")
        if problems and options.v:
            print("--- ours\n" + ours[1] + "--- haproxy\n" + theirs[1])
    print(f"{len(cases) - failed} of {len(cases)} cases hold")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
