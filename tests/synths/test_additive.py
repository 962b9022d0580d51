"""Code of 2020 runs with its own names."""

import gin
import numpy as np
import tensorflow as tf

import ddsp


def outputs() -> dict[str, tf.Tensor]:
    """What a decoder of the paper gives, held for one second."""
    shares = np.full([1, 100, 3], -10.0, np.float32)
    shares[..., 0] = 5.0
    magnitudes = np.full([1, 100, 65], -20.0, np.float32)
    magnitudes[..., 40:56] = 5.0  # 5 to 7 kHz.
    return {
        "amplitudes": tf.zeros([1, 100, 1]),
        "harmonic_distribution": tf.constant(shares),
        "f0_hz": tf.fill([1, 100, 1], 440.0),
        "magnitudes": tf.constant(magnitudes),
    }


def test_graph_of_the_paper_plays_tone_noise_and_reverb() -> None:
    additive = ddsp.synths.Additive(n_samples=16000)
    filtered_noise = ddsp.synths.FilteredNoise(n_samples=16000)
    reverb = ddsp.effects.TrainableReverb(reverb_length=2000)
    add = ddsp.processors.Add()
    dag = [
        (additive, ["amplitudes", "harmonic_distribution", "f0_hz"]),
        (filtered_noise, ["magnitudes"]),
        (add, ["additive/signal", "filtered_noise/signal"]),
        (reverb, ["add/signal"]),
    ]
    group = ddsp.processors.ProcessorGroup(dag=dag, name="processor_group")
    audio = group(outputs())
    controls = group.get_controls(outputs())
    np.testing.assert_allclose(
        audio.shape, controls["trainable_reverb"]["signal"].shape
    )
    spectrum = np.abs(np.fft.rfft(audio[0])) / 8000  # One second: bin number = Hz.
    # exp_sigmoid(0) is the amplitude, all of it in the first harmonic.
    assert np.argmax(spectrum) == 440
    np.testing.assert_allclose(spectrum[440], 0.4054, atol=5e-3)
    noise = spectrum**2
    assert noise[5200:6800].mean() > 100 * noise[1000:4000].mean()
    (response,) = group.trainable_variables
    assert response.shape == (2000,)
    # An echo at 10 ms adds a copy of the sound, which is in phase after 4.4 cycles.
    response.assign(tf.one_hot(160, 2000))
    dry = controls["additive"]["signal"].numpy()[0]
    controls = group.get_controls(outputs())
    wet = controls["out"]["signal"] - controls["add"]["signal"]
    tone = np.fft.rfft(wet[0, 1600:9600]) / 4000  # Half a second.
    expected = np.fft.rfft(dry[1440:9440]) / 4000
    np.testing.assert_allclose(tone[220], expected[220], atol=5e-3)


def test_old_names_are_the_new_classes_with_other_names() -> None:
    inputs = [
        outputs()[key] for key in ("amplitudes", "harmonic_distribution", "f0_hz")
    ]
    old, new = (
        ddsp.synths.Additive(n_samples=1600),
        ddsp.synths.Harmonic(n_samples=1600),
    )
    np.testing.assert_array_equal(old(*inputs), new(*inputs))
    assert isinstance(old, ddsp.synths.Harmonic)
    assert isinstance(ddsp.effects.TrainableReverb(), ddsp.effects.Reverb)
    assert (old.name, new.name) == ("additive", "harmonic")


def test_old_gin_files_find_the_old_names() -> None:
    gin.parse_config("""
        ProcessorGroup.dag = [
            (@synths.Additive(), ['amps', 'shares', 'f0_hz']),
            (@effects.TrainableReverb(), ['additive/signal']),
        ]
        Additive.n_samples = 320
        TrainableReverb.reverb_length = 20
        """)
    group = ddsp.processors.ProcessorGroup()
    assert group.processor_names == ["additive", "trainable_reverb"]
    frames = tf.ones([1, 10, 1])
    group({"amps": frames, "shares": frames, "f0_hz": 440.0 * frames})
    assert group.trainable_reverb.reverb_length == 20
    assert [variable.shape for variable in group.trainable_variables] == [(20,)]
