"""What paramiko can do with files. Leaves, beside what it has made on the server, the same files here."""

import hashlib
import os
import random
import stat
import sys

import paramiko


def write(name, contents):
    with open(name, "wb") as file:
        file.write(contents)


def check(holds, what):
    if not holds:
        sys.exit("failed: " + what)


def transfer(sftp, contents):
    write("put", contents)
    check(sftp.put("put", "put").st_size == len(contents), "size after put")
    sftp.get("put", "got")
    check(open("got", "rb").read() == contents, "get")
    with sftp.open("put", "rb") as file:
        check(file.read() == contents, "read to the end")
        file.seek(1_000_003)
        check(file.read(70_000) == contents[1_000_003:1_070_003], "read after seek")
        file.seek(-5, os.SEEK_END)
        check(file.read(100) == contents[-5:], "read at the end")
        chunks = [(2_000_000, 5), (0, 100), (1_234_567, 40_000), (len(contents) - 10, 10), (65_535, 2)]
        for (offset, size), part in zip(chunks, file.readv(chunks)):
            check(part == contents[offset : offset + size], "readv at %d" % offset)
    with sftp.open("put", "rb") as file:
        file.prefetch(len(contents))
        check(file.read() == contents, "prefetch")


def change(sftp, contents):
    model = bytearray(contents[:300_000])
    with sftp.open("changed", "wb") as file:
        file.write(bytes(model))
    with sftp.open("changed", "r+b") as file:
        check(file.read(10) == model[:10], "read with r+")
        file.seek(100_000)
        file.write(b"in the middle")
        model[100_000:100_013] = b"in the middle"
        file.seek(0)
        file.write(b"start")
        model[:5] = b"start"
        file.seek(99_990)
        check(file.read(50) == model[99_990:100_040], "read back before close")
        file.truncate(250_000)
        del model[250_000:]
        check(file.stat().st_size == 250_000, "size after truncate")
        file.seek(260_000)
        file.write(b"after a hole")
        model += bytes(10_000) + b"after a hole"
    write("changed", model)
    with sftp.open("changed", "rb") as file:
        check(file.read() == model, "what r+ has left")
    sftp.truncate("changed", 1000)
    sftp.truncate("changed", 2000)
    del model[1000:]
    model += bytes(1000)
    write("changed", model)
    check(sftp.stat("changed").st_size == 2000, "size after truncate by name")

    for part in (b"one\n", b"two\n", contents[:100_000]):
        with sftp.open("appended", "ab") as file:
            file.write(part)
    write("appended", b"one\ntwo\n" + contents[:100_000])

    with sftp.open("holed", "wb") as file:
        file.seek(500_000)
        file.write(b"last")
        file.seek(10)
        file.write(b"first")
    write("holed", bytes(10) + b"first" + bytes(499_985) + b"last")


def manage(sftp, contents):
    sftp.mkdir("folder", 0o700)
    with sftp.open("folder/a", "wx") as file:
        file.write(b"x")
    try:
        sftp.open("folder/a", "wx")
        check(False, "exclusive creation of what is there")
    except OSError:
        pass
    sftp.utime("folder/a", (1_300_000_000, 1_200_000_000))
    sftp.chmod("folder/a", 0o600)
    sftp.rename("folder/a", "folder/b")
    sftp.posix_rename("folder/b", "folder/c")
    listed = sftp.listdir_attr("folder")
    check([entry.filename for entry in listed] == ["c"], "listdir_attr: %s" % listed)
    check(listed[0].st_size == 1 and listed[0].st_mtime == 1_200_000_000, "attributes: %s" % listed)
    check(stat.S_IMODE(sftp.lstat("folder/c").st_mode) == 0o600, "lstat")
    check(sftp.normalize("folder/../put") == "/put", "normalize")
    with sftp.open("put", "rb") as file:
        for name in ("sha256", "sha1", "md5"):
            check(file.check(name) == hashlib.new(name, contents).digest(), "check by " + name)
        blocks = b"".join(hashlib.sha256(contents[i : i + 65536]).digest() for i in range(0, len(contents), 65536))
        check(file.check("sha256", 0, len(contents), 65536) == blocks, "check of blocks")
    sftp.remove("folder/c")
    sftp.rmdir("folder")


def main():
    transport = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
    transport.connect(username="alice", password=os.environ["TEST_PASSPHRASE"])
    sftp = paramiko.SFTPClient.from_transport(transport)
    contents = random.Random(1).randbytes(3_000_003)
    transfer(sftp, contents)
    change(sftp, contents)
    manage(sftp, contents)
    transport.close()
    print(paramiko.__version__)


main()
