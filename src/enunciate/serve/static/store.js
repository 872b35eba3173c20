// The attempts, stored in the browser's database (IndexedDB).

/** @typedef {import("./advice.js").Assessment} Assessment */
/** @typedef {{id?: number, at: string, text: string | null, answer: Assessment, audio: Blob | null}} Attempt */
/** @typedef {Attempt & {id: number}} StoredAttempt */

const NAME = "enunciate";
const STORE = "tries";

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<Result>} action
 * @returns {Promise<Result>}
 */
async function run(mode, action) {
  const transaction = (await database()).transaction(STORE, mode);
  const request = action(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** @param {Attempt} attempt */
export const keep = (attempt) => run("readwrite", (store) => store.add(attempt));

/** All attempts, oldest first. @returns {Promise<StoredAttempt[]>} */
export const allAttempts = () => run("readonly", (store) => store.getAll());

/** @param {number} id */
export const forget = (id) => run("readwrite", (store) => store.delete(id));

export const forgetAll = () => run("readwrite", (store) => store.clear());
