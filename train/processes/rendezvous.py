"""How the processes of one machine find each other: a store on loopback; torch's own listen everywhere."""

import os
import socket
from collections.abc import MutableMapping

import psutil
from torch.distributed import (  # type: ignore[attr-defined]  # as documented
    PrefixStore,
    TCPStore,
)
from torch.distributed.elastic.rendezvous import (
    RendezvousInfo,
    RendezvousParameters,
    rendezvous_handler_registry,
)
from torch.distributed.elastic.rendezvous.api import RendezvousStoreInfo
from torch.distributed.elastic.rendezvous.static_tcp_rendezvous import StaticTCPRendezvous

LOOPBACK = "127.0.0.1"
BACKEND = "loopback"  # its name among torch's
INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")  # where gloo and NCCL listen
ANSWER_S = 300  # seconds that the store may take for an answer


class Loopback(StaticTCPRendezvous):
    """The rendezvous of the processes that one launcher starts."""

    def __init__(self, run_id: str) -> None:
        listening = socket.create_server((LOOPBACK, 0))
        port = listening.getsockname()[1]
        super().__init__(LOOPBACK, port, 0, 1, run_id, ANSWER_S)
        self.store = TCPStore(
            LOOPBACK,
            port,
            is_master=True,
            timeout=self.timeout,
            wait_for_workers=False,
            master_listen_fd=listening.detach(),
        )

    def get_backend(self) -> str:
        """Its name."""
        return BACKEND

    def next_rendezvous(self) -> RendezvousInfo:
        """This launcher alone, and where its processes find the store."""
        where = RendezvousStoreInfo(self.master_addr, self.master_port)
        return RendezvousInfo(PrefixStore(self.run_id, self.store), 0, 1, where)


def _loopback(parameters: RendezvousParameters) -> Loopback:
    return Loopback(parameters.run_id)


def loopback_store() -> str:
    """The name of a rendezvous whose store listens on loopback, for torch to find."""
    rendezvous_handler_registry.register(BACKEND, _loopback)
    return BACKEND


def stay_on_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let gloo and NCCL listen on loopback where torchrun has started all processes on this machine.

    An interface that the user has named stays.
    """
    if environment.get("LOCAL_WORLD_SIZE") != environment.get("WORLD_SIZE"):
        return
    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address == LOOPBACK for one in addresses):
            for variable in INTERFACES:
                environment.setdefault(variable, name)
