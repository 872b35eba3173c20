// Plays a part of the learner's recording.

/** @typedef {import("./record.js").Sound} Sound */

const MARGIN_S = 0.04; // around a word; boundaries of an alignment are no more precise
const FADE_S = 0.008; // avoids clicks at the start and end

/**
 * @param {(atS: number | null) => void} onMove position of the playhead, null when it stops
 */
export function createPlayer(onMove) {
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {AudioBuffer | null} */
  let buffer = null;
  /** @type {Sound | null} */
  let sound = null;
  /** @type {AudioBufferSourceNode | null} */
  let playing = null;

  function stop() {
    if (!playing) return;
    playing.onended = null;
    playing.stop();
    playing = null;
    onMove(null);
  }

  return {
    stop,
    /** @param {Sound | null} next */
    load(next) {
      stop();
      sound = next;
      buffer = null;
    },
    playing: () => playing !== null,
    /** Whether there is a recording. */
    ready: () => sound !== null,
    /**
     * @param {number} [startS]
     * @param {number} [endS] defaults to the end
     */
    async play(startS, endS) {
      if (!sound) return;
      stop();
      context ??= new AudioContext();
      await context.resume();
      if (!buffer) {
        buffer = context.createBuffer(1, sound.samples.length, sound.rateHz);
        buffer.copyToChannel(/** @type {Float32Array<ArrayBuffer>} */ (sound.samples), 0);
      }
      const from = Math.max(0, (startS ?? 0) - MARGIN_S);
      const to = Math.min(buffer.duration, (endS ?? buffer.duration) + MARGIN_S);
      const node = new AudioBufferSourceNode(context, { buffer });
      const gain = new GainNode(context, { gain: 0 });
      const now = context.currentTime;
      gain.gain.setValueAtTime(0, now);
      gain.gain.linearRampToValueAtTime(1, now + FADE_S);
      gain.gain.setValueAtTime(1, Math.max(now + FADE_S, now + to - from - FADE_S));
      gain.gain.linearRampToValueAtTime(0, now + to - from);
      node.connect(gain).connect(context.destination);
      node.onended = () => {
        if (playing !== node) return;
        playing = null;
        onMove(null);
      };
      node.start(0, from, to - from);
      playing = node;

      const clock = context;
      const tick = () => {
        if (playing !== node) return;
        onMove(Math.min(to, from + clock.currentTime - now));
        requestAnimationFrame(tick);
      };
      tick();
    },
  };
}
