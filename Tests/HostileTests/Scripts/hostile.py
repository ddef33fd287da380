"""Clients as no one wants them: hostile.py KIND PORT USER PASSWORD

Connects from another loopback address than the tests do, does one thing without end, and prints "ready" once it has done it
for the first time. It runs until it is killed.
"""

import os
import socket
import struct
import sys
import threading
import time

import paramiko
from paramiko.common import cMSG_CHANNEL_DATA, cMSG_CHANNEL_OPEN, cMSG_CHANNEL_REQUEST, cMSG_CHANNEL_WINDOW_ADJUST
from paramiko.common import cMSG_GLOBAL_REQUEST, cMSG_IGNORE

KIND, PORT, USER, PASSWORD = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
BIG_WINDOW = 0x7FFFFFFF

# What it computes itself must not be what disturbs others: only what it makes the server do.
os.nice(19)


# The connection that a thread has made last, to be closed before it makes another.
made = threading.local()


def ready():
    print("ready", flush=True)


def connect():
    client = socket.socket()
    client.bind(("127.0.0.2", 0))
    client.settimeout(30)
    client.connect(("127.0.0.1", PORT))
    return client


def login():
    transport = paramiko.Transport(connect())
    made.transport = transport
    transport._sanitize_packet_size = transport._sanitize_window_size = lambda size: size
    transport.start_client(timeout=20)
    transport.auth_password(USER, PASSWORD)
    return transport


def sftp(transport, window=BIG_WINDOW, packet=32768):
    channel = transport.open_session(window, packet, timeout=20)
    channel.invoke_subsystem("sftp")
    return channel


def stop_reading(transport):
    transport.packetizer.read_message = lambda: time.sleep(1e6)


def send(channel, data):
    """Sends whatever the window is."""
    for start in range(0, len(data), 32768):
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_DATA)
        message.add_int(channel.remote_chanid)
        message.add_string(data[start : start + 32768])
        channel.transport._send_user_message(message)


def text(value):
    return struct.pack(">I", len(value)) + value


def packet(kind, body):
    return struct.pack(">IB", 1 + len(body), kind) + body


def request(kind, body):
    return packet(kind, struct.pack(">I", 7) + body)


INIT = packet(1, struct.pack(">I", 3))


def opened(channel, path=b"/large"):
    """Opens a file and returns its handle."""
    channel.sendall(INIT + request(3, text(path) + struct.pack(">II", 1, 0)))
    for _ in range(2):
        reply = answer(channel)
    return reply[9:]


def answer(channel):
    def exactly(count):
        data = b""
        while len(data) < count:
            more = channel.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    return exactly(struct.unpack(">I", exactly(4))[0])


def reads(handle):
    return b"".join(request(5, text(handle) + struct.pack(">QI", n * 200000, 200000)) for n in range(60))


def again(body, pause=0.1):
    """Does it once more whenever the server has put an end to it."""
    first = True
    while True:
        try:
            body(ready if first else lambda: None)
            first = False
        except (EOFError, OSError, paramiko.SSHException) as error:
            print(repr(error)[:200], file=sys.stderr, flush=True)
        if hasattr(made, "transport"):
            made.transport.close()
        time.sleep(pause)


def unread(window, size=32768):
    def body(done):
        transport = login()
        channel = sftp(transport, window, size)
        handle = opened(channel)
        stop_reading(transport)
        done()
        while transport.is_active():
            send(channel, reads(handle))

    again(body)


def tiny_packets(size):
    def body(done):
        transport = login()
        try:
            channel = transport.open_session(BIG_WINDOW, size, timeout=2)
            channel.invoke_subsystem("sftp")
        except paramiko.SSHException:
            # Such a channel is not even opened.
            transport.close()
            return done()
        channel.sendall(INIT)
        time.sleep(0.2)
        done()
        while transport.is_active() and not channel.closed:
            channel.sendall(request(17, text(b"/")) * 10)
            time.sleep(0.05)
        transport.close()

    again(body)


