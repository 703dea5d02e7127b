"""Execute the notebooks from start to end, and keep what they show.

    pip install -e ".[notebook]"
    python notebooks/execute.py FOLDER

They work in FOLDER, where runs are kept from one notebook to the next. The tests execute them
through the same function, on small settings.
"""

import argparse
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
COMMAND = re.compile(r"^!(keras-colorize (\w+)(?:.*\\\n)*.*)$", re.MULTILINE)


def execute(path: Path, folder: Path, flags: dict[str, str] | None = None) -> nbformat.NotebookNode:
    """Execute a notebook from start to end, in the environment of this process.

    Args:
        path: The notebook.
        folder: Where it works.
        flags: Verb → flags that its commands get besides. Of a flag given twice the last counts.

    Returns:
        The notebook with its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed, or a command in it.
    """

    def whole(command):  # IPython goes on after a command that fails
        more = (flags or {}).get(command[2], "")
        return f"!{command[1]} {more}\nassert _exit_code == 0, _exit_code"

    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=None,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with client.setup_kernel(env=os.environ | {"PATH": programs}):
        for number, cell in enumerate(notebook.cells):
            source = cell.source
            cell.source = COMMAND.sub(whole, source)
            client.execute_cell(cell, number)
            cell.source = source
    return notebook


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop TensorFlow's log, and the PNG of each picture that is there as a JPEG, too."""
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        outputs[:] = [output for output in outputs if output.get("name") != "stderr"]
        for output in outputs:
            if "image/jpeg" in output.get("data", {}):
                output["data"].pop("image/png", None)


def main() -> None:
    """Execute all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where they work")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(HERE.glob("*.ipynb")):
        print(path.name, flush=True)
        notebook = execute(path, folder)
        tidy(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
