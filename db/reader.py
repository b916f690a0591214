"""Which rows (a Select) and which fields (a selection) become one SQL statement whose result is the JSON itself.

To-one relations are LEFT JOINs, to-many relations scalar subqueries; column aliases are the response keys, so that
PostgreSQL writes the answer and Python only carries it. Every entity reached, at any depth, is narrowed by its policy
here and nowhere else: a statement function cannot forget it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    column,
    false,
    func,
    inspect,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased, outerjoin

from db import feeds, guard, paging
from db.base import DIALECT, ID, Entity
from db.json import EMPTY_LIST, NOTHING, NULL, ROW, as_json, json_of
from db.pages import bodies_of, cursors_of, has_rows, lists_of, only_list, part_of, peeks
from db.paging import LAST, NUMBER
from db.selection import (
    Column,
    Compiled,
    Constant,
    Expression,
    Facet,
    Feed,
    Fields,
    Kind,
    Listing,
    Many,
    One,
    Page,
    Predicate,
)

Policies = Mapping[type[Entity], Callable[[Any], Predicate]]


class Reader:
    """`policies` says for each entity which rows the viewer may see; an entity without one is seen by nobody."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def entity(self, rows: Select[Any], fields: Fields) -> Compiled:
        """One object, or nothing."""
        return self._compiled(as_json(self._object(self._seen(rows).subquery(), model_of(rows), fields)))

    def by_id(self, model: type[Entity], fields: Fields) -> Compiled:
        """One object by the slot `id`."""
        return self.entity(select(model).where(model.id == bindparam("id", type_=ID)), fields)

    def by_ids(self, model: type[Entity], fields: Fields) -> Compiled:
        """A list of those the viewer may see, in the order of the slot `ids`."""
        ids = bindparam("ids", type_=ARRAY(ID))
        place = func.array_position(ids, model.id).label(NUMBER)
        kept = self._seen(select(model)).where(model.id == func.any(ids)).add_columns(place).subquery()
        return self._compiled(self._list(kept, model, fields))

    def nodes(self, ids: ColumnElement[Any], kinds: Sequence[Kind]) -> Compiled:
        """For each of the ids the object that it names, or null; the prefix of an id says of which kind it is."""
        wanted = func.unnest(ids).table_valued(column("id", ID), with_ordinality=NUMBER, name="wanted").render_derived()
        rows = select(self._any(wanted.c.id, kinds, wanted).label(ROW), wanted.c[NUMBER]).subquery()
        listed = func.json_agg(aggregate_order_by(rows.c[ROW], rows.c[NUMBER]))
        return self._compiled(select(func.coalesce(listed, EMPTY_LIST)).select_from(rows))

    def _any(self, id: ColumnElement[Any], kinds: Sequence[Kind], outer: FromClause) -> ColumnElement[Any]:
        """The object that an id names, made by the statement of its kind alone."""
        cases = []
        for kind in kinds:
            named = kind.by_id(id) if kind.by_id else select(kind.model).where(kind.model.id == id)
            rows = self._seen(named).correlate(outer).subquery()
            body = self._object(rows, kind.model, kind.fields).correlate(outer)
            prefix = id.like(f"{kind.model.prefix}\\_%")
            cases.append((prefix, as_json(body).correlate(outer).scalar_subquery()))
        return case(*cases) if cases else NULL

    def page(self, page: Page) -> Compiled:
        return self._compiled(select(self._page(page, None)))

    def record(self, row: Select[Any], fields: Fields) -> Compiled:
        """An object whose fields are the labelled columns of a statement of one row, which carries its own policy."""
        kept = row.subquery()
        columns = [
            literal(field.value, String).label(field.key)
            if isinstance(field, Constant)
            else kept.c[field.name].label(field.key)
            for field in fields
            if isinstance(field, Constant | Column)
        ]
        return self._compiled(as_json(select(*columns or [NOTHING]).select_from(kept)))

    def _compiled(self, statement: Select[Any]) -> Compiled:
        guard.check(statement, self._may_see)
        compiled = statement.compile(dialect=DIALECT)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return Compiled(sql=str(compiled), order=tuple(compiled.positiontup or ()), constants=constants)

    def _seen(self, rows: Select[Any]) -> Select[Any]:
        model = model_of(rows)
        return rows.where(self._may_see(model, model))

    def _may_see(self, model: type[Entity], entity: Any) -> Predicate:
        policy = self._policies.get(model)
        return false() if policy is None else policy(entity)

    def _object(self, kept: FromClause, model: type[Entity], fields: Fields) -> Select[Any]:
        columns, source = self._columns(aliased(model, kept), model, fields, kept)
        return select(*columns).select_from(source)

    def _list(
        self, kept: FromClause, model: type[Entity], fields: Fields, by: Sequence[ColumnElement[Any]] = ()
    ) -> Select[Any]:
        """All rows of `kept` as a JSON list, by their number where nothing else is said."""
        rows = self._object(kept, model, fields).order_by(*by or [kept.c[NUMBER]]).subquery(ROW)
        return select(func.coalesce(func.json_agg(json_of(rows)), EMPTY_LIST)).select_from(rows)

    def _columns(self, entity: Any, model: type[Entity], fields: Fields, source: Any) -> tuple[list[Any], Any]:
        columns: list[Any] = []
        for field in fields:
            match field:
                case Constant():
                    columns.append(literal(field.value, String).label(field.key))
                case Column():
                    columns.append(getattr(entity, field.name).label(field.key))
                case Expression():
                    columns.append(field.make(entity).label(field.key))
                case Facet():
                    inner, source = self._columns(entity, model, field.fields, source)
                    columns.append(_beside(select(*inner), source).label(field.key))
                case One():
                    column, source = self._one(entity, model, field, source)
                    columns.append(column.label(field.key))
                case Many():
                    columns.append(self._many(entity, model, field).label(field.key))
                case Page():
                    columns.append(self._page(field, (entity, model)).label(field.key))
                case _:
                    assert_never(field)
        return columns or [NOTHING], source

    def _one(self, entity: Any, model: type[Entity], field: One, source: Any) -> tuple[ColumnElement[Any], Any]:
        kind = target_of(model, field.name)
        target = aliased(kind)
        source = outerjoin(
            source, target, and_(joined(getattr(entity, field.name), target), self._may_see(kind, target))
        )
        columns, source = self._columns(target, kind, field.fields, source)
        return _beside(select(*columns).where(target.id.is_not(None)), source), source

    def _many(self, entity: Any, model: type[Entity], field: Many) -> ColumnElement[Any]:
        kind = target_of(model, field.name)
        rows = select(kind).where(joined(getattr(entity, field.name), kind), self._may_see(kind, kind))
        by = [*(inspect(model).relationships[field.name].order_by or ()), kind.id]
        number = func.row_number().over(order_by=by).label(NUMBER)
        outer = _source_of(entity)
        kept = rows.add_columns(number).correlate(outer).subquery()
        return self._list(kept, kind, field.fields).correlate(outer).scalar_subquery()

    def _page(self, page: Page, parent: tuple[Any, type[Entity]] | None) -> ColumnElement[Any]:
        """The connection as one JSON object.

        From the inside out: the page's rows, numbered; their bodies as JSON; the lists made of those; the object. Where
        only their count is asked for there are no rows, and where only one list is, it is made of the rows at once.
        """
        outer: list[FromClause] = [] if parent is None or page.name is None else [_source_of(parent[0])]
        lists: FromClause | None
        if isinstance(page.listing, Feed):
            rows = [self._seen(part.rows) for part in page.listing.parts]
            kept = feeds.merged(rows, page.listing, page.window, peek=peeks(page)).subquery()
            lists = lists_of(page, self._mixed(page, page.listing, kept)) if has_rows(page) else None
        else:
            rows = [self._listed(page, page.listing, parent)]
            lists = self._lists(page, page.listing, rows[0], parent, outer)
        parts = [part_of(at, part, lists, page.window, rows) for at, part in enumerate(page.parts)] or [NOTHING]
        whole = select(*parts) if lists is None else select(*parts).select_from(lists)
        return as_json(whole).correlate(*outer).scalar_subquery()

    def _lists(
        self,
        page: Page,
        listing: Listing,
        rows: Select[Any],
        parent: tuple[Any, type[Entity]] | None,
        outer: Sequence[FromClause],
    ) -> FromClause | None:
        if not has_rows(page):
            return None
        sorted = parent is not None and page.name is not None and not paging.indexed(parent[1], page.name, listing)
        one = only_list(page)
        kept = (
            paging.windowed(rows, listing, page.window, numbered=one is None, peek=peeks(page), sorted=sorted)
            .correlate(*outer)
            .subquery()
        )
        if one is None:
            return lists_of(page, self._bodies(page, listing, kept))
        label, fields = one
        listed = self._list(kept, listing.model, fields, paging.order_in(kept, listing))
        return select(listed.correlate(*outer).scalar_subquery().label(label)).subquery()

    def _listed(self, page: Page, listing: Listing, parent: tuple[Any, type[Entity]] | None) -> Select[Any]:
        rows = self._seen(listing.rows)
        if parent is None or page.name is None:
            return rows
        return rows.where(joined(getattr(parent[0], page.name), listing.model)).correlate(_source_of(parent[0]))

    def _bodies(self, page: Page, listing: Listing, kept: FromClause) -> FromClause:
        """The page's rows with a JSON column for each `nodes` and each `node` of `edges` that is asked for."""
        source: Any = kept
        columns = self._numbered(page, kept, paging.keys_in(kept, listing))
        for key, fields in bodies_of(page):
            body, source = self._columns(aliased(listing.model, kept), listing.model, fields, source)
            columns.append((key, body))
        made = [
            _beside(select(*column[1]), source).label(column[0]) if isinstance(column, tuple) else column
            for column in columns
        ]
        return select(*made).select_from(source).subquery()

    def _numbered(self, page: Page, kept: FromClause, keys: Sequence[ColumnElement[Any]]) -> list[Any]:
        places = [kept.c[name] for name in (NUMBER, LAST) if name in kept.c]
        return [*places, *cursors_of(page, paging.cursor(page.listing.name, keys), kept)]

    def _mixed(self, page: Page, feed: Feed, kept: FromClause) -> FromClause:
        """The same of a feed, whose rows are but keys so far."""
        keys = feeds.keys_in(kept, feed)
        columns = self._numbered(page, kept, keys)
        columns += [self._any(keys[-1], kinds, kept).label(key) for key, kinds in bodies_of(page)]
        return select(*columns).select_from(kept).subquery()


