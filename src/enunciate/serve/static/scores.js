// The four scores: a number, a word for it, the range in which the experts' score probably lies, and advice.

import { ASPECTS, band } from "./advice.js";
import { el, svg, unseen } from "./dom.js";

/** @typedef {import("./advice.js").Score} Score */

/** @param {Score} score */
function likely({ low, high }) {
  const words = band(low) === band(high) ? band(low) : `${band(low)} to ${band(high)}`;
  return `probably ${low.toFixed(1)} to ${high.toFixed(1)}, ${words}`;
}

/** A line from 0 to 10 with the range as a band and the score as a mark. @param {Score} score */
function scale({ value, low, high }) {
  return svg(
    "svg",
    { class: "scale", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "scale-track", x: 0, y: 3, width: 100, height: 2, rx: 1 }),
    svg("rect", { class: "scale-range", x: 10 * low, y: 2, width: Math.max(1, 10 * (high - low)), height: 4, rx: 1 }),
    svg("rect", { class: "scale-value", x: 10 * Math.min(value, 9.9) - 0.4, y: 0, width: 0.9, height: 8 }),
  );
}

/**
 * @param {import("./advice.js").Assessment} answer
 * @param {Record<import("./advice.js").Aspect, string[]>} advice
 */
export function renderScores(answer, advice) {
  const rows = ASPECTS.map(({ aspect, name, about }) => {
    const score = answer[aspect];
    return el(
      "li",
      { class: "score", "data-aspect": aspect },
      el("h4", {}, name, el("span", { class: "quiet about" }, about)),
      score
        ? el(
            "p",
            { class: "figure" },
            el("strong", {}, score.value.toFixed(1)),
            el("span", { class: "out-of" }, unseen(" out of 10, "), el("span", { class: "band" }, band(score.value))),
          )
        : el("p", { class: "figure quiet" }, "not scored"),
      score ? scale(score) : null,
      score ? el("p", { class: "quiet likely" }, likely(score)) : null,
      el("ul", { class: "advice" }, ...advice[aspect].map((line) => el("li", {}, line))),
    );
  });
  return el(
    "div",
    {},
    el("h3", {}, "Scores"),
    el("p", { class: "quiet" }, "Out of 10. The range contains the experts’ score in nine cases out of ten."),
    el("ul", { class: "scores" }, ...rows),
  );
}
