"""Uploads a file as paramiko does it, which does not look at the reply to the CLOSE, and prints what it can see after that.

Prints `put` or `put failed`, the size that STAT tells or `none`, and the names in the folder.
"""

import os
import sys

import paramiko

port, local, remote, confirm = sys.argv[1:]
transport = paramiko.Transport(("127.0.0.1", int(port)))
transport.connect(username="alice", password=os.environ["TEST_PASSPHRASE"])
sftp = paramiko.SFTPClient.from_transport(transport)
try:
    sftp.put(local, remote, confirm=confirm == "confirm")
    print("put")
except OSError:
    print("put failed")
try:
    print(sftp.stat(remote).st_size)
except OSError:
    print("none")
print(" ".join(sorted(sftp.listdir("."))))
transport.close()
