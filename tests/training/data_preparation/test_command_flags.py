"""Flags of the original's commands: their help, and what is wrong with them."""

import pytest
from absl import flags

from ddsp.training.data_preparation import command_flags

TEXT = "Acts.\n\nexample:\n  command --n_things=3\n"


@pytest.fixture
def values() -> flags.FlagValues:
    values = flags.FlagValues()
    flags.DEFINE_integer("n_things", 3, "Number of things.", flag_values=values)
    flags.DEFINE_string("place", None, "Where they go.", flag_values=values)
    return values


def test_flags_get_values_and_the_rest_is_returned(values: flags.FlagValues) -> None:
    argv = ["bin/command", "--n_things=5", "more"]
    rest = command_flags.parse(argv, values, "place", "Does it.")
    assert rest == ["bin/command", "more"]
    assert (values.n_things, values.place) == (5, None)


@pytest.mark.parametrize("flag", command_flags.HELP_FLAGS)
def test_help_is_the_text_and_all_flags(
    values: flags.FlagValues, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_flags.parse(["command", "--n_things=x", flag], values, "place", TEXT)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{TEXT}\nflags:\n")
    assert "--n_things: Number of things." in said and "--place: Where they" in said


@pytest.mark.parametrize("flag", ["--n_things=many", "--nothing"])
def test_a_wrong_flag_is_one_line_of_the_command_and_status_two(
    values: flags.FlagValues, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_flags.parse(["bin/command.py", flag], values, "place", "Acts.")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("command: error: ") and flag[2:9] in said
