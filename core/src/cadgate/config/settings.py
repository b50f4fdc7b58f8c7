"""The gateway's settings, and how they are merged from plugins.toml, `.env`, the environment and options.

The settings of an adapter are kept here as they were written; its own model checks them when it is loaded.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ByteSize, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cadgate.appserver.busy_poll import DEFAULT_SECONDS
from cadgate.config.entry_points import announced_names
from cadgate.config.sources import PREFIX, Values, from_dotenv, from_environment, from_options, from_toml
from cadgate.config.state_folder import default_state_dir
from cadgate.errors import ConfigError
from cadgate.models.root import checked_root

LOCAL_PLUGINS = "plugins.toml"
"""Read from the working folder if no other file is named."""

DOTENV = ".env"
"""Likewise."""

MIB = 1024 * 1024


def check_state_dir(settings: Settings) -> None:
    """Raise ConfigError if the default state folder cannot be used, for example because HOME does not exist."""
    if settings.has_origin("state_dir"):
        return
    nearest = settings.state_dir
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    # /proc claims that root may write there.
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK) or nearest.is_relative_to("/proc"):
        raise ConfigError(
            f"state_dir: the folder {settings.state_dir} cannot be created or written, check {nearest}: set "
            "CADGATE_STATE_DIR to a folder of yours"
        )


class Settings(BaseSettings):
    """The settings of one gateway.

    `Settings(...)` has exactly what it is given, with defaults for the rest. `load_settings()` reads files and the
    environment.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="The port; 0 lets the system choose one.")
    plugins: Path | None = Field(
        None, description="The plugins.toml to read; without it `./plugins.toml`, where that exists."
    )
    state_dir: Path = Field(
        default_factory=default_state_dir, description="Sessions, artifacts, logs and keys; one gateway at a time."
    )
    auth: Literal["local", "token"] = Field(
        "local", description="local: only the same operating-system user. token: bearer keys with scopes."
    )
    login_idle_seconds: Annotated[float, Field(gt=0)] = Field(
        3600, description='After how long without a request a log-in of a browser ends (`auth = "token"`).'
    )
    login_seconds: Annotated[float, Field(gt=0)] = Field(
        43_200, description="After how long a log-in of a browser ends in any case."
    )
    open_probes: bool = Field(
        False, description="True: `/health`, `/ready` and `/metrics` answer without a key, by their status only."
    )
    root_path: str = Field(
        "", description="The path at which a proxy serves the gateway, such as `/cad`, whether it takes it off or not."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="Addresses or networks of proxies whose `X-Forwarded-Proto`, `-Prefix` and `-For` count; comma "
        "separated.",
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="Browser origins that may call, such as `https://app.example`; comma separated."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Names that a request's `Host` may have in addition to the local ones; comma separated."
    )
    allowed_roots: tuple[Path, ...] = Field(
        (), description="Folders that absolute file names in requests may lie in; comma separated."
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        "info", description="The least severe messages that are logged."
    )
    log_format: Literal["console", "json"] = Field("console", description="Lines for people, or one JSON object each.")
    audit: bool = Field(True, description="Whether `logs/audit.log` gets a line for every change and execution.")
    audit_max_bytes: ByteSize = Field(
        ByteSize(32 * MIB), gt=0, description="The size from which the audit log is put aside as `audit.log.1`."
    )
    audit_files: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="How many audit logs that were put aside are kept."
    )
    max_body_bytes: ByteSize = Field(ByteSize(16 * MIB), gt=0, description="The largest JSON body; `32MiB` works too.")
    max_body_values: Annotated[int, Field(ge=1000, le=10_000_000)] = Field(
        200_000,
        description="The most values (numbers, texts, lists, objects) in a JSON body; routes for bulk data take more.",
    )
    max_upload_bytes: ByteSize = Field(ByteSize(512 * MIB), gt=0, description="The largest uploaded file.")
    max_artifact_bytes: ByteSize | None = Field(
        None,
        gt=0,
        description="How much is kept as artifacts in all; a file that would be too much is 422 `limit_exceeded`. "
        "Without it as much as the disk holds.",
    )
    artifact_ttl_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="How long an artifact is kept after it was stored. Without it until it is removed."
    )
    max_jobs: Annotated[int, Field(ge=1)] = Field(
        1000, description="Jobs that have not ended, in all; one more is 429 `overloaded`."
    )
    max_jobs_per_key: Annotated[int, Field(ge=1)] = Field(
        250, description='The same for each key, with `auth = "token"`.'
    )
    job_seconds: Annotated[float, Field(gt=0)] = Field(
        86_400, description="How long the work of a job may take that was sent without `X-Deadline-Ms`."
    )
    job_ttl_seconds: Annotated[float, Field(gt=0)] = Field(
        7 * 86_400, description="How long a job is kept after its end. Its artifacts are not removed with it."
    )
    webhook_allow: tuple[str, ...] = Field(
        (),
        description="URLs that webhooks may be sent to, such as `https://hooks.example.org/*`, and addresses or "
        "networks that may be private ones; comma separated. Without it to none.",
    )
    webhook_url: str | None = Field(
        None, description="A URL that gets the end of every job, without being listed above."
    )
    body_idle_seconds: Annotated[float, Field(gt=0)] = Field(
        20, description="How long nothing may come of a body or WebSocket message that is not complete: 408."
    )
    body_bytes_per_second: ByteSize = Field(
        ByteSize(4096), gt=0, description="How fast a body must come, in all, after its first `body_idle_seconds`."
    )
    websocket_connections: Annotated[int, Field(ge=1)] = Field(
        512, description="WebSocket connections at a time; one more is 429 `overloaded`."
    )
    websocket_connections_per_adapter: Annotated[int, Field(ge=1)] = Field(
        256, description="The same for each adapter."
    )
    websocket_connections_per_key: Annotated[int, Field(ge=1)] = Field(
        128, description='The same for each key, with `auth = "token"`.'
    )
    requests_per_key: Annotated[int, Field(ge=1)] = Field(
        256, description="Requests of one key in progress, uploads and downloads too; one more is 429 `overloaded`."
    )
    websocket_heartbeat_seconds: Annotated[float, Field(gt=0)] = Field(
        20, description="How often a WebSocket client hears from the gateway; one that stays silent twice is dropped."
    )
    import_seconds: Annotated[float, Field(gt=0)] = Field(
        60, description="How long importing an adapter may take; one that takes longer is failed, and the rest served."
    )
    session_idle_seconds: Annotated[float, Field(gt=0)] = Field(
        900, description="After how long without a call a session is suspended, unless it has its own `idle_seconds`."
    )
    max_sessions: Annotated[int, Field(ge=0)] = Field(
        1000, description="Sessions of all applications that are kept; one more is 422 `limit_exceeded`."
    )
    max_sessions_per_owner: Annotated[int, Field(ge=0)] = Field(
        200, description='The same for each key, with `auth = "token"`.'
    )
    max_awake: Annotated[int, Field(ge=1)] = Field(
        8, description="Sessions of one application that have a process at a time; others wait for their turn."
    )
    max_session_bytes: ByteSize | None = Field(
        None,
        gt=0,
        description="How much the files of one session may take; changes that come when it is more are 422 "
        "`limit_exceeded`. Without it as much as the disk holds.",
    )
    session_memory_bytes: ByteSize | None = Field(
        None,
        gt=0,
        description="How much memory the application of one session may take; one that takes more is ended and "
        "restored, and what makes it take more again is 507 `limit_exceeded`.",
    )
    warm_applications: Annotated[int, Field(ge=0, le=16)] | None = Field(
        None,
        description="Started applications that wait for a new session, for each adapter. Without it one, as soon as a "
        "session was made.",
    )
    shared_default: bool = Field(
        True, description="False: the session `default` is only for keys with the scope `admin`; others make their own."
    )
    busy_poll_seconds: Annotated[float, Field(ge=0, le=0.01)] = Field(
        DEFAULT_SECONDS,
        description="How long the gateway and its applications poll for what comes next, if the last came within that "
        "time: small calls that follow one another take less time, and processors work in between. 0: never.",
    )
    shutdown_seconds: Annotated[float, Field(gt=0)] = Field(
        10, description="How long requests in flight may take to end when the gateway stops."
    )
    adapters: dict[str, dict[str, Any]] = Field(
        default_factory=dict[str, dict[str, Any]],
        description="The `[adapters.NAME]` tables, with `CADGATE_NAME_KEY` laid over them.",
    )
    _origins: dict[tuple[str, ...], str] = PrivateAttr(default_factory=dict[tuple[str, ...], str])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # load_settings merges the layers, and remembers where each value was written.
        return (init_settings,)

    @field_validator(
        "cors_origins", "allowed_hosts", "allowed_roots", "trusted_proxies", "webhook_allow", mode="before"
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("root_path")
    @classmethod
    def _root_is_a_path(cls, value: str) -> str:
        return checked_root(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            try:
                ipaddress.ip_network(entry, strict=False)
            except ValueError as error:
                raise ValueError(
                    f"{entry!r} is not an address or network: write it as in '127.0.0.1' or '10.0.0.0/8'"
                ) from error
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, separator, rest = origin.partition("://")
            if not separator or scheme not in ("http", "https") or not rest or "/" in rest or "*" in rest:
                raise ValueError(
                    f"{origin!r} is not an origin: write scheme, host and port, as in 'https://cad.example'"
                )
        return value

    @field_validator("log_level", "log_format", "auth", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("state_dir", "plugins", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(os.path.abspath(_expanded(value)))

    @field_validator("allowed_roots")
    @classmethod
    def _roots_are_absolute(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        roots = tuple(_expanded(root) for root in value)
        for root in roots:
            if not root.is_absolute():
                raise ValueError(f"{str(root)!r} is not an absolute path")
        return roots

    @model_validator(mode="after")
    def _only_tokens_leave_this_machine(self) -> Settings:
        if self.auth == "local" and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} is not a loopback address, and auth = 'local' cannot tell users of other machines "
                "apart: listen on 127.0.0.1, or set auth = 'token' and create keys"
            )
        return self

    @classmethod
    def of(cls, values: Values) -> Settings:
        """Return the settings of merged layers. Raises ConfigError."""
        data: dict[str, Any] = {}
        adapters: dict[str, dict[str, Any]] = {}
        for key, (value, _) in values.items():
            if key[0] != "adapters":
                data[key[0]] = value
            elif len(key) == 2:
                adapters.setdefault(key[1], {})
            else:
                adapters.setdefault(key[1], {})[key[2]] = value
        origins = {key: where for key, (_, where) in values.items()}
        try:
            settings = cls(adapters=adapters, **data)
        except ValidationError as error:
            raise ConfigError(_one_line(error, origins)) from error
        settings._origins.update(origins)
        return settings

    @property
    def url(self) -> str:
        """The URL of the gateway for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def has_origin(self, *key: str) -> bool:
        """Whether this setting was written somewhere, rather than being a default."""
        return key in self._origins

    def origin(self, *key: str) -> str:
        """Return where a setting was written: `origin("port")`, `origin("adapters", "blender", "mode")`."""
        return self._origins.get(key) or " ".join(("setting", ".".join(key)))


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{str(path)!r} starts in a home folder, but there is none: write an absolute path") from error


def is_loopback(host: str) -> bool:
    """Whether `host` can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def variable(key: str) -> str:
    """Return the environment variable of a setting: `CADGATE_PORT` for `port`."""
    return PREFIX + key.upper()


def load_settings(**overrides: Any) -> Settings:
    """Return the settings in force: overrides, then the environment, `.env`, plugins.toml and the defaults.

    Overrides that are None are ignored.
    :raises ConfigError: one line that names the file or variable and the key, for anything that is wrong.
    """
    names = tuple(name for name in Settings.model_fields if name != "adapters")
    options = from_options(overrides, names)

    # The adapters in plugins.toml decide how variables are read, and a variable may name plugins.toml.
    plugins, where = _plugins_file(options)
    values: Values = {}
    if plugins is not None:
        values.update(from_toml(plugins, where, [name for name in names if name != "plugins"]))
        values["plugins",] = (plugins, where or str(plugins))
    tables = {key[1] for key in values if key[0] == "adapters"}
    adapters = tuple(sorted({*announced_names(), *tables}))
    values.update(from_dotenv(Path(DOTENV), names, adapters))
    values.update(from_environment(os.environ, names, adapters))
    values.update(options)
    return Settings.of(values)


def _plugins_file(options: Values) -> tuple[Path | None, str]:
    """Return the plugins.toml to read, and what named it ("" if nothing did)."""
    key = ("plugins",)
    for layer in (
        options,
        from_environment({variable("plugins"): os.environ.get(variable("plugins"), "")}, key, ()),
        from_dotenv(Path(DOTENV), key, (), strict=False),
    ):
        if key in layer:
            value, where = layer[key]
            return Path(os.path.abspath(Path(value).expanduser())), where
    local = Path(LOCAL_PLUGINS).absolute()
    return (local, "") if local.exists() else (None, "")


def _one_line(error: ValidationError, origins: Mapping[tuple[str, ...], str]) -> str:
    problems: list[str] = []
    for item in error.errors(include_url=False):
        key = str(item["loc"][0]) if item["loc"] else "host"
        where = origins.get((key,), f"setting {key}")
        text = item["msg"].removeprefix("Value error, ")
        problems.append(f"{where}: {text}" + ("" if item["type"] == "value_error" else f", not {item['input']!r}"))
    return "; ".join(problems)
