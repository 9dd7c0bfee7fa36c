"""Headers of every answer. The policy allows our own files only: no inline script or style anywhere."""

from flask import Flask, Response, request

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_HSTS = "max-age=31536000; includeSubDomains"


def content_security_policy(*connect: str) -> str:
    """The policy of pages that connect to their own address, and to `connect`."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            " ".join(("connect-src 'self'", *connect)),
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def install(app: Flask, *, connect: tuple[str, ...] = ()) -> None:
    """Set the headers; whatever does not say otherwise may not be stored by anybody on the way.

    `connect` are the addresses besides its own that a page may open connections to.
    """
    headers = [("Content-Security-Policy", content_security_policy(*connect)), *_HEADERS.items()]

    def add(response: Response) -> Response:
        # No view has a say in these, and looking for each would take five times as long.
        response.headers.extend(headers)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add)
