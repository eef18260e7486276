import urllib.request

try:
    urllib.request.urlopen("http://127.0.0.1/")
except OSError as error:
    print(error)
