"""What of the present configuration the package's own files have said."""

from pathlib import Path

import gin
import pytest

from ddsp.training import config

LENGTH = "Reverb.reverb_length"


def test_a_value_of_a_packaged_file_is_the_packages_own() -> None:
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"])
        assert config.is_shipped(LENGTH)
        # Of a file that this one includes.
        assert config.is_shipped("Harmonic.n_samples")


def test_what_is_not_bound_or_unknown_is_not() -> None:
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"])
        assert not config.is_shipped("SpectralLoss.fft_sizes")
        assert not config.is_shipped("NoSuchThing.at_all")


def test_a_value_of_the_user_is_not_even_if_it_is_the_same(tmp_path: Path) -> None:
    mine = tmp_path / "mine.gin"
    mine.write_text(f"include 'models/solo_instrument.gin'\n{LENGTH} = 48000\n")
    with config.isolated_gin():
        config.parse_gin([mine])
        assert not config.is_shipped(LENGTH)
        assert config.is_shipped("RnnFcDecoder.output_splits")
        config.parse_gin(["models/solo_instrument.gin"])
        assert config.is_shipped(LENGTH)
        config.parse_gin([], [f"{LENGTH} = 48000"])
        assert not config.is_shipped(LENGTH)


def test_a_binding_is_no_ones_file_wherever_one_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(config.gin_search_path())
    with config.isolated_gin():
        config.parse_gin([], [f"{LENGTH} = 5"])
        assert not config.is_shipped(LENGTH)


def test_a_binding_by_gin_itself_is_seen() -> None:
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"])
        gin.bind_parameter(LENGTH, 123456)
        assert not config.is_shipped(LENGTH)


def test_macros_have_an_origin_too() -> None:
    with config.isolated_gin():
        config.parse_gin(["models/vst/vst.gin"])
        assert config.is_shipped("%sample_rate")
        config.parse_gin([], ["sample_rate = 24000"])
        assert not config.is_shipped("%sample_rate")


def test_origins_are_set_aside_with_the_configuration() -> None:
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"])
        with config.isolated_gin():
            config.parse_gin([], [f"{LENGTH} = 48000"])
            assert not config.is_shipped(LENGTH)
            assert not config.is_shipped("Harmonic.n_samples")
        assert config.is_shipped(LENGTH)
    assert not config.is_shipped(LENGTH)
