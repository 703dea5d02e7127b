"""Flicker of colored film: steady colors beside each frame by itself.

    python benchmarks/film.py            # prints benchmarks/film.md
    python benchmarks/film.py --write    # and writes it, and docs/film.jpg

The film is made of scikit-image's photographs: a camera that pans, zooms and turns, and objects cut
out of other photographs that move across. So the true colors are known. It is colored as it is, and
with the grain and the unsteady light of old film.
"""

import argparse
import os
import platform
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

import keras_colorize
from keras_colorize import Decoding
from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.color import pixels
from keras_colorize.data import photographs
from keras_colorize.plots import grid
from keras_colorize.video.painting import Painter

HEIGHT, WIDTH, FRAMES, RATE = 288, 384, 40, 24  # of each scene
NOTES = [
    "*Flicker* is the mean distance of ab, in CIELAB units, of the same thing in two frames. DIS",
    "optical flow finds it in the film without grain; what is hidden in one frame does not count.",
    "*Contours* tells how much there is of the contours that ab of the clean film's single frames",
    "have: the slope of a regression of ab's differences between neighbors, to which grain adds",
    "nothing. *Error* is the mean distance to the true ab.",
]
STRIP = 1  # the scene that is drawn
EVERY = 4  # one pair of frames in so many is measured


def scenes() -> list[list[np.ndarray]]:
    """Return the frames of each scene, uint8 `(H, W, 3)`."""
    cat, coffee, astronaut = skimage.data.chelsea(), skimage.data.coffee(), skimage.data.astronaut()
    rocket = skimage.data.rocket()
    cup = coffee[60:340, 150:450]
    face = cat[50:270, 60:330]
    return [
        [shot(coffee, 0.72 + 0.1 * t, 0, 190 + 200 * t, 190 + 20 * t) for t in steps()],
        [shot(astronaut, 0.7 + 0.5 * t, 6 * t - 3, 250 - 20 * t, 260 - 100 * t) for t in steps()],
        [paste(shot(cat, 1, 0, 225 + 20 * t, 150), cup, 0.45, 40 + 300 * t, 190) for t in steps()],
        [
            paste(shot(rocket, 0.72, 0, 300, 210 + 15 * t), face, 0.6, 330 - 260 * t, 150 + 60 * t)
            for t in steps()
        ],
    ]


def steps() -> np.ndarray:
    """Return how far a scene is, for each frame: 0…1."""
    return np.linspace(0, 1, FRAMES)


def shot(photograph, scale, degrees, x, y) -> np.ndarray:
    """Return what a camera sees that looks at (x, y)."""
    matrix = cv2.getRotationMatrix2D((x, y), degrees, scale)
    matrix[:, 2] += (WIDTH / 2 - x, HEIGHT / 2 - y)
    return cv2.warpAffine(
        photograph, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
    )


def paste(frame, thing, scale, x, y) -> np.ndarray:
    """Return the frame with the oval middle of a photograph at (x, y)."""
    height, width = thing.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    oval = np.clip(20 * (0.9 - np.hypot(rows, columns)), 0, 1).astype("float32")
    matrix = np.float32([[scale, 0, x - scale * width / 2], [0, scale, y - scale * height / 2]])
    size = frame.shape[1::-1]
    cover = cv2.warpAffine(oval, matrix, size)[..., None]
    moved = cv2.warpAffine(thing, matrix, size, borderMode=cv2.BORDER_REFLECT)
    return np.rint(frame + cover * (moved.astype("float32") - frame)).astype("uint8")


