from datetime import datetime

from sqlalchemy import BigInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base

GONE = ""  # stands for all processes that have gone


class MeterReading(Base):
    """What a process has counted of its sockets since it started, as it said `at`; see `live/meter.py`.

    It counts as alive `until`, unless it says so again. The row of GONE has the sums of those that have gone.
    """

    __tablename__ = "meter_reading"

    process: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    until: Mapped[datetime]
    connections: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    active: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    peak_connections: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sent: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    errors: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    recent: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    recent_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    recent_errors: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    latencies: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    latency_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    peak_latency: Mapped[float] = mapped_column(server_default=text("0"))
