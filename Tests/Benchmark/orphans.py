"""Processes whose parents have ended: gpgme starts gpg so that it is nobody's child, and it is to count for its server."""

import contextlib
import ctypes
import os
import signal
import time

from processes import is_ours, starting

PR_SET_CHILD_SUBREAPER = 36


def adopt():
    """From now on, what descends from this process and has lost its parent becomes its child (prctl(2))."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def adopted():
    """Those that there are now, with the ones that have ended and were not waited for."""
    own = []
    with starting:
        for thread in os.listdir("/proc/self/task"):
            # A thread can end while we look; its children are another's then, and seen there the next time.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(f"/proc/self/task/{thread}/children", encoding="ascii") as children:
                    own += [int(child) for child in children.read().split()]
        return [pid for pid in own if not is_ours(pid)]


def bury():
    """Waits for those that have ended, and yields the name of each and what it has used."""
    for pid in adopted():
        # One of ours that was waited for this very moment looks like an orphan.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ChildProcessError):
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
                name = comm.read().strip()
            ended, _, used = os.wait4(pid, os.WNOHANG)
            if ended:
                yield pid, name, used


def end_adopted():
    """Ends those that do not end by themselves now that their server has."""
    end = time.monotonic() + 10
    while adopted():
        list(bury())
        if time.monotonic() > end:
            for pid in adopted():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
