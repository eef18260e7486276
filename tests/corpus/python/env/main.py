import os

allowed = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PWD", "TMPDIR", "TERM", "USER", "LOGNAME", "SHELL", "GIVEN"}
print(os.environ["GIVEN"], sorted(k for k in os.environ if k not in allowed and not k.startswith("PYTHON")))
