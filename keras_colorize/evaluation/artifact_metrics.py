"""Artifact metrics: numbers for what goes wrong in colorized pictures.

Without the artifact a metric is 0 or 1, or has the truth row's value. All but the shifts look at a
picture's ab alone or at where it changes, so that a plausible color that is not the photograph's
own does not count as an artifact.

References:
    [enhancing] "Enhancing Image Colorization Architectures": color bias, poor corners, low
        resolution, checkerboards, faded colors.
    [unet-resnet] A. Ardenghi, R. C. Giampetrucci, R. Minardi, 2024, §4: color outside contours.
    [1] A. Odena, V. Dumoulin, C. Olah, "Deconvolution and Checkerboard Artifacts", Distill, 2016.
"""

import functools

import cv2
import numpy as np

NEUTRAL = 10.0  # CIELAB chroma below which a hue says little
REGIONS = ("center", "border", "upper_left", "upper_right", "lower_left", "lower_right")
_FRAME = 8  # the border is a frame of one eighth of the side
_HUES = 36  # sectors of the hue histogram
_RINGS = 32  # rings of the spectrum, of equal width up to half a cycle per pixel
_COARSE = 2  # the rings of the coarsest detail
_FADED = 0.5  # CIELAB units of deviation below which ab is the rounding of 8 bits
_PERIOD = 4  # pixels: stacked strides of 2 leave periods of 2 and 4 [1]
_EDGE = 3.0  # L* for each pixel: a lightness edge
_CHANGE = 2.0  # CIELAB units of ab for each pixel: a border between colors
_REACH = 2  # pixels around a lightness edge in which color may change


def squared_length(vectors: np.ndarray) -> np.ndarray:
    """Return the squared lengths of `(..., 2)`, faster than a sum over so short an axis."""
    first, second = vectors[..., 0], vectors[..., 1]
    return first * first + second * second


