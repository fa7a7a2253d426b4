"""What one writes without a checker: a gather over one session. `python plain.py FILE` prints how many of its URLs failed."""

import asyncio
import sys
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

SECONDS = 5  # a total would count the wait for a place in the pool, and fail most of a long list


async def main(file: str) -> None:
    async def check(url: str) -> bool:
        try:
            async with session.get(url, ssl=False) as response:
                return response.ok
        except (ClientError, TimeoutError):
            return False

    async with ClientSession(timeout=ClientTimeout(total=None, sock_connect=SECONDS, sock_read=SECONDS)) as session:
        passed = await asyncio.gather(*map(check, Path(file).read_text(encoding="utf-8").split()))
    print(f"{passed.count(False)} of {len(passed)} failed")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
