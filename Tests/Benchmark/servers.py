"""The servers that are compared: each is started on loopback, with its files in a folder of its own."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time

from processes import Problem, Process, output


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """What all have in common. A subclass says how it is set up, started, and logged in to."""

    identifier = title = ""
    # Whether a file that CLOSE has acknowledged outlives a loss of power.
    close_is_durable = False
    close = "written to the kernel, not to the disk"
    login = "password"
    user = "bench"
    # Who can only write, where there is such an account.
    visitor = None

    def __init__(self, folder, client):
        self.folder = os.path.join(folder, self.identifier)
        self.client = client
        self.port = 0
        self.banner = ""
        self.process = None
        os.mkdir(self.folder, 0o711)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.set_up()
        # Another process can take the port between our look and the server's.
        for _ in range(5):
            self.port = free_port()
            self.process = Process(
                self.command(), self.path("log"), {**self.client.private_home, **self.environment()}, self.account())
            if self._answers():
                return
            self.process.stop()
        raise Problem(f"{self.title} does not start:\n{self.process.printed().strip()}")

    def stop(self):
        if self.process:
            self.process.stop()

    def _answers(self):
        end = time.monotonic() + 60
        while self.process.is_running() and time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    connection.settimeout(5)
                    self.banner = connection.makefile(encoding="utf-8").readline().strip()
                    if self.banner.startswith("SSH-") and self.process.is_running():
                        return True
            except OSError:
                pass
            time.sleep(0.05)
        return False

    def environment(self):
        return {}

    def account(self):
        """Whose process it is; nobody else's than ours unless a server needs that."""
        return None

    def described(self):
        return {
            "id": self.identifier, "title": self.title, "version": self.version(), "login": self.login,
            "close_is_durable": self.close_is_durable, "close": self.close, "settings": self.settings(),
        }


class OpenSSH(Server):
    """OpenSSH's sshd with the server for SFTP that it has inside, with no rights of root."""

    identifier = "openssh"
    title = "OpenSSH"
    login = "public key"

    def __init__(self, folder, client, program):
        super().__init__(folder, client)
        self.program = program
        # As root it would need a user and a folder of its own. "daemon" is there on every Debian.
        self._account = pwd.getpwnam("daemon") if os.getuid() == 0 else None
        self.user = (self._account or pwd.getpwuid(os.getuid())).pw_name

    def account(self):
        return self._account

    def set_up(self):
        os.mkdir(self.path("data"))
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path("hostkey"))
        shutil.copy(self.client.key + ".pub", self.path("authorized_keys"))
        for name in (".", "data", "hostkey", "authorized_keys"):
            if self._account:
                os.chown(self.path(name), self._account.pw_uid, self._account.pw_gid)

    def command(self):
        settings = self.settings()["options"] + [
            f"ListenAddress=127.0.0.1:{self.port}", f"HostKey={self.path('hostkey')}",
            f"AuthorizedKeysFile={self.path('authorized_keys')}",
            f"Subsystem=sftp internal-sftp -d {self.path('data')}",
        ]
        # Since 9.8 it has a second program, and knows where that is installed.
        session = os.path.join(os.path.dirname(self.program), "../lib/openssh/sshd-session")
        for name, file in (("SshdSessionPath", session), ("SshdAuthPath", session.replace("session", "auth"))):
            if os.path.exists(file):
                settings.append(f"{name}={os.path.realpath(file)}")
        return [self.program, "-D", "-e", "-f", "/dev/null", *(f"-o{setting}" for setting in settings)]

    def version(self):
        return self.banner.removeprefix("SSH-2.0-")

    def settings(self):
        return {
            "options": [
                "UsePAM=no", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "StrictModes=no",
                "PidFile=none", "LoginGraceTime=600",
            ],
            "subsystem": "internal-sftp",
        }


class Rclone(Server):
    """rclone over its crypt remote over a local folder."""

    identifier = "rclone"
    title = "rclone crypt"

    def set_up(self):
        os.mkdir(self.path("data"))
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path("hostkey"))
        obscured = output("rclone", "obscure", "-", text=self.client.password)
        with open(self.path("rclone.conf"), "w", encoding="utf-8") as file:
            file.write(f"[store]\ntype = crypt\nremote = {self.path('data')}\npassword = {obscured}\n")

    def command(self):
        return [
            "rclone", "serve", "sftp", "store:", "--addr", f"127.0.0.1:{self.port}", "--key", self.path("hostkey"),
            "--config", self.path("rclone.conf"), "--cache-dir", self.path("cache"),
        ]

    def environment(self):
        return {"RCLONE_USER": self.user, "RCLONE_PASS": self.client.password}

    def version(self):
        return output("rclone", "version", environment=self.client.private_home).splitlines()[0]

    def settings(self):
        return {"remote": "crypt over local, names encrypted", "options": ["vfs-cache-mode off (the default)"]}


class Cryptsftp(Server):
    """This program."""

    identifier = "cryptsftp"
    title = "cryptsftp"
    close_is_durable = True
    close = "fsync of the file, rename, fsync of its folder, and only then the reply"
    visitor = "drop"
    # On a machine that is busy with other tests a login can take long.
    LIMITS = "\n[limits]\nlogin_seconds = 600\n"

    def __init__(self, folder, client, program, commit):
        super().__init__(folder, client)
        self.program = program
        self.commit = commit

    def set_up(self):
        # A visitor who gives the owner's passphrase is the owner.
        for user, access, passphrase in (
            (self.user, "rw", self.client.password), (self.visitor, "wo", secrets.token_hex(16)),
        ):
            output(
                self.program, "user", "add", user, "--access", access, "-c", self.path("Configs/server.conf"),
                "--passphrase-file", "-", text=passphrase + "\n",
                environment=self.client.private_home)

        with open(self.path("Configs/server.conf"), "a", encoding="utf-8") as file:
            file.write(self.LIMITS)

    def command(self):
        return [
            self.program, "serve", "-c", self.path("Configs/server.conf"), "--listen", f"127.0.0.1:{self.port}",
            "--log-level", "warning",
        ]

    def version(self):
        version = output(self.program, "--version")
        return f"{version} ({self.commit})" if self.commit else version

    def settings(self):
        return {
            "gpg": output("gpg", "--version").splitlines()[0],
            "libraries": {name: package_version(name) for name in ("libssh-4", "libgcrypt20", "libsodium23")},
            "server.conf": "as user add makes it, and" + self.LIMITS.replace("\n", " ").rstrip(),
        }


def package_version(name):
    """The version of a Debian package, or None where there is no such thing."""
    try:
        return output("dpkg-query", "-W", "-f", "${Version}", name) or None
    except (Problem, FileNotFoundError):
        return None
