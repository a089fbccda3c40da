"""What PostgreSQL has and the ORM does not say: columns that no model names, and ANY."""

from collections.abc import Mapping
from typing import Any, Self

from django.db.models import Expression, Field, Lookup


class Column(Expression):
    """A column of the query's own table, by its name: one that a migration has added."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name
        self.table = ""

    def resolve_expression(self, query: Any = None, *args: Any, **kwargs: Any) -> Self:
        resolved: Self = super().resolve_expression(query, *args, **kwargs)
        resolved.table = query.get_initial_alias()
        return resolved

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Self:
        clone = self.copy()
        clone.table = change_map.get(self.table, self.table)
        return clone

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        quote = connection.ops.quote_name
        return f"{quote(self.table)}.{quote(self.name)}", ()


class AnyOf(Lookup):
    """``AnyOf(F("pk"), keys)``: a thousand keys as one parameter, not as a thousand.

    The driver writes each parameter by itself, which takes as long as the query. SQLite has
    no arrays, and ``pk__in`` for it.
    """

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, list(self.rhs))

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} IN ({', '.join(['%s'] * len(self.rhs))})", (*params, *self.rhs)
