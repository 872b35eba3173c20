"""The prompts of the speech language model; the scoring rubric is `SCORING_RUBRIC`.

Rubric and instruction are worded for this project, after the scales of Speechocean762. `user_turn` builds the
whole turn: control token, audio, instruction, or with the instruction before the audio. It ends where the
model begins to answer. A control token that is a token of its own is inserted by its id
(`processor.Processor`); here it is the same text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from enunciate.speech_lm.options import CONTROL_TOKENS, PromptConfig, Task


@dataclass(frozen=True)
class TurnFormat:
    """The special tokens of a family's dialogue."""

    before: str
    """Begins the user turn, before the control token."""
    audio: str
    """Stands for the clip after the control token; empty if the decoder hears by attention alone."""
    after: str
    """Ends the user turn, and begins the answer."""
    end: str
    """Ends the answer."""
    pad: str
    """The padding token, which may also be an end token."""
    audio_begins: str = ""
    """Stands before the clip."""
    audio_ends: str = ""
    """Stands after the clip."""


UNTRAINED_PROMPT = PromptConfig(control="none", rubric=True)
"""The prompt for a model that never saw a control token: the full instruction."""

SCORING_RUBRIC = """\
A learner of English reads a sentence aloud. Judge the pronunciation as a trained teacher would, with four \
whole numbers from 0 to 10.
accuracy, how well the single sounds are made:
9-10: every sound is right, with at most a trace of an accent.
7-8: good on the whole; a few sounds are off, none of them seriously.
5-6: understandable, but several sounds are wrong or the accent is strong.
3-4: many sounds are wrong; a listener has to guess words.
0-2: hardly a sound can be made out, or nothing was said.
fluency, how smoothly it flows:
8-10: one connected flow, without odd pauses, repetitions or stammering.
6-7: mostly connected, with a few pauses or repetitions.
4-5: broken up by many pauses, repetitions or stammering.
0-3: word by word, or too halting to count as a sentence.
prosodic, intonation, rhythm and speed:
9-10: natural intonation and a steady, fitting speed.
7-8: nearly natural; the speed is fitting.
5-6: intonation or speed is unsteady, or the speech is too slow.
3-4: much too fast, or too slow, or broken, with little intonation.
0-2: no intonation or rhythm that could be judged.
total, the impression as a whole, on the same scale, with all of the above in mind.
Answer with nothing but JSON of this form, with an integer for each n:
{"accuracy": n, "fluency": n, "prosodic": n, "total": n}"""
"""The instruction of the scoring task (APA): what each score from 0 to 10 means."""

TRANSCRIPTION_INSTRUCTION = """\
A learner of English reads a sentence aloud. Write down the words, in lower case without punctuation, and \
then the sounds as they were really said, not as they should have been: phones of the CMU Pronouncing \
Dictionary without stress digits, with a space between them. Write <unk> for a sound that is unclear, and \
nothing for one that was left out.
Answer with nothing but JSON of this form:
{"word_transcript": "good day", "phoneme_transcript": "G UH D D EY"}"""
"""The instruction of the transcription task (MDD)."""

_INSTRUCTIONS: dict[Task, str] = {"apa": SCORING_RUBRIC, "mdd": TRANSCRIPTION_INSTRUCTION}
_SHORT_INSTRUCTIONS: dict[Task, str] = {
    "apa": "Score the pronunciation from 0 to 10 as JSON: accuracy, fluency, prosodic, total.",
    "mdd": "Write down the words and the phones that were said as JSON: word_transcript, phoneme_transcript.",
}
"""Used where neither a rubric nor a control token names the task."""


def user_turn(task: Task, prompt: PromptConfig, text: str | None, form: TurnFormat) -> str:
    """Return the user turn in a family's format, with its audio placeholder once, if it has one.

    Args:
        task: The task that the model is to do.
        prompt: Which parts the turn has.
        text: The reference text; used only if `prompt.reference_text` is set and it has a word.
        form: The special tokens of the family.
    """
    control = "" if prompt.control == "none" else CONTROL_TOKENS[task]
    reference = instruction = ""
    words = plain_reference(text or "") if prompt.reference_text else ""
    if words:
        reference = f"The learner was to read: {words}"
    if prompt.rubric:
        instruction = _INSTRUCTIONS[task]
    elif not control:
        instruction = _SHORT_INSTRUCTIONS[task]
    clip = form.audio_begins + form.audio + form.audio_ends
    if prompt.instruction == "before":
        return form.before + control + instruction + clip + reference + form.after
    return form.before + control + clip + "\n".join(filter(None, (reference, instruction))) + form.after


def plain_reference(text: str) -> str:
    """Return the words of a text as the corpus has them: in capitals, without punctuation, on one line.

    A score must not hang on how a text is typed, and nothing in a text may read as a special token.

    >>> plain_reference("Good day, it's <|end|> five o'clock.")
    "GOOD DAY IT'S END FIVE O'CLOCK"
    """
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.replace("\u2019", "'").upper()))
