"""Pages of people, tokens, administration, families and what rises in a real browser: with a keyboard, without scripts,
in light and dark, on a phone, and as a screen reader has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hubs import REPORT

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")
CARD = "---\nlicense: mit\ntags: ['junco:operator', 'family:image-embedding']\n---\n# {title}\n\nVectors of pictures.\n"
OPEN = (
    "/login",
    "/join",
    "/alice/large/measured",
    "/alice",
    "/club",
    "/families",
    "/families/image-embedding",
    "/families/face-embedding",
    "/rising",
)
OF_ALICE = (
    "/alice",
    "/alice/large/measured",
    "/alice/unmeasured/measured",
    "/tokens",
    "/settings",
    "/new/organisation",
    "/organisations/club",
)
OF_ADMIN = ("/admin", "/admin/users", "/admin/audit")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM))
        yield running
        running.close()


@pytest.fixture(scope="module")
def filled(hub, alice, bob):
    """A hub with members of a family that are measured, an organisation, and a user who is shut out."""
    hub.ask("POST", "/organisations", alice, json={"name": "club"}, status=201)
    hub.ask("PUT", "/organisations/club/members/bob", alice, json={"role": "write"}, status=204)
    for place, name in enumerate(("alice/large", "alice/small", "club/other")):
        hub.repository(alice, name)
        hub.push(alice, name, {"README.md": CARD.format(title=name).encode()}, parent=None, release="v1.0.0")
        mean = 0.6 + place / 10
        metrics = {"map": {"mean": mean, "low": mean - 0.05, "high": mean + 0.05, "num_items": 30}}
        sent = REPORT | {"metrics": metrics, "items_per_s": 20.0 * (place + 1), "machine": f"machine {place % 2}"}
        hub.ask("POST", f"/repositories/{name}/reports", alice, json={"report": sent}, status=201)
    hub.repository(alice, "alice/unmeasured")
    hub.push(alice, "alice/unmeasured", {"README.md": CARD.format(title="x").encode()}, parent=None)
    hub.user("shut-out")
    hub.ask("POST", "/admin/users/shut-out/disable", hub.admin, status=204)
    return hub


@pytest.fixture
def opened(browser, hub):
    """Open a page of the hub's, in a browser of its own, signed in as somebody or nobody."""
    contexts = []

    def go(path="/", person=None, **how):
        context = browser.new_context(base_url=hub.url, **{"viewport": {"width": 1280, "height": 900}, **how})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if person is not None:
            sign_in(page, person)
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()


def sign_in(page, person):
    page.goto("/login")
    page.get_by_label("Name", exact=True).or_(page.get_by_label("名称", exact=True)).fill(person.name)
    page.locator("#field-password").fill(person.password)
    page.locator("main button").click()
    page.wait_for_url(lambda address: "/login" not in address)


