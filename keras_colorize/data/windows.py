"""The windows that training cuts out of photographs, on any backend."""

LARGEST = 7 / 8  # of the short side: 224 of 256 pixels, as is usual


def draw_share(draw, smallest: float):
    """Return the share of the short side that a window takes.

    Args:
        draw: Uniform in 0…1, a number or a tensor.
        smallest: Share of the smallest windows. Those drawn go up to `LARGEST`; if `smallest` is
            no smaller, all windows have its size.
    """
    return smallest + draw * max(0.0, LARGEST - smallest)
