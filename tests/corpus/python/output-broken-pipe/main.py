import os

while True:
    try:
        os.write(1, b"x" * 4096)
    except BaseException:
        pass
