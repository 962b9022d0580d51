"""Values of another model: those that fit are taken, the rest is named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tiny_training
from toy_training import KERNEL, Toy, make_batch, make_trainer

from ddsp import pretrained
from ddsp.training import checkpoints, trainers
from ddsp.training.errors import InputError
from ddsp.training.loop.fine_tuning import Initialized, find_checkpoint, initialize_from


def values(trainer: trainers.Trainer) -> dict[str, np.ndarray]:
    named = checkpoints.named_variables(trainer.model)
    return {name: variable.numpy() for name, variable in named.items()}


def trained(folder: Path, n_units: int = 16) -> trainers.Trainer:
    trainer = make_trainer(n_units=n_units)
    for variable in trainer.model.weights:
        variable.assign(variable + 1.0)
    trainer.optimizer.iterations.assign(40)
    trainer.save(folder)
    return trainer


def test_all_that_fits_is_taken(tmp_path: Path) -> None:
    source, target = trained(tmp_path), make_trainer()
    done = initialize_from(target.model, tmp_path)
    expected = values(source)
    assert len(expected) == 11
    for name, value in values(target).items():
        np.testing.assert_array_equal(value, expected[name])
    assert set(done.matched) == set(expected)
    assert done.unmatched == {}
    assert done.path == str(tmp_path / "ckpt-40")


def test_a_model_that_takes_hardly_anything_is_doubted() -> None:
    names = [f"decoder/{i}" for i in range(5)]
    for n_matched, doubts in ((2, 1), (3, 0)):
        taken, left = names[:n_matched], names[n_matched:]
        done = Initialized("a/ckpt-1", tuple(taken), dict.fromkeys(left, "not there"))
        assert done.report().count("most of what was asked for begins anew") == doubts


def test_neither_the_step_nor_the_moments_are_touched(tmp_path: Path) -> None:
    trained(tmp_path)
    target = make_trainer()
    target.train_step(make_batch())
    before = [v.numpy() for v in target.optimizer.variables]
    initialize_from(target.model, tmp_path)
    assert int(target.step) == 1
    assert len(before) > 20
    for a, b in zip(before, target.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_other_parts_keep_their_values(tmp_path: Path) -> None:
    source, target = trained(tmp_path), make_trainer()
    before, expected = values(target), values(source)
    done = initialize_from(target.model, tmp_path, parts=["decoder/hidden", "encoder"])
    assert len(done.matched) == 6
    for name, value in values(target).items():
        taken = name.startswith(("decoder/hidden/", "encoder/"))
        assert taken == (name in done.matched)
        np.testing.assert_array_equal(value, (expected if taken else before)[name])


def test_other_shapes_are_named_and_left(tmp_path: Path) -> None:
    source, target = trained(tmp_path, n_units=5), make_trainer()
    before, expected = values(target), values(source)
    done = initialize_from(target.model, tmp_path, parts="decoder")
    assert done.matched == ("decoder/dense_out/bias",)
    assert done.unmatched[KERNEL] == "[5, 2] there, [16, 2] here"
    assert len(done.unmatched) == 3
    after = values(target)
    np.testing.assert_array_equal(after[KERNEL], before[KERNEL])
    bias = "decoder/dense_out/bias"
    np.testing.assert_array_equal(after[bias], expected[bias])


def test_what_is_missing_there_is_named_and_left(tmp_path: Path) -> None:
    source = make_trainer()
    source.model.normalized = None
    checkpoints.save_checkpoint(Parts(source.model), None, tmp_path, step=3)
    target = make_trainer()
    done = initialize_from(target.model, tmp_path)
    assert len(done.matched) == 8
    assert "normalized/sn_u" in done.unmatched
    assert set(done.unmatched.values()) == {"not there"}


class Parts(tf.keras.layers.Layer):
    """Encoder and decoder of a model."""

    def __init__(self, model: Toy) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.decoder = model.decoder
        self.built = True


@pytest.mark.parametrize("parts", [["decodre"], [], ["decoder", "hidden"]])
def test_parts_that_name_nothing_are_an_error(tmp_path: Path, parts: list[str]) -> None:
    trained(tmp_path)
    target = make_trainer()
    before = values(target)
    with pytest.raises(InputError, match="parts must name"):
        initialize_from(target.model, tmp_path, parts=parts)
    for name, value in values(target).items():
        np.testing.assert_array_equal(value, before[name])


def test_parts_that_match_nothing_are_an_error(tmp_path: Path) -> None:
    trained(tmp_path, n_units=5)
    target = make_trainer()
    before = values(target)
    with pytest.raises(InputError, match=r"hidden.*\[4, 5\] there, \[4, 16\] here"):
        initialize_from(target.model, tmp_path, parts=["decoder", "encoder/hidden"])
    for name, value in values(target).items():
        np.testing.assert_array_equal(value, before[name])


def test_another_kind_of_model_is_an_error(tmp_path: Path) -> None:
    checkpoints.save_checkpoint(tf.keras.layers.Identity(), None, tmp_path, step=3)
    with pytest.raises(InputError, match=r"nothing matches.*not there"):
        initialize_from(make_trainer().model, tmp_path)


def test_a_model_without_variables_is_an_error(tmp_path: Path) -> None:
    trained(tmp_path)
    with pytest.raises(ValueError, match="call the model"):
        initialize_from(tf.keras.layers.Dense(1), tmp_path)


def test_models_are_found_by_name_folder_zip_and_checkpoint(tmp_path: Path) -> None:
    bundled = pretrained.model_folder("violin")
    expected = find_checkpoint("violin")
    assert Path(expected).parent == bundled
    assert find_checkpoint(bundled) == expected
    assert find_checkpoint(expected) == expected
    archive = shutil.make_archive(str(tmp_path / "violin"), "zip", bundled)
    unpacked = find_checkpoint(archive)
    assert Path(unpacked).name == Path(expected).name
    index = Path(f"{expected}.index").read_bytes()
    assert Path(f"{unpacked}.index").read_bytes() == index


@pytest.mark.parametrize("path", ["nowhere", "nowhere.zip", "nowhere/ckpt-3"])
def test_a_model_that_is_not_there_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="nowhere"):
        initialize_from(make_trainer().model, tmp_path / path)


def test_a_variable_folder_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path)
    monkeypatch.setenv("MY_MODELS", str(tmp_path))
    assert find_checkpoint("$MY_MODELS") == str(tmp_path / "ckpt-40")


def test_the_bundled_violin_serves_another_model() -> None:
    trainer = tiny_training.make_trainer()
    trainer.build(next(iter(tiny_training.ToneProvider().get_batch(1))))
    with pytest.raises(InputError, match="nothing matches"):
        initialize_from(trainer.model, "violin", parts="decoder/rnn")


def test_the_report_names_parts_and_variables() -> None:
    done = Initialized(
        "violin/ckpt-3000",
        ("decoder/a", "reverb/ir", "decoder/b"),
        {f"encoder/{i}": "not there" for i in range(9)},
    )
    lines = done.report().splitlines()
    assert lines[0] == "3 of 12 variables from violin/ckpt-3000"
    assert lines[1] == "  taken: decoder (2), reverb (1)"
    assert lines[2].startswith("  most of what was asked for begins anew")
    assert lines[3] == "  left: encoder/0 (not there)"
    assert lines[10] == "  left: encoder/7 (not there)"
    assert lines[11:] == ["  and 1 more"]


def test_a_report_of_eight_shows_all() -> None:
    left = {f"encoder/{i}": "not there" for i in range(8)}
    lines = Initialized("violin", ("decoder/a",), left).report().splitlines()
    assert lines[-1] == "  left: encoder/7 (not there)"
