from __future__ import annotations

import json
from importlib import metadata

from junco.cli import doctor as module


def test_doctor_tells_versions_devices_and_caches(junco, home):
    found = json.loads(junco("doctor", "--json").stdout)
    assert found["versions"]["junco"] == metadata.version("junco")
    assert "cpu" in found["devices"]
    assert found["cores"] >= 1
    (own,) = [cache for cache in found["caches"] if cache["path"] == str(home.parent)]
    assert own["size_bytes"] == sum(path.stat().st_size for path in home.iterdir())


def test_doctor_for_people_is_the_same(junco, home):
    text = junco("doctor").stdout
    assert f"junco {metadata.version('junco')}" in text
    assert str(home.parent) in text


def test_a_missing_package_is_named_with_its_cure(junco, monkeypatch):
    real = metadata.version

    def version(package):
        if package == "timm":
            raise metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(module.metadata, "version", version)
    missing = json.loads(junco("doctor", "--json").stdout)["missing"]
    assert {"extra": "vision", "packages": ["timm"], "install": "pip install 'junco[vision]'"} in missing
    assert "pip install 'junco[vision]'" in junco("doctor").stdout


def test_doctor_of_a_pipeline_prints_its_plan(junco):
    assert "embed: map cli-test.count" in junco("doctor", "count").stdout
    found = json.loads(junco("doctor", "count", "--json").stdout)
    assert found["pipeline"] == "count"
    assert any("cli-test.count" in line for line in found["plan"])


def test_a_certificate_needs_a_pipeline(junco):
    refused = junco("doctor", "--certify")
    assert refused.exit_code == 2
    assert "junco doctor PIPELINE --certify" in refused.stderr


def test_a_pipeline_without_a_network_has_an_empty_certificate(junco):
    assert json.loads(junco("doctor", "count", "--certify", "--json").stdout) == []
