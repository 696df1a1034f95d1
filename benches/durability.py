#!/usr/bin/env python3
"""What durability and replication cost, and whether they hold, on real disks and sockets.

    durability.py --server NAME=COMMAND [--server NAME=COMMAND ...] [--only always,everysec,sync,partial,kill] [--rounds 5]

always    appendfsync always, 50 clients, pipeline 1, on the same disk: requests a second of each server, interleaved
everysec  CPU time a request with appendfsync everysec over that without an AOF, of the first server
sync      full sync of --keys keys to a new replica of the first server under write load: its peak memory over that before,
          and a client's p99.9 idle and during the sync
partial   a replica of the first server is cut off for 10 s under load: it must come back by a partial resync
kill      kill -9 of the first server under load with appendfsync always, --rounds times: nothing acknowledged may be lost
"""
import argparse, os, random, signal, socket, statistics, subprocess, sys, tempfile, threading, time
from servers import Server, encode

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"]
# Rewrites would be measured along; in this process, where those of the peers are in a child.
EVERYSEC = ["--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"]
BACKLOG = ["--repl-backlog-size", "256mb"]


def benchmark(server, count, clients=50, pipeline=1):
    """Requests a second, and CPU microseconds of the server a request."""
    command = ["redis-benchmark", "-p", server.port, "-t", "set", "-P", pipeline, "-c", clients, "-n", count,
               "-r", 1_000_000, "-d", 64, "--csv"]
    before, start = server.cpu_seconds(), time.time()
    subprocess.run([str(word) for word in command], capture_output=True, check=True)
    return count / (time.time() - start), (server.cpu_seconds() - before) / count * 1e6


def always(servers, rounds):
    print(f"appendfsync always, 50 clients, pipeline 1: requests a second (ratio to the best other), median of {rounds}")
    running = [Server(name, command, 7700 + index, options=ALWAYS) for index, (name, command) in enumerate(servers)]
    rates = {server.name: [] for server in running}
    for _ in range(rounds):
        for server in running:
            rates[server.name].append(benchmark(server, 100_000)[0])
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in medians.items():
        best = max((other for known, other in medians.items() if known != name), default=rate)
        print(f"{name:10} {rate:9.0f} ({rate / best:4.2f})", flush=True)
    for server in running:
        server.stop()


def everysec(servers, rounds):
    name, command = servers[0]
    running = [Server("without", command, 7710), Server("everysec", command, 7711, options=EVERYSEC)]
    for pipeline, count in ((1, 100_000), (16, 800_000)):
        used = {server.name: [] for server in running}
        for _ in range(rounds):
            for server in running:
                used[server.name].append(benchmark(server, count, pipeline=pipeline)[1])
        without, with_aof = (statistics.median(used[server.name]) for server in running)
        print(f"{name}: pipeline {pipeline}: {without:.3f} us without, {with_aof:.3f} us everysec, x{with_aof / without:.2f}", flush=True)
    for server in running:
        server.stop()


