"""Train a network with Keras on JAX, where an accelerator is borrowed and TensorFlow is not there.

    KERAS_BACKEND=jax python examples/train_on_jax.py "data/train-*.tar" --val data/val.tar -o run

The photographs of the tar shards are decoded once, brought to one small square each and kept in the
device's memory; windows, mirroring and Lab are computed there, in the compiled step. Arithmetic is
bfloat16, weights are float32. A checkpoint is written every minute, and the same command goes on
from it. What comes out is `RUN/model`, for `keras-colorize colorize --model RUN`: weights do
not care which backend trained them.

For networks with one loss: no GANs, no variational ones. `keras-colorize train` does all of them.

Shared with `train`: the checks of the recipe's keys, the optimizer with its schedule and its moving
average (`training/optimizers.py`), how large windows are (`data/windows.py`), and the Colorizer
with its folder. Not shared, because it is TensorFlow there: the input pipeline (here photographs
lie in the device's memory, and JAX draws their windows), the order of photographs, the loop (here
one compiled call takes 20 steps), checkpoints (here arrays in one file), and how often each bin of
color occurs.
"""

import argparse
import concurrent.futures
import glob
import hashlib
import sys
import tarfile
import time
from pathlib import Path

import cv2
import jax
import keras
import numpy as np
from jax import numpy as jnp

from keras_colorize import cli, files, heads, load, models
from keras_colorize.color import lab
from keras_colorize.colorizer import Colorizer
from keras_colorize.data.windows import draw_share
from keras_colorize.training import optimizers
from keras_colorize.training import recipe as recipes
from keras_colorize.training.recipe import Recipe

CHUNK = 20  # steps in one call of the device
CHECKPOINT_SECONDS = 60.0


# ---- photographs ----


def read_shards(pattern: str, side: int) -> tuple[np.ndarray, list[str]]:
    """Decode tar shards: squares uint8 `(N, side, side, 3)`, and a digest of each photograph.

    The short side comes to `side`; of the long side a window is kept whose place is drawn once.
    """

    def decode(encoded):
        bgr = cv2.imdecode(np.frombuffer(encoded, "uint8"), cv2.IMREAD_COLOR)
        if bgr is None:
            return None
        digest = hashlib.sha256(encoded).hexdigest()[:16]
        scale = side / min(bgr.shape[:2])
        height, width = (max(side, round(length * scale)) for length in bgr.shape[:2])
        bgr = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA)
        draw = int(digest[:8], 16) / 2**32
        top, left = int(draw * (height - side + 1)), int(draw * (width - side + 1))
        return bgr[top : top + side, left : left + side, ::-1], digest

    def encoded():
        for path in sorted(glob.glob(pattern)):
            with tarfile.open(path) as shard:
                for member in shard:
                    if member.isfile():
                        yield shard.extractfile(member).read()

    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = [item for item in pool.map(decode, encoded()) if item is not None]
    if not found:
        sys.exit(f"There are no photographs in {pattern!r}.")
    return np.stack([square for square, _ in found]), [digest for _, digest in found]


def windows(squares, key, size, smallest):
    """Cut random windows and mirror half of them, on the device: uint8 → float32 sRGB in 0…1."""
    count, side = squares.shape[:2]
    draws = jax.random.uniform(key, (count, 4))

    def cut(square, draw):
        window = side * draw_share(draw[0], smallest)
        scale = jnp.full(2, size / window)
        corner = draw[1:3] * (side - window)
        picture = jax.image.scale_and_translate(
            square / 255.0, (size, size, 3), (0, 1), scale, -corner * scale, "linear"
        )
        return jnp.where(draw[3] < 0.5, picture, picture[:, ::-1])

    return jnp.clip(jax.vmap(cut)(squares, draws), 0, 1)


# ---- training ----


