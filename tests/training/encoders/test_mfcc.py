import numpy as np
import pytest
from golden_layers import assert_as_recorded

from ddsp.training import encoders


def test_encoder_has_the_weights_and_outputs_of_the_original():
    encoder = encoders.MfccTimeDistributedRnnEncoder(6, "gru", 3, 125)
    assert_as_recorded("MfccTimeDistributedRnnEncoder", encoder)


@pytest.mark.parametrize("z_time_steps", [63, 125, 250, 500, 1000])
def test_z_time_steps_counts_the_frames_of_four_seconds(z_time_steps, rng):
    encoder = encoders.MfccTimeDistributedRnnEncoder(2, z_time_steps=z_time_steps)
    audio = rng.normal(size=[1, 64000]).astype(np.float32)
    encoder.rnn = lambda frames: frames  # What the recurrence would read.
    encoder.dense_out = encoder.rnn
    frames = encoder.compute_z(audio)
    assert frames.shape == [1, z_time_steps, 30]
    # Instance normalisation: no coefficient has a mean over time.
    np.testing.assert_allclose(np.mean(frames, axis=1), 0.0, atol=1e-4)


def test_other_rates_are_an_error():
    with pytest.raises(ValueError, match="z_time_steps"):
        encoders.MfccTimeDistributedRnnEncoder(z_time_steps=100)
