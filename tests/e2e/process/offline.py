#!/usr/bin/env python3
"""evenkeel explain and evenkeel test, as users call them: offline.py PROGRAM [unittest arguments]."""
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/examples")
CFG = os.path.join(EXAMPLES, "routing.cfg")
CASES = os.path.join(EXAMPLES, "routing.cases")


def run(*args, stdin=""):
    done = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


class Explain(unittest.TestCase):
    def test_shows_the_way(self):
        status, out, err = run("explain", "-f", CFG, "-H", "Host: API.example.com", "--src", "192.0.2.10",
                               "GET /v1/orders HTTP/1.1")
        self.assertEqual((status, err), (0, ""))
        for text in ['is_api: hdr(host) = "API.example.com" (str) -> yes', "applies: backend api",
                     "GET /v1/orders -> GET /orders", "+ x-client: 192.0.2.10", "one of the servers a1, a2",
                     "forwarded, status 200"]:
            self.assertIn(text, out)

    def test_reads_a_request_from_standard_input(self):
        status, out, _ = run("explain", "-f", CFG, "-r", "-", stdin="POST /x HTTP/1.1\nHost: example.com\n\nbody")
        self.assertEqual(status, 0)
        self.assertIn("location: https://www.example.com/x", out)

    def test_takes_the_response_into_account(self):
        _, out, _ = run("explain", "-f", CFG, "-H", "Host: api.example.com", "--response", "404", "-R", "Server: x", "/")
        self.assertIn("- server: x", out)
        self.assertIn("forwarded, status 404", out)

    def test_names_what_is_wrong(self):
        for args, what in ((["-f", CFG, "--frontend", "nope", "/"], "there is no frontend 'nope'; there are: www"),
                           (["/"], "no configuration is named, use -f"),
                           (["-f", CFG, "-H", "nonsense", "/"], "'nonsense' is no header"),
                           (["-f", CFG, "--src", "here", "/"], "'here' is no IP address"),
                           (["-f", CFG, "/a", "/b"], "more than one request: '/b'"),
                           (["-f", CFG, "-x", "/b"], "unknown option '-x'"),
                           (["-f", "/nonexistent.cfg", "/"], "/nonexistent.cfg")):
            status, _, err = run("explain", *args)
            self.assertEqual(status, 2, args)
            self.assertIn(what, err)
        self.assertEqual(run("explain", "--help")[0], 0)


class Test(unittest.TestCase):
    def test_example_passes(self):
        status, out, err = run("test", CFG, CASES)
        self.assertEqual((status, err), (0, ""), out)
        self.assertTrue(out.startswith("1..5\nok 1 - the API has"))
        self.assertTrue(out.endswith("# 5 of 5 cases passed\n"))

    def test_failures_say_what_came_instead(self):
        with tempfile.NamedTemporaryFile("w", suffix=".cases") as f:
            f.write("- name: wrong\n  request: /\n  expect:\n    backend: api\n    response headers:\n      X: 1\n")
            f.flush()
            status, out, _ = run("test", CFG, f.name, CASES)
        self.assertEqual(status, 1)
        self.assertIn("not ok 1 - wrong\n  # backend: expected 'api', got 'site'\n  # response header X: expected '1', got none\n", out)
        self.assertIn("default_backend site", out)
        self.assertIn("# 5 of 6 cases passed", out)

    def test_names_what_is_wrong(self):
        with tempfile.NamedTemporaryFile("w", suffix=".cases") as f:
            f.write("- name: x\n  requst: /\n")
            f.flush()
            status, _, err = run("test", CFG, f.name)
            self.assertEqual(status, 2)
            self.assertIn(f"{f.name}, line 2: unknown key 'requst'", err)
        self.assertEqual(run("test", CFG)[0], 2)
        self.assertEqual(run("test", "/nonexistent.cfg", CASES)[0], 2)
        self.assertEqual(run("test", CFG, "/nonexistent.cases")[0], 2)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
