"""Forms: the same lines are a form in Colab, widgets in Jupyter, variables anywhere."""

import pytest

from ddsp.colab import colab_utils, forms

CELL = """
# @title A form
threshold = 1.0  # @param {"type": "slider", "min": 0, "max": 2, "step": 0.05}
semitones = 0  #@param {"type": "slider", "min": -24, "max": 24, "step": 1}
adjust = True  # @param {"type": "boolean"}
source = "phrase"  # @param ["phrase", "record"]
key = "auto"  # @param ["auto", "C major"] {"allow-input": true}
seed = 3  # @param {"type": "integer"}
level_db = -6.0  # @param {"type": "number"}
name = "my = sax"  # @param {"type": "string"}
plain = 7
other = plain  # No parameter.
colab_utils.show_form()
"""
KINDS = {
    "threshold": "FloatSlider",
    "semitones": "IntSlider",
    "adjust": "Checkbox",
    "source": "Dropdown",
    "key": "Combobox",
    "seed": "IntText",
    "level_db": "FloatText",
    "name": "Text",
}
VALUES = {
    "threshold": 1.0,
    "semitones": 0,
    "adjust": True,
    "source": "phrase",
    "key": "auto",
    "seed": 3,
    "level_db": -6.0,
    "name": "my = sax",
}


def test_form_is_read_from_the_cell() -> None:
    fields = forms.read_form(CELL)
    assert {line.name: line.value for line in fields} == VALUES
    by_name = {line.name: line for line in fields}
    assert by_name["threshold"].settings["max"] == 2
    assert by_name["key"].choices == ("auto", "C major")
    assert by_name["key"].settings == {"allow-input": True}


@pytest.mark.parametrize(
    "line",
    [
        "a = b  # @param {}",
        "a = 1  # @param {type: 'slider'}",
        "a = 1  # @param 3",
        "a = 1 +  # @param {}",
    ],
)
def test_line_that_is_no_form_is_shown(line: str) -> None:
    with pytest.raises(ValueError, match="name='a'"):
        forms.read_form(line)


def test_jupyter_shows_a_widget_a_line_with_its_value(widgets, jupyter) -> None:
    jupyter.names["In"] = ["earlier = 1  # @param {}", CELL]
    colab_utils.show_form()
    *made, box = widgets
    assert jupyter.shown == [box] and box.args == (made,)
    assert [widget.kind for widget in made] == list(KINDS.values())
    assert [widget.value for widget in made] == list(VALUES.values())
    assert [w.description for w in made] == [n.replace("_", " ") for n in KINDS]
    assert (made[0].min, made[0].max, made[0].step) == (0, 2, 0.05)
    assert made[3].options == ("phrase", "record")


def test_moved_widget_changes_the_variable_and_no_other(widgets, jupyter) -> None:
    jupyter.names.update(VALUES, In=[CELL])
    colab_utils.show_form()
    widgets[0].change(1.5)
    assert {name: jupyter.names[name] for name in VALUES} == {
        **VALUES,
        "threshold": 1.5,
    }
    widgets[3].change("record")
    assert jupyter.names["source"] == "record"


@pytest.mark.usefixtures("widgets")
def test_cell_without_a_form_shows_nothing(jupyter) -> None:
    jupyter.names["In"] = ["colab_utils.show_form()"]
    colab_utils.show_form()
    assert not jupyter.shown


@pytest.mark.parametrize("place", ["colab", "nowhere", "jupyter"])
def test_variables_are_left_alone_where_there_are_no_widgets(
    place: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(place)
    if page is not None:
        page.names.update(VALUES, In=[CELL])
    colab_utils.show_form()
    if page is not None:
        assert not page.shown
        assert {name: page.names[name] for name in VALUES} == VALUES
