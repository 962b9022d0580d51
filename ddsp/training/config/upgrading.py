"""Configs of older versions, brought up to date.

A model folder of 2020 describes its model by the names of 2020. They are replaced
statement by statement, before any name is looked up, so that the model that is built
is the one that the checkpoint beside the config fits.
"""

from collections.abc import Iterable
from typing import Any

from gin import config_parser

from ddsp.training.config.raw_values import (
    RawMacro,
    RawReference,
    leaves,
    map_value,
)

RENAMED = {
    "Additive": "Harmonic",
    "DefaultPreprocessor": "F0LoudnessPreprocessor",
    "TranscribingAutoencoder": "InverseSynthesis",
    "ZRnnFcDecoder": "RnnFcDecoder",
}
# Arguments without a successor.
DROPPED_ARGUMENTS = frozenset(
    (
        ("DilatedConvDecoder", "resample"),
        ("DilatedConvEncoder", "resample"),
        ("SpectralLoss", "delta_delta_freq_weight"),
        ("SpectralLoss", "delta_delta_time_weight"),
    )
)
DROPPED = frozenset(("cumsum",))
# The inputs of decoders that could not choose them, in the order of their stacks.
INPUT_KEYS = {
    "RnnFcDecoder": ("f0_scaled", "ld_scaled"),
    "ZRnnFcDecoder": ("f0_scaled", "ld_scaled", "z"),
}
_OLD_SYNTH = "Additive"


