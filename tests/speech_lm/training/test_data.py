"""Examples and batches: what is in them, in which order, and that labels cover the answer alone."""

import itertools
from io import BytesIO

import numpy as np
import pytest
import soundfile as sf
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.small_tokenizer import build_tokenizer

from enunciate.errors import AudioDecodeError, AudioNotFoundError, AudioTooLongError
from enunciate.schema import Clip, HumanScores, ReferenceWord, Utterance
from enunciate.speech_lm.families.phi4.audio_frames import PHI4_AUDIO
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.options import TASKS, PromptConfig, TargetConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, render
from enunciate.speech_lm.training.clip_audio import ClipAudio
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import MeasuredClip, examples_of
from enunciate.training.samplers import LengthBatchSampler

RATE_HZ = 16_000
BEAR = ReferenceWord(text="BEAR", phones=("B", "EH1", "R"), phone_scores=(2, 0, 2))
SCORES = HumanScores(accuracy=8, fluency=7, prosodic=6, total=10)


@pytest.fixture(scope="module")
def processor():
    return Processor(build_tokenizer(["bear"], 700))


def noise(duration_s, rate_hz=RATE_HZ, seed=0):
    samples = 0.1 * np.random.default_rng(seed).standard_normal(round(duration_s * rate_hz))
    return samples.astype(np.float32)


def utterance(audio, name="u1", scores=SCORES, words=(BEAR,)):
    return Utterance(id=name, audio=audio, text="BEAR", words=words, scores=scores, speaker="s1")


def clip(duration_s, seed=0):
    return Clip(samples=noise(duration_s, seed=seed), sample_rate_hz=RATE_HZ)


def examples(utterances, processor, tasks=TASKS, prompt=PromptConfig(rubric=False)):  # noqa: B008
    return examples_of(utterances, tasks, [prompt], TargetConfig(), processor)


# -------------------------------------------------------------------------------------------- examples


def test_a_clip_gives_an_example_for_each_task(processor):
    apa, mdd = examples([utterance(clip(1.0))], processor)
    assert (apa.task, mdd.task) == ("apa", "mdd")
    assert apa.recording is mdd.recording
    assert (apa.id, apa.speaker, apa.n_frames) == ("u1", "s1", 98)
    assert apa.prompt_ids.count(processor.audio_token_id) == 13
    scores = ApaAnswer(accuracy=8, fluency=7, prosodic=6, total=10)
    assert apa.answer_ids == processor.answer_ids(render(scores))
    said = MddAnswer(word_transcript="bear", phoneme_transcript="B <unk> R")
    assert mdd.answer_ids == processor.answer_ids(render(said))


def test_each_prompt_has_its_examples_over_one_recording(processor):
    prompt = PromptConfig(rubric=False, reference_text=True)
    without = prompt.model_copy(update={"reference_text": False})

    found = examples_of([utterance(clip(1.0))], TASKS, [prompt, without], TargetConfig(), processor)

    texts = [processor.text_of(example.prompt_ids) for example in found]
    assert [example.task for example in found] == ["apa", "mdd", "apa", "mdd"]
    assert ["BEAR" in text for text in texts] == [True, True, False, False]
    assert len({example.recording for example in found}) == 1


def test_those_without_labels_are_left_out(processor):
    utterances = [
        utterance(clip(1.0), "both"),
        utterance(clip(1.0), "phones", scores=None),
        utterance(clip(1.0), "none", scores=None, words=None),
    ]
    assert [(e.id, e.task) for e in examples(utterances, processor)] == [
        ("both", "apa"),
        ("both", "mdd"),
        ("phones", "mdd"),
    ]


def test_the_text_is_in_the_prompt_by_option(processor):
    (plain,) = examples([utterance(clip(1.0))], processor, tasks=["apa"])
    prompt = PromptConfig(rubric=False, reference_text=True)
    (with_text,) = examples([utterance(clip(1.0))], processor, tasks=["apa"], prompt=prompt)
    assert "BEAR" in processor.text_of(with_text.prompt_ids)
    assert "BEAR" not in processor.text_of(plain.prompt_ids)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