def half_open():
    """A thousand connections that send nothing; who is thrown out comes back."""
    held = []
    while True:
        for _ in range(100):
            try:
                held.append(connect())
            except OSError:
                pass
        held = held[-1000:]
        if len(held) == 1000:
            ready()
        time.sleep(0.3)


def guess():
    def body(done):
        transport = paramiko.Transport(connect())
        transport.start_client(timeout=20)
        for number in range(6):
            try:
                transport.auth_password(USER, f"wrong {number}")
            except paramiko.AuthenticationException:
                done()
        transport.close()

    for _ in range(3):
        threading.Thread(target=again, args=(body,), daemon=True).start()
    again(body)


def one_byte_a_second():
    def slow(data):
        client = connect()
        while True:
            for byte in data:
                client.sendall(bytes([byte]))
                time.sleep(1)

    for _ in range(4):
        threading.Thread(target=again, args=(lambda _: slow(b"SSH-2.0-slow"),), daemon=True).start()
    transport = login()
    channels = [sftp(transport) for _ in range(8)]
    ready()
    while True:
        for byte in INIT + request(17, text(b"/" * 1000)):
            for channel in channels:
                channel.sendall(bytes([byte]))
            time.sleep(1)


def handles():
    def body(done):
        channel = sftp(login())
        channel.sendall(INIT)
        answer(channel)
        while True:
            for kind in [request(11, text(b"/")), request(3, text(b"/large") + struct.pack(">II", 1, 0))]:
                channel.sendall(kind * 300)
                for _ in range(300):
                    answer(channel)
            done()

    again(body)


def long_lengths():
    def body(done):
        transport = login()
        for length in [0x10000000, 0xFFFFFFFF, 0x7FFFFFFF, 0]:
            channel = sftp(transport)
            channel.sendall(INIT + struct.pack(">IB", length, 6) + b"x" * 30000)
        done()
        time.sleep(0.2)
        transport.close()

    again(body)


def beyond_the_window():
    def body(done):
        transport = login()
        channel = sftp(transport)
        channel.sendall(INIT)
        stop_reading(transport)
        for _ in range(400):
            send(channel, request(6, text(b"none") + struct.pack(">Q", 0) + text(b"x" * 200000)))
        done()
        transport.close()

    again(body)


def channels():
    def body(done):
        transport = login()
        for number in range(10000):
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_OPEN)
            message.add_string("session")
            for value in [number, BIG_WINDOW, 32768]:
                message.add_int(value)
            transport._send_user_message(message)
        done()
        transport.close()

    again(body)


def rekeys():
    def body(done):
        transport = login()
        for _ in range(1000):
            transport.renegotiate_keys()
            done()

    again(body)


def window_adjusts():
    def body(done):
        transport = login()
        channel = sftp(transport)
        handle = opened(channel)
        for _ in range(5000):
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_WINDOW_ADJUST)
            message.add_int(channel.remote_chanid)
            message.add_int(0xFFFFFFFF)
            transport._send_user_message(message)
        channel.sendall(reads(handle)[:4000])
        done()
        transport.close()

    again(body)


def channel_requests():
    kinds = [
        (b"env", text(b"N" * 1000) + text(b"V" * 30000)),
        (b"pty-req", text(b"t" * 1000) + struct.pack(">IIII", 80, 24, 0, 0) + text(b"\0")),
        (b"shell", b""),
        (b"exec", text(b"x" * 30000)),
        (b"subsystem", text(b"sftp")),
        (b"subsystem", text(b"s" * 30000)),
        (b"signal", text(b"KILL")),
        (b"window-change", struct.pack(">IIII", 80, 24, 0, 0)),
        (b"x11-req", b"\0" + text(b"a") + text(b"b") + struct.pack(">I", 0)),
        (b"auth-agent-req@openssh.com", b""),
    ]

    def body(done):
        transport = login()
        channel = transport.open_session(BIG_WINDOW, 32768, timeout=20)
        for number in range(2000):
            name, rest = kinds[number % len(kinds)]
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_REQUEST)
            message.add_int(channel.remote_chanid)
            message.add_string(name)
            message.add_boolean(False)
            message.add_bytes(rest)
            transport._send_user_message(message)
        done()
        transport.close()

    again(body)


