"""JSONPath (RFC 9535) under a budget: every visited node costs, patterns run on a linear engine, nothing hangs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from cel_expr_python import cel
from jsonpath import JSONPathEnvironment
from jsonpath.exceptions import JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.match import JSONPathMatch
from jsonpath.parse import Parser
from jsonpath.path import JSONPath
from jsonpath.segments import JSONPathChildSegment, JSONPathRecursiveDescentSegment, JSONPathSegment
from jsonpath.selectors import Filter, IndexSelector, NameSelector
from jsonpath.stream import TokenStream

MAX_PATH_LENGTH = 1_000
MAX_STEPS = 300_000
MAX_QUANTIFIER = 1_000

_PATTERNS = cel.NewEnv(variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING})
_MATCHES = _PATTERNS.compile("text.matches(pattern)")
_PATTERN_PARTS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.|[^\\\[.]+|[\\\[]", re.DOTALL)
_QUANTIFIER = re.compile(r"\{(\d+)(?:,(\d*))?\}")


class PathFault(ValueError):
    """A path cannot be read, or asks for too much."""


class BudgetExceeded(PathFault):
    """A query visits more nodes than one call may."""


class BoundedEnvironment(JSONPathEnvironment):
    """A strict RFC 9535 environment with one budget of steps over all queries compiled in it."""

    max_recursion_depth = 200

    def __init__(self) -> None:
        self.parser_class = BoundedParser
        self.steps_left = MAX_STEPS
        super().__init__(strict=True, filter_caching=False)

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = LinearPattern(self, "match")
        self.function_extensions["search"] = LinearPattern(self, "search")

    def charge(self, steps: int) -> None:
        self.steps_left -= steps
        if self.steps_left < 0:
            raise BudgetExceeded(f"the query visits more than {MAX_STEPS} nodes")

    def compare(self, left: object, operator: str, right: object) -> bool:
        # Comparing two containers looks at every node below them.
        self.charge(_weight(left) if isinstance(right, dict | list) else 1)
        return super().compare(left, operator, right)


def _weight(value: object) -> int:
    """Return how many nodes a value has."""
    count, open_values = 0, [value]
    while open_values:
        count += 1
        inner = open_values.pop()
        if isinstance(inner, dict):
            open_values.extend(inner.values())
        elif isinstance(inner, list):
            open_values.extend(inner)
    return count


def _children(value: object) -> int:
    return len(value) if isinstance(value, dict | list) else 0


class _Charging:
    """What both kinds of segment share: before a selector looks at a node, its children are paid for."""

    env: Any
    selectors: Any

    def _select(self, node: JSONPathMatch) -> Iterator[JSONPathMatch]:
        for selector in self.selectors:
            looks_at_one = isinstance(selector, NameSelector | IndexSelector)
            self.env.charge(1 if looks_at_one else 1 + _children(node.obj))
            yield from selector.resolve(node)


class BoundedChild(_Charging, JSONPathChildSegment):
    """A child segment that pays for what it looks at."""

    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterable[JSONPathMatch]:
        for node in nodes:
            yield from self._select(node)


class BoundedDescent(_Charging, JSONPathRecursiveDescentSegment):
    """A descendant segment that pays for what it looks at. Walks without recursion, in document order."""

    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterable[JSONPathMatch]:
        for node in nodes:
            open_nodes = [node]
            while open_nodes:
                visited = open_nodes.pop()
                yield from self._select(visited)
                self.env.charge(1 + _children(visited.obj))
                open_nodes.extend(reversed(_containers_below(visited)))


def _containers_below(node: JSONPathMatch) -> list[JSONPathMatch]:
    if isinstance(node.obj, dict):
        return [node.new_child(value, key) for key, value in node.obj.items() if isinstance(value, dict | list)]
    if isinstance(node.obj, list):
        return [node.new_child(value, index) for index, value in enumerate(node.obj) if isinstance(value, dict | list)]
    return []


class BoundedParser(Parser):
    """Builds paying segments wherever a query stands, in filters too: all of them come through `parse_query`."""

    def parse_query(self, stream: TokenStream) -> Iterable[JSONPathSegment]:
        for segment in super().parse_query(stream):
            kind = BoundedDescent if isinstance(segment, JSONPathRecursiveDescentSegment) else BoundedChild
            yield kind(env=segment.env, token=segment.token, selectors=segment.selectors)


class LinearPattern(FilterFunction):
    """`match()` and `search()` on RE2, which takes time linear in the text whatever the pattern."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, env: BoundedEnvironment, kind: Literal["match", "search"]) -> None:
        self._env = env
        self._kind = kind

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        self._env.charge(1 + len(pattern) + len(value) // 50)
        translated = to_re2(pattern)
        answer = _MATCHES.eval(data={"text": value, "pattern": rf"\A(?:{translated})\z" if self._kind == "match" else translated})
        if answer.type() == cel.Type.BOOL:
            return bool(answer.plain_value())
        if any(int(count) > MAX_QUANTIFIER for found in _QUANTIFIER.findall(pattern) for count in found if count):
            raise PathFault(f"a pattern repeats more than {MAX_QUANTIFIER} times")
        # RFC 9535, section 2.4.6: a pattern that is no I-Regexp matches nothing.
        return False


def to_re2(pattern: str) -> str:
    """Translate an I-Regexp (RFC 9485, section 5.4): its dot takes no line end, and `\\z` has no other name."""
    return "".join(r"[^\n\r]" if part == "." else part for part in _PATTERN_PARTS.findall(pattern))


def compile_path(env: BoundedEnvironment, path: str) -> JSONPath:
    """Compile a path. Raises PathFault for what RFC 9535 does not know."""
    if len(path) > MAX_PATH_LENGTH:
        raise PathFault(f"a path has at most {MAX_PATH_LENGTH} characters")
    try:
        compiled = env.compile(path)
    except (JSONPathError, ValueError, OverflowError, RecursionError) as error:
        raise PathFault(f"not a JSONPath of RFC 9535: {str(error).splitlines()[0][:200]}") from error
    if not isinstance(compiled, JSONPath):
        raise PathFault("not a JSONPath of RFC 9535: one path only")
    return compiled


def compile_filter(env: BoundedEnvironment, condition: str) -> JSONPath:
    """Compile a filter expression such as `@.price > 10` into the path that filters a list by it."""
    compiled = compile_path(env, f"$[?{condition}]")
    if len(compiled.segments) != 1 or len(compiled.segments[0].selectors) != 1 or not isinstance(compiled.segments[0].selectors[0], Filter):
        raise PathFault("not one filter expression of RFC 9535")
    return compiled


def values_at(path: JSONPath, value: Any) -> list[Any]:
    """Return the values a path selects, in the order of the standard. Raises PathFault when the budget is used up."""
    # The library's own entry reads a text as JSON; a text is a value like any other here.
    matches: Iterable[JSONPathMatch] = [JSONPathMatch(filter_context={}, obj=value, parent=None, path="$", parts=(), root=value)]
    for segment in path.segments:
        matches = segment.resolve(matches)
    try:
        return [match.obj for match in matches]
    except (JSONPathError, RecursionError) as error:
        raise PathFault(f"the path cannot be followed: {str(error).splitlines()[0][:200]}") from error
