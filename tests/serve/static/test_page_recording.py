"""From the microphone, or a file, to a result; and what is said where that does not work."""

from __future__ import annotations

import base64
import re

import pytest
from support.page_cases import CORRECT, EXAMPLE, SENTENCE, answer_with, record, shows, states, until

pytestmark = pytest.mark.slow


def test_a_wrong_sound_that_was_recorded_is_marked(open_page, microphone):
    page = open_page(*microphone(EXAMPLE))
    assert page.inner_text("#sentence") == SENTENCE

    record(page)
    page.wait_for_selector("#result:not([hidden])")

    marks = states(page)
    assert marks.pop("nice") == "wrong"
    assert set(marks.values()) <= {"good", "close"}
    assert page.inner_text("#record") == "Record"
    assert page.evaluate("document.activeElement.id") == "result-title"


def test_a_correct_reading_has_no_mark(open_page):
    page = open_page()
    page.set_input_files("#file", CORRECT)  # a busy machine may lose samples of the microphone
    page.wait_for_selector("#result:not([hidden])")

    assert set(states(page).values()) == {"good"}
    assert "No single sound stood out" in page.inner_text("[data-aspect=accuracy]")


def test_level_and_time_are_shown_while_recording(open_page, microphone):
    page = open_page(*microphone(CORRECT))
    page.click("#record")
    until(page, "document.getElementById('level').ariaValueNow > 40")
    shows(page, "#elapsed", "0:01")
    assert page.inner_text("#record") == "Stop"
    assert page.inner_text("#longest") == "1:00"
    page.keyboard.press("Escape")

    assert page.inner_text("#state") == "Cancelled. Nothing was kept."
    assert page.is_hidden("#live")
    assert page.is_hidden("#result")


def test_recording_ends_by_itself(open_page, microphone):
    page = open_page(*microphone(CORRECT), scripts=())
    taken = page.evaluate(
        """async () => {
            const { startRecording } = await import("./static/record.js");
            return new Promise(async (resolve) => {
                const recording = await startRecording(0.5, () => {}, () => {
                    const { samples, rateHz } = recording.stop().sound;
                    resolve(samples.length / rateHz);
                });
            });
        }"""
    )
    assert taken == pytest.approx(0.5, abs=0.001)


NOTE_UPLOADS = """
    window.uploads = [];
    const append = FormData.prototype.append;
    FormData.prototype.append = function (field, value, name) {
        if (value instanceof Blob) uploads.push([name, value.size]);
        append.apply(this, arguments);
    };
"""


def test_a_recording_is_sent_as_the_browser_compressed_it(open_page, microphone):
    page = open_page(*microphone(CORRECT), scripts=(NOTE_UPLOADS,))
    record(page)
    page.wait_for_selector("#result:not([hidden])")
    ((name, n_bytes),) = page.evaluate("uploads")
    assert name == "recording.webm"
    assert 10_000 < n_bytes < 100_000  # as WAV, three seconds have at least 264,000


def test_a_recording_is_sent_as_wav_where_the_browser_cannot_compress(open_page, microphone):
    scripts = (NOTE_UPLOADS, "delete window.MediaRecorder")
    page = open_page(*microphone(CORRECT), scripts=scripts)
    record(page)
    page.wait_for_selector("#result:not([hidden])")
    ((name, n_bytes),) = page.evaluate("uploads")
    assert name == "recording.wav" and n_bytes > 200_000


@pytest.mark.parametrize(
    ("file", "longest_s", "name"),
    [
        ("whole", 60, "recording.webm"),
        ("whole", 1, "recording.wav"),  # its header may make it a little longer than the samples
        ("half", 60, "recording.wav"),
        ("noFile", 60, "recording.wav"),
    ],
)
def test_what_the_browser_compressed_is_sent_only_if_it_is_complete(open_page, file, longest_s, name):
    page = open_page()
    sent = page.evaluate(
        """async ([file, longestS]) => {
            const { readRecording } = await import("./static/files.js");
            const { encodeWav } = await import("./static/wav.js");
            const samples = new Float32Array(48000);
            const as = (part) => new File([encodeWav(part, 48000)], "recording.webm");
            const files = { whole: as(samples), half: as(samples.subarray(24000)), noFile: null };
            const recorded = { sound: { samples, rateHz: 48000 }, file: Promise.resolve(files[file]) };
            return (await readRecording(recorded, longestS)).name;
        }""",
        [file, longest_s],
    )
    assert sent == name


