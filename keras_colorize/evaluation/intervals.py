"""Confidence intervals of means over photographs, by bootstrap, and paired tests.

References:
    [1] B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, §13 (percentile interval)
        and §15 (permutation tests).
"""

import numpy as np

REPLICATES = 1000  # bootstrap draws
FLIPS = 9999  # random signs in the paired test
CONFIDENCE = 0.95
SETTINGS = {"confidence": CONFIDENCE, "replicates": REPLICATES, "flips": FLIPS}
_CHUNK = 2**22  # random numbers drawn at a time


def means(columns: np.ndarray) -> np.ndarray:
    """Return the mean of each column over the photographs in which it is defined (not NaN).

    Args:
        columns: `(N, K)`, a row for each photograph.

    Returns:
        `(K,)`; NaN where a column is defined nowhere.
    """
    return _weighted(np.ones((1, len(columns))), *_parts(columns))[0]


def bootstrap(columns: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    """Return `means` of photographs drawn with replacement, as many as there are.

    Args:
        columns: `(N, K)`, a row for each photograph; a draw takes whole rows.
        replicates: The number of draws.
        seed: The draws depend on it and N alone, so that all rows of a table share them.

    Returns:
        `(replicates, K)`.
    """
    generator, count, found = np.random.default_rng(seed), len(columns), []
    parts = _parts(columns)
    for start in range(0, replicates, step := max(1, _CHUNK // count)):
        some = min(step, replicates - start)
        drawn = generator.integers(count, size=(some, count))
        drawn += count * np.arange(some)[:, None]
        times = np.bincount(drawn.ravel(), minlength=some * count).reshape(some, count)
        found.append(_weighted(times.astype("float64"), *parts))
    return np.concatenate(found)


def _parts(columns):
    """Split columns into their finite values, and masks of what is defined and what is infinite."""
    finite = np.where(np.isfinite(columns), columns, 0.0)
    return finite, (~np.isnan(columns)).astype("float64"), np.isinf(columns).astype("float64")


def _weighted(times, finite, defined, infinite):
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = times @ finite / (times @ defined)
    return np.where(times @ infinite > 0, np.inf, mean)


def percentile(replicates: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval [1, §13.3] of a number that was computed for each draw."""
    replicates = replicates[~np.isnan(replicates)]
    if not replicates.size:
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    # `inverted_cdf` takes values that occur: nothing is interpolated with infinity.
    ends = np.quantile(replicates, [tail, 1 - tail], method="inverted_cdf")
    return float(ends[0]), float(ends[1])


def paired_test(one: np.ndarray, other: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Test whether two rows of a table differ on the same photographs.

    A sign-flip permutation test of the mean difference: if neither were better, each photograph's
    difference could as well have the other sign. All signs are tried where there are few enough of
    them; else `FLIPS` random ones, the one observed among them [1, §15].

    Args:
        one: `(N,)`, a metric of each photograph.
        other: `(N,)`, of the same photographs; those undefined or infinite in either do not count.
        seed: Seed of the signs and of the bootstrap.

    Returns:
        `difference`, the mean of one − other, with `low` and `high` of its bootstrap interval, the
        two-sided `p`, and `photographs`, the number that counted.
    """
    difference = np.asarray(one, "float64") - np.asarray(other, "float64")
    difference = difference[np.isfinite(difference)]
    count = len(difference)
    if not count:
        return dict.fromkeys(("difference", "low", "high", "p"), float("nan")) | {"photographs": 0}
    observed, total = difference.mean(), abs(difference.sum())
    generator, reached = np.random.default_rng(seed), 0
    sampled = 2**count > FLIPS
    tries = FLIPS if sampled else 2**count
    for start in range(0, tries, step := max(1, _CHUNK // count)):
        numbers = np.arange(start, min(start + step, tries))
        if sampled:
            bits = generator.integers(2, size=(len(numbers), count))
        else:
            bits = numbers[:, None] >> np.arange(count) & 1
        sums = np.abs((2.0 * bits - 1) @ difference)
        reached += int(np.count_nonzero(sums >= total * (1 - 1e-12)))
    low, high = percentile(bootstrap(difference[:, None], seed=seed)[:, 0])
    return {
        "difference": float(observed),
        "low": low,
        "high": high,
        "p": (reached + sampled) / (tries + sampled),
        "photographs": count,
    }
