"""The clients: OpenSSH's sftp as people use it, and its ssh with packets made here for reads that sftp cannot do."""

import contextlib
import os
import re
import secrets
import select
import signal
import struct
import subprocess
import time

from processes import Problem, output, start

ANSWER = b"Remote working directory: "


class Client:
    """What the clients of one run share: a key, a password, a home that is nobody's, and how long they wait."""

    def __init__(self, folder, cipher, seconds):
        self.folder = os.path.join(folder, "client")
        os.mkdir(self.folder, 0o700)
        self.cipher = cipher
        self.seconds = seconds
        self.key = os.path.join(self.folder, "key")
        self.password = secrets.token_hex(16)
        # None of the programs is to find its user's own settings and keys.
        self.private_home = {
            "HOME": self.folder, "XDG_CONFIG_HOME": self.folder, "XDG_CACHE_HOME": self.folder, "LC_ALL": "C.UTF-8",
        }
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        self.ask_pass = os.path.join(self.folder, "askpass")
        with open(self.ask_pass, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\necho {self.password}\n")
        os.chmod(self.ask_pass, 0o700)

    def options(self, server):
        """What lets OpenSSH's clients log in without a question; what concerns the transfer is as it is by default."""
        options = [
            "-F", "none", "-oBatchMode=no", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
            "-oIdentitiesOnly=yes", "-oNumberOfPasswordPrompts=1", f"-oIdentityFile={self.key}",
            f"-oPreferredAuthentications={server.login.replace(' ', '')}", f"-oPort={server.port}",
        ]
        return options + ([f"-oCiphers={self.cipher}"] if self.cipher else [])

    def start(self, arguments, folder, errors):
        asking = {"SSH_ASKPASS": self.ask_pass, "SSH_ASKPASS_REQUIRE": "force", "SSH_AUTH_SOCK": ""}
        return start(
            arguments, {**self.private_home, **asking}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            cwd=folder)


class Connection:
    """A client that is logged in, for the time of a `with`."""

    def __init__(self, server, arguments, folder):
        self.server = server
        self.client = server.client
        self.arguments = arguments
        self.folder = folder

    def __enter__(self):
        # A file: a pipe could fill up, and then the client would wait.
        self.errors = open(os.path.join(self.client.folder, f"errors-{secrets.token_hex(4)}"), "w+b")
        self.process = self.client.start(self.arguments, self.folder, self.errors)
        try:
            self.log_in()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, error, *_):
        if error:
            self.kill()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        os.unlink(self.errors.name)

    def kill(self):
        # sftp has an ssh, which is of the group that began with it.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def fail(self, reason):
        self.errors.seek(0)
        printed = self.errors.read().decode(errors="replace").strip()
        raise Problem(f"{self.server.title}: {reason}\n{printed}\n{self.server.process.printed()[-2000:]}".rstrip())

    def wait_for_bytes(self, end):
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
        if not ready:
            self.fail(f"no answer in {self.client.seconds} seconds")


class SFTP(Connection):
    """OpenSSH's sftp. It does one thing after the other, and `pwd` tells when it has done what came before."""

    def __init__(self, server, user=None, folder=None, options=()):
        super().__init__(
            server, ["sftp", *options, *server.client.options(server), "-b", "-", f"{user or server.user}@127.0.0.1"],
            folder)

    def log_in(self):
        self.run()

    def send(self, *commands):
        """Has it begin with these commands."""
        try:
            self.process.stdin.write("".join(f"{command}\n" for command in (*commands, "pwd")).encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail("the client has ended")

    def wait(self):
        """Waits until all is done that was sent, and returns what it has printed meanwhile."""
        end = time.monotonic() + self.client.seconds
        printed = bytearray()
        while not (printed.endswith(b"\n") and printed[:-1].rpartition(b"\n")[2].startswith(ANSWER)):
            self.wait_for_bytes(end)
            received = os.read(self.process.stdout.fileno(), 1 << 16)
            if not received:
                self.fail("the client has ended: " + printed.decode(errors="replace")[-500:])
            printed += received
        return printed

    def run(self, *commands):
        self.send(*commands)
        return self.wait()


def negotiated(client):
    """What a client that was started with -v and its server have agreed on."""
    client.errors.seek(0)
    printed = client.errors.read().decode(errors="replace")

    def found(pattern):
        match = re.search(pattern, printed)
        return match[1] if match else None

    return {
        "key_exchange": found(r"kex: algorithm: (\S+)"), "host_key": found(r"kex: host key algorithm: (\S+)"),
        "cipher": found(r"kex: client->server cipher: (\S+)"), "mac": found(r"kex: client->server .*MAC: (\S+)"),
        "compression": found(r"kex: client->server .*compression: (\S+)"),
    }


class Packets(Connection):
    """The subsystem through OpenSSH's ssh, with packets made here: all cryptography is ssh's, and little is left to do.

    As OpenSSH's sftp does, it asks for 32 KiB at a time: not all servers give more.
    """

    BLOCK = 32768

    def __init__(self, server):
        super().__init__(
            server, ["ssh", *server.client.options(server), "-s", f"{server.user}@127.0.0.1", "sftp"], None)
        self.number = 0

    def log_in(self):
        self._send(1, struct.pack(">I", 3))
        self._reply()

    def open(self, path):
        name = path.encode()
        self._send(3, struct.pack(">II", 1, len(name)) + name + struct.pack(">II", 1, 0))
        kind, body = self._reply()
        if kind != 102:
            self.fail(f"{path} cannot be opened: {body!r}")
        return body[8:]

    def read(self, handle, offset, count):
        """Reads a part of a file, all its blocks asked for at once."""
        asked = {}
        for start in range(offset, offset + count, self.BLOCK):
            self.number += 1
            asked[self.number] = start - offset
            length = min(self.BLOCK, offset + count - start)
            body = struct.pack(">II", self.number, len(handle)) + handle + struct.pack(">QI", start, length)
            self._send(5, body)
        blocks = {}
        for _ in asked:
            kind, body = self._reply()
            if kind != 103:
                self.fail(f"a read failed: {body!r}")
            blocks[asked[struct.unpack(">I", body[:4])[0]]] = body[8:]
        return b"".join(blocks[start] for start in sorted(blocks))

    def _send(self, kind, body):
        try:
            self.process.stdin.write(struct.pack(">IB", 1 + len(body), kind) + body)
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail("the client has ended")

    def _reply(self):
        length = struct.unpack(">I", self._exactly(4))[0]
        packet = self._exactly(length)
        return packet[0], packet[1:]

    def _exactly(self, count):
        end = time.monotonic() + self.client.seconds
        received = bytearray()
        while len(received) < count:
            self.wait_for_bytes(end)
            more = os.read(self.process.stdout.fileno(), count - len(received))
            if not more:
                self.fail("the connection has ended")
            received += more
        return bytes(received)
