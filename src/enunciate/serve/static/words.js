// The sentence, word by word, and a word opened to its sounds.

import { phoneState, sureness, wordState } from "./advice.js";
import { el, unseen } from "./dom.js";
import { hintFor, ipa, sound } from "./hints.js";
import { englishVoice, say } from "./speech.js";

/** @typedef {import("./advice.js").Assessment} Assessment */
/** @typedef {import("./advice.js").PhoneResult} PhoneResult */
/** @typedef {import("./advice.js").WordResult} WordResult */
/** @typedef {{ready: () => boolean, play: (startS?: number, endS?: number) => Promise<void>}} Player */

const LONG_WORDS = 24; // longer texts are set in smaller type

/** The names of the states; their marks are in result.css. */
const NAMES = { good: "good", close: "not quite clear", wrong: "wrong sound", missing: "not heard" };

/** @param {PhoneResult} phone */
function verdict(phone) {
  const wanted = ipa(phone.phone);
  const sure = `(${sureness(phone.heard_probability)})`;
  switch (phoneState(phone)) {
    case "good":
      return `Good.`;
    case "close":
      return `Not quite clear: you probably meant /${wanted}/.`;
    case "missing":
      return `Not heard.`;
    case "wrong":
      return phone.heard === null || phone.heard === phone.phone
        ? `Not a clear /${wanted}/.`
        : `Sounded like /${ipa(phone.heard)}/ ${sure}.`;
    default:
      return `Heard ${sure}.`;
  }
}

/** "as in nice", with the letters of the sound in bold. @param {import("./hints.js").Sound} known */
function example({ example: word, spelt }) {
  const at = word.indexOf(spelt);
  return el("span", { class: "quiet" }, "as in “", word.slice(0, at), el("b", {}, spelt), word.slice(at + spelt.length), "”");
}

/**
 * One sound: its sign, what was heard, how to make it.
 * @param {PhoneResult[]} phones @param {number} index @param {Player} player
 */
function phoneRow(phones, index, player) {
  const phone = phones[index];
  const state = phoneState(phone);
  const { ipa: sign, sound: known } = sound(phone.phone);
  const { specific, general } = hintFor(phones, index);
  const flagged = state !== "good" && state !== "heard";
  const asIn = known ? `as in “${known.example}”` : "";
  const hear =
    phone.start_s !== null && phone.end_s !== null && player.ready()
      ? el("button", { type: "button", class: "plain small", "aria-label": `Hear it: your ${sign}, ${asIn}`,
          onclick: () => player.play(phone.start_s ?? 0, phone.end_s ?? 0) },
          el("span", { class: "wide" }, "Hear it"), el("span", { class: "narrow", "aria-hidden": "true" }, "▶"))
      : null;
  const howTo = general ? [el("p", { class: "hint" }, general)] : [];
  return el(
    "li",
    { class: "phone", "data-state": state, "data-phone": phone.phone },
    el("span", { class: "sign", lang: "en-fonipa" }, sign),
    el(
      "div",
      { class: "phone-text" },
      el("p", {}, ...(known ? [example(known), " · "] : []), el("span", { class: "verdict" }, verdict(phone))),
      flagged && specific ? el("p", { class: "hint specific" }, specific) : null,
      ...(flagged && !specific
        ? howTo
        : general
          ? [el("details", {}, el("summary", {}, "How to make this sound", unseen(`: ${sign}`)), ...howTo)]
          : []),
    ),
    hear,
  );
}

/** @param {WordResult} word @param {Player} player @param {() => void} close */
function detail(word, player, close) {
  const state = wordState(word);
  const buttons = [];
  if (word.start_s !== null && word.end_s !== null && player.ready()) {
    const [start, end] = [word.start_s, word.end_s];
    buttons.push(el("button", { type: "button", class: "plain", id: "play-word", onclick: () => player.play(start, end) }, "Hear yourself"));
  }
  if (englishVoice()) {
    buttons.push(el("button", { type: "button", class: "plain", id: "say-word", onclick: () => say(word.text) }, "Hear the model"));
    buttons.push(el("button", { type: "button", class: "plain", onclick: () => say(word.text, { slowly: true }) }, "Slowly"));
  }
  return [
    el(
      "div",
      { class: "row spread" },
      el("h3", {}, `${word.text} `, el("span", { class: "ipa", lang: "en-fonipa" }, `/${word.phones.map(({ phone }) => ipa(phone)).join("")}/`)),
      el("p", { class: "word-score quiet" }, state === "missing" ? "not heard" : `${word.score.value.toFixed(1)} out of 10, probably ${word.score.low.toFixed(1)} to ${word.score.high.toFixed(1)}`),
    ),
    el("div", { class: "row" }, ...buttons, el("button", { type: "button", class: "plain", onclick: close }, "Close")),
    el("ol", { class: "phones" }, ...word.phones.map((_, i) => phoneRow(word.phones, i, player))),
    ...(word.inserted.length
      ? [el("p", { class: "hint" }, `Extra sounds heard: /${word.inserted.map(ipa).join(" ")}/`)]
      : []),
  ];
}

