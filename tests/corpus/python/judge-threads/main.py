import queue
import threading

q = queue.Queue()
threads = [threading.Thread(target=lambda i=i: q.put(i)) for i in range(20)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sum(q.get() for _ in range(20)))
