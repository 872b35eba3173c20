// How a text will be read: shown before anything is recorded, and while the learner types.

import { ServiceProblem, describe } from "./api.js";
import { byId, el, unseen } from "./dom.js";
import { serviceMessage } from "./messages.js";

/** @typedef {{ipa: string, stress: number | null}} Syllable */
/** @typedef {{reading: string, phones: string, ipa: string, respelling: string, guessed: boolean, syllables: Syllable[]}} Pronunciation */
/** @typedef {{text: string, kind: string, readings: string[], pronunciations: Pronunciation[]}} Token */
/** @typedef {{text: string, tokens: Token[], ignored: {text: string}[]}} Description what `POST /v1/texts` answers */

const TYPING_PAUSE_MS = 400;
const MOST_CHOICES = 3;
// Braces give the pronunciation of all that hyphens join, so a hyphen before a word has to become a space.
const BEFORE = "(?<=[\\p{L}\\p{N}])-|(?<![\\p{L}\\p{N}]['’]?)";

/** @param {Token} token */
const isGuessed = (token) => token.kind === "word" && token.pronunciations[0].guessed;

/** The likeliest pronunciations of a word that look different when they are respelt. @param {Token} token */
function choicesOf(token) {
  const found = new Map();
  for (const one of token.pronunciations) if (!found.has(one.respelling)) found.set(one.respelling, one);
  return /** @type {Pronunciation[]} */ ([...found.values()].slice(0, MOST_CHOICES));
}

/** The signs of one word, with its stressed syllable marked for the eye and, by ˈ, for the ear. @param {Pronunciation} one */
function wordIpa({ syllables }) {
  const several = syllables.length > 1;
  const marks = ["", several ? "ˈ" : "", several ? "ˌ" : ""];
  const parts = syllables.map(({ ipa, stress }) => {
    const signs = marks[stress ?? 0] + ipa;
    return several && stress === 1 ? el("strong", {}, signs) : signs;
  });
  return el("span", { class: "ipa", lang: "en-fonipa" }, ...parts);
}

/** @param {Token} token @param {string | undefined} phones of the chosen pronunciation, if any */
function wordItem(token, phones) {
  const shown = token.pronunciations.find((one) => one.phones === phones) ?? token.pronunciations[0];
  const reading = token.readings[0];
  if (/\s/.test(reading)) {
    const ipa = el("span", { class: "ipa", lang: "en-fonipa" }, shown.ipa);
    return el("li", {}, el("span", {}, `${token.text}: `, el("em", {}, reading)), " ", ipa);
  }
  const guess = isGuessed(token) && !phones;
  const text = el("span", { class: guess ? "guess" : null }, token.text, guess ? unseen(" (a guess)") : null);
  return el("li", {}, text, " ", wordIpa(shown));
}

/** @param {Description} description @param {number} guesses */
function summary({ tokens, ignored }, guesses) {
  const parts = [`${tokens.length} word${tokens.length === 1 ? "" : "s"}.`];
  if (guesses === 1) parts.push("One is not in the dictionary: choose below how it is said.");
  if (guesses > 1) parts.push(`${guesses} are not in the dictionary: choose below how they are said.`);
  if (ignored.length) parts.push(`Not read: ${ignored.map(({ text }) => text).join(" ")}`);
  return parts.join(" ");
}

/** The preview below the text. */
export function createPreview() {
  const box = byId("preview");
  const state = byId("preview-state");
  const words = byId("preview-words");
  const choices = byId("preview-choices");
  /** @type {Map<string, string>} the phones chosen for a word as typed */
  const chosen = new Map();
  let asked = new AbortController();
  let pause = 0;
  let current = "";
  let typed = false;

  /** @param {string} message @param {Node[]} [items] @param {Node[]} [questions] */
  function fill(message, items = [], questions = []) {
    // The status line is in the page before it gets its words, or they would not be read out.
    box.hidden = false;
    if (state.textContent !== message) state.textContent = message;
    words.replaceChildren(...items);
    choices.replaceChildren(...questions);
    // Only what scrolls needs a stop of the keyboard.
    if (box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }

  function clear() {
    fill("");
    box.hidden = true;
  }

  /** @param {Description} description */
  const items = ({ tokens }) => tokens.map((token) => wordItem(token, chosen.get(token.text)));

  /** A question about one guessed word. @param {Token} token @param {number} index @param {Description} description */
  function question(token, index, description) {
    const options = [{ phones: "", respelling: "I am not sure" }, ...choicesOf(token)];
    const before = chosen.get(token.text) ?? "";
    return el(
      "fieldset",
      { class: "choices" },
      el("legend", {}, `Say “${token.text}” like`),
      el("div", { class: "pills" }, ...options.map(({ phones, respelling }) => {
        const onchange = () => {
          if (phones) chosen.set(token.text, phones);
          else chosen.delete(token.text);
          words.replaceChildren(...items(description));
        };
        const input = el("input", { type: "radio", name: `say-${index}`, value: phones, checked: phones === before, onchange });
        return el("label", { class: "pill" }, input, el("span", {}, respelling));
      })),
    );
  }

  /** @param {Description} description */
  function render(description) {
    const guessed = [...new Map(description.tokens.filter(isGuessed).map((token) => [token.text, token])).values()];
    const questions = guessed.map((token, index) => question(token, index, description));
    const help = el("p", { class: "quiet" }, "CAPITALS are the part to say strongest. If you are not sure, each of these counts as right.");
    fill(typed ? summary(description, guessed.length) : "", items(description), guessed.length ? [...questions, help] : []);
  }

  /** @param {string} text */
  async function ask(text) {
    asked = new AbortController();
    const { signal } = asked;
    try {
      const description = await describe(text, signal);
      if (!signal.aborted) render(description);
    } catch (error) {
      if (signal.aborted) return;
      if (typed && error instanceof ServiceProblem && error.isAboutText) {
        const { title, text: advice } = serviceMessage(error);
        fill(`${title}. ${advice}`);
      } else clear(); // the recording itself will tell what is wrong with the server
    }
  }

  return {
    /**
     * Show how a text will be read, once typing pauses; nothing for an empty text.
     * @param {string} text
     * @param {boolean} own whether the learner typed it, and is told how much of it is read
     */
    show(text, own) {
      if (text.trim() === current) return;
      current = text.trim();
      typed = own;
      clearTimeout(pause);
      asked.abort();
      if (!current) clear();
      else pause = setTimeout(() => void ask(current), own ? TYPING_PAUSE_MS : 0);
    },
    /**
     * A text with the chosen pronunciations, in braces after their words as the service takes them.
     * @param {string} text
     */
    withChoices(text) {
      if (!chosen.size) return text;
      const any = [...chosen.keys()].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
      const alone = new RegExp(`(${BEFORE})(${any})(?![\\p{L}\\p{N}{]|['’]\\p{L})`, "gu");
      return text.replace(alone, (_, hyphen, word) => `${hyphen && " "}${word}{${chosen.get(word)}}`);
    },
  };
}
