// Small choices, kept in the browser. Where it keeps nothing (cookies blocked), the page works without.

/** @param {string} key @returns {string | null} */
export function remembered(key) {
  try {
    return localStorage.getItem(`enunciate.${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(`enunciate.${key}`, value);
  } catch {
    // It lasts until the page is closed.
  }
}
