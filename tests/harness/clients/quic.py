# SPDX-License-Identifier: Apache-2.0
"""An HTTP/3 client that comes back with the ticket that it got last. It needs python3-aioquic."""
import asyncio
import importlib.util
import ssl
from dataclasses import dataclass
from typing import Optional

IS_THERE = importlib.util.find_spec("aioquic") is not None
NAME_LEN = 16
TIMEOUT_S = 60


@dataclass(frozen=True)
class Visit:
    """One connection; `tickets` counts those that came with it."""

    offered: bool
    resumed: bool
    tickets: int
    key: Optional[str]
    answer: str


class Visitor:
    """visitor = Visitor(port); visitor.visit()"""

    def __init__(self, port, server_name="a.example"):
        self.port = port
        self.server_name = server_name
        self.ticket = None

    def visit(self):
        """Gets one page and waits for a ticket."""
        return asyncio.run(asyncio.wait_for(self._visit(), TIMEOUT_S))

    def visits(self, count):
        return [self.visit() for _ in range(count)]

    async def _visit(self):
        from aioquic.asyncio.client import connect  # pylint: disable=import-outside-toplevel
        from aioquic.quic.configuration import (  # pylint: disable=import-outside-toplevel
            QuicConfiguration,
        )

        configuration = QuicConfiguration(
            alpn_protocols=["h3"],
            server_name=self.server_name,
            verify_mode=ssl.CERT_NONE,
            session_ticket=self.ticket,
        )
        offered, tickets, came = self.ticket is not None, [], asyncio.Event()

        def keep(ticket):
            tickets.append(ticket)
            came.set()

        async with connect(
            "127.0.0.1",
            self.port,
            configuration=configuration,
            create_protocol=_protocol(),
            session_ticket_handler=keep,
        ) as page:
            answer = await page.get(self.server_name)
            await came.wait()
        self.ticket = tickets[-1]
        return Visit(
            offered, page.resumed, len(tickets), self.ticket.ticket[:NAME_LEN].hex(), answer
        )


def _protocol():
    """The least of an HTTP/3 client; a class that is made late, since its base may be missing."""
    # pylint: disable=import-outside-toplevel
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.h3.connection import H3Connection
    from aioquic.h3.events import DataReceived, HeadersReceived
    from aioquic.quic.events import HandshakeCompleted

    class Page(QuicConnectionProtocol):
        """One request and its answer."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.http = H3Connection(self._quic)
            self.resumed = False
            self.body = b""
            self.answered = asyncio.get_running_loop().create_future()

        def quic_event_received(self, event):
            if isinstance(event, HandshakeCompleted):
                self.resumed = event.session_resumed
            for heard in self.http.handle_event(event):
                if isinstance(heard, DataReceived):
                    self.body += heard.data
                if isinstance(heard, (DataReceived, HeadersReceived)) and heard.stream_ended:
                    self.answered.set_result(self.body.decode().strip())

        async def get(self, authority):
            stream = self._quic.get_next_available_stream_id()
            headers = {
                ":method": "GET",
                ":scheme": "https",
                ":authority": authority,
                ":path": "/",
            }
            self.http.send_headers(
                stream, [(k.encode(), v.encode()) for k, v in headers.items()], end_stream=True
            )
            self.transmit()
            return await self.answered

    return Page
