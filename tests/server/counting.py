"""What the tests of metrics have in common."""

from datetime import timedelta

from live.readings import Readings, alive
from resolvers.context import Services
from tests.waiting import until

ALIVE = timedelta(minutes=1)

SYSTEM = """{ systemHealth { databaseVersion process startTime processes
  log { unreadEvents behindMs fenceMs fenceTransactions events oldestAt } } }"""


async def readings(services: Services) -> Readings:
    """To be written by the test; the server's own has been, when it started."""

    async def begun() -> bool:
        return services.process in await alive(services.db)

    await until(begun)
    return Readings(services.db, services.process, services.meter, believed=ALIVE)


async def write(services: Services) -> None:
    await (await readings(services)).write()


def work(services: Services, *, sockets: int, sent: int, received: int, errors: int = 0) -> None:
    """Of the sockets one stays open."""
    for number in range(sockets):
        services.meter.connected(str(number), None, "10.0.0.1")
    for number in range(1, sockets):
        services.meter.disconnected(str(number), 1000)
    services.meter.sent(sent, sent * 100)
    services.meter.received(received)
    for _ in range(errors):
        services.meter.error()
