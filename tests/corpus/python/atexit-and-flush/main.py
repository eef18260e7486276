import atexit
import sys

atexit.register(print, "at exit")
sys.stdout.write("no newline")
