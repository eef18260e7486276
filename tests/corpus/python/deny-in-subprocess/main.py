import subprocess
import sys

subprocess.run([sys.executable, "-c", "import socket; socket.socket()"])
print("still here")
