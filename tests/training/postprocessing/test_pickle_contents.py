"""Pickles are read as descriptions: plain values, known names, nothing that runs."""

import pickle
import pickletools
from collections import OrderedDict

import pytest

from ddsp.training.postprocessing.pickle_contents import (
    MAX_INSTRUCTIONS,
    Described,
    Name,
    UnusableError,
    read_pickle,
)

KINDS = {("numpy", "dtype"): "dtype", ("numpy", "ndarray"): "class"}
HEAD = b"\x80\x04"
DTYPE = b"cnumpy\ndtype\n"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": {"c": (None, True, False)}},
        {"ä": (300, 70_000, -5, 1 << 40, -2.5, "", "long" * 99)},
        (),
        (1,),
        (1, 2),
        (1, 2, 3),
        (1, 2, 3, (4,)),
        {},
        {"one": 1},
    ],
)
def test_plain_values_come_back(value: object, protocol: int) -> None:
    assert read_pickle(pickle.dumps(value, protocol), {}) == value


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("value", [b"", b"abc", b"x" * 300])
def test_bytes_come_back(value: bytes, protocol: int) -> None:
    assert read_pickle(pickle.dumps(value, protocol), {}) == value


def test_byte_arrays_come_back_as_bytes() -> None:
    value = read_pickle(pickle.dumps(bytearray(b"abc"), 5), {})
    assert type(value) is bytes and value == b"abc"


def test_what_is_shared_is_found_again() -> None:
    shared = ("x" * 20, 7)
    memory = {f"{k}": (shared, k) for k in range(300)}
    for protocol in (2, 4):
        read = read_pickle(pickle.dumps(memory, protocol), {})
        assert read == memory
        assert read["0"][0] is read["299"][0]


@pytest.mark.parametrize(
    "call", [b"(\x8c\x02f4t" + b"R", b"\x8c\x02f4\x85R", b"\x8c\x02f4\x85\x81"]
)
def test_calls_are_taken_down(call: bytes) -> None:
    described = read_pickle(HEAD + DTYPE + call + b"}b.", KINDS)
    assert type(described) is Described
    assert described.kind == "dtype"
    assert described.arguments == ("f4",)
    assert described.state == {}


def test_names_are_taken_down_in_both_forms() -> None:
    for wanted in (b"cnumpy\nndarray\n", b"\x8c\x05numpy\x8c\x07ndarray\x93"):
        name = read_pickle(HEAD + wanted + b".", KINDS)
        assert type(name) is Name and name.kind == "class"


def refused(content: bytes) -> str:
    with pytest.raises(UnusableError) as caught:
        read_pickle(content, KINDS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "instruction"),
    [
        (b"\x82\x01.", "EXT1"),
        (b"\x83\x01\x00.", "EXT2"),
        (b"\x84\x01\x00\x00\x00.", "EXT4"),
        (b"Pname\n.", "PERSID"),
        (b"Nq\x00Q.", "BINPERSID"),
        (b"(inumpy\ndtype\n.", "INST"),
        (b"(" + DTYPE + b"o.", "OBJ"),
        (DTYPE + b")}\x92.", "NEWOBJ_EX"),
        (b"\x97.", "NEXT_BUFFER"),
        (b"].", "EMPTY_LIST"),
        (b"\x8f.", "EMPTY_SET"),
        (b"N0.", "POP"),
        (b"I1\n.", "INT"),
        (b"L1L\n.", "LONG"),
    ],
)
def test_other_instructions_are_refused(content: bytes, instruction: str) -> None:
    assert refused(HEAD + content) == f"it holds the instruction {instruction}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("numpy", "load"),
        ("numpy", "dtype.type"),
        ("numpy.dtype", ""),
        ("", "numpy.dtype"),
    ],
)
def test_unknown_names_are_refused_and_told(module: str, name: str) -> None:
    wanted = b"".join(
        b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)
    )
    told = refused(HEAD + wanted + b"\x93.")
    assert told == f"it asks for {f'{module}.{name}'!r}"
    if module and name:
        content = f"c{module}\n{name}\n.".encode()
        assert refused(HEAD + content) == told


def test_a_name_is_told_in_one_short_line() -> None:
    content = HEAD + pickle.dumps("a\n\x1b[31m" * 99, 4)[2:-1]
    told = refused(content + pickle.dumps("b" * 999, 4)[2:-1] + b"\x93.")
    assert "\n" not in told and "\x1b" not in told and len(told) < 200
    assert "b" * 60 in told and "b" * 61 not in told


