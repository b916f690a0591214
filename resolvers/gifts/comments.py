"""What is said of something in a family.

It is kept from whom it is about, unless they say it themselves or it is said openly. That is decided once, when it is
said, by what anybody who sees it may know: nothing that becomes of a present changes who reads what.
"""

from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.activity import ActivityKind
from db.gifts.comments import Comment, CommentParent
from db.gifts.gifts import Gift
from db.gifts.items import ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.errors import Forbidden
from kit.ids import Id
from live.log import Kind
from live.topics import comments_on
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, guests, keeping
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.named import is_viewer, named
from resolvers.gifts.policy import not_hidden_comment
from resolvers.gifts.rules.comments import AddComment, UpdateComment
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

MOST = 1_000  # comments on one thing that one who adds another may read

Parent = Occasion | GiftList | ListItem | Gift | Person
CommentId = Annotated[Id, Doc("The comment's id.")]

PARENTS: dict[CommentParent, type[Parent]] = {
    CommentParent.OCCASION: Occasion,
    CommentParent.LIST: GiftList,
    CommentParent.ITEM: ListItem,
    CommentParent.GIFT: Gift,
    CommentParent.PERSON: Person,
}


def by_id(id: CommentId) -> Select[Comment]:
    return select(Comment).where(Comment.id == id)


def listed(
    parent_type: Annotated[CommentParent | None, Doc("Of what. Default: of anything.")] = None,
    parent_id: Annotated[Id | None, Doc("Of which one. Default: of any.")] = None,
) -> Listing:
    rows = select(Comment)
    if parent_type is not None:
        rows = rows.where(Comment.parent_type == parent_type)
    if parent_id is not None:
        rows = rows.where(Comment.parent_id == parent_id)
    return Listing(rows, (Order(Comment.created_at),))


def followed(
    ctx: Context,
    parent_type: Annotated[CommentParent, Doc("Of what.")],
    parent_id: Annotated[Id, Doc("Of which one.")],
) -> Followed:
    return Followed((comments_on(parent_type, parent_id),))


async def add(ctx: Context, input: Annotated[AddComment, Doc("The new comment.")]) -> Comment:
    async with ctx.work() as work:
        await work.alone("comments", input.parent_id)
        parent = await named(work, PARENTS[input.parent_type], input.parent_id, still=True)
        there = select(Comment.id).where(Comment.parent_id == parent.id, not_hidden_comment(Comment))
        said = f"Of one thing at most {MOST:,} comments are kept"
        await refuse_beyond(work, MOST, there, said, "TOO_MANY_COMMENTS")
        secret = keeping.OPEN if input.open else await _secret(work, parent)
        comment = Comment(
            family_id=parent.family_id,
            author_id=ctx.viewer.id,
            parent_type=input.parent_type,
            parent_id=parent.id,
            text=input.text,
            **{f"{input.parent_type.value.lower()}_id": parent.id},
            **secret,
        )
        await work.add(comment, Kind.COMMENT_ADDED)
        private = isinstance(parent, Gift) and parent.unlisted
        if not private:  # activity knows no gift, by which others would not see it
            await activity.record(work, ActivityKind.COMMENTED, comment, secret=secret)
        return comment


async def update(
    ctx: Context,
    id: CommentId,
    input: Annotated[UpdateComment, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the comment is no longer of it.")] = None,
) -> Comment:
    async with ctx.work() as work:
        comment = await work.lock(Comment, id, version=expected_version)
        if comment.author_id != ctx.viewer.id:  # an administrator may take it away, but not put words into a mouth
            raise Forbidden
        return work.change(comment, **input.given())


async def delete(ctx: Context, id: CommentId) -> Deleted:
    async with ctx.work() as work:
        return await work.remove(await work.lock(Comment, id))


async def _secret(work: Work, parent: Parent) -> keeping.Secret:
    """From whom what is said of it is kept; from nobody where that is the viewer."""
    secret = await _about(work, parent)
    return keeping.OPEN if await is_viewer(work, secret["kept_from_id"]) else secret


async def _about(work: Work, parent: Parent) -> keeping.Secret:
    match parent:
        case Person():
            return keeping.from_person(parent.id)
        case GiftList() | ListItem():
            return keeping.like(parent)
        case Gift():
            return await _about_gift(work, parent)
        case Occasion():
            return keeping.from_person(await guests.the_one(work, parent))


async def _about_gift(work: Work, gift: Gift) -> keeping.Secret:
    """As the gift itself is kept, or else as the first item with it that is: somebody wishes for it."""
    if gift.kept_from_id is not None:
        return keeping.like(gift)
    others = select(Person.id).where(Person.user_id.is_distinct_from(work.ctx.viewer.id))
    kept = select(ListItem).where(
        ListItem.gift_id == gift.id, ListItem.kept_until > work.ctx.now(), ListItem.kept_from_id.in_(others)
    )
    item = await work.session.scalar(kept.order_by(ListItem.created_at, ListItem.id).limit(1))
    return keeping.OPEN if item is None else keeping.like(item)
