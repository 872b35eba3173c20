"""From clips to answers by Whisper under ONNX Runtime; an `assessor.AnswerDecoder` without torch.

A clip is encoded once for both tasks. Tokens that the grammar leaves no choice about are fed together, and a
transcript ends with the last sign of its JSON. Among few tokens, as in phones and scores, the logits are
exact products with the embeddings; only words are chosen by the int8 output layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import TextTooLongError
from enunciate.pocket.log_mel import log_mel
from enunciate.speech_lm.audio_geometry import clip_name
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.grammar import TranscriptGrammar
from enunciate.speech_lm.decoding.score_answers import answer_with_scores
from enunciate.speech_lm.decoding.slots import Floats as Doubles
from enunciate.speech_lm.decoding.slots import Slot, find_slots
from enunciate.speech_lm.decoding.transcripts import TokenSequence, read_decoded, transcript_opening
from enunciate.speech_lm.families.whisper.turn import SCORE_PATHS, WHISPER_AUDIO
from enunciate.speech_lm.options import AdapterDescription, Task
from enunciate.speech_lm.whisper_onnx.model import Floats, OnnxDecoder, OnnxEncoder, TokenSequences
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens

FEW = 1024
"""Tokens up to which exact logits are computed."""
SHORTEST_ROOM = 64
"""Positions that an answer needs at least; that with scores has some 40 tokens."""


class OnnxAnswerDecoder:
    """Decodes the answers of one adapter."""

    def __init__(
        self,
        encoder: OnnxEncoder,
        decoder: OnnxDecoder,
        tokens: WhisperTokens,
        description: AdapterDescription,
    ) -> None:
        """Prepare to decode.

        Args:
            encoder: The encoder, with the adapter if that changes it.
            decoder: The decoder with the adapter.
            tokens: The base's tokens.
            description: Prompt and targets as in training; control tokens must be text.
        """
        self._encoder, self._decoder, self._tokens = encoder, decoder, tokens
        self._prompt, self._target = description.prompt, description.target

    def decode_tasks(
        self, tasks: Sequence[Task], items: Sequence[tuple[Samples, str | None]]
    ) -> dict[Task, list[DecodedAnswer]]:
        """Return the answers to several tasks about clips, (n,) float32 at 16 kHz, with their texts.

        Raises:
            AudioTooLongError: A clip is longer than 30 s; nothing has been decoded then.
            AudioTooShortError: A clip is shorter than 25 ms.
            TextTooLongError: A text leaves no room for an answer.
        """
        for index, (samples, _) in enumerate(items):
            WHISPER_AUDIO.check_length(len(samples), clip_name(index, len(items)))
        answers: dict[Task, list[DecodedAnswer]] = {task: [] for task in tasks}
        for samples, text in items:
            heard = self._decoder.hear(self._encoder(log_mel(samples, self._decoder.dims.mels)))
            for task in tasks:
                prompt = self._prompt_ids(task, text)
                if task == "apa":
                    answers[task].append(self._scores(heard, prompt))
                else:
                    answers[task].append(self._transcript(heard, prompt, len(samples) / SAMPLE_RATE_HZ))
        return answers

    def _prompt_ids(self, task: Task, text: str | None) -> list[int]:
        """Return the tokens of a prompt, which leaves room for an answer."""
        prompt = self._tokens.task_ids(task, self._prompt, text)
        if len(prompt) + SHORTEST_ROOM > len(self._decoder.positions):
            raise TextTooLongError(
                f"the text has {len(text or ''):,} characters, too many for Whisper beside its answer: "
                "give the text of this clip alone, cut it into sentences, or take the engine pocket or both"
            )
        return prompt

    @cached_property
    def _slots(self) -> tuple[Slot, ...]:
        return find_slots(self._tokens)[0]

    @cached_property
    def _grammar(self) -> TranscriptGrammar:
        return TranscriptGrammar(self._tokens.grammar_tokens, self._tokens.end_id, self._target)

    def _scores(self, heard: Mapping[str, Floats], prompt: list[int]) -> DecodedAnswer:
        sequences = TokenSequences(self._decoder, heard)
        (answer,) = answer_with_scores(
            sequences,
            [prompt],
            self._slots,
            self._target,
            paths=SCORE_PATHS,
            blank_id=self._tokens.blank_id,
        )
        return answer

    def _transcript(self, heard: Mapping[str, Floats], prompt: list[int], duration_s: float) -> DecodedAnswer:
        sequences = TokenSequences(self._decoder, heard)
        written = list(transcript_opening(self._tokens))
        probabilities = [1.0] * len(written)
        masks = self._grammar.start([duration_s], sequences.room - len(prompt))
        for token in written:
            masks.accept([token])
        new = [*prompt, *written]
        while True:
            (forced,) = masks.forced()
            written += forced
            probabilities += [1.0] * len(forced)
            if masks.complete[0]:
                break
            sequences.feed([[*new, *forced]])
            token, probability = _best(sequences, np.flatnonzero(masks.allowed()[0]))
            masks.accept([token])
            written.append(token)
            probabilities.append(probability)
            new = [token]
        decoded = TokenSequence(written, probabilities)
        return read_decoded("mdd", self._tokens.text_of(written), decoded, self._tokens.bytes_of)


def _best(sequences: TokenSequences, allowed: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[int, float]:
    """Return the most likely of the allowed tokens, and its probability among them."""
    if len(allowed) <= FEW:
        logits: Doubles = sequences.logit_values(allowed.tolist())[0]
    else:
        logits = sequences.logits()[0, allowed].astype(np.float64)
    best = int(logits.argmax())
    return int(allowed[best]), float(1 / np.exp(logits - logits[best]).sum())
