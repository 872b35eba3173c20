// An answer in words, and advice on how to raise each score. All of it comes from the answer or, for the melody,
// from a measurement in the browser.

/** @typedef {{value: number, low: number, high: number}} Score */
/** @typedef {{phone: string, start_s: number | null, end_s: number | null, heard: string | null,
 *   heard_probability: number, score: Score | null, mispronounced: boolean}} PhoneResult */
/** @typedef {{text: string, start_s: number | null, end_s: number | null, score: Score,
 *   error: "none" | "mispronunciation" | "omission", phones: PhoneResult[], inserted: string[]}} WordResult */
/** @typedef {{id: string, model: string, duration_s: number, text: string | null, used_reference: boolean,
 *   accuracy: Score | null, fluency: Score | null, prosodic: Score | null, total: Score | null,
 *   completeness: Score | null, words: WordResult[], phones: PhoneResult[],
 *   pauses: {start_s: number, end_s: number}[],
 *   rates: {phones_per_s: number, words_per_s: number | null, articulation_phones_per_s: number} | null,
 *   snr_db: number | null, clipped_share: number,
 *   warnings: {code: string, message: string}[], transcript: string | null}} Assessment */
/** @typedef {"accuracy" | "fluency" | "prosodic" | "total"} Aspect */
/** @typedef {"good" | "close" | "wrong" | "missing"} State */

import { ipa } from "./hints.js";

/** @type {{aspect: Aspect, name: string, about: string}[]} */
export const ASPECTS = [
  { aspect: "total", name: "Overall", about: "your reading as a whole" },
  { aspect: "accuracy", name: "Sounds", about: "accuracy: how well you say each sound, and nothing else" },
  { aspect: "fluency", name: "Flow", about: "fluency: pace, pauses and hesitations" },
  { aspect: "prosodic", name: "Melody and stress", about: "prosody: rhythm, stress and intonation" },
];

/** The bands of the corpus's rubric, which has whole marks: 9 and 10, 7 and 8, 5 and 6, 3 and 4, 0 to 2. */
const BANDS = [
  { from: 8.5, word: "excellent" },
  { from: 6.5, word: "good" },
  { from: 4.5, word: "fair" },
  { from: 2.5, word: "weak" },
  { from: -1, word: "hard to follow" },
];

/** @param {number} value 0 to 10 */
export const band = (value) => BANDS.find(({ from }) => value >= from)?.word ?? "";

/** On the scale from 0 to 2. A sound below it is not flagged, but not clearly right either. */
const CLOSE_BELOW = 1.5;
const LONG_PAUSE_S = 0.3;
const SLOW_PHONES_PER_S = 8;
const FAST_PHONES_PER_S = 17;
const FLAT_SEMITONES = 4;

/** @param {PhoneResult} phone @returns {State | "heard"} "heard": there was no text to compare with */
export function phoneState(phone) {
  if (phone.score === null) return "heard";
  if (phone.heard === null && phone.mispronounced) return "missing";
  if (phone.mispronounced) return "wrong";
  return phone.score.value < CLOSE_BELOW ? "close" : "good";
}

/** @param {WordResult} word @returns {State} */
export function wordState(word) {
  if (word.error === "omission") return "missing";
  if (word.error === "mispronunciation") return "wrong";
  return word.phones.some((phone) => phoneState(phone) !== "good") ? "close" : "good";
}

/** @param {number} probability */
export function sureness(probability) {
  const word = probability >= 0.9 ? "very sure" : probability >= 0.7 ? "fairly sure" : probability >= 0.4 ? "not very sure" : "unsure";
  return `${word}, ${Math.round(100 * probability)}%`;
}

/** The index of the last word that ended before this moment, or -1. @param {WordResult[]} words @param {number} atS */
function wordBefore(words, atS) {
  return words.reduce((last, word, i) => (word.end_s !== null && word.end_s <= atS + 0.05 ? i : last), -1);
}

