"""Uploads a file with paramiko, and leaves a file here when the server has acknowledged the CLOSE.

paramiko itself does not look at the reply to a CLOSE, so this asks for it.
"""

import os
import sys

import paramiko
from paramiko.sftp import CMD_CLOSE

port, local, remote, kept = sys.argv[1:]
transport = paramiko.Transport(("127.0.0.1", int(port)))
transport.connect(username="alice", password=os.environ["TEST_PASSPHRASE"])
sftp = paramiko.SFTPClient.from_transport(transport)
contents = open(local, "rb").read()
file = sftp.open(remote, "wb")
for start in range(0, len(contents), 32768):
    file.write(contents[start : start + 32768])
file.flush()
sftp._request(CMD_CLOSE, file.handle)
open(kept, "wb").close()
transport.close()
