// Pitch by the YIN algorithm (de Cheveigné and Kawahara, JASA 2002), steps 2 to 5.

const WORK_RATE_HZ = 8_000; // enough for speech, at a sixth of the work
const WINDOW_S = 0.025;
const HOP_S = 0.01;
const LOWEST_HZ = 65;
const HIGHEST_HZ = 520;
const DIP = 0.15; // the absolute threshold of YIN
const VOICED = 0.25; // a frame whose lowest dip is above this is unvoiced
const QUIET_DB = 35; // so is a frame this much quieter than the loudest

/** @typedef {{atS: number, hz: number | null}} PitchPoint `hz` is null in unvoiced frames */

/** @param {Float32Array} samples @param {number} rateHz @returns {{samples: Float32Array, rateHz: number}} */
function downsample(samples, rateHz) {
  const factor = Math.max(1, Math.floor(rateHz / WORK_RATE_HZ));
  const out = new Float32Array(Math.floor(samples.length / factor));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < factor; j++) sum += samples[i * factor + j];
    out[i] = sum / factor; // averaging also removes the hiss of an "s"
  }
  return { samples: out, rateHz: rateHz / factor };
}

/**
 * The cumulative mean normalised difference of the signal at each lag.
 * @param {Float32Array} samples @param {number} start @param {number} window @param {number} longest
 */
function differences(samples, start, window, longest) {
  const difference = new Float32Array(longest + 1);
  difference[0] = 1;
  let running = 0;
  for (let lag = 1; lag <= longest; lag++) {
    let sum = 0;
    for (let i = start; i < start + window; i++) sum += (samples[i] - samples[i + lag]) ** 2;
    running += sum;
    difference[lag] = running > 0 ? (sum * lag) / running : 1;
  }
  return difference;
}

/** @param {Float32Array} difference @param {number} shortest @returns {number | null} the period in samples, interpolated */
function period(difference, shortest) {
  let lag = shortest;
  while (lag < difference.length - 1 && difference[lag] >= DIP) lag++;
  if (lag >= difference.length - 1) {
    lag = shortest;
    for (let i = shortest; i < difference.length - 1; i++) if (difference[i] < difference[lag]) lag = i;
  }
  while (lag < difference.length - 2 && difference[lag + 1] < difference[lag]) lag++;
  if (difference[lag] > VOICED || lag <= shortest || lag >= difference.length - 2) return null;
  const [before, here, after] = [difference[lag - 1], difference[lag], difference[lag + 1]];
  const bend = before - 2 * here + after;
  return bend > 0 ? lag + (before - after) / (2 * bend) : lag;
}

/** Remove isolated frames that jump away from their neighbours. @param {(number | null)[]} track */
function withoutJumps(track) {
  return track.map((hz, i) => {
    if (hz === null) return null;
    const near = track.slice(Math.max(0, i - 2), i + 3).filter((other) => other !== null);
    const median = near.sort((a, b) => a - b)[near.length >> 1];
    return near.length < 3 || Math.abs(Math.log2(hz / median)) > 0.3 ? null : hz;
  });
}

/**
 * @param {Float32Array} input @param {number} inputRateHz
 * @returns {PitchPoint[]} one point every 10 ms
 */
export function pitchTrack(input, inputRateHz) {
  const { samples, rateHz } = downsample(input, inputRateHz);
  const window = Math.round(WINDOW_S * rateHz);
  const longest = Math.ceil(rateHz / LOWEST_HZ) + 2;
  const shortest = Math.floor(rateHz / HIGHEST_HZ);
  /** @type {{middle: number, start: number, power: number}[]} */
  const frames = [];
  for (let at = 0; at + window + longest <= samples.length; at += HOP_S * rateHz) {
    const start = Math.round(at);
    let power = 1e-12;
    for (let i = start; i < start + window; i++) power += samples[i] ** 2;
    frames.push({ middle: (start + (window + longest) / 2) / rateHz, start, power });
  }
  const floor = Math.max(...frames.map((frame) => frame.power), 1e-7) / 10 ** (QUIET_DB / 10);
  const track = frames.map(({ start, power }) => {
    if (power < floor) return null;
    const lag = period(differences(samples, start, window, longest), shortest);
    return lag === null ? null : rateHz / lag;
  });
  const clean = withoutJumps(track);
  return frames.map(({ middle }, i) => ({ atS: middle, hz: clean[i] }));
}

/** @param {number} hz @param {number} baseHz */
export const semitones = (hz, baseHz) => 12 * Math.log2(hz / baseHz);

/**
 * The median pitch and its range, from the 10th to the 90th percentile.
 * @param {PitchPoint[]} track
 * @returns {{lowHz: number, medianHz: number, highHz: number, spanSemitones: number} | null} null with less than 0.2 s of voiced speech
 */
export function pitchRange(track) {
  const voiced = track.flatMap(({ hz }) => (hz === null ? [] : [hz])).sort((a, b) => a - b);
  if (voiced.length < 20) return null;
  const at = (/** @type {number} */ share) => voiced[Math.round(share * (voiced.length - 1))];
  return { lowHz: at(0.1), medianHz: at(0.5), highHz: at(0.9), spanSemitones: semitones(at(0.9), at(0.1)) };
}
