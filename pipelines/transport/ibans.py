"""Keeps account numbers out of what is shown: of an IBAN, its country and its last four characters (DESIGN section 7).

In: any text, such as a vendor's error or a plan as JSON. Out: the same text, every IBAN in it masked.
What does not belong here: other secrets (`errors.py`), and whether an account exists.

An IBAN is told from other words by its country's length and structure (SWIFT's registry, by `schwifty`) and by its two
check digits (ISO 7064, modulus 97-10), wherever it stands: spaced, hyphenated, in lower case, glued to other letters,
with JSON's or a web address's escapes for blanks. A word of its own that is one in form but has a slip of the pen
(wrong check digits, up to two characters too many or too few) is masked as well. VAT numbers, at most 14 characters
long where no IBAN is shorter than 15, stay legible.
"""

from __future__ import annotations

import re
from functools import lru_cache

SHORTEST, LONGEST = 15, 34
"""ISO 13616: Norway's is the shortest that is issued, 34 the most that is allowed."""

_SLIP = 2
"""Characters by which a mistyped account number may be too long or too short."""

_BLANK = r"(?:[ \t\r\n.\-+\u00a0\u2007\u202f]|\\[nrt]|\\u00a0|\\u2007|\\u202f|%20){0,2}"
_BEGINNING = re.compile(rf"([A-Za-z]{{2}})(?={_BLANK}\d{_BLANK}\d)")
_BLANKS = re.compile(_BLANK)
_KINDS = {"n": r"\d", "a": "[A-Za-z]", "c": "[A-Za-z0-9]", "e": " "}
_WORD = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])")
_UNKNOWN = re.compile(rf"[A-Za-z]{{2}}\d{{2}}[A-Za-z0-9]{{{SHORTEST - 4},{LONGEST - 4}}}(?![A-Za-z0-9])")


def mask_ibans(text: str) -> str:
    """Returns a text with each IBAN in it as country and last four characters: `GR…0695`."""
    parts: list[str] = []
    done = 0
    for begins in _BEGINNING.finditer(text):
        if begins.start() < done:
            continue
        if (found := _found(text, begins.start(), begins[1].upper())) is not None:
            end, number = found
            parts += (text[done : begins.start()], f"{number[:2]}…{number[-4:]}")
            done = end
    return text if not parts else "".join((*parts, text[done:]))


def _found(text: str, start: int, country: str) -> tuple[int, str] | None:
    """Returns where an IBAN that begins at `start` ends, and its letters and digits; None where none begins there."""
    is_word = start == 0 or not text[start - 1].isalnum()
    form = _form(country)
    # Of a country that the registry lacks, only a word of its own can be told from any other text.
    pattern = _UNKNOWN if form is None else form[0]
    found = pattern.match(text, start) if is_word or form is not None else None
    if found is not None and _has_right_check_digits(number := _compact(found[0])):
        return found.end(), number
    if form is None or not is_word or (slip := _WORD.match(text, start)) is None:
        return None
    number = _compact(slip[0])
    return (slip.end(), number) if len(number) >= SHORTEST and abs(len(number) - form[1]) <= _SLIP else None


def _compact(text: str) -> str:
    return _BLANKS.sub("", text).upper()


def _has_right_check_digits(number: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


@lru_cache(maxsize=1024)
def _form(country: str) -> tuple[re.Pattern[str], int] | None:
    """Returns how a country's IBANs look in a text, and how long they are; None where no registry has them."""
    # Loaded only once something looks like an account: its registry takes a tenth of a second.
    from schwifty import registry
    from schwifty.exceptions import SchwiftyException

    try:
        spec = registry.get_iban_spec(country)
    except (SchwiftyException, KeyError, ValueError):
        return None
    signs = [
        _KINDS[kind] for count, kind in re.findall(r"(\d+)!([nace])", f"2!n{spec.bban_spec}") for _ in range(int(count))
    ]
    return re.compile("[A-Za-z]{2}" + "".join(f"{_BLANK}{sign}" for sign in signs)), spec.iban_length
