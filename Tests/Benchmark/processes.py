"""Processes that are started here, and that end with this one however that ends."""

import os
import signal
import subprocess
import threading


class Problem(Exception):
    """What ends the benchmark with a sentence for people."""


# All that were started here, by identifier; whoever looks at what there is holds the lock.
started = {}
starting = threading.Lock()


def start(arguments, environment=None, **options):
    """Starts a program in a session of its own: what the terminal sends does not reach it."""
    with starting:
        child = subprocess.Popen(
            arguments, env={**os.environ, **(environment or {})}, start_new_session=True, **options)
        started[child.pid] = child
    return child


def is_ours(pid):
    return pid in started and started[pid].returncode is None


def output(*arguments, text=None, environment=None):
    """What a program prints on both its streams; a program that fails ends the benchmark."""
    child = start(
        arguments, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace")
    try:
        printed = child.communicate(text)[0].strip()
    finally:
        # One that is making a key has things lying about until it ends by itself.
        end(child, patience=30)
    if child.returncode != 0:
        raise Problem(f"{os.path.basename(arguments[0])} failed: {printed}")
    return printed


def end(child, patience=0):
    """Ends a process and waits: first for it to end by itself, then as it likes to be ended, then at once."""
    if patience:
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        if child.poll() is None:
            child.send_signal(number)
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                pass


class Process:
    """A program that ends with this object, and with this process however that ends."""

    def __init__(self, arguments, log, environment, account=None):
        self.log = log
        setpriv = ["setpriv", "--pdeathsig", "TERM"]
        if account:
            setpriv += ["--reuid", account.pw_name, "--regid", str(account.pw_gid), "--clear-groups"]
        with open(log, "wb") as file:
            self.child = start(
                [*setpriv, "--", *arguments], environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        self.pid = self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def printed(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        end(self.child)
