"""The configuration: one TOML file, read into one frozen `Config`.

The file stands at the platform's place for configuration (`unpixel/config.toml`), or where the environment
variable ``UNPIXEL_CONFIG`` says. It never holds a password: a program, an environment variable or a prompt
gives it when it is needed. A key that does not exist or has a wrong value is named with its line and the fix.

    from blocker.config import load
    config = load()                 # ConfigError: one sentence with the file, the line and the next step
    config.accounts, config.web.port, config.database, config.data_dir, config.key()

`add_account`, `remove_account`, `set_account` and `set_service` change the file and keep its comments.
"""

from __future__ import annotations

from blocker.config.edit import add_account, check_account, remove_account, set_account, set_service
from blocker.config.errors import ConfigError
from blocker.config.model import (
    AccountConfig,
    Config,
    Security,
    ServiceConfig,
    WebConfig,
)
from blocker.config.passwords import Ask, Passwords
from blocker.config.read import default_path, load, parse

__all__ = [
    "AccountConfig",
    "Ask",
    "Config",
    "ConfigError",
    "Passwords",
    "Security",
    "ServiceConfig",
    "WebConfig",
    "add_account",
    "check_account",
    "default_path",
    "load",
    "parse",
    "remove_account",
    "set_account",
    "set_service",
]