def test_a_token_that_is_made_here_is_used_by_the_client_until_it_is_revoked(
    filled, alice, opened, tmp_path, monkeypatch
):
    from junco.hub.client.faults import HubError
    from junco.hub.client.session import login, whoami

    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    for variable in ("JUNCO_TOKEN", "JUNCO_OFFLINE", "JUNCO_HUB", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    page = opened("/alice", alice)
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name", exact=True).fill("my laptop")
    page.get_by_label("repo:admin").check()
    page.get_by_role("button", name="Make it").click()
    text = page.locator("#new-token").inner_text()
    login(filled.url, token=text)
    account = whoami(filled.url)
    assert account.user == "alice"
    assert set(account.scopes) == {"repo:read", "repo:write", "repo:admin"}
    page.goto("/tokens")
    assert text not in page.content()
    page.get_by_role("button", name="Revoke: my laptop").click()
    assert page.get_by_role("status").inner_text() == "The token is good no more."
    with pytest.raises(HubError):
        whoami(filled.url)


def test_an_admin_shuts_a_user_out_while_they_look(hub, filled, opened):
    grace = hub.user("grace")
    theirs, admins = opened("/tokens", grace), opened("/admin/users", hub.admin)
    admins.get_by_role("button", name="Disable grace").click()
    assert "may not enter any more" in admins.get_by_role("status").inner_text()
    theirs.reload()
    assert theirs.get_by_role("heading", level=1).inner_text() == "Sign in first"
    theirs.goto("/login")
    theirs.get_by_label("Name", exact=True).fill(grace.name)
    theirs.get_by_label("Password").fill(grace.password)
    theirs.locator("main button").click()
    assert theirs.get_by_role("alert").inner_text().lower().startswith("no user has this name and password;")
    assert theirs.get_by_label("Name", exact=True).input_value() == "grace"
    assert theirs.get_by_label("Password").input_value() == ""


def test_an_organisations_members_change_roles(hub, filled, alice, opened):
    hub.user("heidi")
    page = opened("/club", alice)
    page.get_by_role("link", name="Manage members").click()
    page.get_by_label("Name of a user").fill("heidi")
    page.get_by_role("radio", name="read").check()
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Role of heidi", exact=True).select_option("admin")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Set the role of heidi").click()
    assert {"name": "heidi", "role": "admin"} in hub.ask("GET", "/users/club")["members"]
    page.get_by_role("button", name="Remove heidi").click()
    page.get_by_role("status").filter(has_text="The member is removed.").wait_for()
    assert page.get_by_role("link", name="heidi").count() == 0


def test_all_of_it_works_by_the_keyboard_alone(filled, bob, opened):
    page = opened("/login")

    def tab_to(test, most=40):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const it = document.activeElement; return {test}; }})()"):
                return
        raise AssertionError(test)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to("it.id === 'field-user'")
    page.keyboard.type(bob.name)
    page.keyboard.press("Tab")
    page.keyboard.type(bob.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto("/families/image-embedding")
    tab_to("it.textContent.startsWith('Items/s')")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=speed**")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Items/s")
    page.goto("/tokens")
    tab_to("it.textContent === 'Sign out'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    assert page.get_by_role("link", name="Sign in").count() == 1


def test_all_of_it_works_without_scripts(hub, filled, opened):
    ivan = hub.user("ivan")
    page = opened("/tokens", ivan, java_script_enabled=False)
    page.get_by_label("Name", exact=True).fill("no scripts")
    page.get_by_role("button", name="Make it").click()
    assert page.locator("#new-token").inner_text().startswith("jnc_")
    page.goto("/families/image-embedding")
    page.get_by_role("link", name="Items/s").click()
    page.wait_for_url("**sort=speed**")
    page.get_by_label("Measure", exact=True).select_option("map")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**metric=map**")
    page.goto("/rising")
    page.get_by_role("link", name="Months").click()
    page.wait_for_url("**period=month")
    page.goto("/settings")
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("status").inner_text() == "You are signed out."


def _violations(page):
    """What keeps somebody from using a page, as axe finds it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in {"serious", "critical"}]


LOOKS = {
    "light, English": {"color_scheme": "light", "locale": "en-GB"},
    "dark, Chinese, a phone": {
        "color_scheme": "dark",
        "locale": "zh-CN",
        "viewport": {"width": 390, "height": 800},
    },
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("whose", ["nobody", "alice", "admin"])
def test_pages_keep_nobody_out_and_fit_their_screen(hub, filled, alice, opened, look, whose):
    pytest.importorskip("axe_playwright_python")
    person, paths = {"nobody": (None, OPEN), "alice": (alice, OF_ALICE), "admin": (hub.admin, OF_ADMIN)}[whose]
    page = opened("/", person, **LOOKS[look])
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    for path in paths:
        page.goto(path)
        assert _violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.locator("h1").count() == 1, path
    assert problems == []


def test_what_was_wrong_is_told_to_a_screen_reader_too(filled, alice, opened):
    page = opened("/tokens", alice)
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("This is needed.").wait_for()
    field = page.get_by_label("Name", exact=True)
    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text() == "This is needed."
    assert page.get_by_label("repo:read").is_checked()
    assert _violations(page) == []