/** Whether punctuation after the word calls for a pause; false if that is unknown. @param {Assessment} answer @param {number} index */
function pauseIsExpected(answer, index) {
  // A chosen pronunciation stands in braces after its word.
  const text = (answer.text ?? "").replace(/\{[^{}]*\}/g, "");
  const tokens = text.split(/\s+/).filter((token) => /[\p{L}\p{N}]/u.test(token));
  return tokens.length === answer.words.length && /[,.;:!?–—]["”’)]*$/.test(tokens[index] ?? "");
}

/** @param {PhoneResult} phone @param {string} word */
function soundLine(phone, word) {
  const wanted = ipa(phone.phone);
  if (phone.heard === null) return `In “${word}”, /${wanted}/ was not heard.`;
  if (phone.heard === phone.phone) return `In “${word}”, /${wanted}/ was not quite clear.`;
  return `In “${word}”, /${wanted}/ sounded like /${ipa(phone.heard)}/ (${sureness(phone.heard_probability)}).`;
}

/** The sounds that are not good, worst first, in words that were said. @param {Assessment} answer */
function weakest(answer) {
  return answer.words
    .filter((word) => word.error !== "omission")
    .flatMap((word) => word.phones.map((phone) => ({ phone, word: word.text })))
    .filter(({ phone }) => !["good", "heard"].includes(phoneState(phone)))
    .sort((a, b) => (a.phone.score?.value ?? 2) - (b.phone.score?.value ?? 2));
}

/** Whether something else seems to have been said, so that marks on single sounds are not reliable. @param {Assessment} answer */
export const saidSomethingElse = (answer) => answer.warnings.some(({ code }) => code === "text_mismatch");

/** @param {Assessment} answer @returns {string[]} */
function accuracyAdvice(answer) {
  if (saidSomethingElse(answer)) return ["Single sounds could not be judged, because you seem to have said something else."];
  const missing = answer.words.filter((word) => word.error === "omission").map((word) => `“${word.text}”`);
  const weak = weakest(answer)
    .slice(0, 3)
    .map(({ phone, word }) => soundLine(phone, word));
  if (missing.length) weak.unshift(`Not heard: ${missing.join(", ")}. Read every word.`);
  if (!answer.used_reference) return ["Read one of the sentences to find out which sounds to work on."];
  return weak.length ? weak : ["No single sound stood out as wrong."];
}

/** @param {Assessment} answer @returns {string[]} */
function fluencyAdvice(answer) {
  const lines = [];
  for (const pause of answer.pauses) {
    const length = pause.end_s - pause.start_s;
    const index = wordBefore(answer.words, pause.start_s);
    if (length < LONG_PAUSE_S || pauseIsExpected(answer, index)) continue;
    const where = index >= 0 ? `after “${answer.words[index].text}”` : `at ${pause.start_s.toFixed(1)} s`;
    lines.push(`You paused for ${length.toFixed(1)} s ${where}. Try to link the words.`);
  }
  const rate = answer.rates?.articulation_phones_per_s;
  if (rate !== undefined && rate < SLOW_PHONES_PER_S) {
    lines.push(`${rate.toFixed(1)} sounds per second is slow; skilled readers say about 10 to 15. Read the sentence again a little faster.`);
  }
  if (rate !== undefined && rate > FAST_PHONES_PER_S) {
    lines.push(`${rate.toFixed(1)} sounds per second is fast. Slow down on the important words.`);
  }
  const extra = answer.words.filter((word) => word.inserted.length).map((word) => `“${word.text}”`);
  if (extra.length) lines.push(`More than the text was heard at ${extra.join(", ")}. Read on without repeating or adding sounds.`);
  if (lines.length) return lines;
  return [rate === undefined ? "Nothing stood out." : `No pause interrupts the flow, and ${rate.toFixed(1)} sounds per second is a comfortable pace.`];
}

/** @param {{spanSemitones: number} | null} range measured in the browser */
function prosodicAdvice(range) {
  if (!range) return ["There was not enough speech to measure the melody."];
  const span = Math.round(range.spanSemitones);
  const measured = `Your pitch moved over about ${span} semitone${span === 1 ? "" : "s"}`;
  if (range.spanSemitones < FLAT_SEMITONES) return [`${measured}, which is rather flat. Let it rise on the most important word.`];
  return [`${measured}. Compare where it rises with the model voice.`];
}

/** @param {Assessment} answer @returns {string[]} */
function totalAdvice(answer) {
  if (saidSomethingElse(answer)) return ["Check the sentence and read it again."];
  const parts = ASPECTS.slice(1).flatMap(({ aspect, name }) => {
    const score = answer[aspect];
    return score ? [{ name, value: score.value }] : [];
  });
  if (!parts.length) return ["There was nothing to score."];
  const lowest = parts.reduce((a, b) => (b.value < a.value ? b : a));
  const highest = parts.reduce((a, b) => (b.value > a.value ? b : a));
  const lines =
    highest.value - lowest.value < 0.5
      ? ["Sounds, flow and melody scored about the same."]
      : [`You can improve the most in “${lowest.name}”.`];
  const first = weakest(answer)[0];
  if (first) lines.push(`Start with /${ipa(first.phone.phone)}/ in “${first.word}”.`);
  const said = answer.words.filter((word) => word.error !== "omission").length;
  if (answer.words.length > said) lines.push(`${said} of ${answer.words.length} words were heard.`);
  return lines;
}

/**
 * What to work on, for each score.
 * @param {Assessment} answer
 * @param {{spanSemitones: number} | null} pitch
 * @returns {Record<Aspect, string[]>}
 */
export function advise(answer, pitch) {
  return {
    total: totalAdvice(answer),
    accuracy: accuracyAdvice(answer),
    fluency: fluencyAdvice(answer),
    prosodic: prosodicAdvice(pitch),
  };
}
