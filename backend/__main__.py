"""The command line: `python -m backend serve | transcribe | models | engines | doctor | check | backup | restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from backend.settings import Settings

#: Files of the server, its database and its backups are for its own user only.
_PRIVATE = 0o077

app = typer.Typer(
    name="python -m backend",
    help="Meeting ASR: recordings of Mandarin meetings into text with speakers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, instead of HOST")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, instead of PORT")] = None,
    demo: Annotated[bool, typer.Option(help="Use the scripted engine instead of real models")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL or MariaDB")] = 1,
) -> None:
    """Run the server until it is stopped."""
    import os
    import signal

    import uvicorn

    from backend.announcing_server import AnnouncingServer
    from backend.head_timeout import HeadTimeoutProtocol
    from backend.listen import CannotListen, listen
    from backend.malloc import retain_freed_memory
    from backend.settings import load_settings
    from backend.workers import WorkersRefused, check_workers, run_workers

    os.umask(_PRIVATE)
    retain_freed_memory()
    options_given: dict[str, Any] = {"host": host, "port": port, "demo": demo or None}
    given = {name: value for name, value in options_given.items() if value is not None}
    settings = load_settings(**given)
    try:
        check_workers(settings, workers)
        sockets = listen(settings.host, settings.port)
    except (WorkersRefused, CannotListen) as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    try:
        app = _open_app(settings)
    except typer.Exit:
        for socket in sockets:
            socket.close()
        raise
    options: dict[str, Any] = {
        "http": HeadTimeoutProtocol,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # the app does this itself, with TRUSTED_PROXIES
        # Longer than nginx (60 s) and HTTP clients (5 s) keep idle connections: the side that sends must close first,
        # or a request is written to a connection that is just being closed, and nobody may repeat a POST.
        "timeout_keep_alive": 75,
        "ws_max_size": 64 * 1024,
        "ws_per_message_deflate": False,  # a small message must not expand into a large one
    }
    if workers > 1:
        raise typer.Exit(run_workers(workers, sockets, given, options))
    for stop in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops cleanly and then raises the signal again for the previous handler: exit with 0.
        signal.signal(stop, lambda *_: None)
    AnnouncingServer(uvicorn.Config(app, **options)).run(sockets=sockets)


@app.command()
def transcribe(
    recordings: Annotated[
        list[Path], typer.Argument(help="Audio or video files, and folders that are searched through", exists=True)
    ],
    speakers: Annotated[str | None, typer.Option(help="Number of speakers: 3, 2-5, 2- or -5")] = None,
    hotword: Annotated[list[str] | None, typer.Option(help="A name or term that is spoken; may be repeated")] = None,
    language: Annotated[str, typer.Option(help="Spoken language: zh, en, ja, …; or auto")] = "auto",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the files", file_okay=False)] = Path("."),
    format: Annotated[str, typer.Option(help="Separated by commas: txt, srt, vtt, md, json")] = "txt,srt,json",
    transcriber: Annotated[str | None, typer.Option(help="Engine; the best installed by default")] = None,
    diarizer: Annotated[str | None, typer.Option(help="Engine; the best installed by default")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist already")] = False,
    demo: Annotated[bool, typer.Option(help="Use the scripted engine instead of real models")] = False,
) -> None:
    """Turn recordings into text with speakers, without a server."""
    from backend.settings import load_settings
    from backend.shell import transcribe_command

    settings = load_settings(needs_key=False, **({"demo": True} if demo else {}))
    raise typer.Exit(
        transcribe_command(
            settings,
            recordings,
            output,
            formats=format,
            speakers=speakers,
            hotwords=hotword or [],
            language=language,
            transcriber=transcriber,
            diarizer=diarizer,
            overwrite=overwrite,
        )
    )


engines_app = typer.Typer(no_args_is_help=True, help="Measure the engines on this machine.")
app.add_typer(engines_app, name="engines")


@engines_app.command("measure")
def measure_engines(
    audio: Annotated[
        Path | None, typer.Option(help="A recording of your own; its first minute is used", exists=True, dir_okay=False)
    ] = None,
    engine: Annotated[list[str] | None, typer.Option(help="Engines; all that are installed by default")] = None,
) -> None:
    """Measure CPU time, memory and speed of each installed engine. The console and the upload dialog show them."""
    from backend.measure_engines import measure_command
    from backend.settings import load_settings

    raise typer.Exit(measure_command(load_settings(needs_key=False), audio, engine))


search_app = typer.Typer(no_args_is_help=True, help="The index that finds what was said.")
app.add_typer(search_app, name="search")


@search_app.command("rebuild")
def rebuild_search() -> None:
    """Make the index of the search anew from the transcripts. The server may run meanwhile."""
    from backend.housekeeping.commands import rebuild_search_command
    from backend.settings import load_settings

    raise typer.Exit(rebuild_search_command(load_settings(needs_key=False)))


@app.command()
def doctor() -> None:
    """Check everything the server needs, and report what is wrong and how to fix it."""
    from backend.doctor import run_doctor
    from backend.settings import load_settings

    raise typer.Exit(run_doctor(load_settings(needs_key=False)))


@app.command()
def check(
    json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    quick: Annotated[bool, typer.Option(help="Compare the sizes of originals, not their checksums")] = False,
) -> None:
    """Check that nothing is lost or published twice and that rows and files agree. Changes nothing."""
    from backend.housekeeping.commands import check_command
    from backend.settings import load_settings

    raise typer.Exit(check_command(load_settings(needs_key=False), as_json=json, quick=quick))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new folder, or a new file that ends in .tar")],
    link: Annotated[bool, typer.Option(help="Hard links instead of copies; on the same disk only")] = False,
    portable: Annotated[bool, typer.Option(help="Rows instead of SQLite's file, for another kind of database")] = False,
) -> None:
    """Back up the database and every file it names. The server may run meanwhile."""
    import os

    from backend.housekeeping.commands import backup_command
    from backend.settings import load_settings

    os.umask(_PRIVATE)
    raise typer.Exit(backup_command(load_settings(needs_key=False), target, link=link, portable=portable))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A backup made by `backup`", exists=True)],
) -> None:
    """Restore a backup into an empty DATABASE_URL and UPLOADS_DIR. Nothing is overwritten."""
    import os

    from backend.housekeeping.commands import restore_command
    from backend.settings import load_settings

    os.umask(_PRIVATE)
    raise typer.Exit(restore_command(load_settings(needs_key=False), source))


def _open_app(settings: "Settings") -> "FastAPI":
    """The application, with its database and folders. Ends the program with a sentence where one cannot be used."""
    from sqlalchemy.exc import SQLAlchemyError

    from backend import migrations
    from backend.app import create_app
    from backend.coordination.single_process import SecondProcess, only_process
    from backend.database_errors import why_unusable
    from backend.logs import LogFileClosed
    from backend.migrations.drift import SchemaDamaged

    try:
        with only_process(settings.database_url):
            migrations.upgrade(settings.database_url)
        settings.uploads_dir.mkdir(parents=True, exist_ok=True)
        return create_app(settings)
    except (migrations.DatabaseTooNew, SchemaDamaged, LogFileClosed, SecondProcess) as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    except (SQLAlchemyError, ImportError) as error:
        typer.echo(why_unusable(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{error.filename or settings.uploads_dir} cannot be used: {error.strerror or error}.", err=True)
        raise typer.Exit(2) from None


def _add_models() -> None:
    from backend.weights.commands import app as models

    app.add_typer(models, name="models", help="Fetch, list and verify the models.")


if __name__ == "__main__":
    _add_models()
    app()