def test_recording_works_again_without_a_connection(open_page, microphone):
    page = open_page(*microphone(CORRECT))
    page.click("#record")
    page.wait_for_selector("#record[data-state=recording]")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    record(page, "0:01")
    shows(page, "#problem", "could not be reached")
    assert page.is_visible("#save")

    page.context.set_offline(False)
    page.click("#resend")
    page.wait_for_selector("#result:not([hidden])")


def test_silence_is_told_while_recording_and_after(open_page, muted_microphone):
    page = open_page(*muted_microphone)
    page.click("#record")
    shows(page, "#state", "No sound yet")
    page.click("#record")

    assert "Nothing was heard" in page.inner_text("#problem")
    assert page.is_hidden("#result")


def test_too_short_a_recording_is_not_sent(open_page, microphone):
    page = open_page(*microphone(CORRECT))
    page.evaluate(
        """() => {
            const record = document.getElementById("record");
            const stop = () => record.dataset.state === "recording" && record.click();
            new MutationObserver(stop).observe(record, { attributes: true, attributeFilter: ["data-state"] });
            record.click();
        }"""
    )
    page.wait_for_selector("#problem strong")
    assert "too short" in page.inner_text("#problem")


def test_a_missing_microphone_is_told(open_page):
    page = open_page("--use-fake-ui-for-media-stream")
    page.click("#record")
    page.wait_for_selector("#problem strong")
    assert "No microphone was found" in page.inner_text("#problem")
    assert page.inner_text("#record") == "Record"


