name = input()
print("hello,", name)
try:
    input()
except EOFError:
    print("end")
