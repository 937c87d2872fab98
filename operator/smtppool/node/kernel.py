"""Tells when the kernel's addresses or nftables changed, by netlink: idle costs nothing, a change is seen at once.

Contents of messages are not read: a notice only asks for a fresh look, and a lost one is made up by the periodic look.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Self

RTNLGRP_IPV4_IFADDR: Final = 5  # linux/rtnetlink.h
NFNLGRP_NFTABLES: Final = 7  # linux/netfilter/nfnetlink.h
SOL_NETLINK: Final = 270
NETLINK_ADD_MEMBERSHIP: Final = 1
_GROUPS: Final = ((socket.NETLINK_ROUTE, RTNLGRP_IPV4_IFADDR), (12, NFNLGRP_NFTABLES))  # 12 = NETLINK_NETFILTER


class KernelNotices(AbstractContextManager["KernelNotices"]):
    """Calls `notify` in the running loop after each batch of changes, also of other tables."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        for family, group in _GROUPS:
            sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, family)
            self._sockets.append(sock)
            sock.bind((0, 0))
            sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, struct.pack("i", group))
            asyncio.get_running_loop().add_reader(sock, self._drain, sock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()

    def _drain(self, sock: socket.socket) -> None:
        while True:
            try:
                sock.recv(65536)
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: notices were lost, which is a reason to look as well
                break
        self._notify()
