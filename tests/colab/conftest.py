"""Stand-ins for the pages of Colab and Jupyter."""

import io
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile


class Page:
    """What a notebook was asked to show, and what somebody does on the page."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.scripts: list[tuple[str, bool]] = []
        self.answer: Any = None
        self.chosen: dict[str, bytes] = {}
        self.downloads: list[str] = []
        self.names: dict[str, Any] = {"In": [""]}

    def eval_js(self, script: str, ignore_result: bool = False) -> Any:
        self.scripts.append((script, ignore_result))
        return self.answer

    def upload(self) -> dict[str, bytes]:
        return self.chosen


class Shown(types.SimpleNamespace):
    """An object to be displayed: its kind and what it was made of."""


def shows(kind: str, first: str) -> Callable[..., Shown]:
    """A class of IPython.display that keeps its arguments."""
    return lambda *args, **kwargs: Shown(
        kind=kind, **dict(zip([first], args, strict=False)), **kwargs
    )


def put(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> types.ModuleType:
    """Puts a module of our own in place."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def put_ipython(monkeypatch: pytest.MonkeyPatch, page: Page, shell: Any) -> None:
    display = put(
        monkeypatch,
        "IPython.display",
        display=page.shown.append,
        Audio=shows("Audio", "data"),
        HTML=shows("HTML", "data"),
        Image=shows("Image", "data"),
    )
    members = {"get_ipython": lambda: shell, "display": display}
    # Matplotlib looks at the version.
    put(monkeypatch, "IPython", version_info=(9, 0, 0), **members)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without a page, as an IPython in a terminal is one."""
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    put_ipython(monkeypatch, Page(), types.SimpleNamespace(user_ns={}))


@pytest.fixture
def jupyter(monkeypatch: pytest.MonkeyPatch) -> Page:
    """Jupyter without ipywidgets."""
    page = Page()
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    shell = types.SimpleNamespace(kernel=object(), user_ns=page.names)
    put_ipython(monkeypatch, page, shell)
    return page


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> Page:
    """Colab, as far as this library knows it."""
    page = Page()
    shell = types.SimpleNamespace(kernel=object(), user_ns=page.names)
    put_ipython(monkeypatch, page, shell)
    put(
        monkeypatch,
        "google.colab",
        files=types.SimpleNamespace(upload=page.upload, download=page.downloads.append),
        output=types.SimpleNamespace(eval_js=page.eval_js),
    )
    return page


KINDS = (
    "Checkbox",
    "Combobox",
    "Dropdown",
    "FileUpload",
    "FloatSlider",
    "FloatText",
    "HTML",
    "IntSlider",
    "IntText",
    "Text",
    "VBox",
)


class Widget(types.SimpleNamespace):
    """A widget: what it was made with, and somebody who moves it."""

    def observe(self, handler: Callable[[dict], None], names: str) -> None:
        assert names == "value"
        self.handler = handler

    def change(self, value: Any) -> None:
        self.value = value
        self.handler({"new": value})


@pytest.fixture
def widgets(jupyter: Page, monkeypatch: pytest.MonkeyPatch) -> list[Widget]:
    """Jupyter with ipywidgets: all widgets in the order in which they are made."""
    made: list[Widget] = []
    assert not jupyter.shown

    def maker(kind: str) -> Callable[..., Widget]:
        def make(*args: Any, **kwargs: Any) -> Widget:
            made.append(Widget(kind=kind, args=args, **kwargs))
            return made[-1]

        return make

    module = put(monkeypatch, "ipywidgets", **{kind: maker(kind) for kind in KINDS})
    module.__spec__ = types.SimpleNamespace()  # It can be found.
    return made


@pytest.fixture
def read_pcm() -> Callable[[bytes], tuple[np.ndarray, int]]:
    """Reads the 16-bit samples of a WAV file and their rate."""

    def read(wav: bytes) -> tuple[np.ndarray, int]:
        assert wav[:4] == b"RIFF"
        return soundfile.read(io.BytesIO(wav), dtype="int16")

    return read


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Makes an audio file of [n_samples] or [n_samples, n_channels], in memory."""

    def make(audio: np.ndarray, rate: int = 16000, form: str = "WAV") -> bytes:
        file = io.BytesIO()
        soundfile.write(file, audio, rate, format=form)
        return file.getvalue()

    return make
