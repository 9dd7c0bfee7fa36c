"""Messages into a folder in place of a server: for the demo and for machines on which nothing may leave."""

import json
from pathlib import Path
from uuid import UUID

from kernel.messaging.channel import Mail, Note, Sms, Stopped
from kernel.messaging.mail import written


class _Folder:
    """A file a message, named after its reference: whoever writes it twice has written it once."""

    _suffix: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def taken(self, reference: UUID) -> bool | None:
        """Whether the file is there."""
        return self._path(reference).exists()

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, reference: UUID) -> Path:
        return self._folder / f"{reference}{self._suffix}"

    def _write(self, reference: UUID, content: bytes) -> None:
        """Whole or not at all; readable by the owner only."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{reference}.draft"
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.rename(self._path(reference))


class MailFolder(_Folder):
    """E-mails as `.eml` files, which every mail program opens."""

    _suffix = ".eml"

    def __init__(self, folder: Path, *, sender: str) -> None:
        super().__init__(folder)
        self._sender = sender

    def open(self) -> "MailFolder":
        """The folder itself."""
        return self

    def hand_over(self, message: Mail, *, note: Note) -> None:
        """Write the file. Raises Refused, Stopped."""
        content = written(message, sender=self._sender).as_bytes()
        if not note():
            raise Stopped("stopped")
        self._write(message.reference, content)


class SmsFolder(_Folder):
    """SMS as `.json` files."""

    _suffix = ".json"

    def __init__(self, folder: Path, *, sender: str = "") -> None:
        super().__init__(folder)
        self._sender = sender

    def open(self) -> "SmsFolder":
        """The folder itself."""
        return self

    def hand_over(self, message: Sms, *, note: Note) -> None:
        """Write the file. Raises Stopped."""
        if not note():
            raise Stopped("stopped")
        body = {"reference": str(message.reference), "to": message.to, "text": message.text, "sender": self._sender}
        self._write(message.reference, json.dumps(body, ensure_ascii=False, indent=1).encode())
