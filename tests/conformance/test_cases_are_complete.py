"""A new public class without a row fails here."""

import inspect

from conformance.cases import CASES

from ddsp import effects, losses, processors, synths

BASES = {"Processor", "ProcessorGroup", "Loss"}


def test_every_public_class_has_a_row() -> None:
    modules = (effects, losses, processors, synths)
    public = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__.startswith("ddsp.")
    }
    assert public - BASES - {"TensorDict"} == set(CASES)
