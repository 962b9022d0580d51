from pathlib import Path

import pytest

from ddsp.training import config
from ddsp.training.config import files
from ddsp.training.errors import InputError


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_a_checkout_has_the_files_at_its_top():
    assert Path(config.gin_search_path(), "models", "ae.gin").is_file()


def test_an_installed_package_has_them_beside_its_modules(tmp_path, monkeypatch):
    installed = make(tmp_path / "installed", "models/ae.gin")
    checkout = make(tmp_path / "checkout", "models/ae.gin")
    monkeypatch.setattr(files, "_CANDIDATES", (installed, checkout))
    assert config.gin_search_path() == str(installed)
    monkeypatch.setattr(files, "_CANDIDATES", (tmp_path, checkout))
    assert config.gin_search_path() == str(checkout)


def test_a_package_without_them_says_where_it_looked(tmp_path, monkeypatch):
    places = (tmp_path / "one", tmp_path / "two")
    monkeypatch.setattr(files, "_CANDIDATES", places)
    with pytest.raises(InputError) as caught:
        config.gin_search_path()
    assert all(str(place) in str(caught.value) for place in places)


def test_places_are_searched_in_order(tmp_path, monkeypatch):
    mine = make(tmp_path / "mine", "models/ae.gin", "models/own.gin")
    here = make(tmp_path / "here", "other.gin")
    monkeypatch.chdir(here)
    packaged = str(Path(config.gin_search_path(), "models", "ae.gin"))
    assert config.resolve_gin_file("other.gin") == str(here / "other.gin")
    assert config.resolve_gin_file("models/ae.gin", [mine]) == packaged
    own = config.resolve_gin_file("models/own.gin", [mine])
    assert own == str(mine / "models" / "own.gin")
    make(here, "models/ae.gin")
    assert config.resolve_gin_file("models/ae.gin") == str(here / "models" / "ae.gin")


def test_an_absolute_path_is_itself(tmp_path):
    path = make(tmp_path, "a.gin") / "a.gin"
    assert config.resolve_gin_file(path) == str(path)


def test_a_file_that_is_nowhere_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"models/none\.gin") as caught:
        config.resolve_gin_file("models/none.gin", [tmp_path])
    message = str(caught.value)
    assert str(tmp_path) in message
    assert config.gin_search_path() in message
    assert "\n" not in message
