#!/usr/bin/env python3
"""hammer.py HOST PORT STOPFILE: one request per connection, over and over, until STOPFILE exists.

Fails when a single connection was refused, cut or answered with anything but a 200.
"""
import os
import socket
import sys

host, port, stop = sys.argv[1], int(sys.argv[2]), sys.argv[3]
done = failed = 0
while not os.path.exists(stop):
    try:
        with socket.create_connection((host, port), 5) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while chunk := s.recv(4096):
                answer += chunk
        if not answer.startswith(b"HTTP/1.1 200 "):
            failed += 1
            print("bad answer:", answer[:60])
    except OSError as error:
        failed += 1
        print("failed:", error)
    done += 1
print(f"{done} requests, {failed} failed")
sys.exit(1 if failed or not done else 0)
