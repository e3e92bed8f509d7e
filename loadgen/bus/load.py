"""What the server itself says of its work: CPU, memory, bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import RedisCluster

from loadgen.bus.connection import Bus, speaking_to


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """Sums over all primaries of a Redis Cluster, or of the one server.

    Attributes:
        cpu_s: CPU time since its start.
        memory_bytes: allocated now.
        in_bytes: received since its start.
        out_bytes: sent since its start.
        commands: carried out since its start.
    """

    cpu_s: float
    memory_bytes: int
    in_bytes: int
    out_bytes: int
    commands: int


def server_load(bus: Bus) -> ServerLoad:
    """Ask for it.

    Raises:
        BusError: it does not answer.
    """
    client: Any = bus.client  # redis-py's types mix sync and async answers
    with speaking_to(bus.url):
        if isinstance(client, RedisCluster):
            nodes = list(client.info(target_nodes=RedisCluster.PRIMARIES).values())
        else:
            nodes = [client.info()]
    return ServerLoad(
        cpu_s=sum(float(node["used_cpu_user"]) + float(node["used_cpu_sys"]) for node in nodes),
        memory_bytes=sum(int(node["used_memory"]) for node in nodes),
        in_bytes=sum(int(node["total_net_input_bytes"]) for node in nodes),
        out_bytes=sum(int(node["total_net_output_bytes"]) for node in nodes),
        commands=sum(int(node["total_commands_processed"]) for node in nodes),
    )
