// The recording over time: words, sound wave, sounds, pauses and pitch, and a playhead. It is SVG, so that colours follow
// the scheme and it prints well; a table below it has the same content.

import { phoneState, wordState } from "./advice.js";
import { el, svg, unseen } from "./dom.js";
import { ipa } from "./hints.js";
import { semitones } from "./pitch.js";

/** @typedef {import("./advice.js").Assessment} Assessment */
/** @typedef {import("./record.js").Sound} Sound */
/** @typedef {import("./pitch.js").PitchPoint} PitchPoint */
/** @typedef {{lowHz: number, medianHz: number, highHz: number, spanSemitones: number}} PitchRange */

const WORDS = { y: 0, height: 28 };
const WAVE = { y: 30, height: 84 };
const PHONES = { y: 116, height: 26 };
const PITCH = { y: 162, height: 90 };
const HEIGHT = 280;
const LEGIBLE = 220; // pixels per second at which the signs of most sounds fit side by side
const [CLOSEST, FARTHEST, STEP] = [700, 40, 1.5];

/** @param {Sound} sound @param {number} width @returns {string} a path through the lowest and highest sample of each pixel */
function envelope(sound, width) {
  const middle = WAVE.y + WAVE.height / 2;
  const peak = sound.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0.05);
  const scale = (0.94 * WAVE.height) / 2 / peak;
  const top = [];
  const bottom = [];
  for (let x = 0; x < width; x++) {
    let low = 0;
    let high = 0;
    const end = Math.floor(((x + 1) * sound.samples.length) / width);
    for (let i = Math.floor((x * sound.samples.length) / width); i < end; i++) {
      low = Math.min(low, sound.samples[i]);
      high = Math.max(high, sound.samples[i]);
    }
    top.push(`${x} ${(middle - high * scale - 0.5).toFixed(1)}`);
    bottom.push(`${x} ${(middle - low * scale + 0.5).toFixed(1)}`);
  }
  return `M${top.join("L")}L${bottom.reverse().join("L")}Z`;
}

/**
 * Where a pitch is drawn, and which pitches have a line. The scale is in semitones around the middle of the voice and
 * at least 14 of them high, so that a flat voice looks flat.
 * @param {PitchRange} range
 */
function pitchScale({ lowHz, medianHz, highHz }) {
  const around = Math.max(7, semitones(highHz, medianHz) + 3, semitones(medianHz, lowHz) + 3);
  return {
    y: (/** @type {number} */ hz) =>
      PITCH.y + (PITCH.height / 2) * (1 - Math.max(-1, Math.min(1, semitones(hz, medianHz) / around))),
    lines: [1, 0, -1].map((side) => medianHz * 2 ** ((side * around) / 12)),
  };
}

/** @param {PitchPoint[]} track @param {(hz: number) => number} y @param {number} perS */
function pitchPath(track, y, perS) {
  let path = "";
  let down = false;
  for (const { atS, hz } of track) {
    if (hz !== null) path += `${down ? "L" : "M"}${(atS * perS).toFixed(1)} ${y(hz).toFixed(1)}`;
    down = hz !== null;
  }
  return path;
}

/**
 * @param {{start_s: number | null, end_s: number | null}} part
 * @param {number} perS
 * @returns {{x: number, width: number} | null}
 */
function placed({ start_s: start, end_s: end }, perS) {
  return start === null || end === null ? null : { x: start * perS, width: Math.max(1, (end - start) * perS) };
}

/** @typedef {{word: (index: number) => void, seek: (startS: number, endS: number) => void}} Presses */

/** @param {Assessment} answer @param {number} perS */
function pauseParts(answer, perS) {
  return answer.pauses.flatMap((pause) => {
    const at = placed(pause, perS);
    if (!at) return [];
    const label = at.width > 30 ? `${(pause.end_s - pause.start_s).toFixed(1)} s` : "";
    return [
      svg("rect", { class: "pause", x: at.x, y: WAVE.y, width: at.width, height: WAVE.height }),
      svg("text", { class: "pause-label", x: at.x + at.width / 2, y: WAVE.y + 13 }, label),
    ];
  });
}

