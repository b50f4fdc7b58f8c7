"""The command line. Commands are declared here, and implemented in the other modules of this package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cadgate.cli.job_commands import jobs, webhooks
from cadgate.cli.options import Host, KeyFileOption, Plugins, Port, StateDir, exit_with, settings_of
from cadgate.config.settings import DOTENV, Settings, load_settings
from cadgate.config.sources import export_dotenv
from cadgate.errors import CadgateError, ConfigError

if TYPE_CHECKING:
    from cadgate.cli.sessions import SessionCommands

app = typer.Typer(
    name="cadgate",
    help="One gateway to 3D and CAD applications.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(host: Host = None, port: Port = None, plugins: Plugins = None, state_dir: StateDir = None) -> None:
    """Run the gateway in the foreground."""
    from cadgate.cli.serve import serve as run

    exit_with(run(settings_of(host=host, port=port, plugins=plugins, state_dir=state_dir)))


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the applications.", min=1)] = 180,
) -> None:
    """Start the gateway in the background and wait until its applications answer."""
    from cadgate.cli.lifecycle import up as run

    given = {"--host": host, "--port": port, "--plugins": plugins, "--state-dir": state_dir}
    arguments = [text for option, value in given.items() if value is not None for text in (option, str(value))]
    exit_with(run(settings_of(host=host, port=port, plugins=plugins, state_dir=state_dir), arguments, timeout))


@app.command()
def down(
    plugins: Plugins = None,
    state_dir: StateDir = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds to wait before killing it.", min=0)] = None,
) -> None:
    """Stop the gateway of the state folder, with its applications."""
    from cadgate.cli.lifecycle import down as run

    exit_with(run(settings_of(plugins=plugins, state_dir=state_dir), timeout))


@app.command()
def status(port: Port = None, plugins: Plugins = None, state_dir: StateDir = None) -> None:
    """Show whether the gateway and each application answer, one line each; exit code 0 only if all do."""
    from cadgate.cli.reports import status as run

    _report(run, port=port, plugins=plugins, state_dir=state_dir)


@app.command()
def doctor(host: Host = None, port: Port = None, plugins: Plugins = None, state_dir: StateDir = None) -> None:
    """Check for everything that the gateway needs, and show how to get what is missing."""
    from cadgate.cli.doctor import doctor as run

    _report(run, host=host, port=port, plugins=plugins, state_dir=state_dir)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed.")] = False,
    artifacts: Annotated[
        float | None,
        typer.Option("--artifacts", metavar="DAYS", help="Also artifacts older than this.", min=0),
    ] = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """List what uninstalled adapters left behind: sessions, logs, tables of plugins.toml; `--yes` removes it."""
    from cadgate.cli.leftovers import prune as run

    exit_with(run(settings_of(plugins=plugins, state_dir=state_dir), remove=yes, days=artifacts))


plugins_app = typer.Typer(invoke_without_command=True)
app.add_typer(plugins_app, name="plugins")


@plugins_app.callback()
def list_plugins(context: typer.Context, plugins: Plugins = None) -> None:
    """List the installed adapters, one line each; enable or disable one. Needs no running gateway."""
    from cadgate.cli.reports import plugins as run

    context.obj = plugins
    if context.invoked_subcommand is None:
        exit_with(run(load_settings(plugins=plugins)))


AdapterName = Annotated[str, typer.Argument(metavar="NAME", help="The adapter, as `cadgate plugins` lists it.")]


@plugins_app.command("enable")
def enable_plugin(context: typer.Context, name: AdapterName, plugins: Plugins = None) -> None:
    """Enable an adapter from the gateway's next start on: `enabled = true` in plugins.toml."""
    from cadgate.cli.switch import switch

    exit_with(switch(plugins or context.obj, name, enabled=True))


@plugins_app.command("disable")
def disable_plugin(context: typer.Context, name: AdapterName, plugins: Plugins = None) -> None:
    """Disable an adapter from the gateway's next start on, so it is not even imported: `enabled = false`."""
    from cadgate.cli.switch import switch

    exit_with(switch(plugins or context.obj, name, enabled=False))


@app.command("new-adapter")
def make_adapter(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The application's name, as in /api/v1/NAME.")],
    kind: Annotated[
        str, typer.Option(help="document: it keeps a document. converter: it makes a file of another.")
    ] = "document",
) -> None:
    """Create ./cadgate-NAME, the package of a new adapter that works at once."""
    from cadgate.cli.new_adapter import new_adapter

    exit_with(new_adapter(name, Path.cwd(), kind))


@app.command()
def version() -> None:
    """Show the versions of the gateway and its adapters."""
    from cadgate.cli.reports import version as run

    exit_with(run())


@app.command("exec")
def execute(
    adapter: Annotated[str, typer.Argument(help="The application: blender, freecad.")],
    script: Annotated[str, typer.Argument(help="A Python file; - for standard input.")],
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
    timeout: Annotated[float, typer.Option(help="Seconds after which it is interrupted.", min=0.001, max=86400)] = 3600,
    key_file: Annotated[
        Path | None, typer.Option(help='A file that holds a key with the scope execute, for auth = "token".')
    ] = None,
) -> None:
    """Run a script inside an application of the running gateway, with its output and exit code."""
    from cadgate.cli.execute import execute as run

    exit_with(run(settings_of(port=port, plugins=plugins, state_dir=state_dir), adapter, script, timeout, key_file))


