// Scores over the attempts, as a line with its ranges.

import { el, svg } from "./dom.js";

/** @typedef {{at: string, value: number, low: number, high: number}} Point */

const HEIGHT = 190;
const LEFT = 26;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;

/** @param {string} at */
export const day = (at) => new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** @param {Point[]} points @param {string} name of the score @param {number} width in pixels */
function draw(points, name, width) {
  const x = (/** @type {number} */ i) => LEFT + (points.length === 1 ? 0.5 : i / (points.length - 1)) * (width - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => TOP + (1 - value / 10) * (HEIGHT - TOP - BOTTOM);
  const band = [
    ...points.map(({ high }, i) => `${x(i).toFixed(1)} ${y(high).toFixed(1)}`),
    ...points.map(({ low }, i) => `${x(i).toFixed(1)} ${y(low).toFixed(1)}`).reverse(),
  ];
  const label = `${name}: ${points.length} ${points.length === 1 ? "attempt" : "attempts"}, first ${points[0].value.toFixed(1)}, last ${points[points.length - 1].value.toFixed(1)}. The list below has each one.`;
  return svg(
    "svg",
    { role: "img", "aria-label": label, width, height: HEIGHT, class: "plot" },
    ...[0, 5, 10].flatMap((value) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick-label", x: 0, y: y(value) + 4 }, String(value)),
    ]),
    points.length > 1 ? svg("path", { class: "plot-band", d: `M${band.join("L")}Z` }) : null,
    points.length > 1
      ? svg("path", { class: "plot-line", d: `M${points.map(({ value }, i) => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("L")}` })
      : svg("line", { class: "plot-line thin", x1: x(0), x2: x(0), y1: y(points[0].low), y2: y(points[0].high) }),
    ...points.map(({ value, at }, i) =>
      svg("circle", { class: "plot-dot", cx: x(i), cy: y(value), r: points.length > 60 ? 2 : 4 }, svg("title", {}, `${value.toFixed(1)}, ${day(at)}`))),
    svg("text", { class: "tick-label", x: LEFT, y: HEIGHT - 6 }, day(points[0].at)),
    points.length > 1 && day(points[0].at) !== day(points[points.length - 1].at)
      ? svg("text", { class: "tick-label end", x: width - RIGHT, y: HEIGHT - 6 }, day(points[points.length - 1].at))
      : null,
  );
}

/**
 * A plot that fills the width of its container and is redrawn when that changes.
 * @param {Point[]} points at least one @param {string} name
 */
export function renderPlot(points, name) {
  const place = el("div", { class: "plot-place" });
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > 0) place.replaceChildren(draw(points, name, Math.floor(contentRect.width)));
  }).observe(place);
  return place;
}
