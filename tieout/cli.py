"""The command line: one command per thing a person wants, errors as one clear line, exit codes of DESIGN section 4.

In: arguments and settings. Out: text for people on the terminal, or one JSON document on stdout with everything
else on stderr. What does not belong here: the work itself.
"""

from __future__ import annotations

import inspect
import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from tieout import __version__, sandbox_process
from tieout import settings as settings_module
from tieout.commands import (
    acceptance,
    asking,
    audit,
    baselining,
    dismissal,
    explanation,
    identities,
    plans,
    shadowing,
    undoing,
)
from tieout.errors import ExitCode, SettingsError, TieoutError
from tieout.settings import SANDBOX, Settings

if TYPE_CHECKING:
    from tieout.outcome import RunOutcome

app = typer.Typer(
    name="tieout",
    help="Lands what ATLAS ETRM, Atlas Accounting and Atlar hold, builds the books, proves that they tie out, and"
    " writes back what is missing. Nothing is sent twice, nothing is lost silently.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

INTERRUPTED = "interrupted; what was sent is in the delivery log, the next run goes on from there"

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Business date of the figures.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; everything else on stderr.")]


@dataclass
class Invocation:
    """What the options before the command chose."""

    sandbox: bool

    @contextmanager
    def settings(self) -> Iterator[Settings]:
        """Yields the settings; in the sandbox profile with the vendors up, started here if need be."""
        plain = self.plain_settings()
        if plain.profile != SANDBOX:
            yield plain
            return
        with sandbox_process.ensured(plain.paths.data_dir) as vendors:
            yield settings_module.load(SANDBOX, vendors.overlay)

    def plain_settings(self) -> Settings:
        """Returns the settings without starting anything: for what only looks at local files."""
        profile = SANDBOX if self.sandbox else None
        settings = settings_module.load(profile)
        if settings.profile != SANDBOX:
            return settings
        vendors = sandbox_process.running(settings.paths.data_dir)
        return settings_module.load(SANDBOX, vendors.overlay if vendors else {"COMPANY__TIME_ZONE": "Europe/Berlin"})


def main() -> None:
    """Runs the command line; every expected error is one line on stderr and an exit code."""
    from pipelines.transport.errors import CredentialsRefused, SettingRefused, VendorError
    from tieout import remedies

    # Asked to end, a command ends as by Ctrl-C: the run is noted, and a sandbox that was started for it stops too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # Without its standalone mode typer returns the code of `typer.Exit` instead of leaving with it, and 130 for
        # Ctrl-C, without a word.
        code = app(standalone_mode=False) or ExitCode.DONE
        if code == ExitCode.INTERRUPTED:
            _fail(INTERRUPTED, ExitCode.INTERRUPTED)
        sys.exit(code)
    except TieoutError as problem:
        _fail(str(problem), problem.exit_code)
    except (CredentialsRefused, SettingRefused) as problem:
        _fail(remedies.of_vendor(problem), ExitCode.USAGE)
    except VendorError as problem:
        _fail(remedies.of_vendor(problem), ExitCode.FAILED)
    except (KeyboardInterrupt, typer.Abort):
        _fail(INTERRUPTED, ExitCode.INTERRUPTED)
    except Exception as problem:
        if remedies.is_interrupted(problem):
            _fail(INTERRUPTED, ExitCode.INTERRUPTED)
        if told := remedies.of_full_disk(problem) or remedies.of_place(problem):
            _fail(told, ExitCode.FAILED)
        _usage_or_raise(problem)


def _usage_or_raise(problem: Exception) -> None:
    # Typer bundles its own click, whose usage errors are told apart by what they can do, not by their class.
    show = getattr(problem, "show", None)
    if show is None:
        raise problem
    show()
    sys.exit(ExitCode.USAGE)


def _fail(message: str, code: ExitCode) -> None:
    if "--sandbox" in sys.argv[1:2]:
        # A remedy is typed as it stands: without the option it would go to the real systems.
        message = re.sub(r"`tieout (?!--sandbox)", "`tieout --sandbox ", message)
    sys.stderr.write(f"tieout: {message}\n")
    sys.exit(code)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tieout {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Work with the invented company of the sandbox, never with real systems."),
    ] = False,
    version: Annotated[
        bool,
        # Eager: it is answered before a command is asked for.
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_tell_version),
    ] = False,
) -> None:
    context.obj = Invocation(sandbox=sandbox)


