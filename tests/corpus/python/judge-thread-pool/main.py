import concurrent.futures


def cube(n):
    return n ** 3


if __name__ == "__main__":
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print(sum(pool.map(cube, range(10))))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(sum(pool.map(cube, range(10))))
