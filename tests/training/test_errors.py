"""What libraries say becomes one line that tells what to do."""

from pathlib import Path

import pytest
import tensorflow as tf

from ddsp.training.errors import InputError, first_line, reason, writing


@pytest.mark.parametrize(
    "message",
    [
        "model/x; Disk full",
        "Disk full",
        "{{function_node __wrapped__Save_device_/job:x}} model/x; Disk full [Op:Save]",
        "{{function_node F}} model/x; Disk full [Op:CreateSummaryFileWriter] name: ",
        "model/a; b; Disk full\n\tFailed to flush 1 events to model/x",
    ],
)
def test_the_reason_is_what_tensorflow_puts_around_it(message: str) -> None:
    assert reason(tf.errors.UnknownError(None, None, message)) == "Disk full"


def test_the_reason_of_the_system_is_its_own_word() -> None:
    assert reason(OSError(28, "No space left on device", "model/x")) == (
        "No space left on device"
    )
    assert reason(OSError("model/x; gone")) == "gone"


def test_an_error_without_words_has_its_kind_for_a_reason() -> None:
    assert reason(OSError()) == "OSError"
    error = tf.errors.UnknownError(None, None, "")
    assert reason(error) == "UnknownError"


def test_the_name_of_an_operation_is_no_part_of_a_line() -> None:
    error = tf.errors.UnknownError(None, None, "No [Op:MatMul] name: product\nmore")
    assert first_line(error) == "No"


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "Disk full"),
        PermissionError(13, "Disk full"),
        tf.errors.ResourceExhaustedError(None, None, "model/x; Disk full"),
        tf.errors.OutOfRangeError(None, None, "Disk full"),
    ],
)
def test_a_place_that_takes_no_more_is_one_line(error: Exception) -> None:
    with pytest.raises(InputError) as raised, writing("Audio", Path("model", "x")):
        raise error
    assert str(raised.value) == (
        "Audio must go to a place that can be written. Got model/x (Disk full); make "
        "room, or choose another folder."
    )
    assert raised.value.__cause__ is error
    with (
        pytest.raises(InputError, match=r"\(Disk full\); pray\.$"),
        writing("Audio", "x", "pray"),
    ):
        raise error


@pytest.mark.parametrize(
    "error", [ValueError("no"), InputError("mine"), KeyboardInterrupt()]
)
def test_other_errors_are_not_about_the_place(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, writing("Audio", "x"):
        raise error
    assert raised.value is error
