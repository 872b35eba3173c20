"""Festival, driven through its Scheme prompt: one process speaks many sentences.

Festival runs its modules up to the post-lexical rules and prints the phones. The phones are edited, and then
it goes on to durations, pitch and samples.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import IO
from weakref import finalize

import numpy as np

from enunciate.corpus.synthetic.mispronunciations import SILENCE, Change
from enunciate.corpus.synthetic.synthesiser import (
    Editor,
    SynthesisedSpeech,
    arpabet,
    native_phone,
    segments_by_end,
)
from enunciate.errors import CorpusError

_VOICES = ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")
_PROGRAM = """
(define (last_of_word seg)
  (if (item.next (item.relation seg 'SylStructure)) 0
    (if (item.next (item.parent (item.relation seg 'SylStructure))) 0 1)))
(define (print_phones u)
  (mapcar (lambda (s) (format t "P %s %f %d\\n" (item.name s) (item.feat s "end")
      (if (item.relation s 'SylStructure) (last_of_word s) 0))) (utt.relation.items u 'Segment)))
(define (prepare text)
  (set! u (eval (list 'Utterance 'Text text)))
  (mapcar (lambda (m) (m u))
    (list Initialize Text Token_POS Token POS Phrasify Word Pauses Intonation PostLex))
  (print_phones u)
  (set! segs (utt.relation.items u 'Segment)))
(define (insert_phone s name)
  (set! added (item.insert s (list name) 'after))
  (item.append_daughter (item.parent (item.relation s 'SylStructure)) added))
(define (finish path)
  (Duration u) (Int_Targets u) (Wave_Synth u)
  (utt.save.wave u path 'riff)
  (print_phones u))
"""
_DONE = '(format t "DONE\\n") (fflush nil)'
"""Sent on its own after each step, so that it is printed even where the step fails."""


def _start_from(folder: Path) -> str:
    """Return the program that moves festival to another folder than the one that is compiled in."""
    return f"""
(set! datadir "{folder}/") (set! libdir "{folder}/") (set! lexdir "{folder}/dicts/")
(set! load-path '("{folder}/" "{folder}/languages/"))
(set! system-voice-path '("{folder}/voices/")) (set! system-language-path '("{folder}/languages/"))
(load "{folder}/init.scm")
"""


class Festival:
    """Festival in a process of its own."""

    def __init__(self, root: Path | None = None) -> None:
        program = "festival" if root is None else str(root / "usr/bin/festival")
        self._process = subprocess.Popen(
            [program, "--pipe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="latin-1",
        )
        self._folder = Path(tempfile.mkdtemp(prefix="festival-"))
        finalize(self, rmtree, self._folder, ignore_errors=True)
        self._voice = ""
        if root is not None:
            self._send(_start_from(root / "usr/share/festival"))
        self._send(_PROGRAM)

    def _pipe(self, stream: IO[str] | None) -> IO[str]:
        if stream is None or self._process.poll() is not None:
            raise CorpusError("festival stopped: is it installed with its voices and festlex-cmu?")
        return stream

    def _send(self, program: str) -> None:
        stream = self._pipe(self._process.stdin)
        stream.write(program + "\n")
        stream.flush()

    def _phones_after(self, step: str) -> list[tuple[str, float, bool]]:
        """Run a step; return each phone, its end in seconds and whether it ends its word. None on failure."""
        self._send(f"{step} {_DONE}")
        phones: list[tuple[str, float, bool]] = []
        for line in self._pipe(self._process.stdout):
            fields = line.split()
            if fields[:1] == ["P"]:
                phones.append((arpabet(fields[1]), float(fields[2]), fields[3] == "1"))
            elif fields == ["DONE"]:
                return phones
        raise CorpusError("festival stopped in the middle of a sentence")

    def say(self, text: str, editor: Editor | None, rng: random.Random) -> SynthesisedSpeech | None:
        """See `Synthesiser.say`."""
        if not self._voice or rng.random() < 0.1:
            self._voice = rng.choice(_VOICES)
            self._send(f"(voice_{self._voice})")
        self._send(f"(Parameter.set 'Duration_Stretch {rng.uniform(0.85, 1.5):.3f})")
        words = "".join(letter for letter in text if letter.isalnum() or letter in " ',.")
        before = self._phones_after(f'(prepare "{words}")')
        phones = [phone for phone, _, _ in before]
        if editor is not None:
            changes = editor(phones, [final for _, _, final in before])
            self._send("\n".join(self._edits(phones, changes)))
        path = self._folder / "sentence.wav"
        ends = [(phone, end_s) for phone, end_s, _ in self._phones_after(f'(finish "{path}")')]
        if not ends:
            return None
        with wave.open(str(path)) as sound:
            rate_hz = sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        canonical = tuple(phone for phone in phones if phone != SILENCE)
        segments = segments_by_end(ends, len(samples) / rate_hz)
        return SynthesisedSpeech(samples, rate_hz, segments, canonical, f"festival-{self._voice}")

    @staticmethod
    def _edits(phones: Sequence[str], changes: Sequence[Change]) -> list[str]:
        commands: list[str] = []
        for index, (phone, said) in enumerate(zip(phones, changes, strict=True)):
            item = f"(nth {index} segs)"
            if not said:
                commands.append(f"(item.delete {item})")
                continue
            if said[0] != phone:
                commands.append(f'(item.set_name {item} "{native_phone(said[0])}")')
            commands += [f'(insert_phone {item} "{native_phone(extra)}")' for extra in said[:0:-1]]
        return commands
