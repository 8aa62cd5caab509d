"""Full stops that end no sentence, beyond those that ICU knows of English: of titles, initials, dates, ``z. B.``."""

from __future__ import annotations

import re

LOOKED_AT = 32
"""Characters before and after a stop that tell."""

# What stands before a name, or before what it explains. Words that may end a sentence (etc., Inc., Jr., p.m.) are none.
_TITLES = (
    "Dr|Drs|Prof|Mr|Mrs|Ms|Mx|St|Mt|Rev|Hon|Gov|Sen|Rep|Gen|Col|Maj|Capt|Lt|Sgt|Cmdr|Msgr|Hr|Hrn|Fr|Frl|Dipl|Ing|Mag"
    "|MM|Mme|Mlle|Mgr|Sr|Sra|Srta|Dra|Dña|Sig|Dott|Ph|Univ"
)
_EXPLAINING = (
    r"e\.\s?g|i\.\s?e|z\.\s?[BT]|d\.\s?h|u\.\s?a|o\.\s?ä|i\.\s?d\.\s?R|s\.\s?o|s\.\s?u|p\.\s?ej"
    r"|c\.-à-d|cf|vs|viz|vgl|bzw|sog|ca|approx|inkl"
)
_BEFORE_NUMBER = "No|Nos|Nr|Nrn|Fig|Figs|Abb|Tab|Kap|Sec|Ch|Vol|Bd|Art|Eq|S|p|pp|n|núm"
_MONTHS = (
    "Jan|Feb|Mär|März|Apr|April|Mai|Jun|Juni|Jul|Juli|August|Aug|Sep|Okt|Nov|Dez|Januar|Jänner|Februar|September"
    "|Oktober|November|Dezember"
)
# What letters are given to, so that a sentence may end with one, ``Hepatitis B.``
_LETTERED = (
    "Hepatitis|Influenza|Vitamine?|Immunoglobulin|Protein|Fa[ck]tor|Plan|Type?|Group|Gruppe|Class|Klasse|Grade|Phase"
    "|Level|Stufe|Step|Schritt|Stage|Part|Teil|Section|Abschnitt|Chapter|Kapitel|Article|Artikel|Appendix|Annex|Anhang"
    "|Anlage|Exhibit|Schedule|Table|Tabelle|Fig(?:ure)?\\.?|Abb(?:ildung)?\\.?|Tab\\.?|Option|Variante?|Version|Mod(?:e|ell?)"
    "|Case|Fall|Point|Punkt|Line|Linie|Block|Building|Haus|Room|Raum|Gate|Terminal|Zone|Area|Series?|Category|Kategorie"
    "|Team|Theorem|Lemma|Method|Methode|Study|Studie|Sample|Probe|Drug|Liga|League"
)
# How sentences begin, and no name.
_FIRST_WORDS = (
    "I|It|He|She|We|You|They|The|This|That|These|Those|There|Then|Thus|Here|His|Her|Its|My|Our|Your|Their|An?|And|But"
    "|Or|So|As|At|By|For|From|If|In|On|Of|To|With|When|Where|While|Who|What|Why|How|However|After|Before|Both|Each|All"
    "|Some|Most|Many|No|Not|Once|Since|Although|Because|Er|Sie|Es|Ich|Wir|Ihr|Der|Die|Das|Den|Dem|Des|Dies|Dieser?|Dieses"
    "|Diesen?|Ein|Eine[rnms]?|Und|Aber|Oder|Im|Am|An|Auf|Aus|Bei|Mit|Nach|Von|Zu|Zum|Zur|Wenn|Als|Da|Dann|Doch|Nun|Auch"
    "|Nur|Noch|Wer|Was|Wie|Wo|Warum|Man|Kein|Keine|Nicht|Seine?|Ihre?|Unsere?|Beide|Viele|Alle|Manche"
)
_ALWAYS = re.compile(rf"(?:^|[\s(\[“„\"'«])(?:{_TITLES}|{_EXPLAINING})\.\s+$")
_SPACED = re.compile(r"(?:^|[\s(\[“„\"'«])(?:z\.|d\.|u\.|i\.|o\.|s\.|e\.)\s+$")
"""The first half of one in two halves."""
_SECOND_HALF = re.compile(r"(?:B|T|h|a|d|ä|o|u|e|g)\.")
_NUMBERED = re.compile(rf"(?:^|[\s(\[])(?:{_BEFORE_NUMBER})\.\s+$")
_NUMBER = re.compile(r"\d|[IVX][IVXLC]+\b|[VX]\b")
"""``I`` is a word."""
_INITIAL = re.compile(r"(?:^|(?:^|\s)[A-ZÀ-Þ]\.[\s-]?)(?:[A-ZÀ-Þ]\.)*[A-HJ-ZÀ-Þ]\.\s+$")
"""One letter at the beginning, or after another one."""
_NAME = re.compile(r"[A-ZÀ-Þ]")
_MIDDLE = re.compile(rf"(?:^|\s)(?!(?:{_LETTERED})\s)[A-ZÀ-Þ][\w’'-]*\.?\s(?:[A-ZÀ-Þ]\.)*[A-HJ-ZÀ-Þ]\.\s+$")
"""One letter after a name, ``George W. Bush``."""
_SURNAME = re.compile(rf"(?!(?:{_FIRST_WORDS})\b)[A-ZÀ-Þ]")
_DAY = re.compile(r"(?:^|\s)\d{1,2}\.\s+$")
_MONTH = re.compile(rf"(?:{_MONTHS})\b")


def goes_on(before: str, after: str) -> bool:
    """Whether a sentence goes on beyond what was taken for its end.

    Args:
        before: its last characters with the white space that follows, `LOOKED_AT` at most.
        after: the first ones of what comes next.
    """
    if "\n" in before[len(before.rstrip()) :] or not before.rstrip().endswith("."):
        return False
    pairs = ((_SPACED, _SECOND_HALF), (_NUMBERED, _NUMBER), (_INITIAL, _NAME), (_MIDDLE, _SURNAME), (_DAY, _MONTH))
    return _ALWAYS.search(before) is not None or any(
        stop.search(before) is not None and start.match(after) is not None for stop, start in pairs
    )
