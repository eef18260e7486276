# SPDX-License-Identifier: MIT
import asyncio
async def m():
    await asyncio.sleep(0.01)
    r = await asyncio.gather(*[asyncio.to_thread(lambda i=i: i*i) for i in range(4)])
    print(r)
asyncio.run(m())
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as e: print(list(e.map(str, range(3))))
