import helper

print(helper.twice(21), open("data.txt").read().strip())
