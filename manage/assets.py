"""Copies the browser assets that Sokham serves out of ``node_modules`` into ``kernel/web/static/vendor``.

Run by ``make assets`` as ``python -m manage.assets``. Everything a page loads comes from our own origin, so that the
content security policy can be ``'self'`` and a hospital without internet access works. Only what is listed here is
copied; the licences travel with the files.
"""

import gzip
import hashlib
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FONT_WEIGHTS = (400, 500, 600, 700)
# Vietnamese comes last: its letters (ă, đ, ơ, ư) stand in the range of latin-ext too, and the browser takes the last
# face that covers a letter. In the other order every page would fetch latin-ext for them as well.
FONT_SUBSETS = ("latin-ext", "latin", "vietnamese")

# Source below node_modules → target below static/vendor.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/LICENSE": "tabler/LICENSE",
    "@tabler/icons/LICENSE": "icons.LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "@fontsource/be-vietnam-pro/LICENSE": "fonts/LICENSE",
    "socket.io-client/dist/socket.io.min.js": "socket.io/socket.io.min.js",
    "socket.io-client/LICENSE": "socket.io/LICENSE",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui/swagger-ui-bundle.js",
    "swagger-ui-dist/LICENSE": "swagger-ui/LICENSE",
    "swagger-ui-dist/NOTICE": "swagger-ui/NOTICE",
}

# The outline icons in the sprite. Templates name one in a call of the macro `icon` or by an argument `icon=`, Python by
# an argument `icon=`; `unknown_icons` finds a name that is missing here.
ICONS = (
    *("activity-heartbeat", "address-book", "alert-circle", "alert-triangle", "ambulance", "archive", "arrow-left"),
    *("arrow-right", "ban", "bed", "bell", "book-2", "building-hospital", "cake", "calendar", "calendar-check"),
    *("calendar-event", "calendar-plus", "calendar-x", "cash", "check", "checks", "chevron-down", "chevron-left"),
    *("chevron-right", "chevron-up", "circle", "circle-check", "circle-x", "clipboard-list", "clock", "cloud-off"),
    *("copy", "database", "device-desktop", "dots", "download", "external-link", "eye", "eye-off", "file-text"),
    *("filter", "fingerprint", "flask", "gender-female", "gender-male", "heartbeat", "help-circle", "history", "home"),
    *("hourglass", "id", "inbox", "info-circle", "key", "keyboard", "language", "layout-dashboard", "link", "list"),
    *("loader-2", "lock", "login", "logout", "mail", "map-pin", "menu-2", "moon", "notes", "pencil", "phone", "pill"),
    *("player-pause", "player-play", "plug-connected-x", "plus", "printer", "qrcode", "receipt", "refresh"),
    *("report-medical", "rotate", "search", "send", "server-2", "settings", "shield-check", "shield-lock"),
    *("stethoscope", "sun", "trash", "user", "user-check", "user-plus", "users", "user-circle", "vaccine", "x"),
)

_ICON_NAMES = re.compile(r"""\bicon(?:\(\s*|\s*=\s*|["']\s*:\s*)["']([a-z0-9-]+)["']""")
_SVG_BODY = re.compile(r"<svg[^>]*>(?P<body>.*)</svg>", re.DOTALL)
_BACKGROUND_PATH = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
_FONT_FACE = re.compile(r"@font-face\s*{[^}]*}")


class AssetMissing(Exception):
    """A file that should come from npm is not where it was: run ``npm ci``, or the package has moved it."""


def named_icons(texts: Iterable[str]) -> set[str]:
    """The names of all icons that these template or Python sources use."""
    return {name for text in texts for name in _ICON_NAMES.findall(text)}


def unknown_icons(root: Path) -> dict[str, list[str]]:
    """Icons that a template or module below `root` names and that the sprite lacks: name → the files that name it."""
    found: dict[str, list[str]] = {}
    folders = [child for child in root.iterdir() if child.is_dir() and (child / "__init__.py").exists()]
    for folder in sorted(folders):
        # Tests may name an icon that does not exist in order to see it refused.
        if folder.name == "tests":
            continue
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.py")]):
            for name in named_icons([path.read_text(encoding="utf-8")]) - set(ICONS):
                found.setdefault(name, []).append(str(path.relative_to(root)))
    return found


