"""A compressed recording is heard while it arrives, by a worker that may fail."""

import asyncio

import pytest
from support.speech_streams import silence, sound

from enunciate.serve.http import file_listener
from enunciate.serve.http.file_listener import FileListener
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.listening.segmenter import SilenceRules
from enunciate.serve.workers.messages import ClipOutcome
from enunciate.serve.workers.worker_process import WorkerReply

RULES = SilenceRules(pause_s=0.2, end_s=0.6)
PCM = sound(1.0) + silence(0.4) + sound(1.0) + silence(1.0)


class Recording:
    """A recording of which more arrives at each step, and a worker that decodes it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, problems: list[str] | None = None) -> None:
        monkeypatch.setattr(file_listener, "INTERVAL_S", 0.0)
        monkeypatch.setattr(file_listener, "SHARE", 0)
        self.n_arrived, self.asked, self.pauses = 0, [], []
        self.problems = problems or []
        self.listener = FileListener(RULES, self.clip, self.assess, self.pause)

    def clip(self) -> bytes:
        return PCM[: self.n_arrived]

    async def assess(self, job, clip: bytes) -> WorkerReply:
        self.asked.append(job.samples_from_s)
        if self.problems:
            raise ProblemError(500, self.problems.pop(0), "")
        return WorkerReply(ClipOutcome(), clip[round(job.samples_from_s * 32_000) :])

    def pause(self, segmenter) -> None:
        self.pauses.append(round(segmenter.speech_end_s, 1))

    async def arrive(self) -> None:
        async with self.listener:
            for self.n_arrived in range(0, len(PCM), 3_200):
                self.listener.more()
                for _ in range(5):
                    await asyncio.sleep(0)


def test_pauses_are_told_once_and_a_silence_ends_it(monkeypatch: pytest.MonkeyPatch):
    recording = Recording(monkeypatch)
    asyncio.run(recording.arrive())
    assert sorted(set(recording.pauses)) == pytest.approx([1.0, 2.4], abs=0.15)
    assert recording.listener.is_over
    assert recording.asked == sorted(recording.asked)
    assert recording.asked[-1] > 2.4


def test_a_worker_that_has_no_room_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    recording = Recording(monkeypatch, ["full", "full"])
    asyncio.run(recording.arrive())
    assert recording.listener.is_over


def test_a_recording_that_crashes_a_worker_is_not_decoded_again(monkeypatch: pytest.MonkeyPatch):
    recording = Recording(monkeypatch, ["crashed"])
    asyncio.run(recording.arrive())
    assert len(recording.asked) == 1
    assert not recording.listener.is_over


@pytest.mark.parametrize(
    ("heard", "next_s"),
    [
        (silence(1.0), file_listener.INTERVAL_S),
        (sound(1.16), file_listener.INTERVAL_S),  # its last burst ends there
        (sound(1.16) + silence(0.1), 0.1 + file_listener.TAIL_S),
        (sound(1.16) + silence(0.4), file_listener.INTERVAL_S),
    ],
)
def test_a_silence_is_looked_at_again_when_it_will_be_a_pause(heard, next_s):
    async def assess(*_) -> WorkerReply:
        return WorkerReply(ClipOutcome(), heard)

    listener = FileListener(RULES, bytes, assess, lambda _: None)
    asyncio.run(listener.finish())
    assert listener._next_s() == pytest.approx(next_s, abs=0.04)


def test_it_is_heard_to_its_end(monkeypatch: pytest.MonkeyPatch):
    recording = Recording(monkeypatch)
    recording.n_arrived = len(PCM)
    asyncio.run(recording.listener.finish())
    assert recording.listener.segmenter.heard_s == len(PCM) / 32_000
