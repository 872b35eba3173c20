// The result of one attempt: words, scores and timeline.

import { advise } from "./advice.js";
import { byId, el } from "./dom.js";
import { noticeMessage } from "./messages.js";
import { pitchRange, pitchTrack } from "./pitch.js";
import { createPlayer } from "./player.js";
import { renderScores } from "./scores.js";
import { englishVoice, say } from "./speech.js";
import { renderWave } from "./wave.js";
import { renderHeard, renderWords } from "./words.js";

/** @typedef {import("./advice.js").Assessment} Assessment */
/** @typedef {import("./record.js").Sound} Sound */
/** @typedef {{name: string, go: () => void}} Next a next step after a result */

/** @type {{moveTo: (atS: number | null) => void} | null} */
let wave = null;
const playAll = el("button", { type: "button", class: "plain", id: "play-all" });
const player = createPlayer((atS) => {
  wave?.moveTo(atS);
  playAll.textContent = atS === null ? "Play recording" : "Stop playing";
});
playAll.addEventListener("click", () => (player.playing() ? player.stop() : player.play()));

/** @param {Assessment} answer */
function notices(answer) {
  return answer.warnings.map((notice) => {
    const { title, text } = noticeMessage(notice);
    return el("div", { class: "note", "data-code": notice.code }, el("strong", {}, title), el("p", {}, text));
  });
}

/** @param {Assessment} answer @param {Next[]} next */
function whole(answer, next) {
  const buttons = player.ready() ? [playAll] : [];
  playAll.textContent = "Play recording";
  const { text } = answer;
  if (text && englishVoice()) {
    buttons.push(el("button", { type: "button", class: "plain", onclick: () => say(text) }, "Hear the model"));
  }
  const onward = next.map(({ name, go }, i) =>
    el("button", { type: "button", class: i === 0 ? "main" : "plain", onclick: go }, name));
  return el("div", { class: "row listen-row" }, ...buttons, ...onward);
}

/**
 * @param {Assessment} answer
 * @param {Sound | null} sound the recording, if it is available
 * @param {string} title
 * @param {Next[]} next
 */
export function showResult(answer, sound, title, next) {
  player.load(sound);
  const track = sound ? pitchTrack(sound.samples, sound.rateHz) : [];
  const range = pitchRange(track);
  const words = answer.used_reference && answer.words.length ? renderWords(answer, player) : null;
  const drawn = renderWave(answer, sound, track, range, {
    word: (index) => words?.open(index),
    seek: (startS, endS) => player.play(startS, endS),
  });
  wave = drawn;
  byId("result-title").textContent = title;
  byId("notices").replaceChildren(...notices(answer));
  byId("reading").replaceChildren(words?.element ?? renderHeard(answer, player), whole(answer, next), words?.panel ?? "");
  byId("scores").replaceChildren(renderScores(answer, advise(answer, range)));
  byId("wave").replaceChildren(drawn.element);
  byId("result").hidden = false;
  drawn.fit();
}

/** Scroll to the result and focus its title. */
export function goToResult() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("result-title").focus({ preventScroll: true });
  byId("result").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

export function clearResult() {
  player.load(null);
  byId("result").hidden = true;
}

/** Stop playback, for example before a recording. */
export const quiet = () => player.stop();
