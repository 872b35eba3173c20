"""Weak forms: how function words are said where they carry no stress.

The forms are those that textbooks of English phonetics list for General American. Forms without /h/ are not
among them: they need a word before (`connected_speech`). Three strong forms are here as well, of words that
have the weak vowel alone in CMUdict ("from", "of", "what").
"""

from __future__ import annotations

_TABLE = """
a       AH0 | EY0
am      AH0 M | M
an      AH0 N
and     AH0 N D | AH0 N | AE0 N | N
any     IH0 N IY0 | N IY0
are     ER0 | AA0 R
as      AH0 Z
at      AH0 T
be      B IY0 | B IH0
because B IH0 K AH0 Z | B AH0 K AH0 Z | B IH0 K AO0 Z | B IY0 K AH0 Z
been    B IH0 N | B AH0 N
but     B AH0 T
can     K AH0 N | K IH0 N | K N
could   K AH0 D
do      D AH0 | D UW0
does    D AH0 Z
don't   D OW0 N T | D OW0 N | D AH0 N
for     F ER0
from    F R AH0 M | F R AA0 M
had     HH AH0 D | HH IH0 D
has     HH AH0 Z | HH IH0 Z
have    HH AH0 V
he      HH IY0 | HH IH0
her     HH ER0
him     HH IH0 M | HH AH0 M
his     HH IH0 Z | HH AH0 Z
i       AY0 | AH0
i'm     AY0 M | AH0 M
if      IH0 F | AH0 F
in      IH0 N | AH0 N | N
into    IH0 N T AH0 | IH0 N T UW0 | IH0 N T UH0
is      IH0 Z | AH0 Z
it      IH0 T | AH0 T
its     IH0 T S | AH0 T S
it's    IH0 T S | AH0 T S
just    JH AH0 S T | JH IH0 S T
may     M EY0 | M IH0
me      M IY0 | M IH0
must    M AH0 S T | M AH0 S
my      M AY0 | M AH0
nor     N ER0
not     N AA0 T | N AH0 T
of      AH0 V | AH0 | AA0 V
on      AA0 N | AO0 N
or      ER0 | AO0 R
our     AA0 R | AW0 ER0 | ER0
shall   SH AH0 L
she     SH IY0 | SH IH0
should  SH AH0 D
so      S OW0 | S AH0
some    S AH0 M
such    S AH0 CH | S IH0 CH
than    DH AH0 N | DH EH0 N
that    DH AH0 T | DH AE0 T
the     DH AH0 | DH IY0 | DH IH0
their   DH ER0 | DH EH0 R
them    DH AH0 M | AH0 M
then    DH EH0 N | DH IH0 N
there   DH ER0 | DH EH0 R
they    DH EY0 | DH IH0
they're DH ER0 | DH EH0 R
this    DH IH0 S | DH AH0 S
to      T AH0 | T UW0 | T IH0 | T UH0
until   AH0 N T IH0 L
unto    AH0 N T AH0
up      AH0 P
upon    AH0 P AA0 N | AH0 P AO0 N
us      AH0 S
was     W AH0 Z
we      W IY0 | W IH0
we're   W ER0 | W IH0 R
were    W ER0
what    W AH0 T | W AA0 T
when    W EH0 N | W IH0 N
which   W IH0 CH
who     HH UW0 | HH AH0
will    W AH0 L | AH0 L
with    W IH0 DH | W IH0 TH | W AH0 DH | W AH0 TH
would   W AH0 D | AH0 D
you     Y AH0 | Y UW0
you're  Y ER0 | Y AO0 R
your    Y ER0 | Y AO0 R | Y UH0 R
"""


def _parse(table: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    forms: dict[str, tuple[tuple[str, ...], ...]] = {}
    for line in table.strip().splitlines():
        word, alternatives = line.split(maxsplit=1)
        forms[word] = tuple(tuple(form.split()) for form in alternatives.split("|"))
    return forms


WEAK_FORMS = _parse(_TABLE)
"""For each function word in lower case its weak forms, as phones."""
