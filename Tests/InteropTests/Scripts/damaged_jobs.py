"""Fetches files in every way that paramiko or asyncssh has. Prints "WAY NAME" for what has succeeded.

Arguments: the library, the port, the names. What comes is left in the folder "got", as WAY-NAME.
"""

import asyncio
import os
import sys

PART = (100_000, 50_000)


def keep(way, name, contents):
    with open("got/%s-%s" % (way, name), "wb") as file:
        file.write(contents)


def attempts(ways, name):
    for way, fetch in ways.items():
        try:
            keep(way, name, fetch(name))
        except Exception as error:
            print(way, name, repr(error), file=sys.stderr)
        else:
            print(way, name)


def by_paramiko(port, names):
    import paramiko

    transport = paramiko.Transport(("127.0.0.1", port))
    transport.connect(username="alice", password=os.environ["TEST_PASSPHRASE"])
    sftp = paramiko.SFTPClient.from_transport(transport)

    def get(name):
        sftp.get(name, "local")
        return open("local", "rb").read()

    def plain_get(name):
        sftp.get(name, "local", prefetch=False)
        return open("local", "rb").read()

    def read(name):
        with sftp.open(name, "rb") as file:
            return file.read()

    def prefetch(name):
        with sftp.open(name, "rb") as file:
            file.prefetch(file.stat().st_size)
            return file.read()

    def part(name):
        with sftp.open(name, "rb") as file:
            file.seek(PART[0])
            return file.read(PART[1])

    def vector(name):
        with sftp.open(name, "rb") as file:
            half = PART[1] // 2
            return b"".join(file.readv([(PART[0], half), (PART[0] + half, half)]))

    def update(name):
        with sftp.open(name, "r+b") as file:
            return file.read()

    for name in names:
        attempts(
            dict(get=get, plainGet=plain_get, read=read, prefetch=prefetch, part=part, vector=vector, update=update), name
        )
    transport.close()


async def by_asyncssh(port, names):
    import asyncssh

    async with asyncssh.connect(
        "127.0.0.1", port, username="alice", password=os.environ["TEST_PASSPHRASE"], known_hosts=None,
        config=None, client_keys=None, agent_path=None,
    ) as connection:
        async with connection.start_sftp_client() as sftp:

            async def get(name):
                await sftp.get(name, "local")
                return open("local", "rb").read()

            async def read(name):
                async with sftp.open(name, "rb") as file:
                    return await file.read()

            async def part(name):
                async with sftp.open(name, "rb") as file:
                    return await file.read(PART[1], PART[0])

            for name in names:
                for way, fetch in dict(get=get, read=read, part=part).items():
                    try:
                        keep(way, name, await fetch(name))
                    except Exception as error:
                        print(way, name, repr(error), file=sys.stderr)
                    else:
                        print(way, name)


def main():
    os.makedirs("got", exist_ok=True)
    library, port, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    if library == "paramiko":
        by_paramiko(port, names)
    else:
        asyncio.run(by_asyncssh(port, names))


main()
