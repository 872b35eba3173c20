"""The engine `whisper`: adapters, a base that is on this machine, and ONNX Runtime."""

from __future__ import annotations

import logging
from functools import cached_property, partial
from importlib import resources
from pathlib import Path

from enunciate.audio import Samples
from enunciate.errors import ModelNotFoundError
from enunciate.phones import Lexicon
from enunciate.schema import Accent
from enunciate.speech_lm.adapter_folder import read_description, weights_digest
from enunciate.speech_lm.assessor import AnswerDecoder, SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.families.whisper.turn import WHISPER_AUDIO
from enunciate.speech_lm.options import AdapterDescription
from enunciate.speech_lm.packaged_speech_aligner import packaged_speech_aligner
from enunciate.speech_lm.whisper_onnx.answer_decoder import OnnxAnswerDecoder
from enunciate.speech_lm.whisper_onnx.by_text import ByText
from enunciate.speech_lm.whisper_onnx.dimensions import dimensions_of
from enunciate.speech_lm.whisper_onnx.lora import WEIGHTS, changes_encoder, check_adapter, merge_adapter
from enunciate.speech_lm.whisper_onnx.model import OnnxDecoder, OnnxEncoder, OutputLayer
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens
from enunciate.speech_lm.whisper_onnx.transcriber import Transcriber
from enunciate.whisper_weights.base import HUB_NAMES, WhisperFolder, find_whisper

logger = logging.getLogger(__name__)


def packaged_adapter() -> Path:
    """Return the folder of the adapter that ships for clips without a text."""
    return Path(str(resources.files("enunciate.speech_lm.whisper_onnx"))) / "adapter"


def packaged_reading_adapter() -> Path:
    """Return the folder of the adapter that ships for clips with a text, which it reads in its prompt."""
    return packaged_adapter().with_name("reading_adapter")


def load_whisper(
    adapter: Path,
    *,
    reading: Path | None = None,
    base: Path | None = None,
    lexicon: Path | None = None,
    accent: Accent = "us",
    threads: int = 1,
) -> SpeechLmAssessor:
    """Load an adapter of Whisper for the CPU; its matrices become int8, which takes a second or two.

    Args:
        adapter: The adapter's folder, with its recipe.
        reading: The folder of a second adapter of the same base, trained with the reference text in its
            prompt. It answers about clips with a text, and the first one about the rest.
        base: A folder with the Whisper that they were trained on; by default it is looked for
            by what the first one's recipe says (`whisper_weights.base.find_whisper`).
        lexicon: A file of extra pronunciations.
        accent: Which pronunciations are right where `Utterance.accent` does not say.
        threads: Processor threads.

    Raises:
        ModelNotFoundError: There is no adapter or no base, or they do not fit each other.
        MissingExtraError: A package is missing.
        RecipeError: An adapter's recipe is broken.
    """
    description = _description(adapter)
    words = Lexicon.default(lexicon, accent)
    untouched = _Untouched(_base_of(description, base), threads)
    logger.info("preparing the Whisper of %s", untouched.folder.folder)
    decoder: AnswerDecoder
    if reading is None:
        decoder = untouched.adapted(adapter, description)
    else:
        for folder in (reading, adapter):  # now, since each is merged for the first clip that needs it
            check_adapter(untouched.weights, folder)
        decoder = ByText(
            partial(untouched.adapted, reading, _description(reading)),
            partial(untouched.adapted, adapter, description),
        )
    return SpeechLmAssessor(
        decoder,
        _name_of(adapter, reading),
        options=SpeechLmOptions(
            tasks=description.tasks,
            reads_text=reading is not None or description.prompt.reference_text,
            batch_size=1,
            geometry=WHISPER_AUDIO,
        ),
        aligner=packaged_speech_aligner(),
        lexicon=words,
        transcriber=untouched.transcribe,
    )


def _description(adapter: Path) -> AdapterDescription:
    if not (adapter / WEIGHTS).is_file():
        raise ModelNotFoundError(f"{adapter}: no adapter of Whisper in it: {WEIGHTS} is missing")
    description = read_description(adapter)
    if description.prompt.control == "special":
        raise ModelNotFoundError(
            f"{adapter}: control tokens of their own need torch: train with prompt.control: text"
        )
    return description


def _name_of(adapter: Path, reading: Path | None) -> str:
    """Return the name of an engine, such as `whisper mine 8d71a504`; the adapters that ship have none."""
    name = "" if adapter == packaged_adapter() else f"{adapter.resolve().name} "
    files = [folder / WEIGHTS for folder in (adapter, reading) if folder is not None]
    return f"whisper {name}{weights_digest(*files)}"


def _base_of(description: AdapterDescription, base: Path | None) -> WhisperFolder:
    """Return the folder of the base that an adapter was trained on."""
    trained_on = Path(description.model)
    if base is None and trained_on.is_dir():
        return find_whisper(trained_on)
    usual = description.model in HUB_NAMES or trained_on.is_absolute()
    return find_whisper(base, HUB_NAMES if usual else (description.model,))


class _Untouched:
    """The base, and what adapters make of it; its own decoder is loaded for the first clip without a text."""

    def __init__(self, folder: WhisperFolder, threads: int) -> None:
        self.folder, self._threads = folder, threads
        self.weights = folder.read()
        self.dims = dimensions_of(self.weights, folder.heads)
        self.tokens = WhisperTokens(folder.tokenizer, self.dims.vocabulary)
        self.output = OutputLayer(self.weights, self.dims, threads)

    @cached_property
    def encoder(self) -> OnnxEncoder:
        """The encoder."""
        return OnnxEncoder(self.weights, self.dims, self._threads)

    def adapted(self, adapter: Path, description: AdapterDescription) -> OnnxAnswerDecoder:
        """Return the decoder of an adapter on this base."""
        weights = merge_adapter(self.weights, adapter)
        own_encoder = changes_encoder(adapter)
        encoder = OnnxEncoder(weights, self.dims, self._threads) if own_encoder else self.encoder
        decoder = OnnxDecoder(weights, self.dims, self.output, self._threads)
        return OnnxAnswerDecoder(encoder, decoder, self.tokens, description)

    def transcribe(self, samples: Samples) -> str:
        """Write down the words of a clip."""
        return self._transcriber(samples)

    @cached_property
    def _transcriber(self) -> Transcriber:
        decoder = OnnxDecoder(self.weights, self.dims, self.output, self._threads)
        return Transcriber(self.encoder, decoder, self.tokens)
