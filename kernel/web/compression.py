"""Pages go compressed: a line of two hundred patients is 500 kB of HTML, and a phone in a corridor has little air."""

import gzip
import io
import secrets
from typing import Final

from flask import Flask, Response, request

# Below this a packet is a packet.
_WORTH_IT: Final = 1_000
_LEVEL: Final = 5
# Who may make a page say something of their choice could learn a secret of it from how well the whole compresses
# (BREACH). A name of random length in gzip's header hides the length, as Django does ("Heal the BREACH", 2022).
_LONGEST_NAME: Final = 100


def compressed(body: bytes) -> bytes:
    """gzip's form of a body; it differs in length from one time to the next."""
    target = io.BytesIO()
    name = secrets.token_urlsafe(_LONGEST_NAME)[: secrets.randbelow(_LONGEST_NAME)]
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=_LEVEL, fileobj=target, mtime=0) as file:
        file.write(body)
    return target.getvalue()


def install(app: Flask) -> None:
    """Compress pages, where the browser takes it. Answers of the API and what is streamed go as they are."""

    def compress(response: Response) -> Response:
        if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
            return response
        response.vary.add("Accept-Encoding")
        if response.content_encoding or request.accept_encodings["gzip"] <= 0:
            return response
        body = response.get_data()
        if len(body) >= _WORTH_IT:
            response.set_data(compressed(body))
            response.content_encoding = "gzip"
        return response

    app.after_request(compress)
