# Wants to talk to the network: the verdict is SECURITY_VIOLATION, and it names the system call.
import socket

socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("192.0.2.1", 80))