/** @param {Assessment} answer @param {number} perS @param {Presses} on */
function wordParts(answer, perS, on) {
  return answer.words.flatMap((word, i) => {
    const at = placed(word, perS);
    if (!at || word.error === "omission") return [];
    const fits = 7.5 * word.text.length <= at.width;
    return [
      svg(
        "g",
        { class: "wave-word", "data-state": wordState(word), onclick: () => on.word(i) },
        svg("line", { x1: at.x + 0.5, x2: at.x + 0.5, y1: WORDS.height, y2: PHONES.y }),
        svg("rect", { x: at.x + 1, y: WORDS.y + 1, width: Math.max(1, at.width - 2), height: WORDS.height - 2, rx: 4 }),
        svg("text", { x: at.x + at.width / 2, y: WORDS.y + 18 }, fits ? word.text : ""),
      ),
    ];
  });
}

/** @param {Assessment} answer @param {number} perS @param {Presses} on */
function phoneParts(answer, perS, on) {
  return answer.phones.flatMap((phone) => {
    const at = placed(phone, perS);
    if (!at) return [];
    const sign = ipa(phone.phone);
    return [
      svg(
        "g",
        { class: "wave-phone", "data-state": phoneState(phone), onclick: () => on.seek(phone.start_s ?? 0, phone.end_s ?? 0) },
        svg("rect", { x: at.x + 0.5, y: PHONES.y, width: Math.max(1, at.width - 1), height: PHONES.height - 2, rx: 3 }),
        svg("text", { x: at.x + at.width / 2, y: PHONES.y + 17 }, 8 * sign.length <= at.width ? sign : ""),
      ),
    ];
  });
}

/** @param {PitchPoint[]} track @param {PitchRange} range @param {number} perS @param {number} width */
function pitchParts(track, range, perS, width) {
  const { y, lines } = pitchScale(range);
  return [
    ...lines.map((hz) => svg("line", { class: "pitch-line", x1: 0, x2: width, y1: y(hz), y2: y(hz) })),
    svg("path", { class: "pitch", d: pitchPath(track, y, perS) }),
  ];
}

/** @param {number} durationS @param {number} perS @param {number} width */
function clockParts(durationS, perS, width) {
  const parts = [];
  for (let at = 0; at <= durationS; at += perS < 150 ? 1 : 0.5) {
    parts.push(svg("line", { class: "tick", x1: at * perS, x2: at * perS, y1: HEIGHT - 20, y2: HEIGHT - 15 }));
    if (at * perS + 28 < width) parts.push(svg("text", { class: "tick-label", x: at * perS + 2, y: HEIGHT - 4 }, `${at} s`));
  }
  return parts;
}

/**
 * @param {Assessment} answer @param {Sound | null} sound @param {PitchPoint[]} track @param {PitchRange | null} range
 * @param {number} perS pixels per second @param {Presses} on
 */
function picture(answer, sound, track, range, perS, on) {
  const width = Math.ceil(answer.duration_s * perS);
  const head = svg("line", { class: "playhead", x1: 0, x2: 0, y1: 0, y2: HEIGHT - 20, visibility: "hidden" });
  const label = `Timeline of ${answer.duration_s.toFixed(1)} seconds. The table below it has the same content.`;
  const image = svg(
    "svg",
    { role: "img", "aria-label": label, width, height: HEIGHT, class: "timeline" },
    ...pauseParts(answer, perS),
    sound ? svg("path", { class: "envelope", d: envelope(sound, width) }) : null,
    ...wordParts(answer, perS, on),
    ...phoneParts(answer, perS, on),
    ...(range ? pitchParts(track, range, perS, width) : []),
    ...clockParts(answer.duration_s, perS, width),
    head,
  );
  return { image, head };
}

/** Labels of the rows and the pitch in Hz, which stay in place while the timeline scrolls. @param {boolean} words @param {PitchRange | null} range */
function gutter(words, range) {
  const labels = [
    svg("text", { x: 0, y: WORDS.y + 18 }, words ? "Words" : ""),
    svg("text", { x: 0, y: WAVE.y + WAVE.height / 2 + 4 }, "Wave"),
    svg("text", { x: 0, y: PHONES.y + 17 }, "Sounds"),
  ];
  if (range) {
    const { y, lines } = pitchScale(range);
    labels.push(svg("text", { x: 0, y: PITCH.y + PITCH.height * 0.3 }, "Pitch"));
    labels.push(...lines.map((hz) => svg("text", { x: 0, y: y(hz) + 4 }, `${Math.round(hz)} Hz`)));
  }
  return svg("svg", { class: "gutter", width: 52, height: HEIGHT, "aria-hidden": "true" }, ...labels);
}

