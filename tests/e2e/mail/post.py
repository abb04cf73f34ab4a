"""A mail server on this machine: each message that it takes becomes a file.

    python post.py FOLDER
"""

import asyncio
import email
import email.policy
import pathlib
import sys

from aiosmtpd.smtp import SMTP


class Keep:
    """Writes each message's receivers and text into a file of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()
        self.count += 1
        file = self.folder / f"{self.count:04}.txt"
        # Whoever looks meanwhile sees all of it or nothing.
        new = file.with_suffix(".new")
        new.write_text(f"To: {', '.join(envelope.rcpt_tos)}\n\n{text}", encoding="utf-8")
        new.rename(file)
        return "250 OK"


async def main(folder):
    loop = asyncio.get_running_loop()
    handler = Keep(pathlib.Path(folder))
    server = await loop.create_server(lambda: SMTP(handler), "127.0.0.1", 0)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
