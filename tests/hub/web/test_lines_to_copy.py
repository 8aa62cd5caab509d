"""Lines that pages give to be copied: they are run, as they stand, by somebody else against the hub."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from page_browser import look
from PIL import Image

from junco.hub.artefact.beginnings import begin


def lines_of(page, place):
    """What stands in a box to be copied."""
    return html.unescape(re.search(rf'<code id="{place}">(.*?)</code>', page, re.DOTALL)[1])


@pytest.fixture(scope="module")
def run(hub, tmp_path_factory):
    """Lines of a shell in a folder with a few photos, by somebody who is signed in."""
    folder = tmp_path_factory.mktemp("somebody")
    random = np.random.default_rng(0)
    for label, colour in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        (folder / "DATA" / label).mkdir(parents=True)
        for number in range(2):
            pixels = np.clip(random.normal(colour, 20, (32, 32, 3)), 0, 255).astype("u1")
            Image.fromarray(pixels).save(folder / "DATA" / label / f"{number}.png")
    Image.fromarray(pixels).save(folder / "photo.jpg")
    (folder / "photos").symlink_to(folder / "DATA" / "red")
    (folder / "junco").write_text(f'#!/bin/sh\nexec {sys.executable} -m junco "$@"\n')
    (folder / "junco").chmod(0o755)
    more = {"JUNCO_HOME": str(folder / "home"), "JUNCO_HUB": hub.url, "JUNCO_TOKEN": hub.alice.token}
    more["PATH"] = f"{folder}:{os.environ['PATH']}"

    def go(text):
        asked = text.replace("junco hub trust ", "junco hub trust --yes ")
        done = subprocess.run(
            ["sh", "-e", "-c", asked], cwd=folder, env=os.environ | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (text, done.stderr)
        return done.stdout

    go.folder = folder
    return go


@pytest.fixture(scope="module")
def shared(hub, tmp_path_factory):
    """Names of repositories of each kind, as `junco new` begins them."""
    made = {}
    for kind in ("operator", "tuned-operator", "pipeline"):
        folder, name = tmp_path_factory.mktemp("shared") / kind, f"alice/copied-{kind}"
        begin(kind, f"image-embedding.{kind}" if kind == "operator" else kind, folder)
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        hub.repository(hub.alice, name)
        hub.push(hub.alice, name, files, parent=None, release="v1.0.0")
        made[kind] = name
    return made


@pytest.mark.parametrize("kind", ["operator", "tuned-operator"])
def test_lines_that_measure_do_and_send_what_was_measured(hub, shared, run, kind):
    text = lines_of(look(hub, f"/{shared[kind]}/measured", who=hub.alice), "measure")
    assert f"{shared[kind]}@1.0.0" in text
    run(text)
    found = hub.ask("GET", f"/repositories/{shared[kind]}/reports")["items"]
    assert [each["data"]["name"] for each in found] == ["WHAT THE DATA IS CALLED"]
    assert json.loads((run.folder / "report.json").read_text())["main"] == found[0]["main"]


@pytest.mark.parametrize("kind", ["tuned-operator", "pipeline"])
def test_lines_of_the_command_line_run_and_embed(hub, shared, run, kind):
    page = look(hub, f"/{shared[kind]}")
    places = re.findall(r'<code id="(snippet-\d+)">', page)
    text = next(lines for lines in (lines_of(page, place) for place in places) if "junco hub login" in lines)
    login, _, rest = text.partition("\n")
    assert login == f"junco hub login {hub.url}"
    said = run(rest.replace("./copied", "./again").replace("vectors.parquet", f"{kind}.parquet"))
    assert re.search(r"photo\.jpg\s+\d+ numbers", said)
    assert (run.folder / f"{kind}.parquet").stat().st_size > 100


def test_a_tuned_operator_of_another_model_stands_in_a_pipeline_of_its_own(hub, tmp_path):
    folder = begin("tuned-operator", "other", tmp_path / "other")
    told = json.loads((folder / "operator.json").read_text())
    told["params"] = {"model": "lite1"}
    files = {"operator.json": json.dumps(told).encode(), "README.md": (folder / "README.md").read_bytes()}
    hub.repository(hub.alice, "alice/other-model")
    hub.push(hub.alice, "alice/other-model", files, parent=None, release="v1.0.0")
    text = lines_of(look(hub, "/alice/other-model/measured", who=hub.alice), "measure")
    assert "{map: alice/other-model@1.0.0, in: image, out: vector" in text
    assert "lite0" not in text
    assert "junco evaluate flow.yaml DATA" in text


@pytest.mark.parametrize("told", [b"[]", b"{", b'{"operator": 7, "params": [1]}', b'{"operator": "' + b"a" * 50_000])
def test_a_tuned_operator_whose_file_is_broken_has_its_pages(hub, told):
    name = f"alice/broken-{abs(hash(told)) % 10_000}"
    hub.repository(hub.alice, name)
    card = b"---\ntags: ['junco:tuned-operator', 'family:f-none']\n---\n# Broken\n"
    hub.push(hub.alice, name, {"operator.json": told, "README.md": card}, parent=None)
    assert "YOUR-PIPELINE.yaml" in look(hub, f"/{name}/measured", who=hub.alice)
    assert "ops[&#34;" in look(hub, f"/{name}")


def test_a_data_set_and_a_family_have_no_line_that_measures(hub):
    for name in ("mei/shelves", "mei/contract"):
        assert 'id="measure"' not in look(hub, f"/{name}/measured", who=hub.mei)


def test_beside_a_branch_that_went_on_the_latest_release_is_named(hub):
    hub.repository(hub.bob, "bob/went-on")
    hub.push(hub.bob, "bob/went-on", {"README.md": b"# One"}, parent=None, release="v1.0.0")
    hub.push(hub.bob, "bob/went-on", {"README.md": b"# Two"})
    page = look(hub, "/bob/went-on")
    assert "junco hub pull bob/went-on@1.0.0" in page
    assert "the lines name the latest" in page
    oid = hub.ask("GET", "/repositories/bob/went-on")["head"]
    assert f"junco hub pull bob/went-on@{oid}" in look(hub, f"/bob/went-on@{oid}")