/** @param {Assessment} answer @param {PitchRange | null} range */
function table(answer, range) {
  const time = (/** @type {number | null} */ s) => (s === null ? "" : s.toFixed(2));
  const groups = answer.words.length ? answer.words : answer.phones.map((phone) => ({ ...phone, text: ipa(phone.phone), phones: [phone] }));
  const rows = [
    ...groups.map(({ text, start_s, end_s, phones }) => ({ text, start_s, end_s, sounds: phones.map(({ phone }) => ipa(phone)).join(" ") })),
    ...answer.pauses.map((pause) => ({ text: "(pause)", ...pause, sounds: "" })),
  ].sort((a, b) => (a.start_s ?? 0) - (b.start_s ?? 0));
  const voice = range
    ? `Pitch: mostly ${Math.round(range.lowHz)} to ${Math.round(range.highHz)} Hz (${range.spanSemitones.toFixed(1)} semitones), with a median of ${Math.round(range.medianHz)} Hz.`
    : "Pitch: there was no recording, or not enough speech, to measure it.";
  return el(
    "details",
    { class: "as-table" },
    el("summary", {}, "Show as a table"),
    el("p", { class: "quiet" }, voice),
    el(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Words and sounds with their times" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...["Word", "Start (s)", "End (s)", "Sounds"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, ...rows.map((row) =>
          el("tr", {}, el("th", { scope: "row" }, row.text), el("td", {}, time(row.start_s)), el("td", {}, time(row.end_s)), el("td", { class: "ipa" }, row.sounds)))),
      ),
    ),
  );
}

/**
 * @param {Assessment} answer
 * @param {Sound | null} sound null if the recording is not available
 * @param {PitchPoint[]} track @param {PitchRange | null} range
 * @param {Presses} on
 */
export function renderWave(answer, sound, track, range, on) {
  const scroll = el("div", { class: "timeline-scroll", tabindex: 0, role: "region", "aria-label": "Timeline, scrolls sideways" });
  const out = el("button", { type: "button", class: "plain icon", onclick: () => zoom(perS / STEP) }, "−", unseen(" zoom out"));
  const closer = el("button", { type: "button", class: "plain icon", onclick: () => zoom(perS * STEP) }, "+", unseen(" zoom in"));
  let perS = LEGIBLE;
  /** @type {SVGElement | null} */
  let head = null;

  /** @param {number} to pixels per second */
  function draw(to) {
    perS = Math.max(FARTHEST, Math.min(CLOSEST, to));
    const drawn = picture(answer, sound, track, range, perS, on);
    head = drawn.head;
    scroll.replaceChildren(drawn.image);
    out.disabled = perS <= FARTHEST;
    closer.disabled = perS >= CLOSEST;
  }

  /** Redraw around the same centre. @param {number} to pixels per second */
  function zoom(to) {
    const centre = (scroll.scrollLeft + scroll.clientWidth / 2) / Math.max(1, scroll.scrollWidth);
    draw(to);
    scroll.scrollLeft = centre * scroll.scrollWidth - scroll.clientWidth / 2;
  }

  return {
    element: el(
      "div",
      {},
      el("div", { class: "row spread" }, el("h3", {}, "Timeline"), el("div", { class: "row" }, out, closer)),
      sound ? null : el("p", { class: "quiet" }, "The recording of this attempt is not available, so there is no waveform and no pitch."),
      el("div", { class: "timeline-frame" }, gutter(answer.words.length > 0, range), scroll),
      table(answer, range),
    ),
    /** Draw it; a short clip fills the width. Call this once the element is on the page. */
    fit() {
      draw(Math.max(LEGIBLE, (scroll.clientWidth - 18) / answer.duration_s));
    },
    /** @param {number | null} atS */
    moveTo(atS) {
      head?.setAttribute("visibility", atS === null ? "hidden" : "visible");
      if (atS === null) return;
      const x = atS * perS;
      head?.setAttribute("transform", `translate(${x.toFixed(1)})`);
      if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x - 40;
    },
  };
}
