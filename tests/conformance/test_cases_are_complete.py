"""A new public class without a row fails here, and so does an outdated document."""

import inspect

from conformance.cases import CASES, PROCESSORS
from conformance.checks import CHECKS, DOCUMENT, document

from ddsp import dags, effects, losses, processors, synths

BASES = {"Processor", "ProcessorGroup", "DAGLayer", "Loss", "LossGroup"}


def public_classes() -> set[str]:
    return {
        name
        for module in (effects, losses, processors, synths)
        for name, value in vars(module).items()
        if inspect.isclass(value) and (dags.is_processor(value) or dags.is_loss(value))
    }


def test_every_public_class_has_a_row() -> None:
    assert public_classes() >= {"Harmonic", "Reverb", "SpectralLoss", "Add"}
    assert public_classes() - BASES == set(CASES)


def test_excuses_name_a_check_and_a_reason() -> None:
    for name, case in CASES.items():
        for check, reason in case.skips.items():
            assert check in CHECKS, f"{name} is excused from {check}, which is no check"
            assert len(reason.split()) >= 5, f"{name} needs a reason, not {reason!r}"


def test_every_pitch_is_declared_and_tested_at_a_pitch() -> None:
    found = set()
    for name, case in PROCESSORS.items():
        arguments = [*inspect.signature(case.build().get_controls).parameters]
        if "f0_hz" in arguments:
            found.add(name)
            assert case.pitch == arguments.index("f0_hz"), f"{name} needs pitch="
            assert case.offsets[case.pitch] > 100, f"{name} needs an offset of 440"
    assert found >= {"Harmonic", "Wavetable"}


def test_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "run python tests/conformance/checks.py"
