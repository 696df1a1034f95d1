#!/usr/bin/env python3
"""How long do others wait while a very large value dies, or is written to during a BGSAVE?

    death.py --server COMMAND [--types hash,zset,list,set,stream] [--causes del,unlink,flushall,expiry,eviction,save]
             [--elements 10000000] [--rounds 20]

Another client sends PING after PING. Its slowest reply from when a value is told to die until a while after it is gone is compared
with its slowest in as long a time in which nothing happens; `save` writes to the value throughout a BGSAVE instead. Each line is one
type and cause: the slowest of all rounds, in milliseconds. Exits with 1 if one is more than 2 ms above idle.
"""
import argparse, multiprocessing, socket, sys, time
from servers import Server, encode

BATCH = 1000
LIMIT_MS = 2.0
# What is watched after the value is gone: it is dropped elsewhere meanwhile. Seconds.
AFTERWARDS = 2.0


def elements_of(kind, first):
    """One request that adds BATCH elements."""
    numbers = range(first, first + BATCH)
    if kind == "hash":
        return ["HSET", "big"] + [word for number in numbers for word in (f"field:{number:010}", f"value:{number:010}")]
    if kind == "zset":
        return ["ZADD", "big"] + [word for number in numbers for word in (str(number * 7919 % 10_000_019), f"member:{number:013}")]
    if kind == "list":
        return ["RPUSH", "big"] + [f"element:{number:08}" for number in numbers]
    return ["SADD", "big"] + [f"member:{number:09}" for number in numbers]


def requests_of(kind, count):
    """Bytes of the requests that build a value, and how many lines the replies are."""
    if kind == "stream":
        return b"".join(encode("XADD", "big", f"{number + 1}-0", "field", f"{number:016}") for number in range(count)), 2 * count
    return b"".join(encode(*elements_of(kind, first)) for first in range(0, count, BATCH)), count // BATCH


WRITES = {"hash": ("HSET", "big", "field:0000000007", "other"), "zset": ("ZADD", "big", "3", "member:0000000000007"),
          "list": ("LSET", "big", "5000", "other"), "set": ("SADD", "big", "other"), "stream": ("XADD", "big", "*", "a", "b")}


def build(server, requests, lines):
    """Sends all while another process takes the replies."""
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        reader = multiprocessing.Process(target=drain, args=(link, lines))
        reader.start()
        link.sendall(requests)
        reader.join()


def drain(link, lines):
    while lines > 0:
        lines -= link.recv(1 << 20).count(b"\n")


def ping(port, begin, end, slowest):
    """Sends PINGs between two events; leaves the slowest, in seconds."""
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request, worst = encode("PING"), 0.0
    begin.set()
    while not end.is_set():
        before = time.perf_counter()
        link.sendall(request)
        link.recv(64)
        worst = max(worst, time.perf_counter() - before)
    slowest.value = worst


class Pinging:
    """A client of its own process that sends PINGs meanwhile."""

    def __init__(self, port):
        begin, self.end, self.slowest = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Value("d")
        self.process = multiprocessing.Process(target=ping, args=(port, begin, self.end, self.slowest))
        self.process.start()
        begin.wait()

    def stop(self):
        """The slowest, in milliseconds."""
        self.end.set()
        self.process.join()
        return self.slowest.value * 1e3


def die(server, cause):
    if cause == "expiry":
        server.ask("PEXPIRE", "big", "1")
    elif cause == "eviction":
        enough = int(server.info("used_memory")) * 6 // 10
        server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", enough)
        server.ask("SET", "small", "1")
    else:
        server.ask(*(["FLUSHALL"] if cause == "flushall" else [cause.upper(), "big"]))
    deadline = time.time() + 60
    while server.ask("EXISTS", "big") != b":0":
        if time.time() > deadline:
            sys.exit(f"the value is still there: {cause}")
        time.sleep(0.01)
    time.sleep(AFTERWARDS)
    server.ask("CONFIG", "SET", "maxmemory", "0")


def save(server, kind):
    saves = server.info("rdb_saves")
    server.ask("BGSAVE")
    while server.info("rdb_saves") == saves:
        for _ in range(20):
            server.ask(*WRITES[kind])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--types", default="hash,zset,list,set,stream")
    parser.add_argument("--causes", default="del,unlink,flushall,expiry,eviction,save")
    parser.add_argument("--elements", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    failed = False
    for kind in arguments.types.split(","):
        requests, lines = requests_of(kind, arguments.elements)
        server = Server("server", arguments.server, 7780)
        for cause in arguments.causes.split(","):
            slowest, idle, over = 0.0, 0.0, 0
            for _ in range(arguments.rounds):
                if server.ask("EXISTS", "big") == b":0":
                    build(server, requests, lines)
                pinging, began = Pinging(server.port), time.time()
                save(server, kind) if cause == "save" else die(server, cause)
                took = time.time() - began
                here, pinging = pinging.stop(), Pinging(server.port)
                time.sleep(took)
                quiet = pinging.stop()
                over += here > quiet + LIMIT_MS
                slowest, idle = max(slowest, here), max(idle, quiet)
            failed |= slowest > idle + LIMIT_MS
            print(f"{kind:7} {cause:9} slowest PING {slowest:6.2f} ms, idle {idle:6.2f} ms; rounds more than {LIMIT_MS:.0f} ms above "
                  f"their own idle: {over} of {arguments.rounds}", flush=True)
        server.stop()
    sys.exit(failed)


if __name__ == "__main__":
    main()
