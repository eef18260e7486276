import asyncio


async def worker(queue, out):
    while True:
        n = await queue.get()
        await asyncio.sleep(0.001)
        out.append(n * n)
        queue.task_done()


async def main():
    queue, out = asyncio.Queue(), []
    workers = [asyncio.create_task(worker(queue, out)) for _ in range(4)]
    for n in range(20):
        queue.put_nowait(n)
    await queue.join()
    for w in workers:
        w.cancel()
    print(sum(out), await asyncio.gather(*(asyncio.sleep(0, i) for i in range(3))))


asyncio.run(main())
