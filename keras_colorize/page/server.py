"""Starting the page: on this machine alone unless told otherwise, and without telling anybody."""

import functools
import importlib.util
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from keras_colorize import cli, colorizer, errors
from keras_colorize.colorizer import pretrained

MAX_PIXELS, MAX_MEGABYTES = 50_000_000, 100
# A browser loads nothing from elsewhere, whatever Gradio's files may name.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'; "
    "base-uri 'self'; object-src 'none'"
)


def launch(
    model: str | os.PathLike = cli.DEFAULT_MODEL,
    host: str = "127.0.0.1",
    port: int | None = None,
    max_pixels: int = MAX_PIXELS,
    max_megabytes: int = MAX_MEGABYTES,
    wait: bool = False,
):
    """Start the page; in a notebook, it shows below the cell.

    Args:
        model: What `load` takes.
        host: The address to listen at. Other machines reach 0.0.0.0, and only this one 127.0.0.1.
        port: Its port. None: the first that is free from 7860 on.
        max_pixels: A photograph that claims more is refused.
        max_megabytes: A file that is larger is refused.
        wait: Whether to return only when the page is stopped.

    Returns:
        The page, which `close()` stops; Gradio calls it Blocks. Its `local_url` is where it is.

    Raises:
        UsageError: There is no such model, Gradio is not installed, or the port is taken.

    Example:
        page = launch("lite_unet.natural")
        page.close()
    """
    pretrained.summarize(model)  # a wrong name is told before anything heavy starts
    if not importlib.util.find_spec("gradio"):
        raise errors.UsageError('The page needs Gradio: `pip install "keras_colorize[demo]"`.')
    cli.start_keras()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = folder = _folder().name

    # Gradio reads these variables when it is imported.
    import gradio as gr
    from starlette.middleware import Middleware

    from keras_colorize.data.file_source import FileSource
    from keras_colorize.page import layout
    from keras_colorize.page.coloring import Coloring

    coloring = Coloring(colorizer.load(model), max_pixels)
    samples = [Path(one.path) for one in FileSource.find("samples", "data").photographs]
    page = layout.build(coloring, folder, samples)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=False,
            prevent_thread_lock=True,
            quiet=True,
            height=900,  # in a notebook
            max_file_size=max_megabytes * 2**20,
            theme=gr.themes.Soft(
                primary_hue="violet", font=["system-ui", "sans-serif"], font_mono=["monospace"]
            ),
            css=layout.CSS,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            state_session_capacity=100,
            app_kwargs={"middleware": [Middleware(_Guard)]},
        )
    except OSError as error:  # Gradio's message names the port
        raise errors.wrong(f"{error}", host=host, port=port) from error
    print(f"Page  {page.local_url}", flush=True)
    if wait:
        page.block_thread()
    return page


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    """Return the folder of all pages of this process, which is removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="keras-colorize-")


class _Guard:
    """Middleware that keeps browser and server from fetching anything from elsewhere."""

    def __init__(self, app: Callable[..., Awaitable]):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message):
            if message["type"] == "http.response.start":
                added = [
                    (b"content-security-policy", _POLICY.encode()),
                    (b"referrer-policy", b"no-referrer"),
                ]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        # Gradio would fetch an address that stands in place of a file.
        if "file=http" in scope["path"] or "proxy=" in scope["path"]:
            await guarded({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body"})
            return
        await self._app(scope, receive, guarded)
