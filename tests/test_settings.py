"""Settings: what the environment says, read anew each time."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from junco.errors import ParameterError
from junco.settings import settings

VARIABLES = ("JUNCO_HOME", "JUNCO_HUB", "JUNCO_TOKEN", "JUNCO_OFFLINE", "HF_HUB_OFFLINE")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_without_variables_there_is_a_home_and_no_hub():
    read = settings()
    assert read.home.is_absolute()
    assert "junco" in read.home.name
    assert (read.hub, read.token, read.offline) == (None, None, False)


def test_the_home_is_where_junco_home_says_and_pipelines_lie_in_it(monkeypatch, tmp_path):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    assert settings().home == tmp_path
    assert settings().pipelines == tmp_path / "pipelines"


def test_a_tilde_in_junco_home_is_the_users_folder(monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", "~/kept")
    assert settings().home == Path.home() / "kept"


@pytest.mark.parametrize("variable", ["JUNCO_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize(("value", "offline"), [("1", True), (" TRUE ", True), ("on", True), ("0", False), ("", False)])
def test_offline_is_what_either_variable_says(monkeypatch, variable, value, offline):
    monkeypatch.setenv(variable, value)
    assert settings().offline is offline


def test_an_empty_hub_is_none(monkeypatch):
    monkeypatch.setenv("JUNCO_HUB", "")
    assert settings().hub is None
    monkeypatch.setenv("JUNCO_HUB", "http://localhost:8000")
    assert settings().hub == "http://localhost:8000"


def test_a_token_is_not_shown(monkeypatch):
    monkeypatch.setenv("JUNCO_TOKEN", "secret-token")
    assert settings().token == "secret-token"
    assert "secret-token" not in repr(settings())


def test_settings_do_not_change_once_read():
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings().offline = True


@pytest.mark.skipif(sys.platform == "win32", reason="users have no numbers there")
def test_a_user_without_a_home_is_told_in_a_line_what_to_set(monkeypatch):
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "JUNCO_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ParameterError, match="set JUNCO_HOME to a folder"):
        settings()


def test_a_home_within_the_working_folder_is_a_whole_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUNCO_HOME", "there")
    assert settings().home == tmp_path / "there"
