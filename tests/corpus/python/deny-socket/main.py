import socket

socket.socket()
print("still here")
