"""What does not fit is one line that says what to do."""

from collections.abc import Iterator
from pathlib import Path

import gin
import pytest
import tensorflow as tf
import tiny_training

from ddsp.training import data, fitting
from ddsp.training.errors import InputError


class Picky(tf.keras.layers.Layer):
    """Takes no sound that is longer than eight samples."""

    def call(self, audio: tf.Tensor) -> tf.Tensor:
        if audio.shape[-1] > 8:
            raise ValueError("Sounds must be short. Got 9.")
        return audio


def test_what_keras_says_is_one_line_without_colours() -> None:
    with (
        pytest.raises(InputError) as raised,
        fitting.refusing_what_does_not_fit(),
    ):
        Picky()(tf.zeros([1, 9]))
    assert str(raised.value) == (
        "The model must fit the examples of the dataset. Got: Sounds must be short. "
        "Got 9. Prepare the dataset with the rates and example_secs of the model's "
        "configuration."
    )


def test_what_tensorflow_says_is_one_line_without_names_of_operations() -> None:
    with (
        pytest.raises(InputError, match=r"\[1,3\]") as raised,
        fitting.refusing_what_does_not_fit(),
    ):
        tf.raw_ops.MatMul(a=tf.ones([1, 3]), b=tf.ones([2, 1]))
    text = str(raised.value)
    assert len(text.splitlines()) == 1 and "{{" not in text and "[Op" not in text


def test_an_error_without_words_is_named_by_its_kind() -> None:
    with (
        pytest.raises(InputError, match="Got: ValueError"),
        fitting.refusing_what_does_not_fit(),
    ):
        raise ValueError


def test_other_errors_stay_as_they_are() -> None:
    for error in (InputError("Mine."), RuntimeError("fault")):
        with (
            pytest.raises(type(error)) as raised,
            fitting.refusing_what_does_not_fit(),
        ):
            raise error
        assert raised.value is error


@pytest.fixture
def configured() -> Iterator[None]:
    yield
    gin.clear_config()


NAME = "train.data_provider"


def bind(*lines: str) -> None:
    gin.clear_config()
    gin.parse_config(["import ddsp.training", *lines])


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("reference", "binding"),
    [
        ("data.TFRecordProvider", "TFRecordProvider.file_pattern"),
        ("mine/data.TFRecordProvider", "mine/TFRecordProvider.file_pattern"),
        ("data.LegacyTFRecordProvider", "LegacyTFRecordProvider.file_pattern"),
    ],
)
def test_missing_files_are_asked_for_by_their_binding(
    reference: str, binding: str
) -> None:
    bind(f"{NAME} = @{reference}()")
    with pytest.raises(InputError) as raised:
        fitting.check_provider(NAME)
    assert f"--gin_param=\"{binding}='FOLDER/data.tfrecord*'\"." in str(raised.value)
    bind(f"{NAME} = @{reference}()", f"{binding} = 'x'")
    fitting.check_provider(NAME)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("rate", "wanted", "got"), [("frame_rate", 50, 250), ("sample_rate", 32000, 16000)]
)
def test_rates_of_model_and_dataset_are_both_named(
    tmp_path: Path, rate: str, wanted: int, got: int
) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "dataset")
    lines = [f"{NAME} = @data.TFRecordProvider()"]
    lines += [f"TFRecordProvider.file_pattern = '{dataset}/data.tfrecord*'"]
    bind(*lines, f"{rate} = {wanted}")
    with pytest.raises(InputError) as raised:
        fitting.check_provider(NAME)
    text = str(raised.value).splitlines()[0]
    assert f"with {rate}={wanted}. Got {rate}={got};" in text
    assert text.endswith(f"ddsp prepare RECORDINGS -o DATASET --{rate} {wanted}")
    bind(*lines, f"{rate} = {got}")
    fitting.check_provider(NAME)


@pytest.mark.usefixtures("configured")
def test_records_that_are_changed_are_looked_at_too() -> None:
    bind(
        f"{NAME} = @data.AugmentedProvider()",
        "AugmentedProvider.provider = @data.TFRecordProvider()",
    )
    with pytest.raises(InputError, match=r"no TFRecordProvider\.file_pattern"):
        fitting.check_provider(NAME)


@pytest.mark.usefixtures("configured")
def test_other_providers_and_none_are_not_looked_at() -> None:
    bind()
    fitting.check_provider(NAME)

    @gin.register(module="test_fitting")
    class Tones(data.DataProvider):
        def __init__(self) -> None:
            raise AssertionError("made")

    bind(f"{NAME} = @test_fitting.Tones()")
    fitting.check_provider(NAME)
