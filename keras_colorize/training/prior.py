"""Measuring how often each class of color occurs in the training photographs."""

from tqdm import tqdm

from keras_colorize.data import pipeline
from keras_colorize.data.source import Source
from keras_colorize.heads import ClassHead


def measure(head: ClassHead, source: Source, size: int, batch_size: int) -> ClassHead:
    """Give a head the prior of these photographs, in one streaming pass.

    Args:
        head: A head without a prior; one with bins has all the bins of its grid for classes.
        source: The photographs to measure.
        size: Side of the central crops whose pixels are counted.
        batch_size: How many photographs are read at a time.

    Returns:
        The head with its prior; a head that keeps only bins that occur has fewer classes.
    """
    options = pipeline.BatchOptions(size, batch_size)
    counts = 0
    with tqdm(
        total=source.count, desc="count colors", unit="photo", disable=None, leave=False
    ) as bar:
        for _, target in pipeline.validation_batches(source, options):
            ab = target["color"].numpy()[..., 1:]
            counts = counts + head.count(ab)
            bar.update(len(ab))
    return head.with_prior(counts)
