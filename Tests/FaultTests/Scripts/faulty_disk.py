"""A folder shown at another place, as a disk that fails when it is told to.

    faulty_disk.py FOLDER MOUNT SWITCHES

SWITCHES is a file with a line for each fault: an operation, and the name of the error it ends with, as in "fsync EIO". The
operation "change" stands for all that changes something, and "all" for all.
"""

import errno
import os
import sys

import fusepy


class FaultyDisk(fusepy.Operations):
    """Passes everything on to the folder, but for what the switches say."""

    changes = {"create", "write", "truncate", "unlink", "rename", "link", "mkdir", "rmdir", "chmod", "chown", "utimens"}

    def __init__(self, folder, switches):
        self.folder = folder
        self.switches = switches

    def __call__(self, operation, path, *arguments):
        with open(self.switches, encoding="ascii") as switches:
            faults = dict(line.split() for line in switches)
        name = faults.get(operation) or faults.get("all")
        if operation in self.changes or operation == "open" and arguments[0] & os.O_ACCMODE != os.O_RDONLY:
            name = name or faults.get("change")
        # What is open can be given up at all times.
        if name and operation not in ("init", "destroy", "release", "releasedir"):
            raise fusepy.FuseOSError(getattr(errno, name))
        if not hasattr(self, operation):
            raise fusepy.FuseOSError(errno.ENOSYS)
        return getattr(self, operation)(self.folder + path if path else path, *arguments)

    def getattr(self, path, fh=None):
        status = os.fstat(fh) if fh is not None else os.lstat(path)
        names = ("mode", "ino", "nlink", "uid", "gid", "size", "blocks")
        attributes = {f"st_{name}": getattr(status, f"st_{name}") for name in names}
        # In nanoseconds where the library takes them, which it does when it is mounted so.
        for name in ("atime", "mtime", "ctime"):
            attributes[f"st_{name}"] = getattr(status, f"st_{name}_ns")
        return attributes

    use_ns = True

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def open(self, path, flags):
        return os.open(path, flags)

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(fh if fh is not None else path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def flush(self, path, fh):
        pass

    def release(self, path, fh):
        os.close(fh)

    def unlink(self, path):
        os.unlink(path)

    def rename(self, old, new):
        os.rename(old, self.folder + new)

    def link(self, target, source):
        os.link(self.folder + source, target)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def chmod(self, path, mode):
        os.chmod(path, mode)

    def chown(self, path, uid, gid):
        os.chown(path, uid, gid, follow_symlinks=False)

    def utimens(self, path, times=None):
        os.utime(path, ns=times)

    def statfs(self, path):
        figures = os.statvfs(path)
        names = ("bavail", "bfree", "blocks", "bsize", "favail", "ffree", "files", "flag", "frsize", "namemax")
        return {f"f_{name}": getattr(figures, f"f_{name}") for name in names}


if __name__ == "__main__":
    fusepy.FUSE(
        FaultyDisk(sys.argv[1], sys.argv[3]), sys.argv[2], foreground=True, nothreads=True, use_ino=True,
        hard_remove=True, direct_io=True, attr_timeout=0, entry_timeout=0)
