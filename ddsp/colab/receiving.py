"""Files that somebody chooses in the browser."""

import html
from collections.abc import Callable
from typing import Any

from ddsp.colab.surroundings import check_in_notebook, in_colab
from ddsp.training.errors import InputError


class Chosen(list):
    """What somebody chooses on the page: in Jupyter, after the cell has ended.

    A list like any other, but for what it says while it is empty.

    Example:
        >>> names = Chosen()
        >>> names.append('voice.wav')
        >>> names[0]
        'voice.wav'
    """

    def __getitem__(self, key: Any) -> Any:
        """Takes out what was chosen.

        Args:
            key: Number of the file, or a slice.

        Returns:
            What stands for the file, or several of them.

        Raises:
            InputError: If nothing was chosen yet, or what was chosen cannot be used.
        """
        if not self and not isinstance(key, slice):
            raise InputError(
                "A file must be chosen first. Got none that can be used; choose one "
                "with the button above, then run this cell and those below it again."
            )
        return super().__getitem__(key)


def receive_files(
    take: Callable[[dict[str, bytes]], None], accept: str, instead: str
) -> None:
    """Lets somebody choose files.

    Colab waits until they are there. Jupyter goes on: its button stays, and whatever is
    chosen with it later takes the place of what was chosen before.

    Args:
        take: Is given the files, their content by name, each time some are chosen. An
            `InputError` of it is shown beside Jupyter's button.
        accept: What the browser is to offer, such as ".zip" or "audio/*".
        instead: What to do where there is no page, a clause.

    Raises:
        InputError: If the code runs in no notebook, or `take` raises it in Colab.
        ImportError: If Jupyter lacks ipywidgets.
    """
    check_in_notebook("Choosing a file", instead)
    if in_colab():
        from google.colab import files

        take(dict(files.upload()))
    else:
        _show_button(take, accept, instead)


def _show_button(
    take: Callable[[dict[str, bytes]], None], accept: str, instead: str
) -> None:
    """Shows Jupyter's button, and below it what became of the files."""
    try:
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            "Choosing a file in Jupyter needs ipywidgets: pip install 'ddsp[colab]'. "
            f"Without it, {instead}."
        ) from error
    from IPython.display import display

    button = ipywidgets.FileUpload(accept=accept, multiple=True)
    told = ipywidgets.HTML()

    def on_change(change: dict[str, Any]) -> None:
        # Files are shown and taken by name; the browser may send two of one name.
        files = {file["name"]: bytes(file["content"]) for file in change["new"]}
        try:
            take(files)
            told.value = html.escape(", ".join(files))
        except InputError as error:
            told.value = html.escape(str(error))

    button.observe(on_change, names="value")
    display(ipywidgets.VBox([button, told]))
