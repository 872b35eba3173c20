// Small choices, kept in the browser. Where it keeps nothing (cookies blocked), the page works without.

/** @typedef {"localStorage" | "sessionStorage"} Where for good, or until the tab is closed */

/** @param {string} key @param {Where} [where] @returns {string | null} */
export function remembered(key, where = "localStorage") {
  try {
    return window[where].getItem(`enunciate.${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value @param {Where} [where] */
export function remember(key, value, where = "localStorage") {
  try {
    window[where].setItem(`enunciate.${key}`, value);
  } catch {
    // It lasts until the page is closed.
  }
}
