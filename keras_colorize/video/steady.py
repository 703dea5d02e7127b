"""Colors that hold still: each is a mean of what a network says of it in several frames.

A network that sees one frame at a time changes its mind from frame to frame, which the eye takes
for flicker. Here its a*, b* are averaged along the motion of the picture, which optical flow finds
in the lightness. Where the frame before does not explain a pixel, as behind an object that moves
away, the mean begins anew; after a cut, it does so everywhere.
"""

import math

import cv2
import numpy as np

SECONDS = 0.6  # the time after which a prediction counts 1/e
_PATCH = 16  # pixels: what flow looks for as a whole; with DIS's own 8 it follows the grain of film
_LEAST = 4 * _PATCH, 12 * _PATCH  # pixels of both sides; DIS crashes on smaller pictures
_GRAIN = 2.0  # pixels: standard deviation of what blurs this grain away
_TOLERANCE = 5.0  # L*: about the difference that the same thing may have in two frames
_LOOP = 1.5  # square pixels: about the error that flow to the frame before and back may have, ...
_LOOP_SHARE = 0.02  # ... and as a share of the squared length
_DISTANCE = 30.0  # CIELAB units: from about here on, ab of something else, and no flicker
_CUT = 0.35  # mean trust; less is left where two frames have nothing in common


class Steady:
    """Averages a network's colors along the motion of one film, frame by frame.

    Attributes:
        state: What is known of the frame before; given back, another `Steady` goes on from there.
            Empty before the first.
    """

    def __init__(self):
        self.state: dict[str, np.ndarray] = {}
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._flow.setPatchSize(_PATCH)
        self._flow.setPatchStride(_PATCH // 2)

    def __call__(self, lightness: np.ndarray, ab: np.ndarray, seconds: float) -> np.ndarray:
        """Return the steady colors of the next frame.

        Args:
            lightness: L* of the frame, float32 `(h, w)`, in 0…100.
            ab: What the network predicts for it, float32 `(h, w, 2)`.
            seconds: When it is shown.

        Returns:
            float32 `(h, w, 2)`.
        """
        weight = np.ones(lightness.shape, "float32")
        sides = sorted(lightness.shape)
        if self.state and sides[0] >= _LEAST[0] and sides[1] >= _LEAST[1]:
            places, trust = self._compare(lightness)
            if trust.mean() > _CUT:
                before = _warp(self.state["ab"], places)
                trust *= np.exp(-np.sum((ab - before) ** 2, -1) / _DISTANCE**2)
                fading = math.exp((float(self.state["time"]) - seconds) / SECONDS)
                weight += fading * trust * _warp(self.state["weight"], places, cv2.INTER_LINEAR)
                ab = before + (ab - before) / weight[..., None]
        self.state = {"lightness": lightness, "ab": ab, "weight": weight, "time": seconds}
        return ab

    def _compare(self, lightness):
        """Find each pixel in the frame before.

        Returns:
            x and y there, float32 `(h, w, 2)`, and how far it is the same thing, `(h, w)` in 0…1.
        """
        height, width = lightness.shape
        now, then = _gray(lightness), _gray(self.state["lightness"])
        motion, back = self._flow.calc(now, then, None), self._flow.calc(then, now, None)
        rows, columns = np.indices(lightness.shape, "float32")
        places = motion + np.stack([columns, rows], -1)
        inside = ((places > -0.5) & (places < (width - 0.5, height - 0.5))).all(-1)

        difference = lightness - _warp(self.state["lightness"], places)
        difference -= np.median(difference)  # old film flickers in brightness, too
        error = cv2.GaussianBlur(difference, (0, 0), _GRAIN) / _TOLERANCE
        loop = np.sum((motion + _warp(back, places)) ** 2, -1)  # not 0 where something is hidden
        allowed = _LOOP + _LOOP_SHARE * np.sum(motion**2, -1)
        return places, inside * np.exp(-(error**2) - loop / allowed)


def _warp(before, places, method=cv2.INTER_CUBIC):
    # Cubic, because a linear one would blur colors a little more with every frame.
    return cv2.remap(before, places, None, method, borderMode=cv2.BORDER_REPLICATE)


def _gray(lightness):
    smooth = cv2.GaussianBlur(lightness, (0, 0), _GRAIN / 2)
    return np.rint(2.55 * smooth).clip(0, 255).astype("uint8")
