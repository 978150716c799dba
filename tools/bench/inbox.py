"""A mail server that accepts and discards every e-mail. Prints its port."""

import asyncio
import sys

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from devtools.ports import HOST


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Sink(), hostname=HOST), HOST, 0
    )
    sys.stdout.write(f"port {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
