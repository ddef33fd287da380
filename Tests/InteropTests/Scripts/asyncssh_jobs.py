"""What asyncssh can do with files. Leaves, beside what it has made on the server, the same files here."""

import asyncio
import filecmp
import os
import random
import sys

import asyncssh


def write(name, contents):
    with open(name, "wb") as file:
        file.write(contents)


def check(holds, what):
    if not holds:
        sys.exit("failed: " + what)


async def transfer(sftp, contents):
    write("put", contents)
    await sftp.put("put", "put", preserve=True)
    check(int(os.stat("put").st_mtime) == (await sftp.stat("put")).mtime, "time after put with preserve")
    await sftp.get("put", "got")
    check(open("got", "rb").read() == contents, "get")
    os.makedirs("tree/a/b")
    for index, name in enumerate(("one", "a/two", "a/b/three", "a/b/four and more")):
        write("tree/" + name, contents[: index * 100_000])
    await sftp.put("tree", "tree", recurse=True)
    await sftp.get("tree", "tree-back", recurse=True)
    for folder in ("", "a", "a/b"):
        names = [name for name in os.listdir("tree/" + folder) if os.path.isfile(os.path.join("tree", folder, name))]
        same = filecmp.cmpfiles("tree/" + folder, "tree-back/" + folder, names, shallow=False)[0]
        check(len(same) == len(names), "recursive transfer: of %s only %s" % (names, same))

    with open("sparse", "wb") as file:
        file.write(b"start")
        file.seek(1_000_000)
        file.write(b"middle")
        file.seek(2_000_000)
        file.write(b"end")
    await sftp.put("sparse", "sparse", sparse=True)
    check((await sftp.stat("sparse")).size == 2_000_003, "size of the sparse file")


async def change(sftp, contents):
    model = bytearray(contents[:300_000])
    async with sftp.open("changed", "wb") as file:
        await file.write(bytes(model))
    async with sftp.open("changed", "r+b") as file:
        await file.write(b"in the middle", 200_000)
        model[200_000:200_013] = b"in the middle"
        check(await file.read(50, 199_990) == model[199_990:200_040], "read back before close")
        await file.truncate(250_000)
        del model[250_000:]
        await file.write(b"after a hole", 260_000)
        model += bytes(10_000) + b"after a hole"
        check((await file.stat()).size == len(model), "size before close")
    write("changed", model)
    async with sftp.open("changed", "rb") as file:
        await file.seek(-12, os.SEEK_END)
        check(await file.read() == b"after a hole", "read after seek")
        check(await file.read(1000, 200_000) == model[200_000:201_000], "read at an offset")

    for part in (b"one\n", contents[:100_000]):
        async with sftp.open("appended", "ab") as file:
            await file.write(part)
    write("appended", b"one\n" + contents[:100_000])

    # Given names, it opens both files and closes neither.
    async with sftp.open("put", "rb") as source, sftp.open("copied", "wb") as target:
        await sftp.remote_copy(source, target)
    write("copied", contents)


async def main():
    async with asyncssh.connect(
        "127.0.0.1", int(sys.argv[1]), username="alice", password=os.environ["TEST_PASSPHRASE"], known_hosts=None,
        config=None, client_keys=None, agent_path=None,
    ) as connection:
        async with connection.start_sftp_client() as sftp:
            contents = random.Random(1).randbytes(3_000_003)
            await transfer(sftp, contents)
            await change(sftp, contents)
            await sftp.rmtree("tree")
            check(not await sftp.exists("tree"), "rmtree")
    print(asyncssh.__version__)


asyncio.run(main())
