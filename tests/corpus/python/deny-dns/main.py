import socket

try:
    print(socket.gethostbyname("example.org"))
except OSError as error:
    print(error)
