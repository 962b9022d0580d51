"""Recordings and times are named as people do."""

from pathlib import Path

from ddsp.training.wording import display_names, say_duration


def test_durations_are_said_as_people_do() -> None:
    assert say_duration(119.94) == "119.9 s"
    assert say_duration(120.0) == "2.0 min"
    assert say_duration(600.0) == "10.0 min"


def test_a_folder_is_named_only_where_names_repeat() -> None:
    files = [Path("/home/anna/a/x.wav"), Path("b/x.wav"), Path("b/y.wav")]
    assert display_names(files) == ["a/x.wav", "b/x.wav", "y.wav"]