@app.command()
def run(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """Land, build, plan and apply, until there is nothing left to send; then publish."""
    outcome = _run(context.obj, as_of, as_json)
    raise typer.Exit(int(outcome.exit_code))


def _run(invocation: Invocation, as_of: str | None, as_json: bool) -> RunOutcome:
    from tieout import run as loop
    from tieout.progress import RunProgress
    from tieout.report import summary

    errors = Console(stderr=True, emoji=False)
    with invocation.settings() as settings, RunProgress(errors) as progress:
        outcome, _ = loop.execute(settings, as_of=_as_of(settings, as_of), now=_now, progress=progress)
    if as_json:
        _print_json(summary.as_json(outcome))
    else:
        summary.show(outcome, Console(emoji=False))
    return outcome


@app.command()
def extract(
    context: typer.Context,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="SYSTEM[.TABLE]", help="Read only this; several with commas, or repeated."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read everything again, whatever is landed.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="YYYY-MM-DD", help="Begin windows and cursors no later than this day."),
    ] = None,
    accept_shrink: Annotated[
        bool, typer.Option("--accept-shrink", help="Believe a table that lost more than a fifth of its records.")
    ] = False,
    retry_quarantine: Annotated[
        bool, typer.Option("--retry-quarantine", help="Ask nobody; try what is in quarantine again.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Land and load what changed at the vendors, without building."""
    from tieout import steps
    from tieout.progress import RunProgress
    from tieout.report import steps as report

    if retry_quarantine and (full_refresh or since or accept_shrink):
        raise SettingsError("--retry-quarantine asks no vendor: it goes with --only alone")
    options = steps.Options(
        only=steps.tables_named(only or ()),
        since=settings_module.parse_date(since, "--since") if since else None,
        full_refresh=full_refresh,
        accept_shrink=accept_shrink,
        retry_quarantine=retry_quarantine,
    )
    invocation: Invocation = context.obj
    vendors = nullcontext(invocation.plain_settings()) if retry_quarantine else invocation.settings()
    with vendors as settings, RunProgress(Console(stderr=True, emoji=False)) as progress:
        done = steps.extract(settings, options, as_of=_as_of(settings, as_of), now=_now, progress=progress)
    if as_json:
        _print_json(report.extraction_json(done))
    else:
        report.show_extraction(done, Console(emoji=False))
    raise typer.Exit(int(done.exit_code))


@app.command()
def build(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """Build the books from what is landed, without a request, and publish them."""
    from tieout import steps
    from tieout.progress import RunProgress
    from tieout.report import steps as report
    from tieout.report import summary

    # In the sandbox today is the vendors' today, which only they can tell: they are up, but nothing is asked.
    with context.obj.settings() as settings, RunProgress(Console(stderr=True, emoji=False)) as progress:
        outcome = steps.build(settings, as_of=_as_of(settings, as_of), now=_now, progress=progress)
    if as_json:
        _print_json(summary.as_json(outcome))
    else:
        report.show_build(outcome, Console(emoji=False))
    raise typer.Exit(int(outcome.exit_code))


@app.command()
def doctor(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """Try each vendor's endpoints, read-only, and tell what this deployment answers to the open assumptions."""
    from tieout import doctor as doctors
    from tieout.report import doctor as report

    with context.obj.settings() as settings:
        found = doctors.examine(settings, as_of=_as_of(settings, as_of))
    if as_json:
        _print_json(report.as_json(found, settings.profile))
    else:
        report.show(found, settings.profile, Console(emoji=False))
    raise typer.Exit(int(doctors.verdict(found)))


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show the last runs, what is held and why, what was rejected, which controls are red."""
    from tieout.report import status as status_report

    settings = context.obj.plain_settings()
    found = status_report.read(settings, _now())
    if as_json:
        _print_json(status_report.as_json(found))
    else:
        status_report.show(found, Console(emoji=False))


@app.command()
def publish(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """Publish the books as they were built last, as the next snapshot."""
    from tieout.republish import republish

    settings = context.obj.plain_settings()
    day = settings_module.parse_date(as_of, "--as-of") if as_of else None
    published = republish(settings, as_of=day)
    if as_json:
        _print_json({"snapshot": str(published.path), "number": published.number, "as_of": published.as_of})
    else:
        typer.echo(f"{settings.paths.warehouse} is now snapshot {published.number}")


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8720,
) -> None:
    """Answer the web store's live balance call from the published snapshot."""
    import uvicorn

    from tieout.service import BALANCE_PATH, ServiceConfig, create_app, listening

    config = ServiceConfig.of(context.obj.plain_settings())
    listener = listening(host, port)
    port = listener.getsockname()[1]
    typer.echo(f"POST http://{host}:{port}{BALANCE_PATH} · GET http://{host}:{port}/health", err=True)
    with suppress(KeyboardInterrupt):  # uvicorn has closed by then, and passes the signal on
        service = uvicorn.Config(create_app(config, now=_now), log_level="warning", access_log=False)
        uvicorn.Server(service).run(sockets=[listener])


@app.command()
def schedule(
    context: typer.Context,
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help="Five fields, in the company's zone, e.g. '*/15 6-20 * * 1-5'.")
    ],
    show: Annotated[
        bool, typer.Option("--print", help="Print a crontab line and a systemd timer instead of running.")
    ] = False,
) -> None:
    """Run again and again by a cron expression in the company's time zone."""
    import shlex
    import subprocess

    from tieout import schedule as schedules

    invocation: Invocation = context.obj
    zone = invocation.plain_settings().time_zone
    command = [sys.executable, "-m", "tieout", *(["--sandbox"] if invocation.sandbox else []), "run"]
    if show:
        line = shlex.join(command)
        typer.echo(schedules.crontab_line(cron, zone, line, shlex.quote(str(Path.cwd()))))
        typer.echo()
        typer.echo(schedules.systemd_timer(cron, zone, line, str(Path.cwd())))
        return
    schedules.trigger(cron, zone)
    typer.echo(f"running `tieout run` at {cron!r} ({zone.key}); stop with Ctrl-C", err=True)

    def run_once() -> None:
        # A process of its own: a run that dies takes nothing of the schedule with it.
        subprocess.run(command, check=False)  # noqa: S603

    schedules.keep(cron, zone, run_once)


@app.command()
def sandbox(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="The invented company is made from this number.")] = 210,
    scale: Annotated[float, typer.Option(help="Size of the company; 1 is about 40 counterparties.")] = 1.0,
    as_of: Annotated[str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="The sandbox's today.")] = "2026-04-10",
    port_base: Annotated[int, typer.Option(help="First of three ports; 0 takes free ones.")] = 8701,
    reset: Annotated[bool, typer.Option("--reset", help="Forget everything and start over.")] = False,
    atlas_etrm_requests_per_minute: Annotated[int, typer.Option(help="0 is without limit.")] = 100,
    accounting_tier: Annotated[str, typer.Option(help="standard, professional or enterprise.")] = "enterprise",
    atlar_requests_per_second: Annotated[int, typer.Option(help="0 is without limit.")] = 50,
    atlar_seed_routes: Annotated[bool, typer.Option(help="Also answer the seed's spellings of Atlar's paths.")] = False,
    latency_ms: Annotated[int, typer.Option(help="Added to every answer.")] = 0,
) -> None:
    """Start the three vendors as servers on this machine, with an invented company's data."""
    from sandbox.app import serve as serve_sandbox
    from sandbox.options import SandboxOptions
    from sandbox.state import SandboxError

    del context  # The sandbox has one data directory whatever the profile of the other commands.
    try:
        options = SandboxOptions(
            data_dir=sandbox_process.vendors_dir(settings_module.load(SANDBOX).paths.data_dir),
            seed=seed,
            scale=scale,
            as_of=settings_module.parse_date(as_of, "--as-of"),
            port_base=port_base,
            reset=reset,
            atlas_etrm_requests_per_minute=atlas_etrm_requests_per_minute,
            accounting_tier=accounting_tier,
            atlar_requests_per_second=atlar_requests_per_second,
            atlar_seed_routes=atlar_seed_routes,
            latency_ms=latency_ms,
        )
    except ValueError as problem:
        raise SettingsError(str(problem)) from None
    try:
        serve_sandbox(options)
    except SandboxError as problem:
        raise TieoutError(str(problem)) from None


