"""The release. The package and what it writes both name it, so it stands below either."""

__version__ = "0.1.0"