def build_sprite(icons_folder: Path) -> str:
    """One SVG of ``<symbol>`` elements, used as ``<use href="…/icons.svg#name">``. Raises `AssetMissing`."""
    symbols = []
    for name in ICONS:
        source = icons_folder / f"{name}.svg"
        if not source.exists():
            raise AssetMissing(f"the icon {name} is not in @tabler/icons")
        match = _SVG_BODY.search(source.read_text(encoding="utf-8"))
        if match is None:
            raise AssetMissing(f"the icon {name} is not an SVG as expected")
        body = re.sub(r"\s+", " ", match["body"].replace(_BACKGROUND_PATH, "")).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    # Stroke and fill are inherited from the <svg> that uses the symbol, so one stylesheet rules all icons.
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def build_font_css(package: Path) -> str:
    """``@font-face`` rules for the weights and subsets we serve: woff2 only, ordered as `FONT_SUBSETS` explains."""
    rules = []
    for weight in FONT_WEIGHTS:
        faces = _FONT_FACE.findall((package / f"{weight}.css").read_text(encoding="utf-8"))
        for subset in FONT_SUBSETS:
            file = f"be-vietnam-pro-{subset}-{weight}-normal.woff2"
            face = next((face for face in faces if file in face), None)
            if face is None:
                raise AssetMissing(f"{file} is not in @fontsource/be-vietnam-pro")
            # The fingerprint in the address lets the server send the file with "keep it for a year".
            mark = hashlib.sha256((package / "files" / file).read_bytes()).hexdigest()[:12]
            rules.append(re.sub(r"src:[^;]*;", f"src: url({file}?v={mark}) format('woff2');", face))
    return "\n".join(rules) + "\n"


def build(*, node_modules: Path, target: Path) -> list[Path]:
    """Fills `target` afresh and returns what was written. Raises `AssetMissing` and leaves `target` as it was."""
    fonts = node_modules / "@fontsource" / "be-vietnam-pro"
    sprite = build_sprite(node_modules / "@tabler" / "icons" / "icons" / "outline")
    font_css = build_font_css(fonts)
    copies = {node_modules / source: target / name for source, name in FILES.items()}
    for weight in FONT_WEIGHTS:
        for subset in FONT_SUBSETS:
            name = f"be-vietnam-pro-{subset}-{weight}-normal.woff2"
            copies[fonts / "files" / name] = target / "fonts" / name
    # A package that carries no licence file names its licence in package.json; everything else has to be there.
    copies = {source: goal for source, goal in copies.items() if source.exists() or source.name != "LICENSE"}
    for source in copies:
        if not source.exists():
            raise AssetMissing(f"{source.relative_to(node_modules)} is missing")

    if target.exists():
        shutil.rmtree(target)
    for source, goal in copies.items():
        goal.parent.mkdir(parents=True, exist_ok=True)
        if goal.suffix in {".css", ".js"}:
            # The maps are not copied, and a reference to them would be a 404 whenever somebody opens the console.
            text = re.sub(r"\n?(/\*|//)# sourceMappingURL=.*?(\*/)?\s*$", "\n", source.read_text(encoding="utf-8"))
            goal.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, goal)
    (target / "fonts" / "fonts.css").write_text(font_css, encoding="utf-8")
    (target / "icons.svg").write_text(sprite, encoding="utf-8")

    written = sorted(path for path in target.rglob("*") if path.is_file())
    for path in written:
        if path.suffix in {".css", ".js", ".svg"}:
            # Compressed once here, at the highest level; the server sends the .gz to browsers that accept it.
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))
    return sorted(path for path in target.rglob("*") if path.is_file())


def main() -> int:
    """Builds the vendor folder; exit 1 with a sentence if a file or an icon is missing."""
    target = ROOT / "kernel" / "web" / "static" / "vendor"
    missing = unknown_icons(ROOT)
    for name, files in sorted(missing.items()):
        sys.stderr.write(f"The icon {name} is not in manage/assets.py ICONS; used in {', '.join(files)}\n")
    try:
        written = build(node_modules=ROOT / "node_modules", target=target)
    except AssetMissing as error:
        sys.stderr.write(f"Assets cannot be built: {error}. Run `npm ci --ignore-scripts` and try again.\n")
        return 1
    size = sum(path.stat().st_size for path in written)
    sys.stdout.write(f"{len(written)} files, {size / 1024:.0f} kB, in {target.relative_to(ROOT)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
