"""What the numbers depend on, as far as the system tells it. Nothing here names the machine or a place on it."""

import os
import platform
import re

from processes import output


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        match = re.search(r"^(?:model name|Model|Hardware)\s*: (.+)$", file.read(), re.MULTILINE)
    return match[1] if match else platform.machine()


def memory_mib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def file_system(folder):
    """The type of the file system that a folder is on, such as ext4."""
    return output("findmnt", "--noheadings", "--output", "FSTYPE", "--target", folder)


def system():
    with open("/etc/os-release", encoding="utf-8") as file:
        match = re.search(r'^PRETTY_NAME="?([^"\n]+)', file.read(), re.MULTILINE)
    return match[1] if match else platform.system()


def described():
    return {
        "processor": processor(), "processors": len(os.sched_getaffinity(0)), "architecture": platform.machine(),
        "memory_mib": memory_mib(), "kernel": f"{platform.system()} {platform.release()}", "system": system(),
    }
