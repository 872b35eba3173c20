// The flow of an attempt: a text, a recording or file, the server, the result. The current recording is held, so
// that it can be sent again if anything fails.

import { LONGEST_S, ServiceProblem, assess, longestS, useKey } from "./api.js";
import { byId, download, el } from "./dom.js";
import { decode, readFile, readRecording } from "./files.js";
import { createHistory } from "./history.js";
import { SILENT_BELOW_DBFS, loudestDbfs } from "./level.js";
import { clipMessage, microphoneMessage, serviceMessage } from "./messages.js";
import { createPractice } from "./practice.js";
import { MicrophoneProblem, startRecording } from "./record.js";
import { clearResult, goToResult, quiet, showResult } from "./result.js";
import { englishVoice, hush, say, watchVoices } from "./speech.js";

/** @typedef {import("./files.js").Clip & {text: string | null}} Taken a recording and what was to be read */

const SHORTEST_S = 0.3;
const SILENT_FOR_S = 3; // after that, warn while there is still time to fix it

const record = /** @type {HTMLButtonElement} */ (byId("record"));
/** @type {Taken | null} */
let taken = null;
/** @type {import("./record.js").Recording | null} */
let recording = null;
/** @type {"idle" | "asking" | "recording" | "sending"} */
let state = "idle";
let loudest = -200;
let told = false;
let waiting = 0;
let longest = LONGEST_S;

const LABELS = { idle: "Record", asking: "Allow the microphone…", recording: "Stop", sending: "Assessing…" };

/** @param {typeof state} next @param {string} [words] for the status line below the button */
function become(next, words = "") {
  state = next;
  record.dataset.state = next;
  // Not `disabled`, which would lose the keyboard focus.
  record.setAttribute("aria-disabled", String(next === "asking" || next === "sending"));
  byId("record-label").textContent = LABELS[next];
  byId("live").hidden = next !== "recording";
  byId("state").textContent = words;
  document.body.classList.toggle("busy", next === "sending");
}

/** @param {import("./messages.js").Message | null} message @param {boolean} [again] offer to send the recording again */
function trouble(message, again = false) {
  byId("problem").replaceChildren(...(message ? [el("strong", {}, message.title), el("p", {}, message.text)] : []));
  byId("again").hidden = !again;
  byId("key-form").hidden = true;
  clearInterval(waiting);
  holdResend(0);
}

/** The label of the button that sends the recording again. */
function resendLabel() {
  const other = taken && taken.text !== practice.text();
  return other ? `Send “${taken?.text ?? "Just talk"}” again` : "Send it again";
}

/** @param {number} seconds to wait before sending again can help */
function holdResend(seconds) {
  const resend = /** @type {HTMLButtonElement} */ (byId("resend"));
  resend.disabled = seconds > 0;
  resend.textContent = seconds > 0 ? `${resendLabel()} in ${seconds} s` : resendLabel();
}

const practice = createPractice((edited) => {
  if (state === "recording") cancel();
  // A recording without an answer keeps its own text; only an edit of that text applies to it.
  if (edited && taken) taken.text = practice.text();
  trouble(null, taken !== null && state === "idle");
  byId("state").textContent = "";
});

const onward = () => [
  { name: "Read it again", go: backToPractice },
  ...(practice.hasNext() ? [{ name: "Next sentence", go: () => { practice.next(); backToPractice(); } }] : []),
];

function backToPractice() {
  quiet();
  byId("card").scrollIntoView({ block: "center" });
  record.focus({ preventScroll: true });
}

const history = createHistory(async (made) => {
  if (state !== "idle") return;
  practice.goTo(made.text);
  const sound = made.audio ? await decode(await made.audio.arrayBuffer()) : null;
  showResult(made.answer, sound, "An earlier attempt", onward());
  goToResult();
});

// ------------------------------------------------------------------------------------------- recording

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {number} share 0 to 1 */
function showLevel(share) {
  const bar = byId("level");
  bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  /** @type {HTMLElement} */ (bar.firstElementChild).style.transform = `scaleX(${share.toFixed(3)})`;
}

/** @param {number} dbfs */
function onLevel(dbfs) {
  loudest = Math.max(loudest, dbfs);
  showLevel(Math.max(0, Math.min(1, (dbfs + 60) / 50))); // -60 dB is an empty bar, -10 dB a full one
  const elapsed = recording?.elapsedS() ?? 0;
  byId("elapsed").textContent = clock(elapsed);
  if (!told && elapsed > SILENT_FOR_S && loudest < SILENT_BELOW_DBFS) {
    told = true;
    byId("state").textContent = "No sound yet. Is the right microphone selected, and is it unmuted?";
  }
  if (!told && elapsed > longest - 10) {
    told = true;
    byId("state").textContent = "Ten seconds left.";
  }
}

