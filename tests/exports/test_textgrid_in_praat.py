"""TextGrids, as Praat itself reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.fake_assessor import assessment_of

from enunciate.assembly.ipa import in_ipa
from enunciate.exports.textgrid import to_textgrid
from enunciate.schema import Utterance

PRAAT = shutil.which("praat")
SCRIPT = """
form Labels of a TextGrid
    sentence Grid
    sentence Out
endform
Text writing preferences: "UTF-8"
Read from file: grid$
numberOfTiers = Get number of tiers
for tier to numberOfTiers
    name$ = Get tier name: tier
    numberOfIntervals = Get number of intervals: tier
    for interval to numberOfIntervals
        label$ = Get label of interval: tier, interval
        if label$ <> ""
            start = Get start time of interval: tier, interval
            appendFileLine: out$, name$, tab$, fixed$ (start, 1), tab$, label$
        endif
    endfor
endfor
"""


@pytest.mark.skipif(PRAAT is None, reason="Praat is not installed")
def test_praat_reads_every_tier(tmp_path: Path) -> None:
    result = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think so"), 2.5)
    grid, out, script = (tmp_path / name for name in ("a.TextGrid", "labels.txt", "read.praat"))
    grid.write_text(to_textgrid(in_ipa(result)), encoding="utf-8")
    script.write_text(SCRIPT)
    subprocess.run([PRAAT or "", "--run", "--utf8", script, grid, out], check=True, capture_output=True)
    found = [tuple(line.split("\t")) for line in out.read_text("utf-8").splitlines()]
    assert [row for row in found if row[0] == "words"] == [
        ("words", "0", "I"),
        ("words", "0.1", "think"),
        ("words", "0.5", "so"),
    ]
    assert ("phones", "0.1", "θ") in found
    assert ("heard", "0.1", "s") in found
    assert ("scores", "0.1", "0.30") in found
    assert len(found) == 3 + 3 * len(result.phones)
