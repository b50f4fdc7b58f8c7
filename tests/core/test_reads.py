"""Lists as they were written: the same bytes, kept until something may have changed them, and named by an `ETag`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.builtin import UNDO
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.application import Application
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError, Forbidden, InternalError
from cadgate.models.responses import Success
from tests.core.fake_app import fake_settings, running

from cadgate_fake import models as m  # isort: skip

pytestmark = pytest.mark.anyio

HERE = RequestContext(request_id="test", caller=Caller(LOCAL))
LIST = replace(m.LIST, by_state=True)


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[SessionRuntime]:
    async with running(tmp_path, fake_settings()) as made:
        yield made


def app_of(runtime: SessionRuntime, **context: Any) -> Application:
    return Application(runtime, replace(HERE, **context))


async def listed(runtime: SessionRuntime, known: str | None = None, **page: Any) -> Response:
    return await app_of(runtime, if_none_match=known).answer(LIST, m.Page(**page))


async def as_called(runtime: SessionRuntime, **page: Any) -> bytes:
    return Success(await app_of(runtime).call(LIST, m.Page(**page))).model_dump_json().encode()


async def make(runtime: SessionRuntime, count: int, **more: Any) -> None:
    for _ in range(count):
        await app_of(runtime).call(m.CREATE, m.ItemParams(**more))


@pytest.mark.parametrize("count", [0, 1, 50, 51, 120])
@pytest.mark.parametrize("page", [{}, {"fields": "name"}, {"limit": 7, "offset": 3}])
async def test_what_is_written_is_what_a_call_returns(
    runtime: SessionRuntime, count: int, page: dict[str, Any]
) -> None:
    await make(runtime, count, value='é "objects":[] 😀 ,"meta":{}}')
    for _ in range(2):  # made, and kept
        assert bytes((await listed(runtime, **page)).body) == await as_called(runtime, **page)


async def test_the_application_is_not_asked_twice_for_one_state(runtime: SessionRuntime) -> None:
    await make(runtime, 3)
    first = await listed(runtime)
    answers: list[Any] = []
    exchange = runtime.session.calls.exchange

    async def seen(*args: Any, **how: Any) -> Any:
        answers.append(await exchange(*args, **how))
        return answers[-1]

    runtime.session.calls.exchange = seen  # type: ignore[method-assign]
    second = await listed(runtime)
    assert answers[0]["raw"].startswith(b"null")
    assert (second.body, second.headers["etag"]) == (first.body, first.headers["etag"])
    # Another page is another answer.
    assert (await listed(runtime, limit=1)).headers["etag"] != first.headers["etag"]
    assert not answers[1]["raw"].startswith(b"null")


async def test_an_answer_that_the_client_has_is_not_sent_again(runtime: SessionRuntime) -> None:
    await make(runtime, 2)
    tag = (await listed(runtime)).headers["etag"]
    for known in (tag, "*", f'"other", W/{tag}'):
        answer = await listed(runtime, known)
        assert (answer.status_code, answer.body, answer.headers["etag"]) == (304, b"", tag)
    for known in ('"other"', "nonsense", ""):
        assert (await listed(runtime, known)).status_code == 200
    await make(runtime, 1)
    changed = await listed(runtime, tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize(
    ("method", "params", "context"),
    [
        (m.CREATE, m.ItemParams(name="B"), {}),
        (m.UPDATE, m.ItemUpdate(name="A", value=7), {}),
        (m.DELETE, m.ItemName(name="A"), {}),
        (UNDO, m.Empty(), {}),
        (m.IMPORT, m.ImportParams(names=["X"]), {}),
        # What fails, or is only tried, changes nothing; what is answered then is right all the same.
        (m.CREATE, m.ItemParams(name="A"), {}),
        (m.CREATE, m.ItemParams(name="C"), {"dry_run": True}),
    ],
)
async def test_a_list_is_of_the_state_that_a_call_left(
    runtime: SessionRuntime, method: Any, params: Any, context: dict[str, Any]
) -> None:
    await make(runtime, 1, name="A", value=1)
    await listed(runtime)
    with contextlib.suppress(CadgateError, DryRunDone):
        await app_of(runtime, **context).call(method, params)
    assert bytes((await listed(runtime)).body) == await as_called(runtime)


async def test_an_answer_needs_the_methods_scope(runtime: SessionRuntime) -> None:
    await listed(runtime)
    with pytest.raises(Forbidden):
        await app_of(runtime, caller=Caller(Authority("key:test", frozenset(("write",))))).answer(LIST, m.Page())


async def test_an_answer_that_is_none_is_a_defect(runtime: SessionRuntime) -> None:
    other: Any = replace(m.GET, result=m.ItemInfo, name="items.list", params=m.Page, by_state=True)
    with pytest.raises(InternalError, match="answered something that is not a ItemInfo"):
        await app_of(runtime).answer(other, m.Page())


async def test_an_error_of_the_application_is_that_error(runtime: SessionRuntime) -> None:
    await make(runtime, 1)
    for _ in range(2):
        with pytest.raises(CadgateError) as caught:
            await listed(runtime, fields="nothing")
        assert caught.value.code == "validation_error"
