"""Declares the commands of jobs and webhooks; jobs.py and webhooks.py do what they say."""

from __future__ import annotations

from typing import Annotated

import typer

from cadgate.cli.options import KeyFileOption, Plugins, Port, StateDir, exit_with, settings_of

jobs = typer.Typer(help="Long work of the running gateway.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job, as `cadgate jobs list` shows it.")]


@jobs.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="Only queued, running, succeeded, failed, cancelled ones.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 20,
    key_file: KeyFileOption = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """List your jobs, newest first: id, state, progress, what it does, date."""
    from cadgate.cli.jobs import list_jobs as run

    exit_with(run(settings_of(port=port, plugins=plugins, state_dir=state_dir), state, limit, key_file))


@jobs.command("show")
def show_job(
    identifier: JobId,
    key_file: KeyFileOption = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """Print a job as JSON: its progress, result, error and files."""
    from cadgate.cli.jobs import show as run

    exit_with(run(settings_of(port=port, plugins=plugins, state_dir=state_dir), identifier, key_file))


@jobs.command("cancel")
def cancel_job(
    identifier: JobId,
    key_file: KeyFileOption = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """Cancel a job."""
    from cadgate.cli.jobs import cancel as run

    exit_with(run(settings_of(port=port, plugins=plugins, state_dir=state_dir), identifier, key_file))


@jobs.command("watch")
def watch_job(
    identifier: JobId,
    key_file: KeyFileOption = None,
    port: Port = None,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """Follow a job to its end with a progress bar, also over restarts of the gateway; exit code 0 if it succeeds."""
    from cadgate.cli.jobs import watch as run

    exit_with(run(settings_of(port=port, plugins=plugins, state_dir=state_dir), identifier, key_file))


webhooks = typer.Typer(invoke_without_command=True)


@webhooks.callback()
def show_webhook_secret(context: typer.Context, plugins: Plugins = None, state_dir: StateDir = None) -> None:
    """Print the secret that signs webhooks, for those who receive them."""
    from cadgate.cli.webhooks import show as run

    context.obj = settings_of(plugins=plugins, state_dir=state_dir)
    if context.invoked_subcommand is None:
        exit_with(run(context.obj))


@webhooks.command("rotate")
def rotate_webhook_secret(
    context: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="Let the old one not sign for another day.")] = False,
    plugins: Plugins = None,
    state_dir: StateDir = None,
) -> None:
    """Make a new secret. The old one signs for another day too, so that receivers can change over."""
    from cadgate.cli.webhooks import rotate as run

    exit_with(
        run(settings_of(plugins=plugins, state_dir=state_dir) if state_dir or plugins else context.obj, at_once=now)
    )
