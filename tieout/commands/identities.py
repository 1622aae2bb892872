"""`tieout identity`: who Tieout takes you for, and signed tokens for a machine that several people share.

In: arguments, settings. Out: text, keys, tokens. What does not belong here: what somebody may do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from tieout import identity
from tieout.commands.printing import print_json
from tieout.errors import SettingsError

app = typer.Typer(help="Show who you are taken for, and sign tokens for a shared machine.", no_args_is_help=True)


@app.command()
def show(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Tell under which name plans are made and approved here."""
    found = identity.current(context.obj.plain_settings())
    if as_json:
        print_json({"name": found.name, "kind": found.kind, "may_approve": found.is_person})
        return
    may = "may approve what others planned" if found.is_person else "is a service and approves nothing"
    typer.echo(f"{found.name} ({found.kind}): {may}")


@app.command()
def key(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the two files go; keep the private one off this machine.")
    ],
) -> None:
    """Make a pair of keys that tokens are signed with and checked by."""
    private, public = identity.make_keys(folder)
    typer.echo(f"private key  {private} (keep it where only who hands out tokens can read it)")
    typer.echo(f"public key   {public}")
    typer.echo(f"OPERATIONS__IDENTITY=token OPERATIONS__TOKEN_PUBLIC_KEY={public}")


@app.command()
def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom it stands for.")],
    key_file: Annotated[Path, typer.Option("--key", help="The private key.")],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it is valid.")] = 30,
    service: Annotated[bool, typer.Option("--service", help="For a program: it plans and applies, never approves.")] = (
        False
    ),
) -> None:
    """Sign a token; its bearer sets it as OPERATIONS__TOKEN."""
    if not name.strip():
        raise SettingsError("a token needs the name of whom it stands for")
    kind = identity.SERVICE if service else identity.PERSON
    made = identity.make_token(key_file, name.strip(), kind, now=datetime.now(UTC), valid_for=timedelta(days=days))
    typer.echo(made)
