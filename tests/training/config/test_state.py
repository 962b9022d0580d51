import gin
import pytest

from ddsp.training import config, models


@pytest.mark.parametrize("fails", [False, True])
def test_isolation_leaves_everything_as_it_was(fails):
    config.parse_gin([], ["size = 3", "RnnFcDecoder.ch = %size"])
    gin.get_configurable("exp_sigmoid")(0.0)
    before, operative = gin.config_str(), gin.operative_config_str()
    gin.finalize()
    try:
        with config.isolated_gin():
            assert gin.config_str().strip() == ""
            config.parse_gin(["models/ae.gin"], ["RnnFcDecoder.ch = 9", "size = 4"])
            models.get_model()
            if fails:
                raise KeyError("anything")
    except KeyError:
        assert fails
    assert gin.config_is_locked()
    assert (gin.config_str(), gin.operative_config_str()) == (before, operative)
    assert "RnnFcDecoder.ch = %size" in before


def test_the_operative_config_builds_the_same_model():
    settings = ["RnnFcDecoder.ch = 4", "RnnFcDecoder.rnn_channels = 5"]
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"], settings)
        models.get_model()
        text = config.operative_config_str()
    config.parse_gin([], [text])
    decoder = models.Autoencoder().decoder
    assert decoder.rnn.rnn.units == 5
    assert decoder.dense_out.units == 126
