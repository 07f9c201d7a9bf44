#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One end of a connection with Python's own sockets.

    serve PORT [CID]         accepts one connection, which has to come from CID
    connect PORT CID
    datagrams PORT           echoes datagrams until an empty one
    send-datagrams PORT CID  has some of them echoed and ends with an empty one

What comes from standard input is sent, then the end of file, while what comes from the
peer goes to standard output until its end of file.
"""

import os
import socket
import sys
import threading

TIMEOUT = 100
SIZES = (1, 17, 4096, 16001, 60000)


def stream():
    sock = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT)
    return sock


def accept(port, cid):
    with stream() as listener:
        listener.bind((socket.VMADDR_CID_ANY, port))
        listener.listen(1)
        sock, peer = listener.accept()
    sock.settimeout(TIMEOUT)
    if cid is not None and peer[0] != cid:
        sys.exit(f"the connection came from {peer[0]}, not {cid}")
    if sock.getsockname()[1] != port:
        sys.exit(f"the connection is to {sock.getsockname()}, not to port {port}")
    return sock


def connect(port, cid):
    sock = stream()
    sock.connect((cid, port))
    if sock.getpeername() != (cid, port):
        sys.exit(f"connected to {sock.getpeername()}, not to {cid}:{port}")
    return sock


def send_all(sock, errors):
    try:
        sock.sendfile(sys.stdin.buffer)
        sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        errors.append(error)


def move(sock):
    errors = []
    sender = threading.Thread(target=send_all, args=(sock, errors))
    sender.start()
    while data := sock.recv(65536):
        sys.stdout.buffer.write(data)
    sender.join()
    sys.stdout.buffer.flush()
    sock.close()
    if errors:
        sys.exit(f"sending: {errors[0]}")


def datagram_socket():
    sock = socket.socket(socket.AF_VSOCK, socket.SOCK_DGRAM)
    sock.settimeout(TIMEOUT)
    return sock


def echo_datagrams(port):
    with datagram_socket() as sock:
        sock.bind((socket.VMADDR_CID_ANY, port))
        os.system(f"xenlab-signal {os.environ['KEY']}-listening rc=0")
        while True:
            data, peer = sock.recvfrom(65536)
            if not data:
                return
            sock.sendto(data, peer)


def send_datagrams(port, cid):
    with datagram_socket() as sock:
        sock.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
        for size in SIZES:
            data = os.urandom(size)
            sock.sendto(data, (cid, port))
            answer, peer = sock.recvfrom(65536)
            if answer != data or peer != (cid, port):
                sys.exit(f"of {size} bytes {len(answer)} came back from {peer}, not the same")
        sock.sendto(b"", (cid, port))


def main():
    command, port = sys.argv[1], int(sys.argv[2])
    cid = int(sys.argv[3]) if len(sys.argv) > 3 else None
    if command == "serve":
        move(accept(port, cid))
    elif command == "connect":
        move(connect(port, cid))
    elif command == "datagrams":
        echo_datagrams(port)
    elif command == "send-datagrams":
        send_datagrams(port, cid)
    else:
        sys.exit(f"no such command: {command}")


main()
