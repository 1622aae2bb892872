"""Commands by topic, each a module that hands its own Typer application or commands to `tieout/cli.py`."""
