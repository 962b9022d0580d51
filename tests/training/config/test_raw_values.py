"""Values of a config as they are written."""

import pytest
from gin import config_parser

from ddsp.training.config.raw_values import (
    RawDelegate,
    RawMacro,
    RawReference,
    leaves,
    map_value,
    nesting,
)

VALUE = "{'a': [1, (@x/y.Z(), %m)], %k: (@Z,), 'b': {}}"


def parse(text):
    return next(config_parser.ConfigParser(f"v = {text}", RawDelegate())).value


def test_references_and_macros_are_kept_as_they_are_written():
    assert parse(VALUE) == {
        "a": [1, (RawReference("x/y.Z", True), RawMacro("m"))],
        RawMacro("k"): (RawReference("Z", False),),
        "b": {},
    }


def test_leaves_are_everything_but_brackets_in_order():
    assert leaves(parse("[1, ('a', {2: %m}), @Z]")) == [
        1,
        "a",
        2,
        RawMacro("m"),
        RawReference("Z", False),
    ]


def test_mapping_keeps_brackets_and_leaves_the_value_alone():
    value = parse(VALUE)
    mapped = map_value(lambda leaf: leaf if isinstance(leaf, str) else 0, value)
    assert mapped == {"a": [0, (0, 0)], 0: (0,), "b": {}}
    assert value == parse(VALUE)


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("1", 0),
        ("@Z()", 0),
        ("%m", 0),
        ("'[[['", 0),
        ("[]", 1),
        ("(%m, @Z)", 1),
        ("[1, [2], []]", 2),
        ("{1: {2: (3,)}}", 3),
        ("{(1, (2,)): 3}", 3),
        ("[[[]], 1]", 3),
    ],
)
def test_nesting_counts_brackets(text, depth):
    assert nesting(parse(text)) == depth


def test_nesting_is_counted_however_deep():
    value = []
    for _ in range(10_000):
        value = [value]
    assert nesting(value) == 10_001
