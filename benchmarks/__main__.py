"""Measured side by side: `python -m benchmarks pipeline | server | logins | minutes | page`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="python -m benchmarks",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Shared = Annotated[
    Path, typer.Option(envvar="MEETING_ASR_SHARED", help="Folder with audio/ and models/", exists=True, file_okay=False)
]


@app.command()
def pipeline(
    shared: Shared = Path("../shared"),
    recording: Annotated[list[str] | None, typer.Option(help="Names under audio/meetings; all by default")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 3,
) -> None:
    """Wall time, real-time factor and peak memory of each stage; CER, DER and cpCER beside them."""
    from benchmarks.pipeline import run

    names = recording or ["two-minutes", "two-minutes-overlap", "ten-minutes"]
    raise typer.Exit(run(shared.resolve(), names, rounds))


@app.command()
def server(
    shared: Shared = Path("../shared"),
    requests: Annotated[int, typer.Option(min=100, help="GET /health per side")] = 1000,
) -> None:
    """p99 of GET /health idle and while a job runs, and the time from start to the first answer."""
    from benchmarks.server import run

    raise typer.Exit(run(shared.resolve(), requests))


@app.command()
def minutes(
    hours: Annotated[float, typer.Option(min=0.1, help="Length of the synthetic meeting")] = 6.0,
    latency: Annotated[float, typer.Option(min=0.0, help="Seconds an answer takes")] = 0.5,
) -> None:
    """Calls, tokens and wall time per hour of audio of minutes and of a polish, against a server of the tests."""
    from benchmarks.minutes import run

    raise typer.Exit(run(hours, latency))


@app.command()
def logins(rounds: Annotated[int, typer.Option(min=1, help="Times 200 sign-ins at once")] = 5) -> None:
    """p99 of GET /health beside a flood of sign-ins."""
    from benchmarks.logins import run

    raise typer.Exit(run(rounds))


@app.command()
def page() -> None:
    """The web page in Chromium with a document of 5,000 segments. Build it first: ./start_backend.sh --setup-only."""
    from benchmarks.page import run

    raise typer.Exit(run())


if __name__ == "__main__":
    app()
