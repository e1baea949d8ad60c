"""Create the first super admin: asks for a name and a password, or takes `--username NAME --password-stdin`.

Exit codes: 0 created, 1 refused (the name is taken, the password is weak, the database cannot be used),
2 wrong arguments or settings.
"""

import argparse
import asyncio
import getpass
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


class CreationRefused(Exception):
    """Nothing was created; the message says why."""


def main() -> int:
    arguments = _arguments()
    os.umask(0o077)  # it may create the database's file
    os.chdir(ROOT)  # so that a relative DATABASE_URL means the same file as in the server
    try:
        return _create_with(arguments)
    except CreationRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nNothing was created.", file=sys.stderr)
        return 1


def _create_with(arguments: argparse.Namespace) -> int:
    try:
        from sqlalchemy.exc import SQLAlchemyError

        from backend.database_errors import why_unusable
        from backend.migrations import upgrade
        from backend.settings import load_settings
    except ImportError as error:
        raise CreationRefused(f"{error.name} is not installed. Run ./start_backend.sh --setup-only first.") from error

    settings = load_settings()
    try:
        upgrade(settings.database_url)
        asyncio.run(_create(settings.database_url, arguments))
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise CreationRefused(why_unusable(error)) from error
    return 0


async def _create(database_url: str, arguments: argparse.Namespace) -> None:
    from backend.accounts import service
    from backend.accounts.passwords import Passwords
    from backend.accounts.tables import Role
    from backend.database import connect
    from backend.errors import AppError

    database, passwords = connect(database_url), Passwords()
    try:
        name = (arguments.username or _prompt_name()).strip()
        service.username_key(name)
        async with database.read() as session:
            if await service.find_by_name(session, name):
                raise service.UsernameTaken
        password = _read_password() if arguments.password_stdin else _prompt_password()
        password_hash = await passwords.hash(password, username=name)
        async with database.write() as session:
            await service.create(session, username=name, password_hash=password_hash, role=Role.SUPER_ADMIN)
    except service.UsernameTaken as error:
        raise CreationRefused(f"There is already a user named {name}. Nothing was changed.") from error
    except AppError as error:
        raise CreationRefused(f"{error.detail} Nothing was created.") from error
    finally:
        passwords.close()
        await database.close()
    print(f"Created the super admin {name}. Sign in with this name and the password you chose.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Create a super admin for Meeting ASR.")
    parser.add_argument("--username", help="the name to sign in with; you are asked for it if it is left out")
    parser.add_argument("--password-stdin", action="store_true", help="take the password from the first line of stdin")
    arguments = parser.parse_args()
    if arguments.password_stdin and not arguments.username:
        parser.error("--password-stdin needs --username")
    if not arguments.password_stdin and not sys.stdin.isatty():
        parser.error("there is no terminal: use --username NAME --password-stdin")
    return arguments


def _prompt_name() -> str:
    return input("User name: ")


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _prompt_password() -> str:
    password = getpass.getpass("Password (8 to 128 characters): ")
    if getpass.getpass("The same again: ") != password:
        raise CreationRefused("The two passwords differ. Nothing was created.")
    return password


def _use_own_python() -> None:
    """Restart with the Python of `.venv`, which has the dependencies, if another one was used."""
    own = ROOT / ".venv" / "bin" / "python"
    if sys.prefix == sys.base_prefix and own.exists():
        os.execv(own, [str(own), str(ROOT / "create_super_admin.py"), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    _use_own_python()
    sys.exit(main())
