"""Servers as child processes, and the little of RESP that the side-by-side runs need."""
import os, re, resource, shlex, socket, subprocess, sys, tempfile, time

TICKS = os.sysconf("SC_CLK_TCK")


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Server:
    """A server on a port, in a directory of its own unless one is given; `options` come behind the usual ones."""

    def __init__(self, name, command, port, directory=None, options=()):
        self.name, self.port = name, port
        self.directory = directory or tempfile.mkdtemp(prefix="side-by-side-")
        usual = ["--port", str(port), "--dir", self.directory, "--save", "", "--appendonly", "no"]
        command = shlex.split(command) + usual + list(options)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                self.file = self.socket.makefile("rb")
                if self.ask("PING") == b"+PONG":
                    return
            except OSError:
                pass
            # It is not there yet, or it is loading.
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


def load_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
