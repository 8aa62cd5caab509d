"""A browser without scripts: cookies are kept, forms are sent as they stand in pages, nothing is followed unasked."""

from __future__ import annotations

import html
import re

import httpx2


class Visitor:
    """Somebody who looks at a hub's pages."""

    def __init__(self, hub, language="en"):
        self.hub = hub
        headers = {"Accept-Language": language, "Accept": "text/html"}
        self.client = httpx2.Client(base_url=hub.url, headers=headers, timeout=60)

    def get(self, path, status=200):
        """The text of a page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def word(self):
        """What this session's forms carry."""
        return self.client.get("/junco/v1/session").json()["form_token"] or ""

    def post(self, path, fields=None, *, status=303, headers=None):
        """The answer to a form that is sent with the session's word."""
        data = {"form_token": self.word(), **(fields or {})}
        origin = {"Origin": self.hub.url, **(headers or {})}
        answer = self.client.post(path, data=data, headers=origin)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer

    def sign_in(self, person, **more):
        """Through the form."""
        fields = {"user": person.name, "password": person.password, "back": "/", **more}
        return self.post("/login", fields)

    @property
    def cookie(self):
        """Of the session."""
        return self.client.cookies.get("junco")


def said(page):
    """The words of a page, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def value_of(page, name):
    """What stands in a field."""
    found = re.search(rf'<input[^>]*\bname="{name}"[^>]*\bvalue="([^"]*)"', page)
    return html.unescape(found[1]) if found else None
