// The text to read: a sentence of a topic, the learner's own text, or none.

import { byId, el } from "./dom.js";
import { createPreview } from "./preview.js";
import { remember, remembered } from "./remember.js";

/** @typedef {{id: string, name: string, about: string, sentences: string[]}} Topic */

/** @type {Topic[]} */
const TOPICS = await (await fetch(new URL("sentences.json", import.meta.url))).json();
const OWN = "own";
const FREE = "free";
const REMEMBERED = "topic";

/**
 * @param {(edited: boolean) => void} onChange called when the text changes; `edited` if the learner typed it
 */
export function createPractice(onChange) {
  const sentence = byId("sentence");
  const own = byId("own");
  const ownText = /** @type {HTMLTextAreaElement} */ (byId("own-text"));
  let topic = TOPICS[0].id;
  let index = 0;

  const preview = createPreview();
  const current = () => TOPICS.find(({ id }) => id === topic);

  function show() {
    const chosen = current();
    own.hidden = topic !== OWN;
    sentence.hidden = topic === OWN;
    byId("picker").hidden = !chosen;
    byId("sentence-tools").hidden = topic === FREE;
    byId("topic-about").textContent = chosen?.about ?? "";
    byId("topic-about").hidden = !chosen;
    sentence.classList.toggle("free", topic === FREE);
    sentence.textContent = chosen
      ? chosen.sentences[index]
      : "Say anything in English, for up to a minute.";
    preview.show(topic === OWN ? ownText.value : (chosen?.sentences[index] ?? ""), topic === OWN);
    if (chosen) byId("position").textContent = `${index + 1} of ${chosen.sentences.length}`;
  }

  function change() {
    show();
    onChange(false);
  }

  /** @param {string} id */
  function choose(id) {
    topic = id;
    index = 0;
    remember(REMEMBERED, id);
    change();
    if (id === OWN) ownText.focus();
  }

  /** @param {number} by */
  function turn(by) {
    const chosen = current();
    if (!chosen) return;
    index = (index + by + chosen.sentences.length) % chosen.sentences.length;
    change();
  }

  const pills = [...TOPICS, { id: OWN, name: "My own text" }, { id: FREE, name: "Just talk" }];
  topic = pills.find(({ id }) => id === remembered(REMEMBERED))?.id ?? topic;
  byId("topics").append(
    ...pills.map(({ id, name }) =>
      el(
        "label",
        { class: "pill" },
        el("input", { type: "radio", name: "topic", value: id, checked: id === topic, onchange: () => choose(id) }),
        el("span", {}, name),
      ),
    ),
  );
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  ownText.addEventListener("input", () => {
    preview.show(ownText.value, true);
    onChange(true);
  });
  show();

  return {
    /** The reference text; null to talk freely, "" if the learner's own text is missing. */
    text() {
      if (topic === FREE) return null;
      return topic === OWN ? ownText.value.trim() : (sentence.textContent ?? "");
    },
    /** A text as it is sent, with the pronunciations that the learner chose. */
    withChoices: preview.withChoices,
    /** The next sentence of the topic. */
    next: () => turn(1),
    /** Whether the topic has sentences. */
    hasNext: () => Boolean(current()),
    /** Show a text, as the learner's own if no topic has it. @param {string | null} text */
    goTo(text) {
      const home = TOPICS.find(({ sentences }) => text !== null && sentences.includes(text));
      topic = text === null ? FREE : (home?.id ?? OWN);
      index = home && text !== null ? home.sentences.indexOf(text) : 0;
      if (topic === OWN) ownText.value = text ?? "";
      const pill = document.querySelector(`input[name="topic"][value="${topic}"]`);
      if (pill instanceof HTMLInputElement) pill.checked = true;
      change();
    },
  };
}
