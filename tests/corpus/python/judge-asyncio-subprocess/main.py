import asyncio


async def main():
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    out, _ = await process.communicate(b"through a child")
    print(out.decode(), process.returncode)


asyncio.run(main())
