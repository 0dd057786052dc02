"""Kinds of records from HeatMap to HeatMap. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Cell,
    )


class HeatMap(Record):
    """HeatMap."""

    from_: str
    hours: int
    columns: int
    cells: list[Cell]

    _fields: ClassVar[frozenset[str]] = frozenset({"from", "hours", "columns", "cells"})
    _nested: ClassVar[Mapping[str, str]] = {"cells": "Cell"}