def model_of(rows: Select[Any]) -> type[Entity]:
    """The entity a statement selects."""
    model: type[Entity] = rows.column_descriptions[0]["entity"]
    return model


def target_of(model: type[Entity], name: str) -> type[Entity]:
    target: type[Entity] = inspect(model).relationships[name].mapper.class_
    return target


def joined(relation: Any, target: Any) -> ColumnElement[bool]:
    """How the rows of `target`, the entity or an alias of it, belong to those of the relationship's owner."""
    condition: ColumnElement[bool] = relation.of_type(target).__clause_element__()
    return condition


def _source_of(entity: Any) -> FromClause:
    source: FromClause = inspect(entity).selectable
    return source


def _beside(row: Select[Any], source: Any) -> ColumnElement[Any]:
    """As JSON, a row whose columns are all of the source."""
    around = _all_of(source)
    return as_json(row.correlate(*around)).correlate(*around).scalar_subquery()


def _all_of(source: Any) -> list[FromClause]:
    """A join and everything joined in it: what a subquery beside it may refer to."""
    if hasattr(source, "left"):
        return [*_all_of(source.left), *_all_of(source.right)]
    return [source]


def kind_of(model: type[Entity], name: str) -> str | None:
    """What an attribute of a model is to the reader: "column", "one", "many", or None for what it cannot read."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return "many" if mapper.relationships[name].uselist else "one"
    return "column" if name in mapper.all_orm_descriptors else None
