import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

from ddsp.training import nn


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("polyphase_down3_pad", (3, "down", "pad")),
        ("polyphase_down5_trim", (5, "down", "trim")),
        ("polyphase_down5_pad", (5, "down", "pad")),
        ("polyphase_up2", (2, "up", "pad")),
        ("polyphase_up3_trim", (3, "up", "trim")),
    ],
)
def test_values_are_those_of_the_original(name, arguments):
    recorded = np.load(FOLDER / "functions.npz")
    value = nn.polyphase_resample(recorded["in/x"], *arguments)
    np.testing.assert_array_equal(value, recorded[name])
    layer = nn.PolyphaseResample(*arguments)
    np.testing.assert_array_equal(layer(recorded["in/x"]), recorded[name])


@pytest.mark.parametrize(("n_frames", "stride"), [(4, 2), (5, 5), (4, 1), (7, 3)])
@pytest.mark.parametrize("rank", [3, 4])
def test_down_and_up_lose_nothing(n_frames, stride, rank, rng):
    shape = [2, n_frames, 3] if rank == 3 else [2, n_frames, 1, 3]
    x = rng.normal(size=shape).astype(np.float32)
    down = nn.polyphase_resample(x, stride, "down")
    up = nn.polyphase_resample(down, stride, "up").numpy()
    np.testing.assert_array_equal(up[:, :n_frames], x)
    assert not up[:, n_frames:].any()


@pytest.mark.parametrize("trim_or_pad", ["trim", "pad"])
def test_frames_may_be_unknown_when_traced_and_compiled(trim_or_pad, rng):
    x = rng.normal(size=[2, 7, 6]).astype(np.float32)
    for resample_type in ("down", "up"):
        layer = nn.PolyphaseResample(3, resample_type, trim_or_pad)
        spec = tf.TensorSpec([None, None, 6])
        traced = tf.function(layer, input_signature=[spec], jit_compile=True)
        np.testing.assert_array_equal(traced(x), layer(x))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("stride", {"stride": 0}),
        ("resample_type", {"resample_type": "sideways"}),
        ("trim_or_pad", {"trim_or_pad": "cut"}),
    ],
)
def test_unknown_choices_are_errors(name, arguments):
    with pytest.raises(ValueError, match=f"{name} must be"):
        nn.polyphase_resample(tf.zeros([1, 4, 2]), **arguments)
    with pytest.raises(ValueError, match=f"{name} must be"):
        nn.PolyphaseResample(**arguments)


@pytest.mark.parametrize("shape", [[4, 2], [1, 4, 3, 2]])
def test_what_is_no_sequence_is_an_error(shape):
    with pytest.raises(ValueError, match="x must have shape"):
        nn.polyphase_resample(tf.zeros(shape))
