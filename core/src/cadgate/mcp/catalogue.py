"""Every method of every active adapter, with its documentation: found by words, described by name."""

from __future__ import annotations

import difflib
import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cadgate.contract.methods import Method
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.served import ServedAdapter
from cadgate.errors import NotFound
from cadgate.mcp.schemas import compact, names_in
from cadgate.refusals.expected import example
from cadgate.refusals.names import nearest_methods
from cadgate.refusals.schemas import contract_of
from cadgate.routers.adapter import RouteInfo, routes_of_methods

MEANT: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "round fillet bevel rounded smooth",
        "chamfer bevel",
        "cut subtract difference boolean drill remove",
        "join merge union combine fuse weld boolean",
        "intersect intersection common boolean",
        "hole drill bore thread pocket",
        "move translate location position place",
        "rotate rotation turn orientation angle",
        "resize scale size dimensions",
        "color colour material paint",
        "picture image render screenshot photo view look preview",
        "save write export download",
        "load open read import upload",
        "copy duplicate clone instance",
        "shell hollow thickness wall",
        "box cube block cuboid",
        "ball sphere",
        "pipe tube cylinder sweep",
        "array pattern repeat",
        "symmetry mirror reflect",
        "volume mass weight area center measure",
        "distance clearance gap",
        "delete remove clear erase",
        "rename label name title",
        "script python code execute run",
        "parameter spreadsheet expression variable",
        "bodies body solid part",
        "animate animation keyframe motion",
    )
)
"""Words that mean the same to whoever looks for a method."""

_WORD = re.compile(r"[a-z0-9]+")
_WEIGHTS = "10.0, 6.0, 2.0, 1.0"
"""Of the columns name, summary, fields and text."""


@dataclass(frozen=True, slots=True)
class Described:
    """A method with what its route says about it."""

    served: ServedAdapter
    method: Method[Any, Any]
    route: RouteInfo | None
    documentation: str

    @property
    def summary(self) -> str:
        """The first sentence of its documentation."""
        first = self.documentation.partition("\n\n")[0].replace("\n", " ")
        return first or (self.method.params.__doc__ or "").strip().partition("\n")[0]


