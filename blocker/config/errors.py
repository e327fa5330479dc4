"""What is wrong with a configuration, as a sentence."""

from __future__ import annotations


class ConfigError(Exception):
    """The configuration cannot be used; the text is one sentence with the next step."""
