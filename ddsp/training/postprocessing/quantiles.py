"""Giving one set of values the distribution of another."""

from typing import Any, overload

import numpy as np
from scipy import special

# The normal distribution has no quantiles at 0 and 1; it is cut off here.
NORMAL_EDGE = 1e-7
SEED = 0


class QuantileTransformer:
    """Maps values to their ranks, from 0 to 1, and back.

    It behaves as the class of this name in scikit-learn, and as the original's copy of
    it, whose place it takes.

    Attributes:
        n_quantiles: Largest number of quantiles.
        output_distribution: "uniform" or "normal".
        subsample: Largest number of rows that quantiles are computed from.
        random_state: What chooses them.
        n_quantiles_: Number of quantiles after fitting.
        references_: Ranks of the quantiles, [n_quantiles_].
        quantiles_: Values at these ranks, [n_quantiles_, n_features].

    Example:
        >>> loudness_db = np.linspace(-60.0, -20.0, 101)[:, np.newaxis]
        >>> ranks = QuantileTransformer(n_quantiles=11).fit(loudness_db)
        >>> float(ranks.transform([[-30.0]])[0, 0])
        0.75
    """

    def __init__(
        self,
        n_quantiles: int = 1000,
        output_distribution: str = "uniform",
        subsample: int = int(1e5),
    ) -> None:
        """Describes the transform.

        Args:
            n_quantiles: Quantiles to store; no more than there are rows.
            output_distribution: "uniform" for ranks from 0 to 1, "normal" for the
                values of a normal distribution at these ranks.
            subsample: Rows to compute quantiles from, if there are more.

        Raises:
            ValueError: If n_quantiles or subsample is not positive, or the
                distribution is unknown.
        """
        for name, value in (("n_quantiles", n_quantiles), ("subsample", subsample)):
            if value <= 0:
                raise ValueError(
                    f"{name} must be positive. Got {name}={value}. Leave it out for "
                    "the usual number."
                )
        if output_distribution not in ("uniform", "normal"):
            raise ValueError(
                "output_distribution must be 'uniform' or 'normal'. Got "
                f"output_distribution={output_distribution!r}. Choose one of them."
            )
        self.n_quantiles = n_quantiles
        self.output_distribution = output_distribution
        self.subsample = subsample
        self.random_state: Any = np.random.RandomState(SEED)

    def fit(self, x: np.ndarray) -> "QuantileTransformer":
        """Computes the quantiles.

        Args:
            x: Values, [n_rows, n_features]; NaN are left out.

        Returns:
            The transformer itself.

        Raises:
            ValueError: If x has another rank, no rows or infinite values.
        """
        x = _check_rows(x)
        if len(x) == 0:
            raise ValueError("x must have rows. Got x with none. Fit more values.")
        self.n_quantiles_ = max(1, min(self.n_quantiles, len(x)))
        self.references_ = np.linspace(0.0, 1.0, self.n_quantiles_)
        if len(x) > self.subsample:
            x = x[self.random_state.choice(len(x), self.subsample, replace=False)]
        quantiles = np.nanpercentile(x, 100.0 * self.references_, axis=0)
        # Interpolated percentiles may fall by a rounding error.
        self.quantiles_ = np.maximum.accumulate(quantiles)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Maps values to ranks.

        Args:
            x: Values, [n_rows, n_features].

        Returns:
            Ranks from 0 to 1, or normal values, float64, of the shape of x. A value
            that fills a range of ranks gets the middle one; NaN stay NaN.

        Raises:
            ValueError: If x does not fit what was fitted.
        """
        x = self._check_fitted(x)
        columns = [
            self._rank(x[:, i], self.quantiles_[:, i]) for i in range(x.shape[1])
        ]
        return np.stack(columns, axis=1)

    def inverse_transform(self, x: np.ndarray) -> np.ndarray:
        """Maps ranks to values.

        Args:
            x: Ranks, [n_rows, n_features], as `transform` gives them.

        Returns:
            Values, float64, of the shape of x; NaN stay NaN.

        Raises:
            ValueError: If x does not fit what was fitted.
        """
        x = self._check_fitted(x)
        if self.output_distribution == "normal":
            x = special.ndtr(x)
            # The ends were cut off on the way here.
            x = np.where(x <= NORMAL_EDGE, 0.0, np.where(x >= 1 - NORMAL_EDGE, 1.0, x))
        columns = [
            np.interp(x[:, i], self.references_, self.quantiles_[:, i])
            for i in range(x.shape[1])
        ]
        return np.stack(columns, axis=1)

    def fit_transform(self, x: np.ndarray) -> np.ndarray:
        """Fits values and maps them.

        Args:
            x: Values, [n_rows, n_features].

        Returns:
            What `transform` gives.
        """
        return self.fit(x).transform(x)

    def _check_fitted(self, x: np.ndarray) -> np.ndarray:
        """Rows of as many features as were fitted."""
        x = _check_rows(x)
        if not hasattr(self, "quantiles_"):
            raise ValueError(
                "The transformer must be fitted. Got one that is not. Call fit first."
            )
        if x.shape[1] != self.quantiles_.shape[1]:
            raise ValueError(
                f"x must have {self.quantiles_.shape[1]} features, as fitted. Got "
                f"x.shape={x.shape}. Use [n_rows, n_features]."
            )
        return x

    def _rank(self, x: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """Ranks of one column."""
        # Of equal quantiles, one interpolation finds the last rank and the other one,
        # run backwards, the first.
        ranks = 0.5 * (
            np.interp(x, quantiles, self.references_)
            - np.interp(-x, -quantiles[::-1], -self.references_[::-1])
        )
        is_normal = self.output_distribution == "normal"
        edge = NORMAL_EDGE if is_normal else 0.0
        ranks[x + edge >= quantiles[-1]] = 1.0
        ranks[x - edge <= quantiles[0]] = 0.0
        if not is_normal:
            return ranks
        low = NORMAL_EDGE - np.spacing(1.0)
        return special.ndtri(np.clip(ranks, low, 1.0 - low))


def _check_rows(x: np.ndarray) -> np.ndarray:
    """Values as float64, [n_rows, n_features], none of them infinite."""
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or np.isinf(x).any():
        raise ValueError(
            "x must be [n_rows, n_features], without infinite values. Got "
            f"x.shape={x.shape}. Use x[:, np.newaxis] for one feature."
        )
    return x


@overload
def fit_quantile_transform(
    loudness_db: np.ndarray, mask_on: np.ndarray, inv_quantile: None = None
) -> QuantileTransformer: ...


@overload
def fit_quantile_transform(
    loudness_db: np.ndarray, mask_on: np.ndarray, inv_quantile: QuantileTransformer
) -> tuple[QuantileTransformer, np.ndarray]: ...


def fit_quantile_transform(
    loudness_db: np.ndarray,
    mask_on: np.ndarray,
    inv_quantile: QuantileTransformer | None = None,
) -> QuantileTransformer | tuple[QuantileTransformer, np.ndarray]:
    """Learns the distribution of the loudness of notes, or replaces it by another one.

    Args:
        loudness_db: Loudness in dB, [n_frames] or [batch, n_frames].
        mask_on: Where notes sound, of the same shape; at least one frame.
        inv_quantile: Fitted transformer of the distribution to give to the notes.

    Returns:
        The transformer of the given loudness. With inv_quantile also the loudness in
        which the notes have the other distribution and the rest is unchanged:
        [n_frames, 1] for [n_frames], otherwise of the shape of loudness_db.

    Raises:
        ValueError: If the shapes differ, or there is no frame with a note.
    """
    loudness_db, mask_on = np.asarray(loudness_db), np.asarray(mask_on, bool)
    if loudness_db.shape != mask_on.shape or not mask_on.any():
        raise ValueError(
            "mask_on must have the shape of loudness_db and one note at least. Got "
            f"loudness_db.shape={loudness_db.shape} and "
            f"mask_on.shape={mask_on.shape} with {mask_on.sum()} frames of notes. "
            "Lower the threshold of detect_notes."
        )
    notes = loudness_db[mask_on][:, np.newaxis]
    transformer = QuantileTransformer()
    ranks = transformer.fit_transform(notes)
    if inv_quantile is None:
        return transformer
    matched = np.array(loudness_db, copy=True)
    matched[mask_on] = inv_quantile.inverse_transform(ranks)[:, 0]
    return transformer, matched[:, np.newaxis] if matched.ndim == 1 else matched
