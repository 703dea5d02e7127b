"""What the page shows, and what happens where a visitor clicks."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
from PIL import ImageColor

from keras_colorize import errors
from keras_colorize.data import kinds
from keras_colorize.page.coloring import THUMBNAIL, Choice, Coloring, Opened, resized

MOST_FILES, MOST_HINTS = 50, 100  # at a time
_TURN = {"concurrency_id": "coloring", "concurrency_limit": 1, "api_visibility": "private"}
_SOON = {**_TURN, "trigger_mode": "always_last", "show_progress": "minimal"}
_STRIP = {
    "height": "auto",
    "allow_preview": False,
    "object_fit": "cover",
    "show_label": False,
    "interactive": False,
    "buttons": [],
}
_KEPT = 3600  # seconds that files and states stay
_SWEPT = 600  # seconds between two removals
_BAR = gr.Progress()  # as a default value it tells Gradio to pass one
_SAVE = """(file) => {
  const link = document.createElement("a");
  link.href = file.url;
  link.download = file.orig_name;
  link.click();
}"""
CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
#title h1 { margin: 0.4rem 0 0; }
#title p { margin: 0.2rem 0 0.4rem; opacity: 0.8; }
#hints .image-frame { width: 100%; }
#hints img { cursor: crosshair; width: 100%; max-height: 620px; object-fit: contain; }
#hints .icon-button-wrapper { display: none; }
#color { overflow: visible !important; z-index: 2; }
#variants .grid-wrap, #samples .grid-wrap { min-height: 0; max-height: none; }
#variants .caption-label { font-size: 0.75rem; padding: 0.1rem 0.3rem; }
#samples .grid-container { grid-template-columns: repeat(6, minmax(0, 1fr)); }
@media (max-width: 640px) {
  .gradio-container > main { padding: 8px !important; }
  #samples .grid-container { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
"""


def build(coloring: Coloring, folder: str, samples: list[Path]) -> gr.Blocks:
    """Lay the page out.

    Args:
        coloring: What colors.
        folder: Where uploads and pictures are; a file elsewhere is opened only if it is a sample.
        samples: Photographs to try.
    """
    handle = Handlers(coloring, folder, samples)
    title = "Color for black-and-white photographs"
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(_SWEPT, _KEPT)) as page:
        gr.Markdown(
            f"# {title}\nEverything is computed on the machine that runs this page. "
            "Photographs are deleted after an hour, or when it stops.",
            elem_id="title",
        )
        with gr.Tab("One photograph"):
            _one_photograph(handle)
        with gr.Tab("Several photographs"):
            _several_photographs(handle)
    page.queue(max_size=32, default_concurrency_limit=1, api_open=False)
    return page


def _one_photograph(handle):
    opened = gr.State(None, time_to_live=_KEPT)
    variant, hints = gr.State(0), gr.State(())
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            upload = gr.File(
                label="A photograph",
                file_types=["image", *handle.suffixes],
                height=150,
                elem_id="upload",
            )
        with gr.Column(scale=5, min_width=280):
            gr.Markdown("Or try one of these; their colors are removed first:")
            samples = gr.Gallery(handle.sample_thumbnails(), columns=6, elem_id="samples", **_STRIP)
    with gr.Row(visible=False) as result:
        with gr.Column(scale=5, min_width=280):
            with gr.Tab("Before and after"):
                compared = gr.ImageSlider(
                    show_label=False, interactive=False, max_height=620, elem_id="compared",
                    buttons=["fullscreen"],
                )  # fmt: skip
            with gr.Tab("Hints"):
                gr.Markdown(
                    "Choose a color, then click where it belongs. It spreads up to contours; "
                    "lightness stays the photograph's."
                )
                with gr.Row():
                    color = gr.ColorPicker(
                        "#c8602a", show_label=False, container=False, min_width=60, elem_id="color"
                    )
                    undo = gr.Button("Undo", size="sm", min_width=80, elem_id="undo")
                    clear = gr.Button("Remove all", size="sm", min_width=80, elem_id="clear")
                marked = gr.Image(show_label=False, interactive=False, elem_id="hints", buttons=[])
        with gr.Column(scale=3, min_width=280):
            variants = gr.Gallery(columns=min(3, len(handle.names)), elem_id="variants", **_STRIP)
            chroma = gr.Slider(0, 3, 1, step=0.05, label="More or less color", elem_id="chroma")
            download = gr.Button("Download at full size", variant="primary", elem_id="download")
    written = gr.File(visible="hidden")  # in the row, the second photograph would show it

    new = [opened, variant, hints, chroma, variants, result]
    choice, pictures = [opened, variant, hints, chroma], [compared, marked]
    for event, function, given, other in (
        (upload.upload, handle.open_upload, [upload], samples),
        (samples.select, handle.sample, [], upload),
    ):
        ready = event(function, given, [*new, other], **_TURN)
        ready.success(handle.color, choice, pictures, scroll_to_output=True, **_SOON)
    for event, function, inputs, outputs in (
        (variants.select, handle.choose_variant, [], [variant]),
        (marked.select, handle.add_hint, [opened, hints, color], [hints]),
        (undo.click, lambda hints: hints[:-1], [hints], [hints]),
        (clear.click, lambda: (), [], [hints]),
    ):
        changed = event(function, inputs, outputs, show_progress="hidden", **_TURN)
        changed.success(handle.color, choice, pictures, **_SOON)
    chroma.release(handle.color, choice, pictures, **_SOON)
    whole = download.click(handle.write, choice, written, show_progress_on=download, **_TURN)
    whole.success(None, written, None, js=_SAVE, api_visibility="private")


