"""The catalogue: what was seen, judged and done. It never holds a message's body."""

from blocker.catalogue.catalogue import Catalogue
from blocker.catalogue.errors import CatalogueError, NotYours
from blocker.catalogue.model import JournalRow
from blocker.catalogue.overrides import Override
from blocker.catalogue.request import Command
from blocker.catalogue.values import MessageFilter, Seen
from blocker.message.view import HeaderView

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Command",
    "HeaderView",
    "JournalRow",
    "MessageFilter",
    "NotYours",
    "Override",
    "Seen",
]
