"""How well Whisper base hears the words of learners without a text, by the silence that is put after a clip.

    ENUNCIATE_WHISPER=FOLDER python benchmarks/whisper_words.py CORPUS [--every 25] [--padding 0 2 4 6 8]

Every 25th clip of the train split is transcribed by the int8 model of `whisper`, without adapter. A
clip counts as repeated where more than 1.6 times as many words as were read, and one, are heard. Times are
processor time of one thread.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy is imported

from enunciate import audio
from enunciate.corpus.load import load_any_corpus
from enunciate.phones.alignment import count_edits
from enunciate.reading.plain_words import plain_words
from enunciate.speech_lm.whisper_onnx.dimensions import dimensions_of
from enunciate.speech_lm.whisper_onnx.model import OnnxDecoder, OnnxEncoder, OutputLayer
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens
from enunciate.speech_lm.whisper_onnx.transcriber import Transcriber
from enunciate.whisper_weights.base import find_whisper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--padding", type=float, nargs="+", default=[0.0, 2.0, 4.0, 6.0, 8.0, 30.0])
    arguments = parser.parse_args()
    base = find_whisper()
    weights = base.read()
    dims = dimensions_of(weights, base.heads)
    encoder = OnnxEncoder(weights, dims, 1)
    decoder = OnnxDecoder(weights, dims, OutputLayer(weights, dims, 1), 1)
    tokens = WhisperTokens(base.tokenizer, dims.vocabulary)
    utterances = load_any_corpus(arguments.corpus, "train")[:: arguments.every]
    clips = [(audio.load(one.audio).samples, plain_words(one.text or "")) for one in utterances]
    print(f"{len(clips)} clips\npadding_s    WER  repeated  ms_a_clip")
    for padding_s in arguments.padding:
        transcriber = Transcriber(encoder, decoder, tokens, padding_s)
        errors = repeated = 0
        began = time.process_time()
        for samples, words in clips:
            heard = plain_words(transcriber(samples))
            errors += count_edits(words, heard).errors
            repeated += len(heard) > 1.6 * len(words) + 1
        spent_ms = 1000 * (time.process_time() - began) / len(clips)
        rate = errors / sum(len(words) for _, words in clips)
        print(f"{padding_s:9.0f} {rate:6.3f} {repeated:9} {spent_ms:10.0f}", flush=True)


if __name__ == "__main__":
    main()
