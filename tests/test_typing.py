"""Type checkers of other projects see the annotations, and these allow what runs."""

import re
from importlib import resources
from pathlib import Path
from typing import get_args

from ddsp import dags

ROOT = Path(__file__).resolve().parents[1]


def test_annotations_are_part_of_the_package() -> None:
    assert resources.files("ddsp").joinpath("py.typed").is_file()
    project = (ROOT / "pyproject.toml").read_text()
    package_data = re.search(r"package-data\]\n(.*?)\n\n", project, re.DOTALL)[1]
    assert 'ddsp = ["py.typed"]' in package_data


def test_annotation_of_a_node_has_the_form_without_and_with_outputs() -> None:
    forms = [get_args(form) for form in get_args(dags.Node)]
    assert sorted(len(form) for form in forms) == [2, 3]