@pytest.mark.parametrize("rate_hz", [16_000, 8_000, 44_100])
def test_frames_are_known_beforehand_whatever_the_format(tmp_path, processor, suffix, rate_hz):
    if suffix == "opus" and rate_hz == 44_100:
        pytest.skip("Opus has no such rate")
    path = tmp_path / f"clip.{suffix}"
    kind = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
    sf.write(path, noise(1.237, rate_hz), rate_hz, **kind)
    for source in (path, path.read_bytes()):
        recording = MeasuredClip.of(utterance(source), PHI4_AUDIO)
        assert recording.n_frames == len(processor.features(recording.samples()))


def test_only_the_header_is_read_where_that_will_do(tmp_path, monkeypatch):
    path = tmp_path / "clip.wav"
    sf.write(path, noise(1.0), RATE_HZ)
    monkeypatch.setattr("enunciate.speech_lm.training.data.load", lambda source: pytest.fail("decoded"))
    assert MeasuredClip.of(utterance(path), PHI4_AUDIO).n_frames == 98


def test_clips_that_cannot_be_used_are_found_before_training_starts(tmp_path, processor):
    with pytest.raises(AudioNotFoundError, match=r"nothing\.wav"):
        examples([utterance(tmp_path / "nothing.wav")], processor)
    with pytest.raises(AudioTooLongError, match="clip long lasts 41"):
        examples([utterance(clip(41), "long")], processor)
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(AudioDecodeError, match=r"text\.wav"):
        examples([utterance(tmp_path / "text.wav")], processor)


def test_a_file_that_changed_meanwhile_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "clip.wav"
    sf.write(path, noise(1.0), RATE_HZ)
    recording = MeasuredClip.of(utterance(path), PHI4_AUDIO)
    sf.write(path, noise(2.0), RATE_HZ)
    with pytest.raises(AudioDecodeError, match=r"clip u1 has 198 frames where its header.* 98"):
        recording.samples()


# --------------------------------------------------------------------------------------------- batches


def test_a_batch_has_the_shapes_that_the_model_takes(processor):
    short, long = examples([utterance(clip(0.5)), utterance(clip(1.0, 1))], processor, tasks=["apa"])
    batch = Collator(processor)([short, long])
    assert {name: (tuple(t.shape), t.dtype) for name, t in batch.items()} == {
        "input_ids": ((2, long.length), torch.int64),
        "attention_mask": ((2, long.length), torch.int64),
        "labels": ((2, long.length), torch.int64),
        "answer_places": ((len(short.answer_ids) + len(long.answer_ids),), torch.int64),
        "audio_input_features": ((2, 98, 80), torch.float32),
        "audio_embed_sizes": ((2,), torch.int64),
        "audio_attention_mask": ((2, 98), torch.bool),
    }
    assert batch["audio_embed_sizes"].tolist() == [6, 13]
    assert batch["audio_attention_mask"].sum(1).tolist() == [48, 98]
    assert batch["audio_input_features"][0, 48:].abs().max() == 0
    assert batch["attention_mask"].sum(1).tolist() == [short.length, long.length]
    assert batch["input_ids"][0, : short.length].tolist() == short.prompt_ids + short.answer_ids


def test_an_instruction_before_the_audio_is_shared_by_the_examples_of_its_task(processor):
    prompt = PromptConfig(instruction="before", reference_text=True)
    utterances = [utterance(clip(0.5)), utterance(clip(1.0, 1), "u2")]
    apa, mdd = (examples(utterances, processor, [task], prompt) for task in TASKS)
    one, other = apa

    assert one.instruction == other.instruction == tuple(one.prompt_ids[: len(one.instruction)])
    assert one.prompt_ids[len(one.instruction)] == processor.audio_token_id
    assert Collator(processor)(apa)["shared_tokens"] == len(one.instruction) != len(mdd[0].instruction)
    for batch in ([one], [*apa, *mdd], examples(utterances, processor, ["apa"], PromptConfig())):
        assert "shared_tokens" not in Collator(processor)(batch)


