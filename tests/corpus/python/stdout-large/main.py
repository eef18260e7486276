for i in range(50000):
    print("x" * 99)
