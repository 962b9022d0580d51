"""Reading what a pickle describes, without carrying it out.

A pickle is a program: it names functions and calls them. Whoever made a file chose
them, so Python's own reader is never used. This one follows the instructions with plain
values only and takes down which known name was called with what; it builds and calls
nothing.
"""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# The statistics of the original are 600 instructions. The bound also bounds how deeply
# anything can be nested.
MAX_INSTRUCTIONS = 4096
HIGHEST_PROTOCOL = 5
SHOWN_CHARACTERS = 60

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = (
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "BINFLOAT",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINBYTES",
    "SHORT_BINBYTES",
)
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


class UnusableError(ValueError):
    """Contents of a file that cannot be used; the message says why, in a few words."""


@dataclass(frozen=True, eq=False)
class Name:
    """A known name that a pickle refers to.

    Attributes:
        kind: What the table of names says that it is.

    Example:
        >>> Name('dtype').kind
        'dtype'
    """

    kind: str


@dataclass(eq=False)
class Described:
    """An object that a pickle describes, of which nothing was built.

    Attributes:
        kind: Kind of the name that would have been called.
        arguments: What it would have been called with.
        state: What the object would have been given afterwards; None if nothing.

    Example:
        >>> Described('dtype', ('f4',)).arguments
        ('f4',)
    """

    kind: str
    arguments: tuple
    state: Any = None


def read_pickle(content: bytes, kinds: Mapping[tuple[str, str], str]) -> Any:
    """Reads a pickle of numbers, texts, bytes, tuples, dictionaries and known names.

    Args:
        content: The file, protocol 2 or later.
        kinds: Kinds by module and name. Any other name is refused.

    Returns:
        Plain values; `Described` where the pickle calls a name, `Name` where it only
        refers to one.

    Raises:
        UnusableError: If the file is no whole pickle or holds anything else.
    """
    reader = _Reader(kinds)
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if number >= MAX_INSTRUCTIONS:
                raise UnusableError("it has too many instructions")
            if opcode.name == "STOP":
                return reader.result()
            reader.follow(opcode.name, argument)
    except UnusableError:
        raise
    except (ValueError, OverflowError) as error:
        raise UnusableError("it is no whole pickle") from error
    raise UnusableError("it is no whole pickle")


class _Reader:
    """The stack and the memory of a pickle that is being read."""

    def __init__(self, kinds: Mapping[tuple[str, str], str]) -> None:
        self._kinds = kinds
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}
        self._handlers: dict[str, Callable[[Any], None]] = {
            "PROTO": self._check_protocol,
            "BYTEARRAY8": lambda content: self._stack.append(bytes(content)),
            "FRAME": lambda _: None,
            "MARK": lambda _: self._stack.append(_MARK),
            "TUPLE": lambda _: self._stack.append(tuple(self._pop_to_mark())),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "SETITEM": lambda _: self._set_items(self._pop_many(2)),
            "SETITEMS": lambda _: self._set_items(self._pop_to_mark()),
            "GLOBAL": lambda name: self._refer(*name.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._refer(*self._pop_many(2)),
            "REDUCE": self._describe,
            "NEWOBJ": self._describe,
            "BUILD": self._give_state,
            "MEMOIZE": lambda _: self._remember(len(self._memory)),
            "BINPUT": self._remember,
            "LONG_BINPUT": self._remember,
            "BINGET": self._recall,
            "LONG_BINGET": self._recall,
        }

    def follow(self, instruction: str, argument: Any) -> None:
        """Follows one instruction, if it is one of those that only describe."""
        if instruction in _LITERALS:
            self._stack.append(argument)
        elif instruction in _CONSTANTS:
            self._stack.append(_CONSTANTS[instruction])
        elif instruction in _TUPLES:
            self._stack.append(tuple(self._pop_many(_TUPLES[instruction])))
        elif instruction in self._handlers:
            self._handlers[instruction](argument)
        else:
            raise UnusableError(f"it holds the instruction {instruction}")

    def result(self) -> Any:
        """The one value that is left at the end."""
        value = self._pop()
        if self._stack:
            raise UnusableError("it is no whole pickle")
        return value

    def _check_protocol(self, protocol: int) -> None:
        if protocol > HIGHEST_PROTOCOL:
            raise UnusableError(f"it is of the unknown protocol {protocol}")

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise UnusableError("it is no whole pickle")
        return self._stack.pop()

    def _pop_many(self, n_values: int) -> list[Any]:
        return [self._pop() for _ in range(n_values)][::-1]

    def _pop_to_mark(self) -> list[Any]:
        values = []
        while self._stack and self._stack[-1] is not _MARK:
            values.append(self._stack.pop())
        if not self._stack:
            raise UnusableError("it is no whole pickle")
        self._stack.pop()
        return values[::-1]

    def _set_items(self, items: list[Any]) -> None:
        target = self._pop()
        keys, values = items[::2], items[1::2]
        # Other keys could take forever to compare.
        names_only = all(type(key) is str for key in keys)
        if type(target) is not dict or not names_only or len(keys) != len(values):
            raise UnusableError("it holds a dictionary whose keys are no texts")
        target.update(zip(keys, values, strict=True))
        self._stack.append(target)

    def _refer(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise UnusableError("it asks for something that has no name")
        kind = self._kinds.get((module, name))
        if kind is None:
            wanted = f"{module[:SHOWN_CHARACTERS]}.{name[:SHOWN_CHARACTERS]}"
            raise UnusableError(f"it asks for {wanted!r}")
        self._stack.append(Name(kind))

    def _describe(self, _: None) -> None:
        called, arguments = self._pop_many(2)
        if type(called) is not Name or type(arguments) is not tuple:
            raise UnusableError("it calls something that has no name")
        self._stack.append(Described(called.kind, arguments))

    def _give_state(self, _: None) -> None:
        described, state = self._pop_many(2)
        if type(described) is not Described or described.state is not None:
            raise UnusableError("it changes something that it did not describe")
        described.state = state
        self._stack.append(described)

    def _remember(self, place: int) -> None:
        self._memory[place] = self._pop()
        self._stack.append(self._memory[place])

    def _recall(self, place: int) -> None:
        if place not in self._memory:
            raise UnusableError("it is no whole pickle")
        self._stack.append(self._memory[place])
