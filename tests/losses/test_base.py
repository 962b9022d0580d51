"""Mean differences by hand, and losses in groups."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import losses

TARGET, VALUE = tf.constant([[1.0, 0.0]]), tf.constant([[0.0, 3.0]])


@pytest.mark.parametrize(
    ("loss_type", "expected"), [("L1", 2.0), ("l2", 5.0), ("COSINE", 1.0)]
)
def test_difference_by_type(loss_type: str, expected: float) -> None:
    np.testing.assert_allclose(
        losses.mean_difference(TARGET, VALUE, loss_type), expected, rtol=1e-6
    )


def test_cosine_ignores_length_and_sees_direction() -> None:
    vector = tf.constant([[3.0, 4.0]])
    for other, expected in ((2 * vector, 0.0), (-vector, 2.0)):
        distance = losses.mean_difference(vector, other, "COSINE")
        np.testing.assert_allclose(distance, expected, atol=1e-6)


@pytest.mark.parametrize("size", [1e-18, 1e-10, 1e10, 1e30])
def test_cosine_sees_direction_at_any_length(size: float) -> None:
    rights = tf.constant([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    lefts = tf.constant([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    target, value = size * rights, size * lefts
    with tf.GradientTape() as tape:
        tape.watch(target)
        distance = losses.mean_difference(target, value, "COSINE")
    np.testing.assert_allclose(distance, (1 - np.sqrt(0.5)) / 2, rtol=1e-5)
    # Turning the second vector towards the other is downhill, by sin 45 / length.
    gradient = tape.gradient(distance, target).numpy() * size
    np.testing.assert_allclose(gradient[0], np.zeros(4), atol=1e-6)
    np.testing.assert_allclose(gradient[1], [0, -np.sqrt(0.5) / 2, 0, 0], atol=1e-6)


def test_cosine_to_silence_is_one() -> None:
    zeros, ones = tf.zeros([3, 4]), tf.ones([3, 4])
    for pair in ((zeros, ones), (ones, zeros), (zeros, zeros)):
        assert float(losses.mean_difference(*pair, "COSINE")) == 1.0


def test_cosine_of_silence_has_a_finite_gradient() -> None:
    silence = tf.zeros([1, 4])
    with tf.GradientTape() as tape:
        tape.watch(silence)
        distance = losses.mean_difference(silence, tf.ones([1, 4]), "COSINE")
    assert np.isfinite(tape.gradient(distance, silence)).all()


def test_weights_scale_each_difference() -> None:
    weighted = losses.mean_difference(TARGET, VALUE, weights=tf.constant([[0.0, 2.0]]))
    np.testing.assert_allclose(weighted, 3.0)


def test_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match="L3"):
        losses.mean_difference(TARGET, VALUE, "L3")


ONE_TWO = {"one": tf.constant([[1.0, 1.0]]), "two": tf.constant([[2.0, 4.0]])}
KEYS = ["one", "two"]


def test_group_returns_each_loss_under_its_own_name() -> None:
    group = losses.LossGroup(
        [("pitch_loss", KEYS), (losses.ParamLoss(10.0, name="plain"), KEYS)],
        pitch_loss=losses.ParamLoss(1.0, "L2", name="pitch"),
    )
    assert group.loss_names == ["pitch_loss", "plain"]
    for found in (group(ONE_TWO), group.get_losses_dict(ONE_TWO)):
        assert list(found) == ["pitch", "plain"]
        np.testing.assert_allclose(list(found.values()), [5.0, 20.0])


def test_loss_that_no_node_uses_is_left_out() -> None:
    group = losses.LossGroup(
        [("used", KEYS)],
        used=losses.ParamLoss(name="used_name"),
        unused=losses.ParamLoss(name="unused_name"),
    )
    assert list(group(ONE_TWO)) == ["used_name"]


def test_losses_with_parts_are_flat_and_can_be_added_up() -> None:
    loss = losses.HarmonicConsistencyLoss(f0_weight=0.0)
    group = losses.LossGroup(
        [(loss, KEYS * 3), (losses.ParamLoss(), KEYS), (losses.SpectralLoss(), KEYS)]
    )
    found = group(ONE_TWO)
    parts = ["harm_amp_loss", "harm_dist_loss", "f0_hz_loss"]
    assert list(found) == [*parts, "param_loss", "spectral_loss"]
    np.testing.assert_allclose([found[x] for x in parts], [2.0, 2.0, 0.0])
    assert np.isfinite(tf.add_n(list(found.values())))


def test_groups_can_be_in_groups() -> None:
    inner = losses.LossGroup([(losses.ParamLoss(), KEYS)], name="inner")
    outer = losses.LossGroup([(inner, ["inputs"])])
    np.testing.assert_allclose(outer(ONE_TWO)["param_loss"], 2.0)


def test_two_losses_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="name='param_loss' twice"):
        losses.LossGroup(
            [("a", KEYS), ("b", KEYS)], a=losses.ParamLoss(), b=losses.ParamLoss()
        )
    with pytest.raises(ValueError, match="name='param_loss' twice"):
        losses.LossGroup([("a", KEYS), ("a", KEYS)], a=losses.ParamLoss())
    twins = [losses.HarmonicConsistencyLoss(name=name) for name in ("a", "b")]
    group = losses.LossGroup([(twin, KEYS * 3) for twin in twins])
    with pytest.raises(ValueError, match="name='harm_amp_loss' twice"):
        group(ONE_TWO)


def test_modules_that_are_no_losses_are_refused() -> None:
    layer = tf.keras.layers.Rescaling(2.0, name="layer")
    with pytest.raises(ValueError, match=r"must be losses. Got \['layer'\]"):
        losses.LossGroup([(layer, ["one"], ["two"])])


def test_losses_of_keras_are_collected_in_spite_of_the_group() -> None:
    class Model(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embed = tf.keras.layers.Dense(1, activity_regularizer="l2")
            loss = losses.EmbeddingLoss(pretrained_model=self.embed)
            self.group = losses.LossGroup([(loss, KEYS)])

        def call(self, inputs: dict) -> dict:
            return self.group(inputs)

    model = Model()
    found = model(ONE_TWO)
    assert len(model.losses) == 2  # The dense layer's, from its two calls.
    assert all(float(loss) > 0 for loss in model.losses)
    assert [loss.name for loss in model.group.losses] == list(found)
    model(ONE_TWO)
    assert len(model.losses) == 2


def test_group_is_made_by_gin_with_references_by_keyword() -> None:
    gin.parse_config(
        """
        recon/LossGroup.dag = [['f0_loss', ['one', 'two']], ['hd_loss', ['one', 'two']]]
        recon/LossGroup.f0_loss = @f0/losses.ParamLoss()
        f0/ParamLoss.weight = 50.0
        f0/ParamLoss.name = 'f0_reconstruction'
        recon/LossGroup.hd_loss = @hd/losses.ParamLoss()
        hd/ParamLoss.name = 'hd_reconstruction'
        """
    )
    with gin.config_scope("recon"):
        group = gin.get_configurable("losses.LossGroup")()
    found = {name: float(loss) for name, loss in group(ONE_TWO).items()}
    assert found == {"f0_reconstruction": 100.0, "hd_reconstruction": 2.0}


def test_original_names_are_reexported() -> None:
    names = ["TensorDict", "hz_to_midi", "safe_divide", "tf_float32", "tfkl"]
    assert all(hasattr(losses, name) for name in names)
