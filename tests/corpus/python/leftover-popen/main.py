import subprocess

subprocess.Popen(["sleep", "60"])
print("end")
