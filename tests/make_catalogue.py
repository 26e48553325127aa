"""Bring the Chinese catalogue up to date with the source: ``python -m tests.make_catalogue``.

It writes what is said in the source into ``gradcheck.po``, keeps the translations that still fit, prints what has none,
and writes ``gradcheck.mo``.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from datetime import datetime, timezone

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from gradcheck_cli.vocabulary.forms import NAME
from tests.sentences import PACKAGE, Msgid, messages

PO = PACKAGE / "locale" / "zh" / "LC_MESSAGES" / "gradcheck.po"
MO = PO.with_suffix(".mo")


def updated(msgids: Mapping[Msgid, str]) -> tuple[Catalog, list[str]]:
    """Return the catalogue of msgids, each with the file that says it, and what in it has no translation."""
    old = read_po(io.BytesIO(PO.read_bytes()), "zh") if PO.exists() else Catalog("zh")
    known = {(str(each.id), each.context): str(each.string) for each in old if each.id and each.string}
    alike = {NAME.sub("{}", text): (text, context) for text, context in known}
    new = Catalog("zh", project="gradcheck", domain="gradcheck", fuzzy=False, charset="utf-8")
    for (text, context), file in sorted(msgids.items(), key=lambda item: (item[1], item[0][0])):
        same = (text, context) if (text, context) in known else alike.get(NAME.sub("{}", text))
        new.add(text, renamed(known[same], same[0], text) if same else "", auto_comments=[file], context=context)
    return new, [str(message.id) for message in new if message.id and not message.string]


def renamed(translation: str, was: str, now: str) -> str:
    """Return a translation with the names of a msgid's places as they are now."""
    names = dict(zip(NAME.findall(was), NAME.findall(now), strict=True))
    return NAME.sub(lambda name: f"{{{names.get(name[1], name[1])}}}", translation)


def po_of(catalogue: Catalog) -> bytes:
    """Return the bytes of the .po, which tell nothing of when or by whom they were written."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, omit_header=True, no_location=True)
    return HEADER + file.getvalue()


def mo_of(catalogue: Catalog) -> bytes:
    """Return the bytes of the .mo."""
    file = io.BytesIO()
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=timezone.utc)  # not now
    write_mo(file, catalogue)
    return file.getvalue()


HEADER = b"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: zh\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""

if __name__ == "__main__":
    catalogue, missing = updated(messages())
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po_of(catalogue))
    MO.write_bytes(mo_of(read_po(io.BytesIO(PO.read_bytes()), "zh")))
    sys.stdout.write("".join(f"{text}\n" for text in missing))
    sys.stdout.write(f"{len(missing)} of {len(catalogue)} sentences have no translation\n")
