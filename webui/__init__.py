"""The pages and the plugin door: they show what the catalogue knows, and never talk to a mailbox."""

from webui.app import create_app
from webui.server import Server, serve

__all__ = ["Server", "create_app", "serve"]