def global_requests():
    def body(done):
        transport = login()
        stop_reading(transport)
        for number in range(20000):
            message = paramiko.Message()
            if number % 2:
                message.add_byte(cMSG_GLOBAL_REQUEST)
                message.add_string("keepalive@openssh.com" if number % 4 == 1 else "tcpip-forward")
                message.add_boolean(True)
                message.add_string("")
                message.add_int(0)
            else:
                message.add_byte(cMSG_IGNORE)
                message.add_string(b"x" * 1000)
            transport._send_user_message(message)
        done()
        transport.close()

    again(body)


def user_names():
    def body(done):
        transport = paramiko.Transport(connect())
        transport.start_client(timeout=20)
        for name in ["u" * 30000, "\0\n\x1b[2J" * 1000, "ü" * 10000]:
            try:
                transport.auth_password(name, "p" * 30000)
            except paramiko.AuthenticationException:
                done()
        transport.close()

    again(body)


def endless_banner():
    def body(done):
        client = connect()
        for number in range(100000):
            client.sendall(b"not yet " * 20 + b"\r\n")
            if number == 10:
                done()

    for _ in range(3):
        threading.Thread(target=again, args=(body,), daemon=True).start()
    again(body)


def half_exchange():
    """The server computes its part of the key exchange each time."""

    def body(done):
        transport = paramiko.Transport(connect())
        transport.start_client(timeout=20)
        transport.close()
        done()

    again(body, pause=0.05)


def long_paths():
    def body(done):
        channel = sftp(login())
        channel.sendall(INIT)
        answer(channel)
        deep = b"/x" * 2048
        for path in [deep, deep + b"/x" * 4000, b"/" + b"y" * 255, b"/" + b"y" * 200000, b"/.." * 1365, b"/" * 4096]:
            for kind in [17, 14, 11, 3, 16, 15]:
                count = 5 if len(path) < 10000 else 1
                rest = struct.pack(">II", 26, 0) if kind == 3 else struct.pack(">I", 0)
                channel.sendall(request(kind, text(path) + rest) * count)
                for _ in range(count):
                    answer(channel)
        done()

    again(body)


def unread_listing():
    def body(done):
        transport = login()
        channel = sftp(transport)
        channel.sendall(INIT + request(11, text(b"/many")))
        answer(channel)
        handle = answer(channel)[9:]
        stop_reading(transport)
        done()
        while transport.is_active():
            send(channel, request(12, text(handle)) * 100 + request(11, text(b"/many")) * 10)

    again(body)


def hashes():
    def body(done):
        transport = login()
        while True:
            channel = transport.open_session(BIG_WINDOW, 32768, timeout=20)
            channel.exec_command("sha512sum large large large large")
            done()
            channel.recv_exit_status()
            channel.close()

    again(body)


KINDS = {
    "1,000 half-open connections": half_open,
    "password guessing": guess,
    "never reads": lambda: unread(2 << 20),
    "never reads, window of 2 GiB": lambda: unread(BIG_WINDOW),
    "never reads, window of 2 GiB, packets of 11": lambda: unread(BIG_WINDOW, 11),
    "one byte a second": one_byte_a_second,
    "packets of 0": lambda: tiny_packets(0),
    "packets of 1": lambda: tiny_packets(1),
    "packets of 10": lambda: tiny_packets(10),
    "packets of 11": lambda: tiny_packets(11),
    "handles without end": handles,
    "lengths of 256 MiB and more": long_lengths,
    "data beyond the window": beyond_the_window,
    "10,000 channels": channels,
    "key exchanges without end": rekeys,
    "half key exchanges": half_exchange,
    "window overflow": window_adjusts,
    "env, pty and exec": channel_requests,
    "requests beside channels": global_requests,
    "huge user names": user_names,
    "an endless banner": endless_banner,
    "long and deep paths": long_paths,
    "huge listings, never read": unread_listing,
    "hashes of large files": hashes,
}

KINDS[KIND]()
