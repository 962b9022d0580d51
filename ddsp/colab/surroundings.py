"""Where code runs: in Colab, in another notebook, or in neither."""

import sys
from typing import Any

from ddsp.training.errors import InputError


def in_colab() -> bool:
    """Whether the code runs in a Colab notebook.

    Returns:
        True where Colab's kernel has loaded `google.colab`. Nothing is imported to find
        out: a program that Colab's kernel starts has no page to talk to.
    """
    return "google.colab" in sys.modules


def notebook_shell() -> Any:
    """Finds IPython's shell, if what it shows goes to a page.

    Returns:
        The shell; None in a terminal or a plain program. Nothing is imported.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def in_notebook() -> bool:
    """Whether there is a page that players, pictures and buttons can be shown on.

    Returns:
        True in Colab, Jupyter and their kin.
    """
    return in_colab() or notebook_shell() is not None


def check_in_notebook(what: str, instead: str) -> None:
    """Refuses what only a notebook can do.

    Args:
        what: What was asked for, as the first words of the message.
        instead: What to do where there is no notebook, a clause.

    Raises:
        InputError: If the code runs in no notebook.
    """
    if not in_notebook():
        raise InputError(
            f"{what} needs a notebook, in Colab or Jupyter. Got a program without a "
            f"page; {instead}."
        )
