import signal
import time

signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.3)
signal.signal(signal.SIGTERM, lambda *_: print("term"))
signal.raise_signal(signal.SIGTERM)
