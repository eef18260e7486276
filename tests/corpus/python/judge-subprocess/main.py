import subprocess

print(subprocess.run(["echo", "a"], capture_output=True, text=True).stdout.strip())
print(subprocess.run("exit 5", shell=True).returncode)
print(subprocess.check_output(["tr", "a-z", "A-Z"], input=b"abc").decode())
