"""Shell commands in Markdown and in notebooks."""

import re
import shlex


def commands(text: str) -> list[list[str]]:
    """Return the package's commands in ```bash blocks and in cells, each split into words."""
    blocks = re.findall(r"^(?:```bash\n((?:.*\n)*?)```|!((?:.*\\\n)*.*))$", text, re.MULTILINE)
    lines = "\n".join(map("".join, blocks)).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("keras-colorize")]