def _several_photographs(handle):
    uploads = gr.File(
        label=f"Up to {MOST_FILES} photographs", file_count="multiple", elem_id="uploads",
        file_types=["image", *handle.suffixes],
    )  # fmt: skip
    names = [(name, number) for number, name in enumerate(handle.names)]
    variant = gr.Radio(names, value=0, label="Natural or vivid")
    chroma = gr.Slider(0, 3, 1, step=0.05, label="More or less color")
    start = gr.Button("Color all", variant="primary", elem_id="all")
    archive = gr.File(label="Colored photographs", interactive=False, elem_id="archive")
    failed = gr.Markdown(elem_id="failed")
    start.click(handle.write_all, [uploads, variant, chroma], [archive, failed], **_TURN)


def _told(handler: Callable) -> Callable:
    """Let a handler tell the visitor what is wrong, without its traceback in the log."""

    @functools.wraps(handler)
    def told(*arguments):
        try:
            return handler(*arguments)
        except FileNotFoundError:
            reason = "The photograph has been deleted; please upload it again."
        except errors.BadPhotograph as error:
            reason = f"This photograph cannot be read: {error}."
        except errors.UsageError as error:
            reason = str(error)
        raise gr.Error(reason, print_exception=False)

    return told


class Handlers:
    """What happens at each event; a visitor's state comes in and goes out."""

    def __init__(self, coloring: Coloring, folder: str, samples: list[Path]):
        self._coloring, self._folder, self._samples = coloring, Path(folder).resolve(), samples
        self.names = coloring.names
        self.suffixes = sorted(kinds.SUFFIXES)  # browsers know some of them as no image

    def sample_thumbnails(self):
        return [resized(self._coloring.open(path).grey, THUMBNAIL) for path in self._samples]

    @_told
    def open_upload(self, path: str | None):
        return *self._open(self._uploaded(path)), gr.Gallery(selected_index=None)

    @_told
    def sample(self, event: gr.SelectData):
        return *self._open(self._samples[_number(event.index, len(self._samples))]), None

    def _open(self, path):
        opened = self._coloring.open(path)
        gallery = gr.Gallery(self._coloring.thumbnails(opened), selected_index=0)
        return opened, 0, (), 1.0, gallery, gr.Row(visible=True)

    def _uploaded(self, path):
        """Return the path of an upload; Gradio refuses others too, and we need not rely on it."""
        whole = Path(path or "").resolve()
        if not whole.is_relative_to(self._folder):
            raise errors.UsageError("A photograph must be uploaded.")
        return whole

    @_told
    def color(self, opened: Opened | None, variant: int, hints: tuple, chroma: float):
        if opened is None:
            return None, None
        colored = self._coloring.preview(opened, Choice(variant, chroma, hints))
        return (opened.grey, colored), _with_marks(colored, hints)

    def choose_variant(self, event: gr.SelectData):
        return _number(event.index, len(self.names))

    @_told
    def add_hint(self, opened: Opened | None, hints: tuple, color: str, event: gr.SelectData):
        if opened is None:
            return hints
        if len(hints) >= MOST_HINTS:
            raise errors.UsageError(f"There can be {MOST_HINTS} hints.")
        height, width = opened.grey.shape[:2]
        x, y = event.index
        return (*hints, (_number(x, width), _number(y, height), _hex(color)))

    @_told
    def write(self, opened: Opened | None, variant: int, hints: tuple, chroma: float):
        if opened is None:
            raise errors.UsageError("There is no photograph; after an hour it is deleted.")
        choice = Choice(variant, chroma, hints)
        return str(self._coloring.write(opened, choice, self._folder))

    @_told
    def write_all(self, paths: list[str] | None, variant: int, chroma: float, bar=_BAR):
        if not paths or len(paths) > MOST_FILES:
            raise errors.UsageError(f"Between 1 and {MOST_FILES} photographs can be colored.")
        archive, failed = self._coloring.write_all(
            [self._uploaded(path) for path in paths],
            Choice(variant, chroma),
            self._folder,
            lambda done, total: bar((done, total), unit="photographs"),
        )
        lines = [f"- `{name.replace('`', '')}`: {reason}" for name, reason in failed]
        told = "\n".join(["**Not colored:**", *lines]) if failed else ""
        return archive and str(archive), told


def _number(value, count):
    """Return what a browser says was clicked as a number below `count`."""
    return min(max(int(value), 0), count - 1)


def _hex(color):
    """Return what the color picker says, `#rrggbb` or `rgba(…)` with fractions, as `#rrggbb`."""
    if color.startswith("rgb"):
        red, green, blue = [round(float(n)) for n in re.findall(r"[\d.]+", color)[:3]]
    else:
        red, green, blue = ImageColor.getrgb(color)[:3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _with_marks(picture, hints):
    """Draw a dot of its color, ringed in white and black, at each hint."""
    drawn, radius = np.ascontiguousarray(picture), max(4, max(picture.shape) // 90)
    for x, y, color in hints:
        for size, shade in (radius + 3, "black"), (radius + 2, "white"), (radius, color):
            cv2.circle(drawn, (x, y), size, ImageColor.getrgb(shade), -1, cv2.LINE_AA)
    return drawn
