"""A browser without JavaScript on the staff portal's pages."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "mot cau de nho ma kho doan"
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@dataclass
class Browser:
    """Somebody's browser without JavaScript: it keeps cookies, and sends what the form on the page holds."""

    client: FlaskClient
    user_id: UUID | None = None

    def get(self, path: str, **query: Any) -> str:
        """A page that must be there."""
        response = self.client.get(path, query_string=query or None)
        assert response.status_code == 200, f"{response.status_code}: {response.text[:2000]}"
        return response.text

    def post(self, path: str, **fields: Any) -> TestResponse:
        """A form sent, with the token that the portal's pages carry."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def part(self, path: str, **fields: Any) -> TestResponse:
        """The same as htmx sends it."""
        data = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=data, headers={"HX-Request": "true"})

    def token(self) -> str:
        """The CSRF token, as each page has it."""
        found = _TOKEN.search(self.client.get("/invite").text)
        assert found is not None
        return found[1]
