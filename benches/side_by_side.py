#!/usr/bin/env python3
"""Servers side by side on one machine, interleaved: CPU time a request, throughput, memory a key, and a BGSAVE under writes.

    side_by_side.py --server NAME=COMMAND [--server NAME=COMMAND ...] [--only speed,memory,save] [--rounds 5] [--keys 1,2,3,5]

To each command are added --port, --dir, --save "" and --appendonly no. Speed is measured with redis-benchmark; CPU time is the
whole server process's, user and system, and is the figure to trust: where the load generator uses over 95 % of its core (marked
*), throughput says nothing about the server. Ratios are to the best of the other servers.
"""
import argparse, re, socket, statistics, subprocess, time
from servers import Server, encode, load_cpu

SPEED = [(f"{test} -P {pipeline}", test, pipeline, count)
         for test in ("set", "get", "incr")
         for pipeline, count in ((1, 100_000), (16, 800_000), (128, 2_000_000))]
SHAPES = [("16 B -> 16 B", 15, []), ("16 B -> 64 B", 63, []), ("16 B -> 16 B, TTL", 15, ["EX", "100000"])]


def speed(servers, rounds):
    names = [name for name, _ in servers]
    running = [Server(name, command, 7600 + index) for index, (name, command) in enumerate(servers)]
    print(f"CPU microseconds a request (ratio to the best other), requests a second; median of {rounds}")
    for label, test, pipeline, count in SPEED:
        results = {name: [] for name in names}
        for _ in range(rounds):
            for server in running:
                clients = 50 if pipeline < 128 else 16
                command = ["redis-benchmark", "-p", server.port, "-t", test, "-P", pipeline, "-c", clients, "-n", count,
                           "-r", 1_000_000, "-d", 64, "--csv"]
                before, load_before, start = server.cpu_seconds(), load_cpu(), time.time()
                out = subprocess.run([str(word) for word in command], capture_output=True, text=True).stdout
                elapsed = time.time() - start
                used, load = server.cpu_seconds() - before, load_cpu() - load_before
                rate = float(re.findall(r'^"[^"]*","([\d.]+)"', out, re.M)[-1])
                results[server.name].append((used / count * 1e6, rate, load / elapsed))
        medians = {name: tuple(statistics.median(result[i] for result in results[name]) for i in range(3)) for name in names}
        row = ""
        for name in names:
            cpu, rate, load = medians[name]
            best = min((medians[other][0] for other in names if other != name), default=cpu)
            row += f"  {name} {cpu:7.3f} ({cpu / best:4.2f}) {rate:9.0f}{'*' if load > 0.95 else ' '}"
        print(f"{label:12}{row}", flush=True)
    for server in running:
        server.stop()


def memory(servers, millions):
    print("resident bytes a key; the server's own account over its allocator's figure")
    for label, length, options in SHAPES:
        for size in millions:
            row = ""
            for name, command in servers:
                server = Server(name, command, 7620)
                before, keys = server.resident(), int(size * 1_000_000)
                server.send(encode("SET", "key:%012d" % i, "v%0*d" % (length, i), *options) for i in range(keys))
                time.sleep(0.5)
                bytes_a_key = (server.resident() - before) / keys
                account, allocated = server.info("used_memory"), server.info("allocator_allocated")
                row += f"  {name} {bytes_a_key:6.1f} ({int(account) / int(allocated):4.2f})"
                server.stop()
            print(f"{label:18} {size:g} M {row}", flush=True)


def save(servers, rounds):
    print(f"BGSAVE of 5 million keys under a pipelined writer over all keys, median of {rounds}")
    keys = 5_000_000
    for name, command in servers:
        peaks, slowest, seconds = [], 0, []
        server = Server(name, command, 7640)
        server.send(encode("SET", "key:%012d" % i, "v%015d" % i) for i in range(keys))
        other = socket.create_connection(("127.0.0.1", server.port))
        other_file = other.makefile("rb")
        for _ in range(rounds):
            time.sleep(1)
            before = peak = server.resident()
            server.ask("BGSAVE")
            start, i = time.time(), 0
            while True:
                server.send((encode("SET", "key:%012d" % ((i + n) * 7919 % keys), "w%015d" % n) for n in range(2000)))
                i += 2000
                peak = max(peak, server.resident())
                asked = time.time()
                other.sendall(encode("INFO", "persistence"))
                text = other_file.read(int(other_file.readline()[1:]) + 2)
                slowest = max(slowest, time.time() - asked)
                if b"rdb_bgsave_in_progress:0" in text:
                    break
            seconds.append(time.time() - start)
            peaks.append(peak / before)
        print(f"{name}: peak x{statistics.median(peaks):.3f}, {statistics.median(seconds):.1f} s, "
              f"slowest INFO {slowest * 1000:.1f} ms", flush=True)
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", required=True, help="NAME=COMMAND")
    parser.add_argument("--only", default="speed,memory,save")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", default="1,2,3,5", help="sizes for memory, in millions")
    arguments = parser.parse_args()
    servers = [tuple(server.split("=", 1)) for server in arguments.server]
    wanted = arguments.only.split(",")
    if "speed" in wanted:
        speed(servers, arguments.rounds)
    if "memory" in wanted:
        memory(servers, [float(size) for size in arguments.keys.split(",")])
    if "save" in wanted:
        save(servers, arguments.rounds)


if __name__ == "__main__":
    main()