@app.command()
def docs(context: typer.Context) -> None:
    """Write the documentation and lineage of every table as one HTML page."""
    from tieout import lock
    from tieout.build import Books

    settings = context.obj.plain_settings()
    if not settings.paths.work.exists():
        raise TieoutError("there is nothing to describe yet; `tieout run` builds it")
    with lock.held(settings.paths.lock):
        Books(settings).docs()
    typer.echo(str(settings.paths.dbt_target / "static_index.html"))


app.add_typer(audit.app, name="audit")
app.add_typer(identities.app, name="identity")
plans.register(app)
app.command()(asking.sql)
app.command()(acceptance.accept)
app.command()(dismissal.dismiss)
app.command()(explanation.explain)
app.command()(shadowing.shadow)
app.command()(baselining.baseline)
app.command()(undoing.undo)
app.command()(undoing.hold)
app.command()(undoing.release)

for _command in (*app.registered_commands, *audit.app.registered_commands, *identities.app.registered_commands):
    # A list of commands cuts what it is not told to be short, in the middle of a sentence.
    _command.short_help = " ".join((inspect.getdoc(_command.callback) or "").partition("\n\n")[0].split())
for _group in app.registered_groups:
    _group.short_help = str(_group.typer_instance.info.help) if _group.typer_instance else None


def _as_of(settings: Settings, given: str | None) -> date:
    return settings.business_date(_now(), given)


def _now() -> datetime:
    return datetime.now(UTC)


def _print_json(document: dict[str, Any]) -> None:
    json.dump(document, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")
