"""The front door: the only room that knows all the others, and the only one that reads settings."""

__version__ = "0.1.0"
