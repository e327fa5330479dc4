"""Who gets in, and what each may do: people with a password, and programs with a token.

Default deny: a view says what it needs (`needs`, `public`), and one that says nothing answers nobody. What it needs is one
`Scope`; a person shows a session for it on the pages, a program a token on the API. `accounts()` tells whose mail the
present request may know of; the catalogue that `webui.site` gives a view is limited to it.
"""

from webui.access.need import Means, needs, needs_of, public
from webui.access.scopes import Scope
from webui.access.who import Who, accounts, is_owner, may, me, who

__all__ = [
    "Means",
    "Scope",
    "Who",
    "accounts",
    "is_owner",
    "may",
    "me",
    "needs",
    "needs_of",
    "public",
    "who",
]
