from datetime import datetime, timedelta


class Watch:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self) -> None:
        self.at += timedelta(minutes=1)
