"""Benchmarks. Variants are measured alternately in one run, and the limits are ratios rather than seconds."""

from pathlib import Path
from typing import Annotated, Literal

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
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 5,
    seconds: Annotated[float, typer.Option(min=10, help="Length of the clip for both variants")] = 60.0,
    made_up: Annotated[
        bool, typer.Option(help="Only compare with the libraries, with FunASR in random weights")
    ] = False,
) -> None:
    """Time, real-time factor and peak memory of each stage with CER, DER and cpCER; compared with the libraries."""
    from benchmarks.pipeline import run

    names = recording or ["two-minutes", "two-minutes-overlap", "ten-minutes"]
    raise typer.Exit(run(shared.resolve(), names, rounds, seconds, made_up))


@app.command()
def diarize(
    shared: Shared = Path("../shared"),
    recording: Annotated[list[str] | None, typer.Option(help="Names under audio/meetings; all by default")] = None,
    seconds: Annotated[float, typer.Option(min=10, help="Length of the clip that is timed")] = 30.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 5,
) -> None:
    """Our diarizer compared with the stock pipeline: time, memory and error, and whether the turns are equal."""
    from benchmarks.diarize import run

    names = recording or ["two-minutes", "two-minutes-overlap", "ten-minutes"]
    raise typer.Exit(run(shared.resolve(), names, seconds, rounds))


@app.command()
def whisper_memory(
    shared: Shared = Path("../shared"),
    recording: Annotated[str, typer.Option(help="A name under audio/meetings")] = "two-minutes",
    repeats: Annotated[int, typer.Option(min=2, help="How often it is heard one after the other")] = 6,
) -> None:
    """Whether the memory of a long transcription by Whisper grows."""
    from benchmarks.whisper_memory import run

    raise typer.Exit(run(shared.resolve(), recording, repeats))


@app.command()
def linkage(
    count: Annotated[int, typer.Option(min=100, help="Embeddings for both variants")] = 16_000,
    many: Annotated[int, typer.Option(min=100, help="Embeddings of twelve hours")] = 60_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 5,
) -> None:
    """Our clustering of voices compared with scipy's: time, memory, and whether the generated voices are found."""
    from benchmarks.linkage import run

    raise typer.Exit(run(count, many, rounds))


