"""A gift from a link: its page is read in the background, and fills in what nobody has typed."""

from typing import Annotated, Any

import structlog
from sqlalchemy import select

from db.gifts.gifts import Gift, PageState
from kit.errors import Invalid
from kit.ids import Id
from kit.pages import Doubt, Found, understood
from kit.unread import Reason, Unread
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import prices
from resolvers.jobs import Job
from resolvers.work import Work

# What is in doubt of which column: where somebody has typed it, it is not.
DOUBTFUL = {
    Doubt.NO_TITLE: "name",
    Doubt.NO_PRICE: "price_minor",
    Doubt.PRICE_UNCLEAR: "price_minor",
    Doubt.NO_IMAGE: "image_url",
    Doubt.NO_DESCRIPTION: "description",
}

logger = structlog.get_logger()


class ReadPage(Job):
    """Done where the gift still waits for this page: so once is enough, and another address makes it void."""

    gift_id: Id
    url: str

    async def run(self, ctx: Context) -> None:
        """Raises Unread for another try. No transaction is open while the page is read."""
        async with ctx.work() as work:
            if await self._waiting(work) is None:
                return
        try:
            found = await understood(await ctx.services.outside.read(self.url))
        except Unread as error:
            if error.reason.passing:
                raise
            logger.info("page.unread", gift=self.gift_id, error=str(error)[:200], trace_id=ctx.trace_id)
            await self._fail(ctx, error.reason)
        else:
            await self._fill(ctx, found)

    async def gave_up(self, ctx: Context) -> None:
        await self._fail(ctx, Reason.UNREACHABLE)

    async def _waiting(self, work: Work) -> Gift | None:
        """Locked until the end."""
        so = (Gift.id == self.gift_id, Gift.url == self.url, Gift.page_state == PageState.PENDING)
        gift: Gift | None = await work.session.scalar(select(Gift).where(*so).with_for_update())
        return gift

    async def _fail(self, ctx: Context, reason: Reason) -> None:
        async with ctx.work() as work:
            if (gift := await self._waiting(work)) is not None:
                work.change(gift, page_state=PageState.FAILED, page_warnings=[reason])

    async def _fill(self, ctx: Context, found: Found) -> None:
        async with ctx.work() as work:
            if (gift := await self._waiting(work)) is None:
                return
            before = prices.of(gift)
            warnings = [str(doubt) for doubt in found.warnings if DOUBTFUL[doubt] not in gift.typed]
            read: dict[str, Any] = {"page_state": PageState.READY, "page_warnings": warnings, "page_read_at": ctx.now()}
            work.change(gift, **read, **_said(found, gift.typed))
            await prices.record(work, gift, before=before)


def _said(found: Found, typed: list[str]) -> dict[str, Any]:
    """What the page says of the columns that nobody has typed; a price and its currency go together."""
    said: dict[str, Any] = {
        "name": found.title,
        "description": found.description,
        "image_url": found.image,
        "source": found.site,
    }
    said = {name: value for name, value in said.items() if value and name not in typed}
    if found.price is not None and prices.COLUMNS.isdisjoint(typed):
        said |= {"price_minor": found.price.amount, "currency": found.price.currency}
    return said


async def wanted(work: Work, gift: Gift) -> None:
    """Its page, if it has one, will be read, exactly when this work is done.

    Its state is PENDING, or the job finds nothing to do.
    """
    if gift.url is not None:
        await work.enqueue(ReadPage(gift_id=gift.id, url=gift.url))


async def refresh(ctx: Context, id: Annotated[Id, Doc("The gift's id.")]) -> Gift:
    """Reads its page anew: what nobody has typed may change."""
    async with ctx.work() as work:
        gift = await work.lock(Gift, id, removed_at=None)
        if gift.url is None:
            raise Invalid({"id": ["must be a gift with a url"]})
        work.change(gift, page_state=PageState.PENDING, page_warnings=[])
        await wanted(work, gift)
        return gift