async function start() {
  if (practice.text() === "") {
    trouble(clipMessage("no_text"));
    byId("own-text").focus();
    return;
  }
  hush();
  quiet();
  trouble(null);
  become("asking");
  loudest = -200;
  told = false;
  byId("elapsed").textContent = "0:00";
  try {
    recording = await startRecording(longest, onLevel, () => void stop());
    become("recording", "Recording. Read the sentence, then press Stop.");
  } catch (error) {
    become("idle");
    if (!(error instanceof MicrophoneProblem)) throw error;
    trouble(microphoneMessage(error.reason));
  }
}

async function stop() {
  if (!recording) return;
  const recorded = recording.stop();
  const { sound } = recorded;
  recording = null;
  become("idle");
  if (sound.samples.length < SHORTEST_S * sound.rateHz) return trouble(clipMessage("too_short"));
  if (loudestDbfs(sound.samples, sound.rateHz) < SILENT_BELOW_DBFS) return trouble(clipMessage("silent"));
  const text = practice.text();
  become("sending", "Assessing your recording…");
  taken = { ...(await readRecording(recorded, longest)), text };
  become("idle");
  await send();
}

function cancel() {
  recording?.stop();
  recording = null;
  become("idle", "Cancelled. Nothing was kept.");
}

// --------------------------------------------------------------------------------------- file, sending

/** @param {File} file */
async function take(file) {
  if (state !== "idle") return;
  trouble(null);
  const text = practice.text();
  if (text === "") return trouble(clipMessage("no_text"));
  const clip = await readFile(file);
  const seconds = clip.sound ? clip.sound.samples.length / clip.sound.rateHz : null;
  if (seconds !== null && seconds > longest) return trouble(clipMessage("too_long"));
  taken = { ...clip, text };
  await send();
}

async function send() {
  if (!taken || state === "sending") return;
  const { blob, name, text, sound } = taken;
  if (text === "") return trouble(clipMessage("no_text"), true);
  clearResult();
  trouble(null);
  become("sending", "Assessing your recording…");
  try {
    const answer = await assess(blob, name, text && practice.withChoices(text));
    become("idle", "Done. Your result is below.");
    taken = null;
    showResult(answer, sound, "How it went", onward());
    goToResult();
    await history.add(answer, text, blob);
  } catch (error) {
    become("idle");
    if (!(error instanceof ServiceProblem)) throw error;
    trouble(serviceMessage(error), error.isTemporary || error.isAboutText);
    byId("key-form").hidden = error.status !== 401;
    if (error.status === 401) byId("key").focus();
    if (error.retryAfterS !== null && error.isTemporary) countDown(error.retryAfterS);
  }
}

/** @param {number} seconds */
function countDown(seconds) {
  holdResend(seconds);
  waiting = setInterval(() => {
    seconds -= 1;
    holdResend(seconds);
    if (seconds <= 0) clearInterval(waiting);
  }, 1000);
}

// -------------------------------------------------------------------------------------------- controls

record.addEventListener("click", () => {
  if (state === "idle") void start();
  else if (state === "recording") void stop();
});
byId("cancel").addEventListener("click", () => {
  cancel();
  record.focus();
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && state === "recording") cancel();
});
byId("resend").addEventListener("click", () => void send());
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(/** @type {HTMLInputElement} */ (byId("key")).value.trim());
  void send();
});
byId("save").addEventListener("click", () => taken && download(taken.blob, taken.name));

const chooser = /** @type {HTMLInputElement} */ (byId("file"));
chooser.addEventListener("change", () => {
  const [file] = chooser.files ?? [];
  if (file) void take(file);
  chooser.value = ""; // so that the same file can be chosen again
});
const card = byId("card");
// The whole page accepts a file; elsewhere than on the card, the browser would leave the page to open it.
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    card.classList.add("dropping");
  });
}
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) card.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  card.classList.remove("dropping");
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void take(file);
});

// ----------------------------------------------------------------------------------------- hear it read

/** @param {boolean} slowly */
function read(slowly) {
  const text = practice.text();
  const line = byId("speech-state");
  if (!text) return;
  quiet();
  say(text, { slowly, onError: () => { line.textContent = "The voice could not be played. Try again."; line.hidden = false; } });
}

function showVoice() {
  const voice = englishVoice();
  byId("listen").hidden = !voice;
  byId("speech-state").hidden = Boolean(voice);
  byId("speech-state").textContent = voice ? "" : "This browser has no English voice, so it cannot read the sentence to you.";
}
byId("say").addEventListener("click", () => read(false));
byId("say-slowly").addEventListener("click", () => read(true));
watchVoices(showVoice);
showVoice();
// Only now does everything listen. Before, a slow load could have lost a file or a click.
chooser.disabled = false;
become("idle");
longest = await longestS();
byId("longest").textContent = clock(longest);