def test_only_names_are_called_and_only_descriptions_get_a_state() -> None:
    calls = "it calls something that has no name"
    assert refused(HEAD + b"\x8c\x02id)R.") == calls
    assert refused(HEAD + DTYPE + b")R)R.") == calls
    assert refused(HEAD + DTYPE + b"}R.") == calls
    changes = "it changes something that it did not describe"
    assert refused(HEAD + DTYPE + b"}b.") == changes
    assert refused(HEAD + b"}}b.") == changes
    assert refused(HEAD + DTYPE + b")R}b}b.") == changes
    assert refused(HEAD + b"NN\x93.") == "it asks for something that has no name"
    assert (
        refused(HEAD + b"\x8c\x01aN\x93.") == "it asks for something that has no name"
    )


def test_classes_of_python_are_refused() -> None:
    assert "OrderedDict" in refused(pickle.dumps(OrderedDict(a=1), 4))


NOT_WHOLE = "it is no whole pickle"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80",
        b"not a pickle",
        b"\xff\xff",
        HEAD,
        HEAD + b".",
        HEAD + b"N",
        HEAD + b"NN.",
        HEAD + b"(.",
        HEAD + b"(\x85.",
        HEAD + b"\x85.",
        HEAD + b"t.",
        HEAD + b"N\x86.",
        HEAD + b"h\x05.",
        HEAD + b"j\x05\x00\x00\x00.",
        HEAD + b"\x94.",
        HEAD + b"s.",
        HEAD + b"u.",
        HEAD + b"R.",
        HEAD + b"b.",
        HEAD + b"\x93.",
        HEAD + b"B\xff\xff\xff\x7fabc.",
        HEAD + b"\x96" + b"\xff" * 7 + b"\x7fabc.",
        HEAD + b"\x8e" + b"\xff" * 8 + b"abc.",
        HEAD + b"X\x02\x00\x00\x00\xff\xfe.",
        HEAD + b"L" + b"9" * 5000 + b"x\n.",
    ],
)
def test_what_is_no_whole_pickle_is_refused(content: bytes) -> None:
    assert refused(content) == NOT_WHOLE


def test_unknown_protocols_are_refused() -> None:
    assert read_pickle(b"\x80\x05N.", {}) is None
    assert refused(b"\x80\x06N.") == "it is of the unknown protocol 6"


def test_cut_files_are_refused_wherever_they_end() -> None:
    content = pickle.dumps({"a": (1.5, "text", b"bytes"), "b": {"c": 3}}, 4)
    for n_bytes in range(len(content)):
        with pytest.raises(UnusableError):
            read_pickle(content[:n_bytes], {})


def test_keys_are_texts() -> None:
    keys = "it holds a dictionary whose keys are no texts"
    assert refused(pickle.dumps({1: 2}, 4)) == keys
    assert refused(pickle.dumps({"a": 1, (): 2}, 4)) == keys
    assert refused(HEAD + b"}(\x8c\x01au.") == keys
    assert refused(HEAD + b"N\x8c\x01aNs.") == keys


def test_keys_that_take_forever_to_compare_are_not_compared() -> None:
    doubled = b")" + b"".join(
        b"q" + bytes([k]) + b"h" + bytes([k]) + b"\x86" for k in range(100)
    )
    assert "no texts" in refused(HEAD + b"}" + doubled + b"Ns.")


def test_depth_is_bounded() -> None:
    assert refused(HEAD + b")" + b"\x85" * 100_000 + b".") == (
        "it has too many instructions"
    )
    # PROTO, EMPTY_TUPLE and STOP count too.
    depth = MAX_INSTRUCTIONS - 3
    nested = read_pickle(HEAD + b")" + b"\x85" * depth + b".", {})
    while nested:
        (nested,) = nested
        depth -= 1
    assert depth == 0
    assert "too many" in refused(HEAD + b")" + b"\x85" * (MAX_INSTRUCTIONS - 2) + b".")


def test_a_far_place_in_memory_costs_nothing() -> None:
    content = HEAD + b"Nr\xff\xff\xff\x7f0N."
    assert refused(content) == "it holds the instruction POP"
    assert read_pickle(HEAD + b"Nr\xff\xff\xff\x7f.", {}) is None


def test_a_dictionary_may_hold_itself() -> None:
    read = read_pickle(HEAD + b"}\x94\x8c\x04selfh\x00s.", {})
    assert read["self"] is read


def test_every_instruction_of_the_format_describes_or_is_refused() -> None:
    # Whatever instruction a later Python adds must be refused as well.
    plain = {"FRAME", "PROTO", "MARK", "STOP"}
    for opcode in pickletools.opcodes:
        if opcode.arg is None and opcode.name not in plain:
            try:
                value = read_pickle(HEAD + opcode.code.encode("latin-1") + b".", {})
            except UnusableError:
                continue
            assert value in (None, True, False, (), {})