def upgrade(statements: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Replaces what older versions called differently.

    Args:
        statements: Statements of `gin.config_parser`, with values as `RawDelegate`
            leaves them.

    Returns:
        The statements of this version, and in words what was changed.

    Example:
        >>> from ddsp.training.config.raw_values import RawDelegate
        >>> text = "synths.Additive.n_samples = 64000"
        >>> parser = config_parser.ConfigParser(text, RawDelegate())
        >>> upgraded, changes = upgrade(parser)
        >>> upgraded[0].selector, changes
        ('synths.Harmonic', ['Additive is Harmonic'])
    """
    statements = list(statements)
    renamed = _names_to_replace(statements)
    upgraded, dropped = [], []
    for statement in statements:
        if isinstance(statement, config_parser.BindingStatement):
            if _is_dropped(statement):
                dropped.append(f"{_last(statement.selector)}.{statement.arg_name}")
                continue
            statement = _rename(statement, renamed)
        upgraded.append(statement)
    changes = [f"{old} is {new}" for old, new in renamed.items()]
    changes += _rename_old_synth(upgraded, renamed)
    changes += [f"{name} is left out" for name in dict.fromkeys(dropped)]
    changes += _add_input_keys(upgraded, renamed)
    return upgraded, changes


def _last(selector: str) -> str:
    """The name itself, of a selector with scopes and modules."""
    return selector.rpartition("/")[2].rpartition(".")[2]


def _bindings(statements: list[Any]) -> list[Any]:
    """The bindings of arguments among statements."""
    bindings = (config_parser.BindingStatement,)
    return [s for s in statements if isinstance(s, bindings) and s.arg_name]


def _mentioned(statements: list[Any]) -> set[str]:
    """Names of all configurables that are bound or referred to."""
    names = {_last(statement.selector) for statement in _bindings(statements)}
    for statement in statements:
        if isinstance(statement, config_parser.BindingStatement):
            references = (
                leaf
                for leaf in leaves(statement.value)
                if isinstance(leaf, RawReference)
            )
            names.update(_last(reference.scoped_selector) for reference in references)
    return names


def _names_to_replace(statements: list[Any]) -> dict[str, str]:
    """The names of RENAMED that these statements use in their old meaning."""
    mentioned = _mentioned(statements)
    renamed = {old: new for old, new in RENAMED.items() if old in mentioned}
    # Both are known to this version, and a model may have one of each.
    if _OLD_SYNTH in renamed and renamed[_OLD_SYNTH] in mentioned:
        del renamed[_OLD_SYNTH]
    return renamed


def _is_dropped(statement: Any) -> bool:
    """Whether a binding has no successor."""
    if not statement.arg_name:
        return False
    name = _last(statement.selector)
    return name in DROPPED or (name, statement.arg_name) in DROPPED_ARGUMENTS


def _rename(statement: Any, renamed: dict[str, str]) -> Any:
    """A binding by the names of this version."""

    def new_name(selector: str) -> str:
        name = _last(selector)
        return selector[: len(selector) - len(name)] + renamed.get(name, name)

    def new_leaf(leaf: Any) -> Any:
        if isinstance(leaf, RawReference):
            return leaf._replace(scoped_selector=new_name(leaf.scoped_selector))
        return leaf

    selector = statement.selector
    return statement._replace(
        selector=new_name(selector) if statement.arg_name else selector,
        value=map_value(new_leaf, statement.value),
    )


def _rename_old_synth(statements: list[Any], renamed: dict[str, str]) -> list[str]:
    """Lets the harmonic synthesizer go by its new name, also in graphs.

    It has no variables, so no checkpoint knows it by the old one. What graphs call
    'additive' is the synthesizer only if one of it is in this config, by that name.
    """
    old, new = _OLD_SYNTH.lower(), RENAMED[_OLD_SYNTH].lower()
    macros = _macros(statements)

    def is_named(statement: Any) -> bool:
        name = statement.value
        if isinstance(name, RawMacro):
            name = macros.get(name.name)
        return statement.arg_name == "name" and name == old

    def new_path(leaf: Any) -> Any:
        is_path = isinstance(leaf, str) and leaf.startswith(f"{old}/")
        return new + leaf[len(old) :] if is_path else leaf

    bindings = _bindings(statements)
    synths = [s for s in bindings if _last(s.selector) == RENAMED[_OLD_SYNTH]]
    others = [s for s in bindings if _last(s.selector) != RENAMED[_OLD_SYNTH]]
    names = [s for s in synths if s.arg_name == "name"]
    is_called_so = any(map(is_named, names)) or all(s.scope for s in names)
    # Something else may be called that, too: then graphs mean that.
    is_taken = any(s.arg_name == old or is_named(s) for s in others)
    if _OLD_SYNTH not in renamed or is_taken or not is_called_so:
        return []
    in_graphs = _macros_within(statements, "dag")
    changed = False
    for index, statement in enumerate(statements):
        if not isinstance(statement, config_parser.BindingStatement):
            continue
        value = statement.value
        if is_named(statement):
            value = new
        elif statement.arg_name == "dag" or _macro_name(statement) in in_graphs:
            value = map_value(new_path, value)
        changed = changed or value != statement.value
        statements[index] = statement._replace(value=value)
    return [f"'{old}' is '{new}' in graphs"] if changed else []


def _macro_name(statement: Any) -> str | None:
    """The name of the macro that a binding gives a value to; None for an argument."""
    if statement.arg_name:
        return None
    scope, selector = statement.scope, statement.selector
    return f"{scope}/{selector}" if scope else selector


def _macros(statements: list[Any]) -> dict[str | None, Any]:
    """Values of all macros, by name."""
    bindings = (config_parser.BindingStatement,)
    values = {_macro_name(s): s.value for s in statements if isinstance(s, bindings)}
    return {name: value for name, value in values.items() if name is not None}


def _macros_within(statements: list[Any], argument: str) -> set[str]:
    """Names of the macros that the values of an argument are made of."""
    macros = _macros(statements)
    ahead = [s.value for s in _bindings(statements) if s.arg_name == argument]
    found: set[str] = set()
    while ahead:
        within = {
            leaf.name for leaf in leaves(ahead.pop()) if isinstance(leaf, RawMacro)
        }
        ahead += [macros.get(name) for name in within - found]
        found |= within
    return found


def _add_input_keys(statements: list[Any], renamed: dict[str, str]) -> list[str]:
    """Says which inputs a decoder has that could not choose them."""
    name = "RnnFcDecoder"
    if name not in _mentioned(statements):
        return []
    arguments = [(_last(s.selector), s.arg_name) for s in _bindings(statements)]
    if (name, "input_keys") in arguments:
        return []
    keys = INPUT_KEYS["ZRnnFcDecoder" if "ZRnnFcDecoder" in renamed else name]
    location = statements[-1].location
    statements.append(
        config_parser.BindingStatement("", name, "input_keys", keys, location)
    )
    return [f"{name}.input_keys are {keys}"]
