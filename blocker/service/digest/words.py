"""What the digest says, in each language it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language; {} stands for a number or a name."""

    subject: str
    week: str
    read: str
    none: str
    prevented: str
    senders: str
    vendors: str
    new: str
    decide: str
    open: str
    undecided: str
    nothing: str
    why: str
    months: tuple[str, ...]

    def day(self, day: date) -> str:
        """A date."""
        return f"{day.day} {self.months[day.month - 1]} {day.year}"


ENGLISH = Words(
    subject="unpixel: {} of last week's {} messages held a tracker",
    week="{}: {} to {}",
    read="Messages that came: {}. With a tracker: {}.",
    none="Messages that came: {}. None held a tracker.",
    prevented="Messages from which unpixel took the tracker out: {}.",
    senders="Who tracked most",
    vendors="With whose trackers",
    new="New trackers",
    decide="What is left to decide",
    open="Messages that still hold their tracker: {}. Opening one tells whoever sent it.",
    undecided="For {} you have set no level: `unpixel sender {} --level strict` takes more out, `--allow` lets it track.",
    nothing="Nothing.",
    why='unpixel writes this because the configuration says `digest = "weekly"`, or because you asked for it.',
    months=(
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    ),
)
FRENCH = Words(
    subject="unpixel : la semaine dernière, {} messages sur {} contenaient un traceur",
    week="{} : du {} au {}",
    read="Messages arrivés : {}. Avec un traceur : {}.",
    none="Messages arrivés : {}. Aucun ne contenait de traceur.",
    prevented="Messages dont unpixel a retiré le traceur : {}.",
    senders="Qui a le plus pisté",
    vendors="Avec les traceurs de qui",
    new="Nouveaux traceurs",
    decide="Ce qui reste à décider",
    open="Messages qui contiennent encore leur traceur : {}. En ouvrir un prévient son expéditeur.",
    undecided="Pour {}, vous n’avez choisi aucun niveau : `unpixel sender {} --level strict` en retire plus, "
    "`--allow` le laisse pister.",
    nothing="Rien.",
    why='unpixel écrit ce message parce que la configuration dit `digest = "weekly"`, ou parce que vous l’avez demandé.',
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre"),
        *("octobre", "novembre", "décembre"),
    ),
)
WORDS: Mapping[str, Words] = {"en": ENGLISH, "fr": FRENCH}
"""By the code of the language, as `accounts.NAME.language` names it."""
