"""A trained operator has a card: what it was trained on, how good it is, under which licence."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from junco import Operator, ops
from junco.cli.main import app
from junco.errors import InputError
from junco.hub.artefact.check import check
from junco.hub.content.card import front_matter, read_card

LABELS = ("access", "退款|<b>")
TEXTS = {"access": ["cannot log in", "password refused"], LABELS[1]: ["refund me", "charged twice"]}


@pytest.fixture(scope="module")
def tickets():
    """Labelled texts, with a label that Markdown could take for something else."""
    rows = [(f"{text}, order {n}", label) for label, texts in TEXTS.items() for n in range(6) for text in texts]
    return {"text": [text for text, _ in rows], "label": [label for _, label in rows]}


@pytest.fixture(scope="module")
def trained(tickets, tmp_path_factory):
    """MiniLM with a head, its report, and its folder."""
    op = ops.text_embedding.minilm()
    folder = tmp_path_factory.mktemp("card") / "tuned"
    return op, op.train(tickets, 0.3, {"epochs": 1}, to=folder, progress=False), folder


def problems(folder):
    return [str(each) for each in check(folder).problems]


def test_it_lacks_a_licence_alone_and_says_so(trained):
    [problem] = problems(trained[2])
    assert problem.startswith("README.md: its head lacks 'license:'")


def test_saved_with_a_licence_it_can_be_shared(trained, tmp_path):
    op = Operator.load(trained[2])
    op.save(tmp_path / "mine", licence="mit")
    assert problems(tmp_path / "mine") == []
    card = read_card({"README.md": (tmp_path / "mine" / "README.md").read_bytes()})
    assert (card.kind, card.family, card.licence) == ("tuned-operator", "text-embedding", "mit")
    with pytest.raises(InputError, match="licence 'none' is none"):
        op.save(tmp_path / "other", licence="none")


def test_its_numbers_are_the_reports(trained):
    _, report, folder = trained
    text = (folder / "README.md").read_text("utf-8")
    plain = text.replace("\\", "")
    for name, (before, after, _) in report.compared().items():
        assert f"| {name} | {before} | {after} |" in plain
    assert all(sentence in plain for sentence in report.verdict.sentences)
    assert report.split["train"]["fingerprint"] in text
    assert report.split["eval"]["fingerprint"] in text


def test_names_of_labels_are_shown_and_mean_nothing_to_markdown(trained):
    text = (trained[2] / "README.md").read_text("utf-8")
    assert "退款\\|\\<b\\>" in text
    assert "<b>" not in text


def test_it_says_how_to_use_it_and_that_works(trained):
    code = re.search(r"```python\n(.*?)```", (trained[2] / "README.md").read_text("utf-8"), re.DOTALL)
    names = {}
    exec(code[1].replace("FOLDER", str(trained[2])), names)  # it is what readers type
    assert names["embed"]("refund me").shape == (384,)


def test_a_card_that_somebody_changed_stays_and_a_trained_one_is_written_anew(trained, tmp_path):
    op, _, folder = trained
    target = tmp_path / "mine"
    op.save(target, licence="mit")
    first = (target / "README.md").read_text("utf-8")
    (target / "LICENSE").write_text("Do what you like.")
    Operator.load(folder).save(target)
    assert (target / "README.md").read_text("utf-8") == first  # with the licence that was said once
    (target / "README.md").write_text(first.replace("## Limits", "## What it cannot do"))
    Operator.load(folder).save(target)
    assert "## What it cannot do" in (target / "README.md").read_text("utf-8")
    assert (target / "LICENSE").read_text() == "Do what you like."


def test_what_is_put_beside_it_changes_nothing_of_it(trained, tmp_path):
    Operator.load(trained[2]).save(tmp_path / "mine", licence="mit")
    before = Operator.load(tmp_path / "mine")("refund me")
    for name in ("LICENSE", "model.sig", "junco.lock"):
        (tmp_path / "mine" / name).write_text("{}")
    again = Operator.load(tmp_path / "mine")
    assert np.array_equal(again("refund me"), before)
    again.save(tmp_path / "mine", licence="cc0-1.0")


def test_the_command_takes_a_licence_before_it_trains(tickets, tmp_path):
    rows = zip(tickets["text"], tickets["label"], strict=True)
    (tmp_path / "data.jsonl").write_text("".join(json.dumps({"text": t, "label": n}) + "\n" for t, n in rows))
    asked = ["train", "text-embedding.minilm", str(tmp_path / "data.jsonl"), "--epochs", "1"]
    refused = CliRunner().invoke(app, [*asked, "--to", str(tmp_path / "no"), "--licence", "unknown"])
    assert refused.exit_code != 0
    assert not (tmp_path / "no").exists()
    done = CliRunner().invoke(app, [*asked, "--to", str(tmp_path / "yes"), "--licence", "cc-by-4.0"])
    assert done.exit_code == 0, done.output
    assert front_matter((tmp_path / "yes" / "README.md").read_bytes())["license"] == "cc-by-4.0"
    again = CliRunner().invoke(app, [*asked, "--to", str(tmp_path / "yes")])
    assert again.exit_code == 0, again.output
    assert problems(tmp_path / "yes") == []
