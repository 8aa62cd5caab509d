"""Pages in a real Chromium: by mouse, by keyboard, without scripts, on narrow and wide screens, for screen readers."""

from __future__ import annotations

import re
import shutil

import pytest
from page_browser import HTML

pytest.importorskip("playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", event => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
PAGES = [
    "/", "/search", "/search?kind=pipeline", "/search?q=nothing-fits", "/alice/flowers", "/bob/sentences", "/bob/old",
    "/bob/nothing", "/alice/flowers/tree/main", "/alice/flowers/blob/main/README.md",
    "/bob/sentences/blob/main/weights.safetensors", "/alice/flowers/blob/main/pictures/red.png",
    "/bob/old/blob/main/model.bin", "/bob/sentences/versions", "/bob/sentences/compare/v1.0.0...v1.1.0", "/a/none",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(hub, chromium):
    """A window, whose page is watched: nothing is refused by the policy, and nothing goes wrong in a script."""
    opened, wrong = [], []

    def open_one(width=1280, **more):
        context = chromium.new_context(base_url=hub.url, viewport={"width": width, "height": 900}, **more)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if more.get("java_script_enabled", True):
            page.add_init_script(WATCH)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(hub.url) else None)
        return page

    yield open_one
    for context in opened:
        context.close()
    assert wrong == []


def enter(page, person):
    body = f"{{user: '{person.name}', password: '{person.password}'}}"
    asked = f"{{method: 'POST', headers: {{'content-type': 'application/json'}}, body: JSON.stringify({body})}}"
    page.goto("/")
    assert page.evaluate(f"fetch('/junco/v1/session', {asked}).then(answer => answer.status)") == 201


def walk(page):
    """From the start to a difference, by what a page offers."""
    page.goto("/")
    page.get_by_role("searchbox").fill("flowers vectors")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="alice/flowers").click()
    assert page.locator("h1").inner_text() == "alice/flowers"
    page.get_by_role("link", name=re.compile("^Files")).click()
    page.get_by_role("link", name="junco.yaml", exact=True).click()
    assert "kind: pipeline" in page.locator("pre.text").inner_text()
    page.goto("/bob/sentences")
    page.get_by_role("link", name=re.compile("^Versions")).click()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare/v1.0.0...v1.1.0")
    assert "CHANGES.md" in page.locator("main").inner_text()


def test_a_walk_from_the_start_to_a_difference(tab):
    page = tab()
    walk(page)
    assert page.evaluate("window.violations") == []


def test_the_same_walk_without_scripts(tab):
    page = tab(java_script_enabled=False)
    walk(page)
    page.goto("/alice/flowers")
    assert page.locator("button[data-copy]:visible").count() == 0
    assert "pipeline(" in page.locator("#snippet-1").inner_text()
    page.get_by_label("Light or dark").select_option("dark")
    page.get_by_role("button", name="Set").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_label("Language").select_option("zh")
    page.locator("form.look button").click()
    assert page.locator("html").get_attribute("lang") == "zh"


def test_a_walk_by_the_keyboard_alone(tab):
    page = tab()
    page.goto("/search")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("/")
    page.keyboard.type("flowers vectors")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=flowers*")
    for text in ("alice/flowers", "Files", "README.md"):
        tab_to(page, text)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert "/alice/flowers/blob/main/README.md" in page.url
    tab_to(page, "Text of the file")
    page.goto("/alice/flowers")
    tab_to(page, "main")
    page.keyboard.press("Enter")
    tab_to(page, "v1.0.0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alice/flowers@v1.0.0")


