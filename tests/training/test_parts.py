"""Parts of a model are found by whole names."""

import pytest

from ddsp.training.errors import InputError
from ddsp.training.parts import is_below, variables_below

NAMED = {"decoder/rnn/kernel": 1, "decoder/rnn2/kernel": 2, "reverb": 3, "dec/bias": 4}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["decoder"], [1, 2]),
        ("decoder/rnn", [1]),
        (["decoder/rnn/"], [1]),
        (["reverb", "decoder/rnn2"], [2, 3]),
        (["dec"], [4]),
        (["decoder", "decoder/rnn"], [1, 2]),
        ([], []),
    ],
)
def test_variables_below_parts(parts: list[str], expected: list[int]) -> None:
    assert list(variables_below(NAMED, parts, "frozen").values()) == expected


def test_a_part_without_variables_is_an_error() -> None:
    with pytest.raises(
        InputError, match=r"frozen must .* 'decode', .*dec, decoder, re"
    ):
        variables_below(NAMED, ["reverb", "decode"], "frozen")


def test_a_variable_is_a_part_of_itself() -> None:
    assert is_below("reverb", "reverb")
    assert not is_below("reverb", "reverb/ir")
