"""Tests of single requests and batches: valid ones, invalid ones, and the same one twice."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from cadgate.contract.methods import Method
from cadgate.testing.conformance.subject import Creation, Json, Subject, error_of
from cadgate.testing.conformance.suite import Suite, needs


class Calls(Suite):
    """REST and batch."""

    # --- wrong requests ------------------------------------------------------------------------------------------

    def test_an_unknown_path_is_404(self, subject: Subject) -> None:
        error_of(subject.client.get("/no-such-resource"), 404, "not_found")

    def test_a_wrong_verb_is_405_and_says_the_right_ones(self, subject: Subject) -> None:
        answer = subject.client.put("/methods")
        error_of(answer, 405, "method_not_allowed")
        assert "GET" in answer.headers["allow"]

    def test_a_body_that_is_not_json_is_refused(self, subject: Subject) -> None:
        for path in _paths_with_bodies(subject):
            text = subject.client.post(path, content=b"name=x", headers={"Content-Type": "text/plain"})
            error_of(text, 415, "unsupported_media_type")
            broken = subject.client.post(path, content=b'{"name"', headers={"Content-Type": "application/json"})
            error_of(broken, 400, "malformed_json")

    def test_unknown_fields_are_refused_and_named(self, subject: Subject) -> None:
        for path in _paths_with_bodies(subject):
            answer = subject.client.post(path, json={"no_such_field": 1})
            error = error_of(answer, 422, "validation_error")
            assert "no_such_field" in answer.text, error

    def test_the_request_id_and_the_times_come_back(self, subject: Subject) -> None:
        answer = subject.client.get("/methods", headers={"X-Request-ID": "conformance-1"})
        assert answer.headers["x-request-id"] == "conformance-1"
        assert "total;dur=" in answer.headers["server-timing"]

    def test_an_unknown_method_in_a_batch_fails_alone(self, subject: Subject) -> None:
        answer = subject.batch(("no_such.method", {}), ("session.undo", {"no_such_field": 1}))
        assert answer.status_code == 200, answer.text
        results = answer.json()["result"]["results"]
        assert [one["error"]["code"] for one in results] == ["not_found", "validation_error"]

    @pytest.mark.parametrize("value", ["soon", "-1", "0", "1.5e99"])
    def test_a_deadline_that_is_none_is_refused(self, subject: Subject, value: str) -> None:
        body = {"calls": [{"method": "session.undo"}]}
        error_of(subject.client.post("/batch", json=body, headers={"X-Deadline-Ms": value}), 422, "validation_error")

    def test_an_example_of_some_method_works(self, subject: Subject) -> None:
        """If nothing can be created, no other test calls a method, so one of the documented examples must work."""
        if "creation" not in self.exempt:
            return
        failed: dict[str, str] = {}
        for name, method in sorted(subject.contents.methods_by_name().items()):
            for example in _examples(method):
                one = subject.batch((name, example)).json()["result"]["results"][0]
                if one["status"] == "success":
                    return
                failed[name] = f"{one['error']['code']}: {one['error']['message']}"
        pytest.fail(
            f"no example of a method works, and no other test calls a method: {failed or 'there are no examples'}. "
            "Give the params of one method, in json_schema_extra of its model_config, an example that needs no file",
            pytrace=False,
        )

    # --- creating ------------------------------------------------------------------------------------------------

    @needs("creation")
    def test_what_was_created_is_read_back_the_same(self, creation: Creation) -> None:
        answer = creation.post()
        assert answer.status_code == 201, answer.text
        envelope = answer.json()
        assert (set(envelope), envelope["status"]) == ({"status", "result"}, "success")
        made = envelope["result"]
        assert made["name"]
        assert made["type"]
        assert made["revision"]
        again = creation.read(made["name"])
        assert again.status_code == 200, again.text
        read = again.json()["result"]
        assert (read["name"], read["type"], read["revision"]) == (made["name"], made["type"], made["revision"])

    @needs("creation")
    def test_names_that_are_not_given_are_chosen_anew_each_time(self, creation: Creation) -> None:
        assert creation.make()["name"] != creation.make()["name"]

    @needs("creation")
    def test_an_explicit_name_in_use_is_409_and_changes_nothing(self, creation: Creation) -> None:
        first = creation.make(name=creation.new_name())
        error_of(creation.post(name=first["name"]), 409, "name_taken")
        assert creation.read(first["name"]).json()["result"]["revision"] == first["revision"]
        renamed = creation.make(name=first["name"], on_conflict="rename")
        assert renamed["name"] != first["name"]

    @needs("creation")
    def test_a_missing_name_is_404_and_the_nearest_is_told(self, creation: Creation) -> None:
        made = creation.make(name=creation.new_name())
        answer = creation.read(made["name"][:-1])
        assert answer.status_code == 404, answer.text
        error = error_of(answer, 404, answer.json()["error"]["code"])
        assert error["code"].endswith("_not_found")
        assert made["name"] in error["details"]["did_you_mean"]

    @needs("creation")
    def test_a_dry_run_checks_and_changes_nothing(self, creation: Creation) -> None:
        name = creation.new_name()
        answer = creation.post(query="?dry_run=true", name=name)
        assert (answer.status_code, answer.json()) == (200, {"status": "success", "result": {"dry_run": True}})
        assert not creation.exists(name)
        creation.make(name=name)
        error_of(creation.post(query="?dry_run=true", name=name), 409, "name_taken")

    @needs("creation")
    def test_what_was_deleted_is_gone(self, creation: Creation) -> None:
        name = creation.make(name=creation.new_name())["name"]
        assert _delete(creation, name).json()["result"]["deleted"] == name
        assert not creation.exists(name)
        assert _delete(creation, name).status_code == 404

    @needs("creation", "revisions")
    def test_a_change_that_lost_a_race_is_412(self, creation: Creation) -> None:
        made = creation.make(name=creation.new_name())
        error_of(_delete(creation, made["name"], if_match="another-revision"), 412, "revision_mismatch")
        assert creation.exists(made["name"])
        assert _delete(creation, made["name"], if_match=made["revision"]).status_code == 200

    # --- once, and together --------------------------------------------------------------------------------------

    @needs("creation")
    def test_the_same_key_gives_the_same_answer_and_does_it_once(self, creation: Creation) -> None:
        name = creation.new_name()
        headers = {"Idempotency-Key": f"key-{name}"}
        first = creation.post(headers=headers, name=name)
        assert first.status_code == 201, first.text
        again = creation.post(headers=headers, name=name)
        assert (again.status_code, again.json()) == (201, first.json())
        error_of(creation.post(headers=headers, name=creation.new_name()), 422, "idempotency_conflict")

    @needs("creation")
    def test_a_call_of_a_batch_sees_what_earlier_ones_did(self, subject: Subject, creation: Creation) -> None:
        name = creation.new_name()
        answer = subject.batch(
            (creation.create, {**creation.params, "name": name}),
            (creation.get, {"name": name}),
            (creation.get, {"name": creation.new_name()}),
            (creation.delete, {"name": name}),
        )
        assert answer.status_code == 200, answer.text
        results = answer.json()["result"]["results"]
        assert [one["status"] for one in results] == ["success", "success", "error", "success"]
        assert results[0]["result"]["revision"] == results[1]["result"]["revision"]
        assert results[2]["error"]["code"].endswith("_not_found")
        assert not creation.exists(name)

    @needs("creation", "atomic")
    def test_an_atomic_batch_that_fails_leaves_nothing_behind(self, subject: Subject, creation: Creation) -> None:
        name, kept = creation.new_name(), creation.make(name=creation.new_name())
        answer = subject.batch(
            (creation.create, {**creation.params, "name": name}),
            (creation.delete, {"name": kept["name"]}),
            (creation.get, {"name": creation.new_name()}),
            atomic=True,
        )
        assert answer.status_code == 404, answer.text
        assert answer.json()["error"]["details"]["index"] == 2
        assert not creation.exists(name)
        assert creation.read(kept["name"]).json()["result"]["revision"] == kept["revision"]

    @needs("creation", "undo")
    def test_the_last_request_can_be_undone_and_redone(self, subject: Subject, creation: Creation) -> None:
        made = creation.make(name=creation.new_name())
        undone = subject.client.post("/undo")
        assert undone.status_code == 200, undone.text
        assert undone.json()["result"]["undone"]
        assert not creation.exists(made["name"])
        redone = subject.client.post("/redo")
        assert redone.status_code == 200, redone.text
        assert creation.read(made["name"]).json()["result"]["revision"] == made["revision"]
        error_of(subject.client.post("/redo"), 409, "conflict")


def _paths_with_bodies(subject: Subject) -> list[str]:
    """Return `/batch`, and every path without parameters that accepts POST."""
    routes = [method["route"] for method in subject.methods.values() if method["params"].get("properties")]
    own = {subject.path(route) for route in routes if route and route["verb"] == "POST" and "{" not in route["path"]}
    return ["/batch", *sorted(own)]


def _delete(creation: Creation, name: str, *, if_match: str | None = None) -> httpx.Response:
    route = creation.subject.methods[creation.delete]["route"]
    headers = {} if if_match is None else {"If-Match": if_match}
    return creation.subject.client.delete(creation.subject.path(route, name=name), headers=headers)


def _examples(method: Method[Any, Any]) -> list[Json]:
    """Return the documented examples of a method's parameters; `{}` is one if it requires none."""
    extra: Any = method.params.model_config.get("json_schema_extra")
    examples: list[Json] = cast("Json", extra).get("examples", []) if isinstance(extra, dict) else []
    if examples:
        return examples
    return [] if any(field.is_required() for field in method.params.model_fields.values()) else [{}]