/**
 * A roving tabindex: one of the buttons is in the tab order, and the arrow keys move between them.
 * @param {HTMLElement[]} buttons
 */
function rove(buttons) {
  const focus = (/** @type {number} */ index) => {
    buttons.forEach((button, i) => (button.tabIndex = i === index ? 0 : -1));
    buttons[index].focus();
  };
  buttons.forEach((button, i) => {
    button.tabIndex = i === 0 ? 0 : -1;
    button.addEventListener("focus", () => buttons.forEach((other) => (other.tabIndex = other === button ? 0 : -1)));
    button.addEventListener("keydown", ({ key }) => {
      const last = buttons.length - 1;
      const to = { ArrowRight: Math.min(i + 1, last), ArrowLeft: Math.max(i - 1, 0), Home: 0, End: last }[key];
      if (to !== undefined) focus(to);
    });
  });
}

/** A legend of the marks that occur. @param {import("./advice.js").State[]} states */
function legend(states) {
  const present = /** @type {const} */ (["good", "close", "wrong", "missing"]).filter((state) => states.includes(state));
  return el(
    "p",
    { class: "legend quiet" },
    ...present.flatMap((state) => [el("span", { class: "mark", "data-state": state }, NAMES[state]), " "]),
    el("span", {}, "Press a word to hear it and see its sounds."),
  );
}

/**
 * The words, and the panel in which one of them opens.
 * @param {Assessment} answer
 * @param {Player} player
 */
export function renderWords(answer, player) {
  const panel = el("div", { id: "detail", class: "detail", role: "region", "aria-label": "Sounds of the word", hidden: true });
  const states = answer.words.map(wordState);
  const buttons = answer.words.map((word, i) =>
    el(
      "button",
      { type: "button", class: "word", "data-state": states[i], "aria-expanded": "false", "aria-controls": "detail", onclick: () => open(i) },
      word.text,
      unseen(`, ${NAMES[states[i]]}`),
    ),
  );
  /** @type {number | null} */
  let opened = null;

  function close() {
    if (opened !== null) buttons[opened].setAttribute("aria-expanded", "false");
    opened = null;
    panel.hidden = true;
  }

  /** Open a word, or play the open one again. @param {number} index */
  function open(index) {
    const word = answer.words[index];
    if (opened !== index) {
      close();
      opened = index;
      buttons[index].setAttribute("aria-expanded", "true");
      panel.replaceChildren(...detail(word, player, () => {
        close();
        buttons[index].focus();
      }));
      panel.setAttribute("aria-label", `Sounds of “${word.text}”`);
      panel.hidden = false;
      // Under a long text the panel may open out of sight.
      if (panel.getBoundingClientRect().top > innerHeight - 150) panel.scrollIntoView({ block: "nearest" });
    }
    if (word.start_s !== null && word.end_s !== null && word.error !== "omission") void player.play(word.start_s, word.end_s);
  }

  rove(buttons);
  const element = el(
    "div",
    {},
    el("div", { class: `sentence words${answer.words.length > LONG_WORDS ? " long" : ""}`, role: "group", "aria-label": "Your reading, word by word", lang: "en" }, ...buttons.flatMap((button) => [button, " "])),
    legend(states),
  );
  for (const place of [element, panel]) {
    place.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || opened === null) return;
      const index = opened;
      close();
      buttons[index].focus();
    });
  }
  return { element, panel, open };
}

/** Without a text: the sounds that were heard. @param {Assessment} answer @param {Player} player */
export function renderHeard(answer, player) {
  if (!answer.phones.length) return el("p", {}, "No English sounds were heard.");
  const buttons = answer.phones.map((phone) =>
    el(
      "button",
      {
        type: "button", class: "chip", lang: "en-fonipa", disabled: phone.start_s === null || !player.ready(),
        title: `${sound(phone.phone).sound ? `as in “${sound(phone.phone).sound?.example}”, ` : ""}${sureness(phone.heard_probability)}`,
        onclick: () => player.play(phone.start_s ?? 0, phone.end_s ?? 0),
      },
      ipa(phone.phone),
      unseen(`, as in ${sound(phone.phone).sound?.example ?? "no word"}`),
    ),
  );
  rove(buttons);
  return el(
    "div",
    {},
    el("h3", {}, "Sounds heard"),
    el("p", { class: "quiet" }, "Press a sound to hear it."),
    el("div", { class: "chips", role: "group", "aria-label": "Sounds heard, in order" }, ...buttons),
  );
}