@app.command("mcp")
def agents(
    host: Host = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help='A file that holds a key, for auth = "token"; or set CADGATE_KEY.'),
    ] = None,
) -> None:
    """Serve agents on standard input and output (MCP), by the running gateway; where none runs, one is started."""
    from cadgate.cli.stdio import serve_stdio as run

    given = {"--host": host, "--port": port, "--plugins": plugins, "--state-dir": state_dir}
    arguments = [text for option, value in given.items() if value is not None for text in (option, str(value))]
    exit_with(run(settings_of(host=host, port=port, plugins=plugins, state_dir=state_dir), arguments, key_file))


sessions = typer.Typer(help="Sessions of the running gateway.", no_args_is_help=True)
app.add_typer(sessions, name="sessions")
SessionId = Annotated[str, typer.Argument(metavar="ID", help="The session, as `cadgate sessions list` shows it.")]
Labels = Annotated[list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="May be repeated.")]


@sessions.command("list")
def list_sessions(
    application: Annotated[str | None, typer.Option(help="Only those of this application.")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    label: Labels = None,
    key_file: KeyFileOption = None,
    port: Port = None,
    state_dir: StateDir = None,
) -> None:
    """List your sessions: id, application, state, objects, owner, name."""
    exit_with(_sessions(port, state_dir, key_file).list(application, state, label or ()))


@sessions.command("create")
def create_session(
    application: Annotated[str, typer.Argument(help="The application: blender, freecad.")],
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    idle_seconds: Annotated[float | None, typer.Option(help="When it is suspended.")] = None,
    ttl_seconds: Annotated[float | None, typer.Option(help="When it ends.")] = None,
    label: Labels = None,
    from_session: Annotated[str | None, typer.Option(metavar="ID", help="Fork this session.")] = None,
    from_artifact: Annotated[str | None, typer.Option(metavar="ID", help="Open this file.")] = None,
    key_file: KeyFileOption = None,
    port: Port = None,
    state_dir: StateDir = None,
) -> None:
    """Make a session and print its id."""
    from cadgate.cli.sessions import labels_of

    source = {"session": from_session} if from_session else {"artifact": from_artifact} if from_artifact else None
    body: dict[str, Any] = {"application": application, "name": name, "from": source, "labels": labels_of(label or ())}
    body |= {"idle_seconds": idle_seconds, "ttl_seconds": ttl_seconds}
    exit_with(_sessions(port, state_dir, key_file).create(body))


@sessions.command("suspend")
def suspend_session(
    identifier: SessionId, key_file: KeyFileOption = None, port: Port = None, state_dir: StateDir = None
) -> None:
    """End the process of a session and keep everything else."""
    exit_with(_sessions(port, state_dir, key_file).change(identifier, "suspend"))


@sessions.command("resume")
def resume_session(
    identifier: SessionId, key_file: KeyFileOption = None, port: Port = None, state_dir: StateDir = None
) -> None:
    """Bring a suspended session back."""
    exit_with(_sessions(port, state_dir, key_file).change(identifier, "resume"))


@sessions.command("fork")
def fork_session(
    identifier: SessionId,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    key_file: KeyFileOption = None,
    port: Port = None,
    state_dir: StateDir = None,
) -> None:
    """Make a second session with the same whole state, and print its id."""
    exit_with(_sessions(port, state_dir, key_file).fork(identifier, name))


@sessions.command("delete")
def delete_sessions(
    identifiers: Annotated[list[str], typer.Argument(metavar="ID...", help="The sessions to end.")],
    key_file: KeyFileOption = None,
    port: Port = None,
    state_dir: StateDir = None,
) -> None:
    """End sessions for good, and remove their files."""
    exit_with(_sessions(port, state_dir, key_file).delete(identifiers))


def _sessions(port: int | None, state_dir: Path | None, key_file: Path | None) -> SessionCommands:
    from cadgate.cli.sessions import SessionCommands

    return SessionCommands(settings_of(port=port, state_dir=state_dir), key_file)


app.add_typer(jobs, name="jobs")
app.add_typer(webhooks, name="webhooks")

keys = typer.Typer(help='Access keys for auth = "token".', no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("create")
def create_key(
    label: Annotated[str, typer.Argument(help="Who or what the key is for.")],
    scopes: Annotated[str, typer.Option(help="What it allows, separated by commas.")] = "read,write,execute",
    state_dir: StateDir = None,
) -> None:
    """Create a key and print it, this once."""
    from cadgate.cli.keys import create

    exit_with(create(settings_of(state_dir=state_dir), label, scopes))


@keys.command("list")
def list_keys(state_dir: StateDir = None) -> None:
    """List the keys: id, date, scopes, label."""
    from cadgate.cli.keys import list_keys as run

    _report(run, state_dir=state_dir)


@keys.command("revoke")
def revoke_key(identifier: Annotated[str, typer.Argument(metavar="ID")], state_dir: StateDir = None) -> None:
    """Refuse a key from now on."""
    from cadgate.cli.keys import revoke

    exit_with(revoke(settings_of(state_dir=state_dir), identifier))


def _report(run: Callable[[Settings], int], **options: Any) -> None:
    exit_with(run(settings_of(**options)))


def main() -> None:
    """Run the command line. A wrong setting is one line on stderr and exit code 2; any other refusal is 1."""
    try:
        export_dotenv(Path(DOTENV), os.environ)
        app(prog_name="cadgate")
    except CadgateError as error:
        print(f"cadgate: {' '.join(error.message.splitlines())}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
