// The level of a signal.

/** If the loudest 25 ms are below this, there is no speech; the same limit as in audio.py. */
export const SILENT_BELOW_DBFS = -65;

/**
 * @param {Float32Array} samples
 * @param {number} [from]
 * @param {number} [to]
 * @returns {number} dB relative to full scale, without the constant offset; -200 for digital silence
 */
export function levelDbfs(samples, from = 0, to = samples.length) {
  let sum = 0;
  let squares = 0;
  for (let i = from; i < to; i++) {
    sum += samples[i];
    squares += samples[i] ** 2;
  }
  const n = Math.max(1, to - from);
  const power = squares / n - (sum / n) ** 2;
  return 10 * Math.log10(Math.max(power, 1e-20));
}

/** The level of the loudest 25 ms. @param {Float32Array} samples @param {number} rateHz */
export function loudestDbfs(samples, rateHz) {
  const frame = Math.round(0.025 * rateHz);
  let loudest = -200;
  for (let start = 0; start < samples.length; start += frame) {
    loudest = Math.max(loudest, levelDbfs(samples, start, Math.min(start + frame, samples.length)));
  }
  return loudest;
}
