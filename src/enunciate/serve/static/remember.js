// Small settings, stored in the browser. If it stores nothing (cookies blocked), the page works without them.

/** @typedef {"localStorage" | "sessionStorage"} Where permanently, or until the tab is closed */

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
    // Then the setting lasts until the page is closed.
  }
}
