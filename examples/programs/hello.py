import os
import platform

print(f"Hello from Python {platform.python_version()} on {platform.node()},")
print(f"process {os.getpid()} of user {os.getuid()}, which sees {sorted(os.listdir('/work'))} in {os.getcwd()}")