class Prober(threading.Thread):
    """A client that asks without pause, and remembers how long each answer took."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file, self.times, self.ends = self.socket.makefile("rb"), [], False

    def run(self):
        while not self.ends:
            start = time.perf_counter()
            self.socket.sendall(encode("SET", f"probe:{random.randrange(1000)}", "x" * 16))
            self.file.readline()
            self.times.append(time.perf_counter() - start)
            time.sleep(0.0005)

    def end(self):
        self.ends = True
        self.join()
        found = sorted(self.times)
        return found[int(len(found) * 0.999)] * 1000, found[-1] * 1000


class Writer(threading.Thread):
    """Writes over `keys` keys, some thousand a second, until told to end."""

    def __init__(self, port, keys):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file, self.keys, self.ends, self.written = self.socket.makefile("rb"), keys, False, 0

    def run(self):
        while not self.ends:
            for _ in range(50):
                self.socket.sendall(encode("SET", "key:%012d" % random.randrange(self.keys), "w%015d" % self.written))
                self.written += 1
            for _ in range(50):
                self.file.readline()
            time.sleep(0.005)


def wait_for(check, seconds, what):
    end = time.time() + seconds
    while not check():
        if time.time() > end:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def link_up(replica):
    return replica.info("master_link_status") == "up"


def same_offset(primary, replica):
    return primary.info("master_repl_offset") == replica.info("slave_repl_offset")


def sync(servers, keys):
    name, command = servers[0]
    primary = Server(name, command, 7720, options=BACKLOG + ["--repl-diskless-sync-delay", "0"])
    primary.send(encode("SET", "key:%012d" % i, "v%015d" % i) for i in range(keys))
    writer = Writer(primary.port, keys)
    writer.start()
    time.sleep(2)
    idle = Prober(primary.port)
    idle.start()
    time.sleep(5)
    idle_p999, _ = idle.end()
    before = peak = primary.resident()
    prober = Prober(primary.port)
    prober.start()
    start = time.time()
    replica = Server("replica", command, 7721)
    replica.ask("REPLICAOF", "127.0.0.1", primary.port)
    while not link_up(replica):
        peak = max(peak, primary.resident())
        if time.time() > start + 300:
            sys.exit("the replica does not come up")
        time.sleep(0.02)
    took = time.time() - start
    busy_p999, worst = prober.end()
    writer.ends = True
    writer.join()
    wait_for(lambda: same_offset(primary, replica), 60, "the same offset")
    equal = primary.ask("DBSIZE") == replica.ask("DBSIZE")
    print(f"{name}: {keys} keys in {took:.1f} s, peak memory x{peak / before:.3f}; p99.9 {idle_p999:.2f} ms idle, {busy_p999:.2f} ms "
          f"during the sync (worst {worst:.1f}); sizes equal: {equal}", flush=True)
    primary.stop()
    replica.stop()


class Cable:
    """A connection between a replica and its primary that can be cut."""

    def __init__(self, port, target):
        self.target, self.plugged, self.pairs = target, True, []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            if not self.plugged:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.pairs += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    @staticmethod
    def carry(one, other):
        try:
            while data := one.recv(1 << 16):
                other.sendall(data)
        except OSError:
            pass
        one.close()
        other.close()

    def cut(self):
        self.plugged = False
        for end in self.pairs:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.pairs.clear()


def partial(servers, keys):
    name, command = servers[0]
    primary = Server(name, command, 7730, options=BACKLOG + ["--repl-diskless-sync-delay", "0"])
    cable = Cable(7732, primary.port)
    replica = Server("replica", command, 7731)
    replica.ask("REPLICAOF", "127.0.0.1", "7732")
    wait_for(lambda: link_up(replica), 60, "the first sync")
    writer = Writer(primary.port, keys)
    writer.start()
    time.sleep(1)
    full = primary.info("sync_full")
    cable.cut()
    time.sleep(10)
    cable.plugged = True
    wait_for(lambda: link_up(replica), 60, "the link")
    time.sleep(1)
    writer.ends = True
    writer.join()
    wait_for(lambda: same_offset(primary, replica), 60, "the same offset")
    print(f"{name}: cut for 10 s under load, {writer.written} writes: full syncs {primary.info('sync_full')} (before {full}), partial "
          f"{primary.info('sync_partial_ok')}", flush=True)
    primary.stop()
    replica.stop()


class Counter(threading.Thread):
    """Counts a key of its own up, and remembers what was acknowledged."""

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port, self.key, self.acknowledged = port, f"counter:{number}", 0

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                file = connection.makefile("rb")
                while True:
                    connection.sendall(encode("INCR", self.key))
                    line = file.readline()
                    if not line.startswith(b":"):
                        return
                    self.acknowledged = int(line[1:])
        except OSError:
            pass


def kill(servers, rounds):
    name, command = servers[0]
    directory = tempfile.mkdtemp(prefix="durability-")
    known, total = {}, 0
    for number in range(rounds):
        server = Server(name, command, 7740, directory, ALWAYS)
        wait_for(lambda: server.info("loading") == "0", 60, "loading")
        for key, acknowledged in list(known.items()):
            found = int(server.ask("GET", key) or 0)
            if not acknowledged <= found <= acknowledged + 1:
                sys.exit(f"round {number}: {key} is {found}, acknowledged was {acknowledged}")
            known[key] = found
        counters = [Counter(server.port, client) for client in range(50)]
        for counter in counters:
            counter.start()
        if number % 10 == 5:
            server.ask("BGREWRITEAOF")
        time.sleep(random.uniform(0.05, 0.5))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        for counter in counters:
            counter.join()
            total += max(counter.acknowledged - known.get(counter.key, 0), 0)
            known[counter.key] = max(counter.acknowledged, known.get(counter.key, 0))
    print(f"{name}: killed {rounds} times, {total} increments acknowledged, none lost", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", required=True, help="NAME=COMMAND")
    parser.add_argument("--only", default="always,everysec,sync,partial,kill")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=5_000_000)
    arguments = parser.parse_args()
    servers = [tuple(server.split("=", 1)) for server in arguments.server]
    for wanted in arguments.only.split(","):
        if wanted in ("sync", "partial"):
            globals()[wanted](servers, arguments.keys)
        else:
            globals()[wanted](servers, arguments.rounds)


if __name__ == "__main__":
    main()
