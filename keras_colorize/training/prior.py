"""Measuring how often each bin of color occurs in the training photographs."""

import numpy as np
from tqdm import tqdm

from keras_colorize.color import bins
from keras_colorize.data import pipeline
from keras_colorize.data.source import Source
from keras_colorize.heads import GamutBins


def measure(head: GamutBins, source: Source, size: int, batch_size: int) -> GamutBins:
    """Give a head the prior of these photographs, in one streaming pass.

    Args:
        head: A head without a prior, whose classes are all the bins of its grid.
        source: The photographs to measure.
        size: Side of the central crops whose pixels are counted.
        batch_size: How many photographs are read at a time.

    Returns:
        The head with its prior; a head that keeps only bins that occur has fewer classes.
    """
    options = pipeline.BatchOptions(size, batch_size)
    count = len(head.centers)
    counts = np.zeros(count, "int64")
    with tqdm(total=source.count, desc="count colors", unit="photo", leave=False) as bar:
        for _, target in pipeline.validation_batches(source, options):
            classes = bins.nearest_on_lattice(target["color"].numpy()[..., 1:], head.centers)
            counts += np.bincount(classes.ravel(), minlength=count)
            bar.update(len(classes))
    return head.with_prior(counts)
