"""A mail server by aiosmtpd that keeps what it takes in a folder and fails once, at a given stage.

Usage: smtp_server.py FOLDER STAGE, where STAGE is none, greeting, ehlo, mail, rcpt, data (silence
there), content (silence after the mail was kept), or lost (the mail is kept, and the connection cut
before the answer). Says on which port it listens.
"""

import asyncio
import pathlib
import sys

from aiosmtpd.smtp import SMTP


class Once:
    """A fault that happens the first time only."""

    def __init__(self, stage):
        self.stage = stage

    async def at(self, stage):
        if self.stage == stage:
            self.stage = None
            await asyncio.sleep(3600)


class Keeper:
    def __init__(self, folder, fault):
        self.folder = folder
        self.fault = fault
        self.kept = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        await self.fault.at("ehlo")
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self.fault.at("mail")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self.fault.at("rcpt")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.kept += 1
        file = self.folder / f"{self.kept:04}-{envelope.rcpt_tos[0].split('@')[0]}.eml"
        file.write_bytes(envelope.original_content)
        if self.fault.stage == "lost":
            self.fault.stage = None
            server.transport.abort()
        await self.fault.at("content")
        return "250 taken"


class Server(SMTP):
    fault = None

    async def _handle_client(self):
        await self.fault.at("greeting")
        await super()._handle_client()

    async def smtp_DATA(self, arg):
        await self.fault.at("data")
        await super().smtp_DATA(arg)


async def main():
    fault = Once(sys.argv[2])
    keeper = Keeper(pathlib.Path(sys.argv[1]), fault)

    def peer():
        server = Server(keeper)
        server.fault = fault
        return server

    server = await asyncio.get_running_loop().create_server(peer, "127.0.0.1", 0)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
