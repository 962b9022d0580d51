"""The interface of evaluators, and their names in gin."""

import gin
import pytest

from ddsp.training import evaluators

NAMES = [name for name in evaluators.__all__ if name != "BaseEvaluator"]


@pytest.mark.parametrize("name", NAMES)
def test_gin_knows_evaluators_by_the_original_s_name(name: str) -> None:
    gin.parse_config(f"evaluators = [@ddsp.training.evaluators.{name}]")
    (evaluator_class,) = gin.query_parameter("%evaluators")
    assert isinstance(
        evaluator_class.scoped_configurable_fn(16000, 250), getattr(evaluators, name)
    )


def test_base_class_does_nothing() -> None:
    base = evaluators.BaseEvaluator(16000, 250)
    assert base.evaluate({}, {}, {}) is None
    assert base.sample({}, {}, step=1) is None
    assert base.flush(step=1) == {}
    base.set_rates(48000, 50)
    assert (base._sample_rate, base._frame_rate) == (48000, 50)
