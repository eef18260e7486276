print("before")
if True
    print("in")
