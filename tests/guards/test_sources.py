"""House rules that no tool knows, read off the sources."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.together import GROUPS, group_of

ROOT = Path(__file__).parents[2]
PACKAGES = (
    *("kernel", "keys", "central", "tenant_app", "patient_portal", "sync_worker", "live", "jobs", "migrations"),
    "manage",
)


def sources(*packages: str) -> Iterator[tuple[Path, str]]:
    """Each Python file of ours with its text."""
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def test_nothing_happens_at_import() -> None:
    """No engine, client or environment is touched by importing; gunicorn's own settings file is read at its start."""
    suspicious = re.compile(r"create_engine|Redis|connect|environ|getenv|requests\.|open")
    for path, text in sources():
        if path.name == "gunicorn_config.py":
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func)
                assert not suspicious.fullmatch(called.split(".")[-1]), f"{path}:{node.lineno} {called}"


def test_session_state_is_not_used() -> None:
    """`SET` for a session, session advisory locks and temporary tables break behind a transaction-mode pooler."""
    wrong = re.compile(
        r"pg_advisory_lock|pg_try_advisory_lock\b|CREATE TEMP|\bSET SESSION\b|set_config\([^)]*,\s*false\s*\)",
        re.IGNORECASE,
    )
    for path, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            assert not wrong.search(line), f"{path}:{number}"


def test_only_edges_commit() -> None:
    """Services and queries take a unit of work and leave its end to the edge."""
    for path, text in sources("central", "tenant_app", "patient_portal"):
        if path.name in {"rules.py", "queries.py", "schemas.py", "models.py"}:
            assert "commit()" not in text, path
    for path, text in sources("tenant_app"):
        if path.name == "service.py" and path.parent.name != "auth":
            assert "commit()" not in text, path


def test_api_modules_read_bodies_by_our_blueprint() -> None:
    """flask-smorest's own answers 500 to bodies that nobody could store; kernel.web.api.Blueprint refuses them."""
    api = re.compile(r"(^|/)(api|[a-z_]+_api)\.py$|/api/[a-z_]+\.py$")
    seen = 0
    for path, text in sources("central", "tenant_app", "patient_portal", "sync_worker", "jobs"):
        tree = ast.parse(text)
        imports = {
            (alias.asname or alias.name): node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not any((module or "").startswith("flask_smorest") for module in imports.values()), path
        made = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Blueprint"
        ]
        for call in made:
            prefixed = any("/api/" in ast.unparse(word.value) for word in call.keywords if word.arg == "url_prefix")
            if prefixed or api.search(path.as_posix()):
                assert ast.unparse(call.func) == "Blueprint", f"{path}:{call.lineno}"
                assert imports["Blueprint"] == "kernel.web.api", f"{path}:{call.lineno}"
                seen += 1
    assert seen >= 10


def test_copies_of_rows_are_written_in_one_place_and_read_nowhere() -> None:
    """patients.allergies and .emergency_contact can be dropped in the next version (tenant_app.patients.copies)."""
    copies = re.compile(r"[Pp]atient\.(allergies|emergency_contact)\b|\bp\.(allergies|emergency_contact)\b")
    found = {
        path.name
        for path, text in sources("tenant_app", "patient_portal", "jobs", "manage", "sync_worker")
        if copies.search(text)
    }
    assert found == {"copies.py"}


def test_suppressions_say_why() -> None:
    pattern = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?:\[[^\]]*\])?(?::\s*[A-Z0-9, ]+)?(.*)$")
    for path, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            if found := pattern.search(line):
                assert len(found.group(1).strip(" -#")) > 5, f"{path}:{number} gives no reason"


def test_modules_are_read_in_one_sitting() -> None:
    for path, text in sources():
        if "versions" not in path.parts:
            assert text.count("\n") <= 420, path


def test_no_file_names_a_registry_or_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    hosts = re.compile(r"registry\.npmjs|pypi\.org|files\.pythonhosted|deb\.debian\.org")
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".png", ".webp", ".woff2", ".mo"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not hosts.search(text), name
        assert str(ROOT) + "/" not in text, name


@pytest.mark.parametrize("package", ["kernel", "central", "tenant_app", "patient_portal"])
def test_vietnamese_is_whole(package: str) -> None:
    """Every message of the package stands in its catalogue with a translation, and none is fuzzy."""
    from babel.messages.extract import extract_from_dir
    from babel.messages.pofile import read_po

    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    keywords = {"gettext": None, "_": None, "N_": None, "lazy_gettext": None, "ngettext": (1, 2)}
    found = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            str(ROOT / package), method_map=methods, keywords=keywords, options_map={"**.html": {"silent": "false"}}
        )
    }
    with (ROOT / package / "translations" / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="vi")
    shared = ROOT / "kernel" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
    with shared.open("rb") as file:
        common = read_po(file, locale="vi")
    missing = sorted(
        text
        for text in found
        if text
        and not any(
            (message := each.get(text)) and message.string and not message.fuzzy for each in (catalogue, common)
        )
    )
    assert missing == []


def test_every_link_in_the_documents_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in links(document)
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_picture_is_shown_in_a_document() -> None:
    shown = {(document.parent / target).resolve() for document in documents() for target in links(document)}
    kept = {path for path in (ROOT / "docs" / "pictures").rglob("*") if path.is_file()}
    assert sorted(path.name for path in kept - shown) == []


def documents() -> list[Path]:
    """What people read."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def links(document: Path) -> list[str]:
    """The files that it links to or shows."""
    link = re.compile(r'(?:\]\(|src=")(?!https?://|#|mailto:)([^)#"\s]+)')
    return link.findall(document.read_text(encoding="utf-8"))


def test_what_goes_to_one_worker_together_is_there() -> None:
    """A group whose folder or file was renamed would be none, and each worker would make what it shares."""
    assert [group for group in GROUPS if not (ROOT / group).exists()] == []
    story, morning = (group_of(f"tests/e2e/test_{name}.py::test_one[x]") for name in ("story_api", "morning"))
    assert story == morning == "tests/e2e/"
    alone = "tests/unit/keys/test_local.py::test_one[tests/e2e/]"
    assert group_of(alone) == alone