@functools.cache
def regions(height: int, width: int) -> dict[str, np.ndarray]:
    """Return a mask for each of `REGIONS`: booleans `(H, W)`."""
    row, column = np.mgrid[:height, :width]
    frame = max(1, min(height, width) // _FRAME)
    inside = (row >= frame) & (row < height - frame) & (column >= frame) & (column < width - frame)
    upper, left = row < height / 2, column < width / 2
    masks = (inside, ~inside, upper & left, upper & ~left, ~upper & left, ~upper & ~left)
    return dict(zip(REGIONS, masks))


def shifts(ab: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the mean shift of a* and b*, over the picture and each of `REGIONS`.

    What remains of these when many pictures are averaged is a bias.

    Args:
        ab: float32 `(H, W, 2)`, CIELAB a*, b*.
        truth: The photograph's, likewise.
    """
    shift = ab - truth
    found = dict(zip(("shift_a", "shift_b"), cv2.mean(shift)))
    for name, mask in regions(*ab.shape[:2]).items():
        mean = cv2.mean(shift, mask.view("uint8"))
        found |= {f"shift_a_{name}": mean[0], f"shift_b_{name}": mean[1]}
    return found


def hues(ab: np.ndarray) -> np.ndarray:
    """Return the shares of pixels in 36 sectors of hue and, last, without one: `(37,)`."""
    chroma, hue = np.hypot(ab[..., 0], ab[..., 1]), np.arctan2(ab[..., 1], ab[..., 0])
    sector = np.minimum((hue + np.pi) * (_HUES / (2 * np.pi)), _HUES - 1).astype("int32")
    sector[chroma < NEUTRAL] = _HUES
    return np.bincount(sector.ravel(), minlength=_HUES + 1) / sector.size


def hue_distance(shares: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pixels that would have to change their sector of hue: 0…1."""
    return float(np.abs(shares - truth).sum() / 2)


def border_and_center(ab: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return the mean squared error of ab in a frame of an eighth of the side, and inside it."""
    error = squared_length(ab - truth) / 2
    masks = regions(*ab.shape[:2])
    return tuple(
        float(cv2.mean(error, masks[name].view("uint8"))[0]) for name in ("border", "center")
    )


# ---- in the spectrum ----


@functools.cache
def _window(height, width):
    return np.outer(np.hanning(height), np.hanning(width)).astype("float32")


@functools.cache
def _frequencies(height, width):
    vertical = np.fft.fftfreq(height).astype("float32")[:, None]
    horizontal = np.fft.rfftfreq(width).astype("float32")[None]
    # rfft2 leaves out the mirrored half: all but the first (and last) column count twice.
    counted = np.full((height, width // 2 + 1), 2.0, "float32")
    counted[:, 0] = 1
    if width % 2 == 0:
        counted[:, -1] = 1
    rings = np.minimum(np.hypot(vertical, horizontal) * (2 * _RINGS), _RINGS).astype("int32")
    return vertical, horizontal, counted, rings.ravel()


def spectrum(ab: np.ndarray) -> np.ndarray:
    """Return the power of ab, a* and b* together, under a Hann window: `(H, W//2 + 1)`.

    Normalized so that a wave of amplitude A anywhere in the picture adds up to A²/2.
    """
    window = _window(*ab.shape[:2])
    power = 0
    for plane in np.moveaxis(ab, -1, 0):
        wave = np.fft.rfft2((plane - plane.mean()) * window)
        power = power + wave.real**2 + wave.imag**2
    return power * _frequencies(*ab.shape[:2])[2] / (window.size * np.sum(window**2))


def chroma_cutoff(power: np.ndarray, truth: np.ndarray, shape: tuple[int, int]) -> float:
    """Return the spatial frequency at which ab's amplitude is lost.

    There its ratio to the photograph's first falls to half of what it is for the coarsest detail,
    so that a faded picture is not taken for a blurred one. Color that was enlarged bilinearly from
    a quarter of the size ends at about 0.125.

    Args:
        power: As `spectrum` gives it.
        truth: The photograph's, likewise.
        shape: Height and width of the picture.

    Returns:
        Cycles for each pixel; 0.5 where it is not lost, NaN where there is no color to speak of.
    """
    if min(np.sum(power), np.sum(truth)) < _FADED**2:
        return float("nan")
    rings = _frequencies(*shape)[3]
    found, real = (np.bincount(rings, p.ravel(), _RINGS + 1)[:_RINGS] for p in (power, truth))
    coarse = found[:_COARSE].sum() / max(real[:_COARSE].sum(), 1e-12)
    lost = np.flatnonzero(found < coarse / 4 * real)
    return float(lost[0] if lost.size else _RINGS) * 0.5 / _RINGS


@functools.cache
def _peaks(height, width):
    """Return, for each multiple of a quarter of the sampling rate, its bins and those around it."""
    vertical, horizontal, *_ = _frequencies(height, width)
    found = []
    for i in range(_PERIOD):
        for j in range(_PERIOD // 2 + 1):
            if i or j:
                down = np.abs((vertical - i / _PERIOD + 0.5) % 1 - 0.5) * height
                across = np.abs(horizontal - j / _PERIOD) * width
                distance = np.maximum(down, across)
                # The window spreads a wave over two bins to each side.
                peak, ring = distance < 2, (distance >= 3) & (distance < 6)
                found.append((np.flatnonzero(peak), np.flatnonzero(ring)))
    return found


def checkerboard(power: np.ndarray, shape: tuple[int, int]) -> float:
    """Return the amplitude of patterns that repeat every 2 or 4 pixels, in CIELAB units.

    For one wave of a* or b* this is its amplitude. Several waves add up as the root of the sum of
    their squares, and the finest pattern, which has no phase, counts √2 times.

    Transposed convolutions of stride 2 leave such patterns where strides do not divide kernels [1].
    In the spectrum they are peaks at multiples of a quarter; from each the power that the ring
    around it suggests is subtracted. The picture must have the network's own size.

    Args:
        power: As `spectrum` gives it.
        shape: Height and width of the picture.
    """
    power, counted = power.ravel(), _frequencies(*shape)[2].ravel()
    excess = 0.0
    for peak, ring in _peaks(*shape):
        # The power of noise is exponentially distributed: its mean is its median over ln 2.
        expected = np.median(power[ring] / counted[ring]) / np.log(2)
        excess += max(0.0, float(np.sum(power[peak] - expected * counted[peak])))
    return float(np.sqrt(2 * excess))


# ---- along edges ----


def steepness(planes: np.ndarray) -> np.ndarray:
    """Return the length of the gradient of `(H, W)`, or of both planes of `(H, W, 2)`: `(H, W)`."""
    across = cv2.Sobel(planes, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(planes, cv2.CV_32F, 0, 1, scale=1 / 8)
    if planes.ndim == 2:
        return np.sqrt(across * across + down * down)
    return np.sqrt(squared_length(across) + squared_length(down))


def _widen(values, reach):
    return cv2.dilate(values, np.ones((2 * reach + 1, 2 * reach + 1), "uint8"))


class Contours:
    """A photograph's edges of lightness, and its borders between colors.

    Args:
        lightness: float32 `(H, W)`, the photograph's L*, 0…100.
        ab: float32 `(H, W, 2)`, its a*, b*.
    """

    def __init__(self, lightness: np.ndarray, ab: np.ndarray):
        edges = (steepness(lightness) > _EDGE).view("uint8")
        self._smooth = _widen(edges, _REACH) == 0
        steep = steepness(ab)
        self._borders = (edges > 0) & (steep > _CHANGE)
        self._least = steep[self._borders] / 2
        self._chroma = np.mean(np.sqrt(squared_length(ab)))

    def bleeding(self, ab: np.ndarray, steep: np.ndarray) -> float:
        """Return the share of all change of ab that happens where no lightness edge is near.

        Args:
            ab: float32 `(H, W, 2)`, the picture's a*, b*.
            steep: Its `steepness`.

        Returns:
            0…1; NaN where there is no color to speak of.
        """
        if _faded(ab):
            return float("nan")
        return float(np.sum(steep[self._smooth]) / np.sum(steep))

    def ignored(self, ab: np.ndarray, steep: np.ndarray) -> float:
        """Return the share of the photograph's borders of color at lightness edges that are lost.

        A border is lost where, within two pixels, the picture's ab changes less than half as much.
        For a faded picture the threshold is lowered by the ratio of the mean chromas.

        Args:
            ab: float32 `(H, W, 2)`, the picture's a*, b*.
            steep: Its `steepness`.

        Returns:
            0…1; NaN where the photograph has no such borders.
        """
        if not self._least.size:
            return float("nan")
        if _faded(ab):
            return 1.0
        saturation = min(1.0, np.mean(np.sqrt(squared_length(ab))) / self._chroma)
        lost = _widen(steep, _REACH)[self._borders] < saturation * self._least
        return float(np.mean(lost))


def _faded(ab):
    return sum(cv2.meanStdDev(ab)[1].ravel() ** 2) < _FADED**2
