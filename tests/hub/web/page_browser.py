"""Pages as a browser asks for them, with cookies and the word that forms carry."""

from __future__ import annotations

import httpx2

HTML = {"Accept": "text/html,application/xhtml+xml"}


def look(hub, path, status=200, who=None, **headers):
    """The text of a page."""
    answer = hub.raw("GET", path, who, headers={**HTML, **headers})
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    return answer.text


class Browser:
    """Cookies, and forms that carry the word of the session."""

    def __init__(self, hub, person=None):
        self.client = httpx2.Client(base_url=hub.url, headers=HTML)
        if person is not None:
            body = {"user": person.name, "password": person.password}
            assert self.client.post("/junco/v1/session", json=body).status_code == 201

    def get(self, path, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path, status=303, word=None, **fields):
        word = self.client.get("/junco/v1/session").json()["form_token"] if word is None else word
        answer = self.client.post(path, data={"form_token": word or "", **fields})
        assert answer.status_code == status, answer.text
        return answer