def aged(frames: list[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    """Return gray frames with grain and unsteady light, as old film has."""
    random = np.random.default_rng(seed)
    old = []
    for frame in frames:
        lightness = pixels.lightness_of(frame)
        grain = cv2.GaussianBlur(random.normal(0, 1, lightness.shape[:2]), (0, 0), 0.8)
        lightness = lightness * random.uniform(0.94, 1.06) + 7 * grain[..., None]
        old.append(pixels.to_rgb((lightness * [1, 0, 0]).clip(0, 100).astype("float32")))
    return old


def color(painter: Painter, frames: list[np.ndarray], start: float):
    """Return ab `(H, W, 2)` of each frame by itself, and steady ones, and what the latter took."""
    alone, steady, took = [], [], 0.0
    for number, frame in enumerate(frames):
        lightness = pixels.lightness_of(frame)
        seen = lightness[..., 0]
        ab = painter.predict(seen)
        alone.append(painter.enlarge(ab, seen, lightness))
        started = time.process_time()
        ab = painter.steady(seen, ab, start + number / RATE)
        took += time.process_time() - started
        steady.append(painter.enlarge(ab, seen, lightness))
    return alone, steady, took


def distance(one, other) -> np.ndarray:
    """Return the distance of two ab in each pixel."""
    return np.hypot(*np.moveaxis(one - other, -1, 0))


def flicker(lightness: list[np.ndarray], answers: list[np.ndarray], apart: int) -> float:
    """Return how far ab of the same thing are from each other in two frames, in CIELAB units.

    Args:
        lightness: uint8, of the film without grain, which tells what has moved where.
        answers: ab of each frame.
        apart: Frames from one to the other.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    rows, columns = np.indices((HEIGHT, WIDTH), "float32")
    values = []
    for before in range(0, FRAMES - apart, EVERY):
        after = before + apart
        there = flow.calc(lightness[after], lightness[before], None)
        back = flow.calc(lightness[before], lightness[after], None)
        places = there + np.stack([columns, rows], -1)
        loop = there + cv2.remap(back, places, None, cv2.INTER_LINEAR, borderValue=99)
        seen = np.hypot(*np.moveaxis(loop, -1, 0)) < 0.5  # in both frames, and hidden in neither
        moved = cv2.remap(answers[before], places, None, cv2.INTER_LINEAR)
        values.append(distance(answers[after], moved)[seen].mean())
    return np.mean(values)


def contours(reference, answers) -> float:
    """Return how much of the contours of reference ab there is in others: a regression's slope."""
    product = square = 0.0
    for one, other in zip(reference, answers):
        for axis in (0, 1):
            edge = np.diff(one, axis=axis)
            product += np.sum(edge * np.diff(other, axis=axis))
            square += np.sum(edge * edge)
    return product / square


def measure(true, reference, answers) -> list[float]:
    """Return the means over all scenes: flicker, 1 and 8 frames apart, contours and error."""
    rows = []
    for scene, sharp, colored in zip(true, reference, answers):
        lightness = [np.rint(2.55 * lab[..., 0]).astype("uint8") for lab in scene]
        error = [distance(ab, lab[..., 1:]).mean() for ab, lab in zip(colored, scene)]
        near, far = (flicker(lightness, colored, apart) for apart in (1, 8))
        rows.append([near, far, contours(sharp, colored), np.mean(error)])
    return np.mean(rows, axis=0)


def main(write: bool) -> None:
    colorizer = keras_colorize.load(DEFAULT_MODEL)
    made = scenes()
    true = [[pixels.to_lab(frame) for frame in scene] for scene in made]
    films = {
        "clean": [[pixels.to_grey(frame) for frame in scene] for scene in made],
        "old": [aged(scene, seed) for seed, scene in enumerate(made)],
    }
    lines = [
        "# Flicker of colored film",
        "",
        f"`python benchmarks/film.py`: {DEFAULT_MODEL}; {len(made)} scenes of {FRAMES} frames, "
        f"{WIDTH}×{HEIGHT}. {platform.machine()}, {os.cpu_count()} cores, no GPU; load average "
        f"before the run, of other work: {os.getloadavg()[0]:.0f}.",
        "",
        "| film | colors | flicker | 8 frames apart | contours | error |",
        "|---|---|---:|---:|---:|---:|",
    ]
    below, clean = [], None
    for film, grays in films.items():
        painter, answers, took = Painter(colorizer, Decoding()), [], 0.0
        for number, scene in enumerate(grays):  # one after the other, with cuts between
            *colored, seconds = color(painter, scene, number * FRAMES / RATE)
            answers.append(colored)
            took += seconds
        alone, steady = zip(*answers)
        clean = clean or alone
        one, two = measure(true, clean, alone), measure(true, clean, steady)
        for name, row in (("each frame by itself", one), ("steady", two)):
            lines.append(f"| {film} | {name} | " + " | ".join(f"{x:.2f}" for x in row) + " |")
        ghost = max(np.abs(a[0] - s[0]).max() for a, s in zip(alone, steady))
        below += [
            "",
            f"{film.capitalize()} film: {one[0] / two[0]:.1f} times less flicker "
            f"({one[1] / two[1]:.1f} times over 8 frames), {100 * two[2] / one[2]:.0f}% of the "
            f"contours. In the first frame after a cut, steady ab differ by at most {ghost:.1f} "
            f"from that frame's own. {1000 * took / FRAMES / len(made):.0f} processor ms a frame.",
        ]
    lines += [*below, "", *NOTES]
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
        strip = draw(films["old"][STRIP], alone[STRIP], steady[STRIP])
        strip.save(Path(__file__).parent.parent / "docs" / "film.jpg", quality=88)


def draw(grays, alone, steady) -> Image.Image:
    """Draw consecutive frames: gray, each by itself, steady, and the colors of both alone."""
    columns = {}
    for number in range(12, 18):
        lightness = pixels.lightness_of(grays[number])
        both = alone[number], steady[number]
        colored = [pixels.to_rgb(np.concatenate([lightness, ab], -1)) for ab in both]
        flat = np.full_like(lightness, 65)
        pure = [pixels.to_rgb(np.concatenate([flat, 2 * ab], -1)) for ab in both]
        pictures = [grays[number], *colored, *pure]
        columns[f"frame {number}"] = [photographs.center_crop(each, HEIGHT) for each in pictures]
    return Image.fromarray(grid(columns, 180))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    main(parser.parse_args().write)
