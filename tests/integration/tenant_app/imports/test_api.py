"""Importing over the API: from the file to the patients and back, with every refusal a program may meet."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from kernel.web.collaborators import provide
from manage.demo.people import people
from tenant_app.patient_imports.runner import ImportRunner
from tests.support.clinic import Clinic
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of
from tests.support.staff_api import Caller
from tests.support.waiting import wait_until

Call = Callable[[str], Caller]
PATH = "/patient-imports"


@pytest.fixture(autouse=True)
def _runner(app: Flask, desk: Desk) -> None:
    provide(app, desk.runner)


def upload(app: Flask, content: bytes, *, who: str = "admin", **headers: str) -> Any:
    """As a program sends a form with a file; the boundary is the same each time, as with a request sent again."""
    boundary = "edge"
    head = 'Content-Disposition: form-data; name="file"; filename="benh-nhan.csv"'
    body = b"".join((f"--{boundary}\r\n{head}\r\n\r\n".encode(), content, f"\r\n--{boundary}--\r\n".encode()))
    return app.test_client().post(
        f"/api/v1{PATH}",
        input_stream=io.BytesIO(body),
        content_length=len(body),
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={"X-Test-Actor": who, **{name.replace("_", "-"): value for name, value in headers.items()}},
    )


def settled(call: Caller, path: str) -> Any:
    """The import once no work is under way, with its ETag."""

    def over() -> Any:
        answer = call("GET", path)
        return None if answer.get_json()["state"] in ImportRunner.WORKING else answer

    return wait_until(over, seconds=60)


def checked(app: Flask, call: Caller, content: bytes) -> str:
    made = upload(app, content)
    assert made.status_code == 201, made.text
    path = f"{PATH}/{made.get_json()['id']}"
    assert made.headers["Location"].endswith(path)
    assert call("POST", f"{path}/check", {}, If_Match=made.headers["ETag"]).status_code == 200
    return path


def test_from_a_file_to_patients_and_back(app: Flask, call: Call) -> None:
    admin, them = call("admin"), people(3)
    made = upload(app, csv_file([line_of(each) for each in them]))
    said = made.get_json()
    assert (made.status_code, said["state"], said["encoding"], said["file_kind"]) == (201, "uploaded", "utf-8", "csv")
    assert said["mapping"][:4] == ["full_name", "date_of_birth", "gender", "cccd"]
    path = f"{PATH}/{said['id']}"
    columns = [*said["mapping"][:5], None]
    answer = admin("POST", f"{path}/check", {"mapping": columns}, If_Match=made.headers["ETag"])
    assert answer.status_code == 200, answer.text
    ready = settled(admin, path)
    assert ready.get_json()["counts"] == {"total": 3, "wrong": 0, "doubtful": 0, "skipped": 0, "chosen": 3}
    assert admin("POST", f"{path}/commit", If_Match=ready.headers["ETag"]).status_code == 200
    done = settled(admin, path)
    assert (done.get_json()["state"], done.get_json()["rows_done"], done.get_json()["counts"]) == ("done", 3, None)
    assert (done.get_json()["headings"], done.get_json()["encodings"]) == ([], []), "nothing of the file is kept"
    found = admin("POST", "/patients/search", {"query": them[0].cccd}).get_json()["items"]
    assert [each["full_name"] for each in found] == [them[0].full_name]
    asked = admin("GET", f"{path}/take-back").get_json()
    assert (asked["possible"], asked["patients"], asked["items"]) == (True, 3, [])
    assert admin("POST", f"{path}/take-back", If_Match=done.headers["ETag"]).get_json()["state"] == "taking_back"
    gone = settled(admin, path).get_json()
    assert (gone["state"], gone["rows_done"], gone["taken_back_at"] is not None) == ("taken_back", 3, True)
    assert admin("POST", "/patients/search", {"query": them[0].cccd}).get_json()["items"] == []
    assert admin("GET", f"{path}/take-back").get_json()["code"] == "import_not_ready"


def test_errors_by_cell_and_decisions(app: Flask, call: Call) -> None:
    admin = call("admin")
    rows = [line_of(each) for each in people(3)]
    rows[0][1], rows[2][:3] = "1985", rows[1][:3]
    rows[2][3] = ""
    path = checked(app, admin, csv_file(rows))
    ready = settled(admin, path)
    assert ready.get_json()["counts"] == {"total": 3, "wrong": 1, "doubtful": 1, "skipped": 0, "chosen": 2}
    wrong = admin("GET", f"{path}/rows?which=wrong").get_json()["items"]
    assert [(row["row_number"], row["problems"][0]["column"]) for row in wrong] == [(2, "date_of_birth")]
    assert wrong[0]["cells"][1] == "1985"
    refused = admin("POST", f"{path}/commit", If_Match=ready.headers["ETag"]).get_json()
    assert (refused["code"], refused["wrong"], refused["doubtful"]) == ("rows_undecided", 1, 1)
    assert admin("POST", f"{path}/decisions", {"decision": "import", "rows": [2]}).get_json() == {"rows": 0}
    assert admin("POST", f"{path}/decisions", {"decision": "skip", "which": "wrong"}).get_json() == {"rows": 1}
    assert admin("POST", f"{path}/decisions", {"decision": "import", "rows": [4]}).get_json() == {"rows": 1}
    first = admin("GET", f"{path}/rows?limit=1").get_json()
    rest = admin("GET", f"{path}/rows?limit=5&cursor={first['next_cursor']}").get_json()
    assert [row["row_number"] for row in (*first["items"], *rest["items"])] == [2, 3, 4]
    latest = admin("GET", path)
    assert admin("POST", f"{path}/commit", If_Match=latest.headers["ETag"]).status_code == 200
    assert settled(admin, path).get_json()["rows_done"] == 2


def test_what_was_added_stands_in_the_way(app: Flask, call: Call, clinic: Clinic) -> None:
    admin, them = call("admin"), people(2)
    path = checked(app, admin, csv_file([line_of(each) for each in them]))
    admin("POST", f"{path}/commit", If_Match=settled(admin, path).headers["ETag"])
    done = settled(admin, path)
    patient = admin("POST", "/patients/search", {"query": them[0].cccd}).get_json()["items"][0]
    clinic.appointment(UUID(patient["id"]))
    refused = admin("POST", f"{path}/take-back", If_Match=done.headers["ETag"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "import_in_use")
    assert refused.get_json()["in_the_way"]["appointment"] == 1
    asked = admin("GET", f"{path}/take-back").get_json()
    assert asked["items"] == [
        {"patient_id": patient["id"], "patient_code": patient["patient_code"], "reasons": ["appointment"]}
    ]


def test_a_file_sent_twice_with_one_key_is_one_import(app: Flask, call: Call) -> None:
    content = csv_file([line_of(each) for each in people(1)])
    first, second = (upload(app, content, Idempotency_Key="một") for _ in range(2))
    assert first.get_json()["id"] == second.get_json()["id"]
    assert len(call("admin")("GET", PATH).get_json()["items"]) == 1


def test_what_cannot_be_is_refused(app: Flask, call: Call) -> None:
    admin = call("admin")
    refused = upload(app, b"%PDF-1.7")
    assert (refused.status_code, refused.get_json()["code"]) == (422, "file_refused")
    assert refused.get_json()["errors"]["file"]
    made = upload(app, csv_file([line_of(each) for each in people(1)]))
    path = f"{PATH}/{made.get_json()['id']}"
    tag = made.headers["ETag"]
    assert admin("POST", f"{path}/check", {}).status_code == 428
    assert admin("POST", f"{path}/check", {}, If_Match='"99"').status_code == 412
    for body, field in (
        ({"encoding": "klingon"}, "encoding"),
        ({"mapping": ["full_name", "full_name", "gender"]}, "column_1"),
        ({"mapping": ["full_name"]}, "gender"),
    ):
        wrong = admin("POST", f"{path}/check", body, If_Match=tag)
        assert wrong.status_code == 422
        assert field in wrong.get_json()["errors"], wrong.text
    assert admin("POST", f"{path}/commit", If_Match=tag).get_json()["code"] == "import_not_ready"
    assert admin("POST", f"{path}/take-back", If_Match=tag).get_json()["code"] == "import_not_ready"
    assert admin("POST", f"{path}/decisions", {"decision": "maybe"}).status_code == 422
    assert admin("POST", f"{path}/discard").get_json()["state"] == "discarded"
    assert admin("POST", f"{path}/discard").get_json()["state"] == "discarded", "asked twice, it happens once"


def test_only_who_may_import_and_only_at_their_own_hospital(app: Flask, call: Call) -> None:
    content = csv_file([line_of(each) for each in people(1)])
    path = f"{PATH}/{upload(app, content).get_json()['id']}"
    assert upload(app, content, who="receptionist").status_code == 403
    for name, status in (("receptionist", 403), ("other", 404)):
        someone = call(name)
        for part in ("", "/rows", "/take-back"):
            assert someone("GET", f"{path}{part}").status_code == status, part
        for action in ("check", "commit", "discard", "take-back", "decisions"):
            body = {"decision": "skip"} if action == "decisions" else {}
            assert someone("POST", f"{path}/{action}", body, If_Match='"1"').status_code == status, action
    assert call("other")("GET", PATH).get_json()["items"] == []