def test_a_refused_microphone_is_told(open_page):
    page = open_page("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    page.click("#record")
    page.wait_for_selector("#problem strong")
    assert "Microphone access is blocked" in page.inner_text("#problem")


def test_no_microphone_over_http_but_files(open_page, address):
    port = address.rsplit(":", maxsplit=1)[1]
    page = open_page(
        "--host-resolver-rules=MAP practice.example 127.0.0.1", at=f"http://practice.example:{port}"
    )
    page.click("#record")
    page.wait_for_selector("#problem strong")
    assert "cannot use the microphone over http" in page.inner_text("#problem")

    page.set_input_files("#file", CORRECT)
    page.wait_for_selector("#result:not([hidden])")
    assert page.inner_text("#problem") == ""


def test_nothing_can_be_given_before_the_page_listens(open_page):
    page = open_page()
    late = []
    page.route("**/sentences.json", lambda route: late.append(route))  # noqa: PLW0108
    page.reload()
    until(page, "document.readyState === 'complete'")
    assert page.get_attribute("#record", "aria-disabled") == "true"
    assert page.inner_text("#record") == "One moment…"
    assert page.is_disabled("#file")
    page.click("#record", force=True)

    late[0].continue_()
    page.wait_for_selector("#record[data-state=idle]")
    assert page.inner_text("#record") == "Record"
    assert page.is_enabled("#file")
    assert page.get_attribute("#record", "aria-disabled") == "false"
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#result:not([hidden])")


def test_a_file_is_dropped(open_page):
    page = open_page()
    content = base64.b64encode(EXAMPLE.read_bytes()).decode()
    page.evaluate(
        """content => {
            const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "clip.flac"));
            const how = { bubbles: true, cancelable: true, dataTransfer };
            document.body.dispatchEvent(new DragEvent("dragover", how));
            document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        content,
    )
    page.wait_for_selector("#result:not([hidden])")
    assert states(page)["nice"] == "wrong"


def test_what_a_browser_recorded_is_sent_as_it_is_and_can_be_read(open_page):
    page = open_page()
    sent = page.evaluate(
        """async () => {
            const context = new AudioContext();
            const tone = new OscillatorNode(context);
            const out = context.createMediaStreamDestination();
            tone.connect(out); tone.start();
            const recorder = new MediaRecorder(out.stream, { mimeType: "audio/webm" });
            const done = new Promise(resolve => recorder.ondataavailable = resolve);
            recorder.start();
            await new Promise(resolve => setTimeout(resolve, 600));
            recorder.stop();
            const { readFile } = await import("./static/files.js");
            const { blob, name } = await readFile(new File([(await done).data], "phone.webm"));
            const form = new FormData();
            form.append("audio", blob, name);
            const response = await fetch("v1/assessments", { method: "POST", body: form });
            return [name, blob.size, (await response.json()).type];
        }"""
    )
    assert sent[0] == "phone.webm"
    assert sent[1] < 30_000  # as WAV, it would have 57,600 bytes
    assert sent[2] == "urn:enunciate:problem:audio_no_speech"


def test_a_format_that_the_server_cannot_read_is_sent_as_wav(open_page):
    page = open_page()
    sent = page.evaluate(
        """async () => {
            const { readFile } = await import("./static/files.js");
            const decoded = new AudioBuffer({ length: 9600, sampleRate: 16000 });
            OfflineAudioContext.prototype.decodeAudioData = async () => decoded;
            const { blob, name } = await readFile(new File(["odd"], "odd"));
            return [name, blob.type, await blob.slice(0, 4).text()];
        }"""
    )
    assert sent == ["recording.wav", "audio/wav", "RIFF"]


def test_what_is_no_sound_is_refused_in_plain_words(open_page, tmp_path):
    (tmp_path / "notes.txt").write_text("no sound")
    page = open_page()
    page.set_input_files("#file", tmp_path / "notes.txt")
    page.wait_for_selector("#problem strong")
    assert "This file cannot be read" in page.inner_text("#problem")


def test_busy_server_keeps_the_recording_and_counts_down(open_page):
    page = open_page()
    answer_with(page, 429, "full", headers={"Retry-After": "2"})
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#problem strong")
    assert "Many people are practising" in page.inner_text("#problem")
    assert re.fullmatch(r"Send it again in \d s", page.inner_text("#resend"))
    assert page.is_disabled("#resend")

    with page.expect_download() as saved:
        page.click("#save")
    assert saved.value.path().read_bytes() == EXAMPLE.read_bytes()
    page.unroute("**/v1/assessments")
    page.click("#next")
    page.wait_for_selector("#resend:enabled")
    assert page.inner_text("#resend") == f"Send “{SENTENCE}” again"
    page.click("#resend")
    page.wait_for_selector("#result:not([hidden])")
    assert states(page)["nice"] == "wrong"
    assert page.is_hidden("#again")


def test_a_late_answer_and_a_lost_connection_keep_the_recording(open_page):
    page = open_page()
    answer_with(page, 504, "timeout")
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#problem strong")
    assert "took too long" in page.inner_text("#problem")

    page.unroute("**/v1/assessments")
    page.context.set_offline(True)
    page.click("#resend")
    shows(page, "#problem", "could not be reached")

    page.context.set_offline(False)
    page.click("#resend")
    page.wait_for_selector("#result:not([hidden])")


def test_a_server_with_keys_asks_for_one(open_page):
    page = open_page()

    def guard(route):
        if route.request.headers.get("x-api-key") == "open sesame":
            route.continue_()
        else:
            route.fulfill(status=401, body='{"type": "urn:enunciate:problem:unauthorized"}')

    page.route("**/v1/assessments", guard)
    page.set_input_files("#file", EXAMPLE)
    shows(page, "#problem", "This server needs an API key")
    assert page.evaluate("document.activeElement.id") == "key"
    page.keyboard.type("open sesame")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result:not([hidden])")
    assert page.is_hidden("#key-form")


def test_a_word_without_english_letters_is_named_and_can_be_corrected(open_page):
    page = open_page()
    page.check("input[value=own]", force=True)
    assert page.evaluate("document.activeElement.id") == "own-text"
    page.keyboard.type("I think the weather is 你好 today.")
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#problem strong")
    assert "No English letters: 你好" in page.inner_text("#problem")
    assert "in English letters, as they sound" in page.inner_text("#problem")

    page.fill("#own-text", SENTENCE)
    page.click("#resend")
    page.wait_for_selector("#result:not([hidden])")
    assert states(page)["nice"] == "wrong"


def test_own_text_is_asked_for_before_anything_is_recorded(open_page):
    page = open_page()
    page.check("input[value=own]", force=True)
    page.click("#record")
    assert "There is no sentence yet" in page.inner_text("#problem")
    assert page.evaluate("document.activeElement.id") == "own-text"
