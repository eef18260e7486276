print("x" * 65535)
