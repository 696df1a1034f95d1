#!/usr/bin/env python3
"""What recording costs, and whether a long recording of a busy server replays to the byte.

    recording.py --server COMMAND --sim COMMAND [--only cost,replay] [--rounds 5] [--commands 5000000]

cost      CPU time a request at pipeline 16 while recording, over that without, interleaved
replay    several clients send --commands mixed commands to a server with io-threads 2, expiry, eviction and an AOF; half way
          through, a replica is attached and a BGSAVE is asked for. Then the recording is replayed: every effect is compared
"""
import argparse, shlex, shutil, statistics, subprocess, sys, tempfile, threading, time
from servers import Server

PORT, REPLICA_PORT = 7750, 7751
COMMANDS = ("set", "get", "incr")
BUSY = ["--io-threads", "2", "--maxmemory", "25mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "yes",
        "--appendfsync", "everysec", "--repl-diskless-sync-delay", "0", "--record", "tape", "--record-max-size", "0"]
# What each client sends: a share of all, and the request.
MIX = [(4, "SET key:__rand_int__ value:__rand_int__"), (3, "SET key:__rand_int__ __rand_int__ PX 700"),
       (4, "GET key:__rand_int__"), (3, "INCR counter:__rand_int__"), (2, "APPEND log:__rand_int__ abcdefgh"),
       (1, "DEL key:__rand_int__"), (1, "EXPIRE key:__rand_int__ 1"), (1, "MGET key:__rand_int__ counter:__rand_int__"),
       (1, "GETRANGE log:__rand_int__ 0 9")]


def load(port, request, count, clients=10, pipeline=16):
    command = ["redis-benchmark", "-p", port, "-P", pipeline, "-c", clients, "-n", count, "-r", 300_000, "-q"]
    subprocess.run([str(word) for word in command] + shlex.split(request), capture_output=True, check=True)


def cost(command, rounds):
    running = [Server("without", command, PORT), Server("recording", command, PORT + 1, options=["--record", "tape"])]
    used = {(server.name, kind): [] for server in running for kind in COMMANDS}
    for _ in range(rounds):
        for kind in COMMANDS:
            for server in running:
                before, count = server.cpu_seconds(), 1_000_000
                load(server.port, f"-t {kind} -d 64", count, clients=50)
                used[server.name, kind].append((server.cpu_seconds() - before) / count * 1e6)
    for kind in COMMANDS:
        without, recording = (statistics.median(used[server.name, kind]) for server in running)
        print(f"{kind}: {without:.3f} us without, {recording:.3f} us recording, x{recording / without:.3f}", flush=True)
    for server in running:
        server.stop()


def replay(command, sim, commands):
    directory = tempfile.mkdtemp(prefix="recording-")
    server = Server("server", command, PORT, directory, BUSY)
    shares = sum(share for share, _ in MIX)
    clients = [threading.Thread(target=load, args=(PORT, request, commands * share // shares)) for share, request in MIX]
    start = time.time()
    for client in clients:
        client.start()
    while int(server.info("total_commands_processed")) < commands // 2:
        time.sleep(0.05)
    replica = Server("replica", command, REPLICA_PORT)
    replica.ask("REPLICAOF", "127.0.0.1", PORT)
    while replica.info("master_link_status") != "up":
        time.sleep(0.05)
    # At once, or when the replica has what it needs.
    server.ask("BGSAVE", "SCHEDULE")
    for client in clients:
        client.join()
    while server.info("rdb_saves") == "0":
        time.sleep(0.05)
    facts = {name: server.info(name) for name in ("total_commands_processed", "expired_keys", "evicted_keys", "sync_full", "rdb_saves", "aof_enabled")}
    print(f"{time.time() - start:.0f} s: " + ", ".join(f"{name} {fact}" for name, fact in facts.items()), flush=True)
    if any(fact in ("0", None) for fact in facts.values()):
        sys.exit("not all of it took place")
    replica.stop()
    server.ask("SHUTDOWN")
    server.process.wait()
    start = time.time()
    found = subprocess.run(shlex.split(sim) + ["--replay", f"{directory}/tape"], capture_output=True, text=True)
    print(found.stdout.strip().splitlines()[-1] if found.stdout.strip() else found.stderr, f"({time.time() - start:.0f} s)", flush=True)
    size = subprocess.run(["du", "-sm", f"{directory}/tape"], capture_output=True, text=True).stdout.split()[0]
    print(f"the recording took {size} MB", flush=True)
    shutil.rmtree(directory)
    if found.returncode:
        sys.exit("the replay differs")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="its command")
    parser.add_argument("--sim", required=True, help="the simulator's command")
    parser.add_argument("--only", default="cost,replay")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commands", type=int, default=5_000_000)
    arguments = parser.parse_args()
    for wanted in arguments.only.split(","):
        if wanted == "cost":
            cost(arguments.server, arguments.rounds)
        elif wanted == "replay":
            replay(arguments.server, arguments.sim, arguments.commands)


if __name__ == "__main__":
    main()
