"""The parts of the page that only compute, run in the browser on their own."""

from __future__ import annotations

import pytest
import soundfile as sf

pytestmark = pytest.mark.slow

TONE = """async ([hz, rateHz, overtones]) => {
    const { pitchTrack, pitchRange } = await import("./static/pitch.js");
    const samples = Float32Array.from({ length: rateHz }, (_, i) => overtones.reduce(
        (sum, strength, k) => sum + strength * Math.sin(2 * Math.PI * (k + 1) * hz * i / rateHz), 0));
    const track = pitchTrack(samples, rateHz);
    return [track.map(point => point.hz), pitchRange(track)];
}"""
VOICE_LIKE = [0.1, 0.3, 0.2, 0.2, 0.1, 0.05]
"""Overtones of which the second is the strongest, where a simple search hears an octave too high."""


@pytest.fixture(scope="module")
def blank(chromium, address):
    """A page to import modules in."""
    page = chromium().new_context().new_page()
    page.goto(f"{address}/")
    yield page
    page.context.close()


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [82.4, 131.0, 220.0, 411.0])
@pytest.mark.parametrize("overtones", [[0.3], VOICE_LIKE])
def test_the_pitch_of_a_tone_is_within_one_percent(blank, hz, rate_hz, overtones):
    track, pitch = blank.evaluate(TONE, [hz, rate_hz, overtones])
    assert len(track) > 90 and None not in track
    assert track == pytest.approx([hz] * len(track), rel=0.01)
    assert pitch["medianHz"] == pytest.approx(hz, rel=0.01)
    assert pitch["spanSemitones"] < 0.2


def test_a_pitch_that_rises_an_octave_spans_it(blank):
    pitch = blank.evaluate(
        """async () => {
            const { pitchTrack, pitchRange } = await import("./static/pitch.js");
            let phase = 0;
            const samples = Float32Array.from({ length: 32000 }, (_, i) =>
                0.4 * Math.sin(phase += 2 * Math.PI * 110 * 2 ** (i / 32000) / 16000));
            return pitchRange(pitchTrack(samples, 16000));
        }"""
    )
    assert pitch["spanSemitones"] == pytest.approx(
        0.8 * 12, abs=0.3
    )  # from the tenth to the ninetieth percentile
    assert pitch["medianHz"] == pytest.approx(110 * 2**0.5, rel=0.01)


def test_noise_and_silence_have_no_pitch(blank):
    noise, silence, short = blank.evaluate(
        """async () => {
            const { pitchTrack, pitchRange } = await import("./static/pitch.js");
            let seed = 1;
            const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
            const voiced = samples => pitchTrack(samples, 16000).filter(point => point.hz !== null).length;
            return [voiced(Float32Array.from({ length: 16000 }, random)), voiced(new Float32Array(16000)),
                pitchRange(pitchTrack(new Float32Array(100), 16000))];
        }"""
    )
    assert noise <= 2 and silence == 0 and short is None


def test_the_loudest_moment_counts_and_an_offset_does_not(blank):
    tone, offset, nothing = blank.evaluate(
        """async () => {
            const { loudestDbfs } = await import("./static/level.js");
            const tone = Float32Array.from({ length: 16000 }, (_, i) =>
                i < 8000 ? 0 : Math.sin(2 * Math.PI * 200 * i / 16000));
            return [loudestDbfs(tone, 16000), loudestDbfs(new Float32Array(16000).fill(0.5), 16000),
                loudestDbfs(new Float32Array(16000), 16000)];
        }"""
    )
    assert tone == pytest.approx(-3.01, abs=0.05)
    assert offset < -150 and nothing == pytest.approx(-200)


def test_a_wav_file_holds_what_went_in(blank, tmp_path):
    written = blank.evaluate(
        """async () => {
            const { encodeWav } = await import("./static/wav.js");
            const blob = encodeWav(Float32Array.of(0, 0.5, -0.5, 2, -2, 1 / 32767), 44100);
            return Array.from(new Uint8Array(await blob.arrayBuffer()));
        }"""
    )
    (tmp_path / "clip.wav").write_bytes(bytes(written))
    samples, rate_hz = sf.read(tmp_path / "clip.wav", dtype="int16")
    info = sf.info(tmp_path / "clip.wav")
    assert (rate_hz, info.channels, info.subtype) == (44100, 1, "PCM_16")
    assert samples.tolist() == [0, 16384, -16383, 32767, -32767, 1]


def test_signs_of_whatever_an_engine_may_hear(blank):
    signs = blank.evaluate(
        """async () => {
            const { ipa } = await import("./static/hints.js");
            return ["N", "AH0", "IH R", "K*", "<unk>"].map(ipa);
        }"""
    )
    assert signs == ["n", "ʌ", "ɪɹ", "k", "?"]


def test_a_pause_at_a_comma_is_no_fault(blank):
    lines = blank.evaluate(
        """async () => {
            const { advise } = await import("./static/advice.js");
            const word = (text, end_s) => ({ text, start_s: end_s - 0.2, end_s, error: "none", phones: [],
                inserted: [] });
            const answer = (text) => ({ text, words: [word("Yes", 0.4), word("please", 1.2)], phones: [],
                pauses: [{ start_s: 0.4, end_s: 0.9 }], warnings: [], used_reference: true, total: null,
                rates: { phones_per_s: 8, articulation_phones_per_s: 11 } });
            return ["Yes, please.", "Yes please."].map((text) => advise(answer(text), null).fluency[0]);
        }"""
    )
    assert lines[0].startswith("No pause interrupts the flow")
    assert lines[1] == "You paused for 0.5 s after “Yes”. Try to link the words."
