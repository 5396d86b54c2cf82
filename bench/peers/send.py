"""send.py PORT FILE: sends FILE to a port of this machine."""
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock, open(sys.argv[2], "rb") as source:
    sock.sendfile(source)
