"""The vendor folder is built whole or not at all."""

from pathlib import Path

import pytest

from manage import assets

NODE_MODULES = assets.ROOT / "node_modules"


def test_a_missing_file_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "kept.css").write_text("x", encoding="utf-8")
    with pytest.raises(assets.AssetMissing, match="is not in @tabler/icons"):
        assets.build(node_modules=tmp_path / "empty", target=target)
    assert (target / "kept.css").read_text(encoding="utf-8") == "x"


def test_vietnamese_is_the_last_face_of_each_weight() -> None:
    css = assets.build_font_css(NODE_MODULES / "@fontsource" / "be-vietnam-pro")
    files = [line.split("url(")[1].split("?")[0] for line in css.splitlines() if "url(" in line]
    assert len(files) == len(assets.FONT_WEIGHTS) * len(assets.FONT_SUBSETS)
    assert all("-vietnamese-" in file for file in files[2::3])
    assert ".woff)" not in css


def test_a_build_is_the_same_twice_and_names_no_map(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for target in (first, second):
        assets.build(node_modules=NODE_MODULES, target=target)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert [(second / name).read_bytes() for name in names] == [(first / name).read_bytes() for name in names]
    assert not any(
        "sourceMappingURL" in (first / name).read_text(encoding="utf-8")
        for name in names
        if name.suffix in {".css", ".js"}
    )