def tab_to(page, text):
    """Go from one thing to the next until one that begins with a text has the focus, and shows that it has."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate("(document.activeElement.ariaLabel || document.activeElement.innerText || '').trim()")
        if said.startswith(text):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(text)


def test_a_search_is_live(tab):
    page = tab()
    page.goto("/search")
    field = page.get_by_role("searchbox")
    with page.expect_response(lambda answer: "q=sentences" in answer.url):
        field.press_sequentially("sentences", delay=5)
    page.wait_for_function("document.querySelectorAll('#found article').length === 1")
    assert page.locator("#found article a").first.inner_text() == "bob/sentences"
    assert page.evaluate("document.activeElement.id") == "q"
    assert "q=sentences" in page.url
    page.get_by_label("Order").select_option("name")
    page.wait_for_url("**sort=name**")
    page.reload()
    assert page.locator("#found article").count() == 1
    page.locator("nav.narrowed").get_by_role("link", name="operator").click()
    assert "kind=operator" in page.url
    assert page.evaluate("window.violations") == []


def test_a_choice_of_language_and_dark_is_kept(tab):
    page = tab(color_scheme="light")
    page.goto("/alice/flowers")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_navigation():
        page.get_by_label("Light or dark").select_option("dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    with page.expect_navigation():
        page.get_by_label("Language").select_option("zh")
    assert page.url.endswith("/alice/flowers")
    page.goto("/search")
    assert page.locator("html").get_attribute("lang") == "zh"


def test_a_snippet_is_copied(tab, hub):
    page = tab(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/alice/flowers")
    page.get_by_role("button", name="Copy: In Python").click()
    page.wait_for_function("document.querySelector('[data-copy]').textContent === 'Copied'")
    assert "alice/flowers@1.0.0" in page.evaluate("navigator.clipboard.readText()")


def test_likes_and_settings_are_changed_by_who_has_logged_in(tab, hub):
    page = tab()
    enter(page, hub.mei)
    page.goto("/alice/birds")
    page.get_by_role("button", name="Like").click()
    assert "You like this now." in page.locator("[role=status]").inner_text()
    assert page.get_by_role("button", name="Like").get_attribute("aria-pressed") == "true"
    page.goto("/mei/contract/settings")
    page.get_by_role("button", name="Make it private").click()
    assert page.get_by_role("button", name="Make it public").is_visible()
    page.get_by_role("button", name="Make it public").click()
    assert page.evaluate("window.violations") == []


def test_case_33_a_card_does_nothing_in_a_browser(tab, hub):
    from test_harm import XSS

    hub.repository(hub.mei, "mei/evil")
    hub.push(hub.mei, "mei/evil", {"README.md": "\n\n".join(["# X", *XSS]).encode()}, parent=None)
    page = tab()
    asked = []
    page.on("request", lambda each: asked.append(each.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto("/mei/evil", wait_until="networkidle")
    own = ("/mei/evil", "/static/", "/mei/evil/raster/")
    assert [url for url in asked if not url.removeprefix(hub.url).startswith(own)] == []
    assert page.evaluate("window.violations") == []
    assert page.locator("h1").count() == 1
    assert page.title().startswith("mei/evil")


LOOKS = [("light", "en", 1280), ("dark", "en", 390), ("light", "zh", 390), ("dark", "zh", 1280)]


@pytest.mark.parametrize(("scheme", "language", "width"), LOOKS, ids=str)
def test_pages_are_for_everybody(tab, hub, scheme, language, width):
    page = tab(width, color_scheme=scheme, locale=language)
    enter(page, hub.alice)
    found = {path: seen_wrong(page, path, width) for path in [*PAGES, "/alice/flowers/settings"]}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def seen_wrong(page, path, width):
    """What keeps somebody from a page: as axe finds it, what is too wide, and what the policy refused."""
    from axe_playwright_python.sync_playwright import Axe

    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    told = Axe().run(page).response["violations"]
    wrong = [
        f"{each['impact']} {each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0]['failureSummary'][:200]}"
        for each in told
        if each["impact"] in {"serious", "critical"}
    ]
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        wrong.append(f"{wide} pixels wide")
    return wrong + page.evaluate("window.violations")


def test_a_page_of_a_failure_is_one_for_browsers(tab):
    page = tab()
    answer = page.goto("/alice/none")
    assert answer.status == 404
    assert page.locator("h1").inner_text() == "There is no such page"
    assert HTML["Accept"].startswith("text/html")
