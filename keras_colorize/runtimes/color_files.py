"""Coloring photographs from files into files."""

import sys

from tqdm import tqdm

from keras_colorize import cli, errors
from keras_colorize.data import jobs, photographs


def color_files(
    inputs: list[str],
    out: str,
    model: str,
    decoding: str | None = None,
    temperature: float | None = None,
    chroma: float = 1.0,
    saliency: bool = False,
) -> list[tuple[str, str]]:
    """Color files, folders and globs; one bad file does not stop the others.

    Args:
        inputs: Photographs, folders (recursive) or globs.
        out: A folder, made if need be; or, for a single photograph, the file to write.
        model: The name or the folder of a Colorizer, or a run's folder.
        decoding: `argmax`, `mean` or `sample`, for models with classes.
        temperature: What `mean` and `sample` use: small is vivid, large is cautious.
        chroma: Factor on a* and b*, for any model.
        saliency: Whether each picture NAME.jpg gets a saliency map NAME.saliency.png beside it.

    Returns:
        The files that could not be colored, each with its reason.

    Raises:
        UsageError: Nothing to color, a model that cannot be loaded, an output that cannot be
            written.
    """
    plan = jobs.plan(inputs, out, saliency)
    if not plan.jobs:
        raise errors.UsageError("\n".join(reason for _, reason in plan.failed))
    cli.make_folder(plan.jobs[0].picture.parent if jobs.is_picture_file(out) else out, "out")
    for name, reason in plan.left_out:
        print(f"Not colored: {name}: {reason}", file=sys.stderr)
    cli.start_keras()
    from keras_colorize.colorizer import load  # wrong usage is told before Keras has started

    colorizer = load(model)
    colorizer.decode_by(decoding, temperature, chroma)
    if saliency:
        colorizer.check_saliency()
    failed = list(plan.failed)
    with tqdm(plan.jobs, unit="photo", disable=None) as bar:
        for job in bar:
            bar.set_postfix_str(job.source.name)
            try:
                _color(colorizer, job)
            except Exception as error:  # whatever is wrong with one, the others go on
                failed.append((str(job.source), str(error) or type(error).__name__))
    return failed


def _color(colorizer, job: jobs.Job) -> None:
    photograph, extras = photographs.read_with_extras(job.source)
    colored = colorizer.colorize(photograph)
    job.picture.parent.mkdir(parents=True, exist_ok=True)
    photographs.write(job.picture, colored, **extras)
    if job.saliency:
        photographs.write(job.saliency, colorizer.saliency(photograph))