@app.command()
def transcribe(
    shared: Shared = Path("../shared"),
    recording: Annotated[list[str] | None, typer.Option(help="Names under audio/meetings; all by default")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 5,
    library: Annotated[Literal["vosk", "funasr-onnx"], typer.Option(help="The library to compare with")] = "vosk",
    made_up: Annotated[bool, typer.Option(help="funasr-onnx: random weights of the real size")] = False,
) -> None:
    """Our recogniser compared with the library it is built on: time, memory and error of both."""
    from benchmarks import paraformer, transcribe

    names = recording or ["two-minutes", "two-minutes-overlap", "ten-minutes"]
    if library == "funasr-onnx":
        raise typer.Exit(paraformer.run(shared.resolve(), names, rounds, made_up))
    raise typer.Exit(transcribe.run(shared.resolve(), names, rounds))


@app.command()
def words(
    shared: Shared = Path("../shared"),
    audio: Annotated[
        Path | None,
        typer.Option(help="More recordings, each with NAME.txt or NAME.stm beside it", exists=True, file_okay=False),
    ] = None,
    engine: Annotated[list[str] | None, typer.Option(help="Recognisers; all that are installed by default")] = None,
    recording: Annotated[
        list[str] | None, typer.Option(help="Names under audio/meetings; the two of two minutes by default")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Speech in each made group; 0 for none")] = 60.0,
    nothing: Annotated[float, typer.Option(min=0, help="Minutes of each sound without speech; 0 for none")] = 1.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed makes the same recordings")] = 1,
) -> None:
    """All recognisers on the same recordings: CER by group, CPU, memory, and what they invent where nothing is said."""
    from benchmarks.words import run

    names = ["two-minutes", "two-minutes-overlap"] if recording is None else recording
    raise typer.Exit(run(shared.resolve(), audio, engine, names, seconds, nothing, rounds, seed))


@app.command()
def taught(
    shared: Shared = Path("../shared"),
    epochs: Annotated[int, typer.Option(min=1, help="Training epochs")] = 100,
) -> None:
    """Whether FunASR's text changes with its precision, on a small network trained on the recordings."""
    from benchmarks.trained_network import run

    raise typer.Exit(run(shared.resolve(), epochs))


@app.command()
def long(
    shared: Shared = Path("../shared"),
    hours: Annotated[list[float] | None, typer.Option(min=0.05, help="Lengths; 1, 4 and 12 by default")] = None,
    made_up: Annotated[bool, typer.Option(help="Use FunASR in int8 with random weights")] = False,
) -> None:
    """How time and memory of a meeting grow with its length; what silence and a kill near the end cost."""
    from benchmarks.long import run

    raise typer.Exit(run(shared.resolve(), hours or [1.0, 4.0, 12.0], made_up))


@app.command()
def server(
    shared: Shared = Path("../shared"),
    requests: Annotated[int, typer.Option(min=100, help="GET /health requests, idle and busy each")] = 1000,
) -> None:
    """p99 of GET /health idle and while a job runs, and the time from start to the first answer."""
    from benchmarks.server import run

    raise typer.Exit(run(shared.resolve(), requests))


@app.command()
def minutes(
    hours: Annotated[float, typer.Option(min=0.1, help="Length of the synthetic meeting")] = 6.0,
    latency: Annotated[float, typer.Option(min=0.0, help="Seconds an answer takes")] = 0.5,
) -> None:
    """Calls, tokens and wall time per hour of audio of minutes, polish and repair, against a fake server."""
    from benchmarks.minutes import run

    raise typer.Exit(run(hours, latency))


@app.command()
def logins(rounds: Annotated[int, typer.Option(min=1, help="Times 200 sign-ins at once")] = 5) -> None:
    """p99 of GET /health during a flood of sign-ins."""
    from benchmarks.logins import run

    raise typer.Exit(run(rounds))


@app.command()
def queue(
    url: Annotated[str | None, typer.Option(help="An empty database; a fresh SQLite file by default")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of a hundred claims for each variant")] = 5,
) -> None:
    """Enqueue to start, claims in large tables, fairness under a flood, and the time to recover a job."""
    from benchmarks.queue import run

    raise typer.Exit(run(url, rounds))


@app.command()
def fairness(
    shared: Shared = Path("../shared"),
    recording: Annotated[str, typer.Option(help="A name under audio/meetings")] = "two-minutes",
    minutes: Annotated[float, typer.Option(min=1, help="Length of each long recording")] = 80.0,
    others: Annotated[int, typer.Option(min=1, help="How many long recordings")] = 3,
    engine: Annotated[str | None, typer.Option(help="A recogniser; the best installed by default")] = None,
) -> None:
    """A recording of 20 s beside long ones at one engine: how long it takes, and what sharing costs the others."""
    from benchmarks.fairness import run

    raise typer.Exit(run(shared.resolve(), recording, minutes, others, engine))


@app.command()
def sockets(
    count: Annotated[int, typer.Option(min=1, help="WebSockets open at once")] = 1000,
    changes: Annotated[int, typer.Option(min=1, help="Changes sent to each of them")] = 20,
    servers: Annotated[int, typer.Option(min=1, help="Servers on one database")] = 1,
    database: Annotated[str, typer.Option(help="sqlite, postgresql or mariadb")] = "sqlite",
) -> None:
    """How late a change reaches a thousand WebSockets, and whether one is missed."""
    from benchmarks.sockets import run

    raise typer.Exit(run(count, changes, servers, database))


@app.command()
def commits(
    seconds: Annotated[float, typer.Option(min=0.1, help="For each measurement")] = 3,
    writers: Annotated[int, typer.Option(min=1, help="Transactions at the same time")] = 8,
    database: Annotated[str, typer.Option(help="sqlite, postgresql or mariadb")] = "postgresql",
) -> None:
    """How many commits a second there are with events and without."""
    from benchmarks.commits import run

    raise typer.Exit(run(seconds, writers, database))


@app.command()
def search(
    segments: Annotated[int, typer.Option(min=500, help="Segments that are made")] = 200_000,
    database: Annotated[str, typer.Option(help="sqlite, postgresql or mariadb")] = "sqlite",
) -> None:
    """The index of the search: making it, its size, a first page, a change, and LIKE beside it."""
    from benchmarks.search import run

    raise typer.Exit(run(segments, database))


@app.command()
def fuzz(seconds: Annotated[float, typer.Option(min=1, help="For each parser")] = 60) -> None:
    """Broken forms and messages for the parsers that are reachable without a login: crashes and event loop delays."""
    from benchmarks.fuzz import run

    raise typer.Exit(run(seconds))


@app.command()
def upload(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the side-by-side measurement")] = 7,
    megabytes: Annotated[int, typer.Option(min=1, help="Size of the file")] = 512,
    large: Annotated[
        int, typer.Option(min=0, help="Size of one more file for the memory measurement; 0 for none")
    ] = 4096,
) -> None:
    """An upload over tus compared with Starlette's UploadFile: MB/s, CPU of the server per GB, memory."""
    from benchmarks.upload import run

    raise typer.Exit(run(rounds, megabytes, large))


@app.command()
def page() -> None:
    """The web page in Chromium with a document of 5,000 segments. Build it first: ./start_backend.sh --setup-only."""
    from benchmarks.page import run

    raise typer.Exit(run())


@app.command()
def soak(
    seed: Annotated[int, typer.Option(help="The same seed is the same schedule")] = 1,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long faults are injected")] = 10.0,
) -> None:
    """A server that is killed, paused and cut off at random while clients use it: what is lost or duplicated."""
    from benchmarks.soak import run

    raise typer.Exit(run(seed, minutes))


if __name__ == "__main__":
    app()
