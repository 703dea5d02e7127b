"""Protocols: the tables and figures of papers, as TOML files that `evaluate` carries out.

A protocol says on which photographs, at which size, which rows are scored by which metrics, how the
table and the figure look, and what the paper reported. Nothing here imports Keras.
"""

from dataclasses import dataclass, field

from keras_colorize import errors
from keras_colorize.catalog import TomlCatalog, typed

# In a checkout the protocols stand in `eval/`; a wheel brings them as `keras_colorize/protocols/`.
PROTOCOLS = TomlCatalog("protocol", "protocols", "eval")

TABLES = ("means", "images", "gallery", "losses")
FIGURES = ("grid", "bars", "sweep", "frontier", "curves")
_GALLERY_METRICS = ("colorfulness", "chroma", "checkerboard", "bleeding")
# Keys of the first release, which files of that time still have.
_OLD_KEYS = {"source": "paper", "source_data": "paper_data"}


@dataclass(frozen=True)
class Row:
    """A row of a protocol's table.

    Attributes:
        model: The model, among those given, that makes it; the row's own name when empty.
        says: What the row is in the paper.
        decoding: How classes become a color; the head's own way when empty.
        temperature: The temperature of `mean` and `sample`; 0 stands for the head's own.
        chroma: Factor on a* and b*.
        rebalance: For models with classes; 0 stands for the model's own.
        published: The name of a metric or a loss → the paper's number.
    """

    model: str = ""
    says: str = ""
    decoding: str = ""
    temperature: float = 0.0
    chroma: float = 1.0
    rebalance: float = 0.0
    published: dict = field(default_factory=dict)

    @property
    def decoded(self) -> dict:
        """The arguments of `Decoding` that the row gives."""
        given = {"method": self.decoding, "temperature": self.temperature}
        given |= {"rebalance": self.rebalance}
        chroma = {"chroma": self.chroma} if self.chroma != 1 else {}
        return {name: value for name, value in given.items() if value} | chroma


@dataclass(frozen=True)
class Protocol:
    """One table and figure of a paper.

    Attributes:
        paper: The paper and the place in it.
        table: One of `TABLES`. `means`: a row for each model. `images`: a row for each photograph,
            then the means. `gallery`: photographs that have no true colors, so that only what needs
            none is measured. `losses`: the last losses of each run, from its history.csv.
        figure: One of `FIGURES`. `grid`: photographs in rows, grey, models and truth in columns.
            `bars`: a panel for each metric; groups: `scenes`, then all photographs. `sweep`: a
            panel for each metric over the rows' temperature. `frontier`: a panel for each metric
            over the first of them; rows of one model joined. `curves`: a panel for each loss over
            the epochs.
        rows: Name → `Row`.
        data: What `--data` takes, used unless the user gives other photographs.
        paper_data: The photographs that the paper used. No paper names them one by one, so what is
            scored here is always a substitute, and the table says so.
        size: Side of the center crops, pixels.
        metrics: Columns of the table, from `summary.METRICS`; for `losses`, columns of a history.
        scenes: Photographs, by name, that have bars of their own; the first ones where missing.
        show: Photographs in the grid.
        remark: What there is to say about the paper's numbers.
    """

    paper: str
    table: str
    figure: str
    rows: dict[str, Row]
    data: str = "samples"
    paper_data: str = ""
    size: int = 256
    metrics: list = field(default_factory=list)
    scenes: list = field(default_factory=list)
    show: int = 6
    remark: str = ""

    def __post_init__(self):
        for argument, choices in (("table", TABLES), ("figure", FIGURES)):
            if getattr(self, argument) not in choices:
                raise errors.unknown(argument, getattr(self, argument), choices)
        if not self.rows:
            raise errors.wrong("A protocol needs `rows`.", rows=self.rows)

    @property
    def models(self) -> list[str]:
        """The names under which models are to be given."""
        return list(dict.fromkeys(row.model or name for name, row in self.rows.items()))

    @property
    def decoded(self) -> set[str]:
        """The names of the models whose decoding the rows choose."""
        return {row.model or name for name, row in self.rows.items() if row.decoded}

    @property
    def columns(self) -> list[str]:
        """The metrics of the table."""
        return list(self.metrics or (["psnr"] if self.has_truth else _GALLERY_METRICS))

    @property
    def has_truth(self) -> bool:
        """Whether the photographs have colors to compare with."""
        return self.table != "gallery"


def read(name: str) -> Protocol:
    """Read a protocol.

    Args:
        name: A name of `PROTOCOLS.names()`, or the path of a TOML file.

    Raises:
        UsageError: There is none, or a key is unknown, missing or of the wrong type.
    """
    keys = {_OLD_KEYS.get(key, key): value for key, value in PROTOCOLS.read(name).items()}
    rows = keys.get("rows", {})
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise errors.wrong("Protocol key `rows` must be tables [rows.NAME].", rows=rows)
    for key in ("paper", "table", "figure"):
        if key not in keys:
            raise errors.UsageError(f"A protocol needs the key `{key}`. Received: {list(keys)}.")
    plain = typed(Protocol, {key: keys[key] for key in keys if key != "rows"}, "protocol")
    built = {name: Row(**typed(Row, given, "row")) for name, given in rows.items()}
    return Protocol(**plain, rows=built)