def test_labels_are_the_answer_and_its_end_token_even_if_padding_is_that_token(processor):
    batch_examples = examples([utterance(clip(0.5)), utterance(clip(1.0))], processor)
    once = Processor(processor.tokenizer)
    once.pad_token_id = once.end_token_id
    batch = Collator(once)(batch_examples)
    for row, example in zip(batch["labels"], batch_examples, strict=True):
        start = len(example.prompt_ids)
        assert row[start : example.length].tolist() == example.answer_ids
        assert row[example.length - 1] == once.end_token_id
        assert (row[:start] == IGNORE_INDEX).all() and (row[example.length :] == IGNORE_INDEX).all()


def test_places_of_answers_are_those_of_the_labels(processor):
    batch = Collator(processor)(examples([utterance(clip(0.5)), utterance(clip(1.0, 1))], processor))
    wanted = batch["labels"][:, 1:].flatten() != IGNORE_INDEX
    assert batch["answer_places"].tolist() == wanted.nonzero()[:, 0].tolist()


def test_a_clips_features_do_not_depend_on_its_batch_mates(processor):
    made = examples([utterance(clip(s, seed)) for seed, s in enumerate((0.5, 1.3, 0.9))], processor)
    together = Collator(processor)(made)
    for index, example in enumerate(made):
        alone = Collator(processor)([example])
        frames = example.n_frames
        assert torch.equal(
            together["audio_input_features"][together["clip_of_row"][index], :frames],
            alone["audio_input_features"][0, :frames],
        )
        assert alone["audio_attention_mask"].all()


def test_kept_features_are_the_same_and_read_once(tmp_path, processor, monkeypatch):
    path = tmp_path / "clip.wav"
    sf.write(path, noise(1.0), RATE_HZ)
    made = examples([utterance(path)], processor)
    keeping = Collator(processor, ClipAudio(processor, keep=True))
    first = keeping(made)
    path.unlink()
    again = keeping(made[::-1])
    assert torch.equal(first["audio_input_features"], again["audio_input_features"])
    with pytest.raises(AudioNotFoundError):
        Collator(processor)(made)


def test_clips_in_memory_may_be_files_bytes_or_samples(processor):
    stream = BytesIO()
    sf.write(stream, noise(1.0), RATE_HZ, format="WAV", subtype="FLOAT")
    made = examples([utterance(stream.getvalue()), utterance(clip(1.0))], processor, tasks=["mdd"])
    features = Collator(processor)(made)["audio_input_features"]
    assert torch.equal(features[0], features[1])


lengths = st.lists(st.integers(1, 500), min_size=1, max_size=300)


@given(lengths, st.integers(1, 9), st.integers(0, 3), st.booleans())
def test_every_example_is_in_one_batch_of_an_epoch(sizes, batch_size, epoch, shuffle):
    batches = LengthBatchSampler(sizes, batch_size, seed=1, shuffle=shuffle)
    batches.set_epoch(epoch)
    made = list(batches)
    assert sorted(itertools.chain(*made)) == list(range(len(sizes)))
    assert len(made) >= len(batches)
    assert max(map(len, made)) <= batch_size


def test_the_order_follows_from_seed_and_epoch():
    sizes = list(range(1, 101))

    def order(seed, epoch):
        batches = LengthBatchSampler(sizes, 8, seed)
        batches.set_epoch(epoch)
        return list(batches)

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_batches_hold_examples_of_like_length():
    sizes = np.random.default_rng(0).integers(50, 1_000, 800).tolist()
    made = list(LengthBatchSampler(sizes, 8, seed=0))
    padded = sum(len(batch) * max(sizes[index] for index in batch) for batch in made)
    assert padded < 1.1 * sum(sizes)
    heads = [sizes[batch[0]] for batch in made]
    assert heads != sorted(heads) and heads != sorted(heads, reverse=True)


def test_one_batch_may_be_smaller_and_no_more():
    sizes = [10] * 1_001
    made = list(LengthBatchSampler(sizes, 4, seed=0))
    assert sorted(map(len, made)) == [1, *[4] * 250]
    assert len(made) == len(LengthBatchSampler(sizes, 4, seed=0)) == 251
