"""Ports of 127.0.0.1 that nobody else gets before the test listens on them.

A port that the kernel chose and that is closed again may be the source of the next connection of any program on
this machine, and whoever wants to listen on it then fails. These come from below the range of such ports, and a
name in the abstract namespace of unix sockets keeps other tests off them for as long as this process runs.
"""
import atexit
import os
import random
import socket

RESERVED = []  # sockets whose names are the reservations


@atexit.register
def give_back():
    for name in RESERVED:
        name.close()


def outgoing_begin():
    """The first port that outgoing connections use."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        return int(f.read().split()[0])


def usable(port, kinds):
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def reserve(port):
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0evenkeel-test-port-{port}")
    except OSError:
        name.close()
        return False
    RESERVED.append(name)
    return True


def free_port():
    """A port that is free for TCP and UDP."""
    choice = random.Random(os.urandom(16))  # not the seed of the test, or two runs would fight over the same ports
    first, last = 10000, outgoing_begin() - 1
    for _ in range(1000 if last - first > 1000 else 0):
        port = choice.randint(first, last)
        if reserve(port):
            if usable(port, (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
                return port
            RESERVED.pop().close()
    with socket.socket() as s:  # a machine that lends nearly all ports to connections
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
