"""Keeps connections open that send a text and nothing more; a connection that is ended is opened again."""

import select
import socket
import sys


def main():
    port, count, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode().decode("unicode_escape").encode()
    held = []
    is_ready = False
    while True:
        while len(held) < count:
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(text)
            held.append(connection)
        if not is_ready:
            print("ready", flush=True)
            is_ready = True
        for connection in select.select(held, [], [], 1)[0]:
            try:
                if connection.recv(65536):
                    continue
            except OSError:
                pass
            connection.close()
            held.remove(connection)


main()
