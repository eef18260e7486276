import multiprocessing


def square(n):
    return n * n


if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        print(sum(pool.map(square, range(100))))
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=queue.put, args=("from a child",))
    child.start()
    print(queue.get())
    child.join()
