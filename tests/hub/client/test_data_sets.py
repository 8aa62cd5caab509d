"""A data set with its card is pushed to a real hub, found there as one, and pulled and loaded by somebody else."""

from __future__ import annotations

from junco import datasets
from junco import hub as client


def test_a_data_set_is_pushed_found_and_loaded_by_somebody_else(hub, machine):
    machine("one", hub.alice)
    client.push(datasets.get("textiles", "cloth"), "alice/cloth", release="1.0.0")
    machine("two", hub.bob)
    told = client.show("alice/cloth")
    assert (told["kind"], told["licence"], told["task"]) == ("dataset", "mit", "image-classification")
    assert [each.name for each in client.search("textile", kind="dataset")] == ["alice/cloth"]
    data = datasets.load(client.pull("alice/cloth@1.0.0"))
    assert (len(data), data.labels) == (120, ("global", "local", "nominal"))
    assert datasets.report(data).is_clean


def test_the_card_alone_of_a_set_that_lies_elsewhere_is_pushed_too(hub, machine):
    machine("three", hub.alice)
    datasets.write_card("scifact", datasets.find("scifact"))
    client.push("scifact", "alice/scifact", release="1.0.0")
    told = client.show("alice/scifact")
    assert (told["kind"], told["licence"], told["task"]) == ("dataset", "cc-by-nc-2.0", "retrieval")
    assert {file["path"] for file in told["revision"]["files"]} == {"README.md", "dataset.yaml"}
