"""Forms: settings of a cell that can be changed without touching the code.

Colab draws a form for lines such as

    quiet = 20  # @param {"type": "slider", "min": 0, "max": 60, "step": 1}

In Jupyter `show_form` makes widgets of the same lines. Everywhere else, and where the
widgets are not installed, they are what they look like: variables with values.
"""

import ast
import importlib.util
import json
import re
from dataclasses import dataclass, field
from typing import Any

from ddsp.colab.surroundings import in_colab, notebook_shell

_FIELD = re.compile(r"^(\w+)[ \t]*=[ \t]*(.+?)[ \t]*# ?@param[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class FormField:
    """A line of a form.

    Attributes:
        name: Name of the variable.
        value: What the line gives it.
        choices: What it can be, if the form offers a list.
        settings: How it is shown: "type" ("slider", "number", "integer", "boolean" or
            "string"), "min", "max", "step", "allow-input".

    Example:
        >>> FormField("key", "auto", choices=("auto", "C major")).value
        'auto'
    """

    name: str
    value: Any
    choices: tuple[Any, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def read_form(source: str) -> list[FormField]:
    """Finds the form in the source of a cell.

    Args:
        source: The code.

    Returns:
        Its lines with `# @param` and JSON behind it: a list of choices, an object of
        settings, or both.

    Raises:
        ValueError: If such a line gives no constant, or what is behind is no JSON.
    """
    return [_read_field(*found.groups()) for found in _FIELD.finditer(source)]


def _read_field(name: str, value: str, shown: str) -> FormField:
    """One line of a form."""
    choices: tuple[Any, ...] = ()
    settings: dict[str, Any] = {}
    try:
        while shown:
            part, end = json.JSONDecoder().raw_decode(shown)
            if isinstance(part, list):
                choices = tuple(part)
            else:
                settings.update(part)
            shown = shown[end:].strip()
        return FormField(name, ast.literal_eval(value), choices, settings)
    except (ValueError, TypeError, SyntaxError) as error:
        raise ValueError(
            "A form's line must be a name, a constant, and JSON behind @param. Got "
            f"name={name!r}, value={value!r}, shown={shown!r}; write it as in `quiet = "
            '20  # @param {"type": "integer"}`.'
        ) from error


def show_form() -> None:
    """Shows the form of the cell that calls this, in Jupyter with ipywidgets.

    Whatever is chosen is given to the cell's variable at once, for the cells that are
    run after it. Colab has drawn the form already, and without ipywidgets the values
    are changed in the code: there, nothing happens.

    Raises:
        ValueError: If a line of the form is none.
    """
    shell = notebook_shell()
    has_widgets = importlib.util.find_spec("ipywidgets") is not None
    if in_colab() or shell is None or not has_widgets:
        return
    import ipywidgets
    from IPython.display import display

    names = shell.user_ns
    fields = read_form(names["In"][-1])
    widgets = [_make_widget(ipywidgets, line, names) for line in fields]
    if widgets:
        display(ipywidgets.VBox(widgets))


def _make_widget(ipywidgets: Any, line: FormField, names: dict[str, Any]) -> Any:
    """A widget whose value goes to the variable of its name."""
    kind, arguments = _widget_of(line)
    widget = getattr(ipywidgets, kind)(
        value=line.value,
        description=line.name.replace("_", " "),
        style={"description_width": "9em"},
        **arguments,
    )

    def on_change(change: dict[str, Any]) -> None:
        names[line.name] = change["new"]

    widget.observe(on_change, names="value")
    return widget


def _widget_of(line: FormField) -> tuple[str, dict[str, Any]]:
    """Name of the widget's class, and what it is made with besides the value."""
    if line.choices:
        free = line.settings.get("allow-input", False)
        return ("Combobox" if free else "Dropdown"), {"options": line.choices}
    kind = line.settings.get("type", "string")
    whole = isinstance(line.value, int)
    if kind == "slider":
        limits = {name: line.settings[name] for name in ("min", "max", "step")}
        slider = "IntSlider" if whole else "FloatSlider"
        return slider, {**limits, "continuous_update": False}
    if kind == "boolean":
        return "Checkbox", {"indent": True}
    if kind in ("number", "integer"):
        return ("IntText" if whole else "FloatText"), {}
    return "Text", {}
