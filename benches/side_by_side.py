#!/usr/bin/env python3
"""Servers side by side on one machine, interleaved: CPU time a request, throughput, memory a key, and a BGSAVE under writes.

    side_by_side.py --server NAME=COMMAND [--server NAME=COMMAND ...] [--only speed,memory,save] [--rounds 5] [--keys 1,2,3,5]

To each command are added --port, --dir, --save "" and --appendonly no. Speed is measured with redis-benchmark; CPU time is the
whole server process's, user and system, and is the figure to trust: where the load generator uses over 95 % of its core (marked
*), throughput says nothing about the server. Ratios are to the best of the other servers.
"""
import argparse, os, re, resource, shlex, socket, statistics, subprocess, sys, tempfile, time

TICKS = os.sysconf("SC_CLK_TCK")
SPEED = [(f"{test} -P {pipeline}", test, pipeline, count)
         for test, extra in (("get", ""), ("set", ""), ("incr", ""))
         for pipeline, count in ((1, 100_000), (16, 800_000), (128, 2_000_000))]
SHAPES = [("16 B -> 16 B", 15, []), ("16 B -> 64 B", 63, []), ("16 B -> 16 B, TTL", 15, ["EX", "100000"])]


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Server:
    def __init__(self, name, command, port):
        self.name, self.port, self.directory = name, port, tempfile.mkdtemp(prefix="side-by-side-")
        options = ["--port", str(port), "--dir", self.directory, "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(shlex.split(command) + options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                self.file = self.socket.makefile("rb")
                if self.ask("PING") == b"+PONG":
                    return
            except OSError:
                time.sleep(0.02)
        sys.exit(f"{name} does not answer")

    def ask(self, *words):
        self.socket.sendall(encode(*words))
        return self.line()

    def line(self):
        line = self.file.readline().rstrip(b"\r\n")
        if line[:1] == b"$" and line != b"$-1":
            return self.file.read(int(line[1:]) + 2)[:-2]
        return line

    def send(self, requests, batch=2000):
        buffer = []
        for request in requests:
            buffer.append(request)
            if len(buffer) == batch:
                self.flush(buffer)
        self.flush(buffer)

    def flush(self, buffer):
        self.socket.sendall(b"".join(buffer))
        for _ in buffer:
            self.line()
        buffer.clear()

    def info(self, field):
        text = self.ask("INFO", "everything").decode()
        found = re.search(rf"^{field}:(.*?)\r?$", text, re.M)
        return found and found[1]

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self):
        total = 0
        for pid in [self.process.pid] + self.children():
            try:
                field = "VmRSS" if pid == self.process.pid else "RssAnon"
                total += int(re.search(rf"{field}:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) * 1024
            except (OSError, TypeError):
                pass
        return total

    def children(self):
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in found.split()]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


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


def load_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


main()
