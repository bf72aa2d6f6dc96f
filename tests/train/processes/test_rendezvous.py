"""The store of a training's processes listens on loopback alone."""

import os
from datetime import timedelta

import psutil
from torch.distributed import TCPStore

from train.processes.rendezvous import LOOPBACK, Loopback, stay_on_loopback


def test_the_store_listens_on_loopback_alone_and_the_processes_share_it():
    rendezvous = Loopback("train")
    open_at = [one.laddr for one in psutil.Process(os.getpid()).net_connections("tcp")]
    assert {one.ip for one in open_at if one.port == rendezvous.master_port} == {LOOPBACK}
    found = rendezvous.next_rendezvous()
    where = found.bootstrap_store_info
    store = TCPStore(where.master_addr, where.master_port, timeout=timedelta(seconds=5))
    store.set("train/who", "first")
    assert (found.store.get("who"), found.rank, found.world_size) == (b"first", 0, 1)


def test_gloo_and_nccl_listen_on_loopback_unless_the_user_names_an_interface():
    environment = {"NCCL_SOCKET_IFNAME": "eth7"}
    stay_on_loopback(environment)
    addresses = psutil.net_if_addrs()[environment["GLOO_SOCKET_IFNAME"]]
    assert LOOPBACK in {one.address for one in addresses}
    assert environment["NCCL_SOCKET_IFNAME"] == "eth7"


def test_processes_of_several_machines_listen_where_they_would():
    environment = {"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}
    stay_on_loopback(environment)
    assert len(environment) == 2