class Training:
    """The state of a run as plain arrays, and the compiled functions that change it."""

    def __init__(self, colorizer: Colorizer, recipe: Recipe, squares):
        self.colorizer, self.network = colorizer, colorizer.network
        self.recipe, self.squares = recipe, jnp.asarray(squares)
        self.optimizer = optimizers.make(recipe, recipe.lr, recipe.steps)
        trained, others = self.network.trainable_variables, self.network.non_trainable_variables
        self.optimizer.build(trained)
        # The optimizer's variables hold the moving average, too.
        self.variables = trained, others, self.optimizer.variables
        self.state = [[jnp.copy(v.value) for v in group] for group in self.variables]
        self.steps = jax.jit(self._steps, donate_argnums=0)

    def order(self, step: int, count: int) -> np.ndarray:
        """Return the numbers of the photographs of `count` steps from `step` on: `(count, B)`."""
        batch_size = self.recipe.batch_size
        numbers = np.arange(step * batch_size, (step + count) * batch_size)
        epochs, places = np.divmod(numbers, len(self.squares))
        for epoch in np.unique(epochs):
            order = np.random.default_rng((self.recipe.seed, epoch)).permutation(len(self.squares))
            numbers[epochs == epoch] = order[places[epochs == epoch]]
        return numbers.reshape(count, batch_size)

    def _steps(self, state, first, order):
        recipe, size = self.recipe, self.colorizer.size

        def loss_of(trained, others, photograph):
            outputs, others = self.network.stateless_call(
                trained, others, {"lightness": photograph[..., :1]}, training=True
            )
            return jnp.mean(self.colorizer.head.loss(photograph, outputs["color"])), others

        def step(carried, item):
            (trained, others, optimizer), (number, photographs) = carried, item
            key = jax.random.fold_in(jax.random.key(recipe.seed), number)
            pictures = windows(self.squares[photographs], key, size, recipe.crop)
            gradient = jax.value_and_grad(loss_of, has_aux=True)
            (loss, others), gradients = gradient(trained, others, lab.rgb_to_lab(pictures))
            trained, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trained)
            return [trained, others, optimizer], loss

        numbers = first + jnp.arange(len(order))
        return jax.lax.scan(step, state, (numbers, order))

    def put_back(self) -> None:
        """Give the network and the optimizer their state."""
        for variables, values in zip(self.variables, self.state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def ab_error(self, squares: np.ndarray) -> tuple[float, float]:
        """Return the root mean squared error of ab with the averaged weights, and grey's."""
        self.put_back()
        made = grey = 0.0
        with optimizers.averaged(self):
            for start in range(0, len(squares), 50):
                photograph = np.array(lab.rgb_to_lab(squares[start : start + 50] / np.float32(255)))
                true = photograph[..., 1:]
                error = self.colorizer.predict_ab(photograph[..., :1]) - true
                made, grey = made + float(np.sum(error**2)), grey + float(np.sum(true**2))
        count = squares[..., :2].size
        return (made / count) ** 0.5, (grey / count) ** 0.5

    # ---- checkpoint: arrays in one file, no pickle ----

    def save(self, path: Path, step: int) -> None:
        """Write the state, all or nothing."""
        arrays = {
            f"{i:05d}": np.asarray(value) for i, value in enumerate(jax.tree.leaves(self.state))
        }
        with files.atomic_file(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, step=step, **arrays)

    def restore(self, path: Path) -> int:
        """Read the state, if there is one; return the step it is of."""
        if not path.exists():
            return 0
        with np.load(path) as saved:
            leaves, shape = jax.tree.flatten(self.state)
            values = [jnp.asarray(saved[f"{i:05d}"]) for i in range(len(leaves))]
            if [v.shape for v in values] != [v.shape for v in leaves]:
                sys.exit(f"{path} is of another network. Choose another folder with -o.")
            self.state = jax.tree.unflatten(shape, values)
            return int(saved["step"])


def main(argv: list[str] | None = None) -> int:
    """Train, or go on; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="tar shards of photographs, a quoted glob")
    parser.add_argument("--val", help="tar shards to validate on, a quoted glob")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/jax"), help="the run's folder")
    parser.add_argument("--arch", default="vgg_fusion")
    parser.add_argument("--head", help="default: the network's own")
    parser.add_argument("--model", help="a trained model to start from")
    parser.add_argument("--batch-norm", action="store_true", help="batch norm in a VGG16 too")
    parser.add_argument("--size", type=int, default=64, help="side of the crops, pixels")
    parser.add_argument("--side", type=int, help="side of the squares kept; default: 9/8 of --size")
    parser.add_argument(
        "--crop", type=float, default=0.5, help="smallest share of a square in a crop"
    )
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--ema", type=float, default=0.999, help="decay of the weights' average")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop after so long, with a checkpoint")
    arguments = parser.parse_args(argv)
    return cli.guard(parser, lambda: _train(arguments))


def _train(arguments) -> int:
    given = {key: value for key, value in vars(arguments).items() if value is not None}
    recipe = recipes.build({k: v for k, v in given.items() if k in Recipe.__dataclass_fields__})
    if keras.backend.backend() != "jax":
        sys.exit("Set KERAS_BACKEND=jax.")
    start = load(arguments.model) if arguments.model else None
    arch = start.arch if start else arguments.arch
    models.get(arch).check_size(arguments.size)
    head = heads.get(arguments.head or (start.head if start else models.get(arch).head))

    began = time.monotonic()
    squares, digests = read_shards(arguments.data, arguments.side or arguments.size * 9 // 8)
    print(f"{len(squares):,} photographs in {time.monotonic() - began:.0f} s; {jax.devices()}")
    held_out = read_shards(arguments.val, 256)[0] if arguments.val else None

    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("mixed_bfloat16")
    colorizer = _build(arguments, start, arch, head, squares)
    colorizer.trained_on |= frozenset(digests)
    training = Training(colorizer, recipe, squares)
    checkpoint = arguments.out / "checkpoint.npz"
    arguments.out.mkdir(parents=True, exist_ok=True)
    step = training.restore(checkpoint)
    print(f"From step {step} to {arguments.steps}.", flush=True)

    first, saved, losses = step, time.monotonic(), []
    while step < arguments.steps:
        count = min(CHUNK, arguments.steps - step)
        training.state, chunk = training.steps(training.state, step, training.order(step, count))
        losses.append(float(jnp.mean(chunk)))
        if not np.isfinite(losses[-1]):
            sys.exit(f"The loss is {losses[-1]} after step {step}. Lower --lr.")
        step += count
        now = time.monotonic()
        out_of_time = arguments.seconds is not None and now - began > arguments.seconds
        if now - saved > CHECKPOINT_SECONDS or out_of_time or step == arguments.steps:
            training.save(checkpoint, step)
            left = (arguments.steps - step) * (now - began) / max(1, step - first)
            said = f"step {step:,}: loss {np.mean(losses):.5f}, {left / 60:.1f} min left"
            if held_out is not None:
                made, grey = training.ab_error(held_out)
                said += f", ab RMSE {made:.2f} (grey's {grey:.2f})"
            print(said, flush=True)
            saved, losses = time.monotonic(), []
        if out_of_time and step < arguments.steps:
            return 0

    training.put_back()
    optimizers.use_average(training)
    colorizer.save(arguments.out / "model")
    record = vars(arguments) | {"out": str(arguments.out), "photographs": len(squares)}
    files.write_json(arguments.out / "run.json", record)
    return 0


def _build(arguments, start, arch, head, squares) -> Colorizer:
    """Build the Colorizer, with the prior of the photographs or the weights of another one."""
    if isinstance(head, heads.GamutBins) and head.prior is None:
        count = len(head.kept)
        nearest = jax.jit(lambda rgb: head.nearest(lab.rgb_to_lab(rgb / 255.0)[..., 1:]))
        counts = np.zeros(count, "int64")
        for begin in range(0, len(squares), 100):
            classes = np.asarray(nearest(squares[begin : begin + 100, ::2, ::2]))
            counts += np.bincount(classes.ravel(), minlength=count)
        head = head.with_prior(counts)
    options = dict(start.options) if start else {}
    if arguments.batch_norm:
        options["batch_norm"] = True
    if "backbone_weights" in models.get(arch).options:
        options |= {"backbone_weights": "none", "trainable_backbone": True}
    colorizer = Colorizer(arch, head, arguments.size, **options)
    if colorizer.adversary or "z_mean" in colorizer.network.output:
        sys.exit(f"{arch} has losses that this script does not know; `keras-colorize train` does.")
    if start:
        colorizer.start_from(start)
        colorizer.trained_on = start.trained_on
    return colorizer


if __name__ == "__main__":
    sys.exit(main())