class Catalogue:
    """Built once, when it is first needed; takes a tenth of a second, so build it in a thread."""

    def __init__(self, runtimes: Mapping[str, AdapterRuntime]) -> None:
        self._runtimes = runtimes
        self._lock = threading.Lock()
        self._described: dict[tuple[str, str], Described] | None = None
        self._words: list[str] = []
        self._index: sqlite3.Connection | None = None

    def build(self) -> None:
        """Read every method and index its words. Does nothing the second time."""
        with self._lock:
            if self._described is None:
                self._described = {
                    (name, each.method.name): each
                    for name, runtime in self._runtimes.items()
                    for each in _methods_of(runtime.served)
                }
                self._index = self._indexed(self._described)

    def _indexed(self, described: Mapping[tuple[str, str], Described]) -> sqlite3.Connection:
        index = sqlite3.connect(":memory:", check_same_thread=False)
        index.execute(
            "create virtual table methods using fts5(name, summary, fields, text, application unindexed, "
            "method unindexed, tokenize='porter unicode61')"
        )
        words: set[str] = set()
        for (application, name), each in described.items():
            schema = each.method.params.model_json_schema()
            fields, texts = names_in(schema)
            row = (
                " ".join(_WORD.findall(name.lower())),
                each.summary,
                " ".join(fields).replace("_", " "),
                " ".join((each.documentation, each.served.adapter.title, *texts)),
                application,
                name,
            )
            words.update(_WORD.findall(" ".join(row[:3]).lower()))
            index.execute("insert into methods values (?, ?, ?, ?, ?, ?)", row)
        self._words = sorted(words)
        return index

    def search(self, query: str, application: str | None, limit: int) -> tuple[list[Described], int]:
        """Return the best methods for a query in words, and how many match."""
        self.build()
        assert self._described is not None
        assert self._index is not None
        terms = self._terms(query)
        if not terms:
            found = [each for each in self._described.values() if application in (None, each.served.name)]
            return found[:limit], len(found)
        own = [f'"{word}"*' for word in _words_of(query)]
        scores = self._scores(terms, application)
        for key, score in self._scores(own, application).items():
            scores[key] += score  # the words that were used count more than those that mean the same
        rows = sorted(scores, key=lambda key: (scores[key], key))
        named = set(_WORD.findall(query.lower()))
        rows.sort(key=lambda row: not named <= set(_WORD.findall(f"{row[0]} {row[1]}")))  # somebody knows its name
        return [self._described[row] for row in rows[:limit]], len(rows)

    def _scores(self, terms: Sequence[str], application: str | None) -> dict[tuple[str, str], float]:
        """Return the methods that hold any of these terms, with their score: the lower, the better."""
        assert self._index is not None
        where = " and application = ?" if application else ""
        values = [" OR ".join(terms), *([application] if application else ())]
        with self._lock:
            rows = self._index.execute(
                f"select application, method, bm25(methods, {_WEIGHTS}) from methods where methods match ?{where}",
                values,
            ).fetchall()
        return {(row[0], row[1]): row[2] for row in rows}

    def _terms(self, query: str) -> list[str]:
        """Return the words of a query, with others that mean the same, and known ones in place of misspelt ones."""
        found: dict[str, None] = {}
        for word in _words_of(query):
            same = [other for group in MEANT if word in group or word.rstrip("s") in group for other in sorted(group)]
            known = word in self._words or any(each.startswith(word[:5]) for each in self._words)
            close = [] if same or known else _similar(word, self._words)
            found.update(dict.fromkeys([f'"{word}"*', *(f'"{each}"' for each in (*same, *close))]))
        return list(found)

    def find(self, application: str, name: str) -> Described:
        """Return a method. Raises NotFound, which names the most similar ones, and the other applications' own."""
        self.build()
        assert self._described is not None
        found = self._described.get((application, name))
        if found is not None:
            return found
        served = self._runtimes[application].served
        near = nearest_methods(name, served.methods)
        others = sorted(other for other, method in self._described if method == name)
        details: dict[str, Any] = {"method": name, **({"did_you_mean": near} if near else {})}
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        elsewhere = f"{' and '.join(others)} ha{'s' if len(others) == 1 else 've'} a method of that name. "
        raise NotFound(
            f"{served.adapter.title} has no method {name[:200]!r}: {hint}{elsewhere if others else ''}"
            f"The tool `search` finds methods by what they do",
            details=details,
        )

    def describe(self, application: str, name: str) -> dict[str, Any]:
        """Return what is needed to call a method. Raises NotFound."""
        found = self.find(application, name)
        method, served = found.method, found.served
        params = compact(method.params.model_json_schema())
        for each in served.adapter.context:
            if each not in method.params.model_fields:
                properties = cast("dict[str, Any]", params.setdefault("properties", {}))
                properties[each] = {"type": "string", "description": f"Which {each}; by default the active one."}
        contract = contract_of(method.params)
        sample = example(contract, contract.root, (), {}) if contract.root else None
        return {
            "application": application,
            "method": name,
            "summary": found.summary,
            **({} if found.documentation == found.summary else {"documentation": found.documentation}),
            "params": params,
            "result": compact(method.result.model_json_schema(mode="serialization"), brief=True),
            "example": {"application": application, "method": name, "params": sample or {}},
            "mutates": method.mutates,
            "scope": method.required_scope,
            "atomic": method.atomic and method.replay == "call" and name not in served.handlers,
            "route": None if found.route is None else f"{found.route.verb} {found.route.path}",
        }


_NOISE = frozenset(
    (
        *(
            "a",
            "all",
            "an",
            "and",
            "are",
            "at",
            "by",
            "can",
            "do",
            "for",
            "from",
            "get",
            "how",
            "i",
            "in",
            "into",
            "is",
        ),
        *("it", "make", "me", "my", "new", "of", "on", "one", "or", "some", "that", "the", "this", "to", "two", "use"),
        "with",
    )
)


def _words_of(query: str) -> list[str]:
    return [word for word in _WORD.findall(query.lower())[:20] if word not in _NOISE]


def _similar(word: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(word, known, n=2, cutoff=0.75)


def _methods_of(served: ServedAdapter) -> Iterable[Described]:
    routes = routes_of_methods(served)
    for name in sorted(served.methods):
        route, text = routes.get(name, (None, ""))
        method = served.methods[name]
        yield Described(served, method, route, text or (method.params.__doc__ or "").strip())
