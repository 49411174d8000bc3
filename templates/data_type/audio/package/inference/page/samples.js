// Recordings: mixed down, resampled, cut or padded exactly as data/inputs.py does. WAV files are read here; of others the
// browser decodes what it can.

const KINDS = "WAV, FLAC, MP3 or Ogg";
const ACCEPT = "audio/*,.wav,.flac,.mp3,.ogg,.opus";
const NARROW = 0.001; // of the range in training (-60 dB): with less, values are scaled in another way
const RATE = MODEL.preprocessing.sample_rate;
const FULL_SCALE = 32768; // of whole numbers of 16 bits
const BROWSER_RATE = 48000; // Hz, that a browser decodes to
const RATES = [1000, 768000]; // Hz
const MOST_CHANNELS = 64;
const LOUDEST = 8; // times full scale: floats beyond have another scale
const STREAM = 0x7ffff000; // bytes that the header of a WAV file claims where a program could not know them, or more
const BETA = 5; // of the Kaiser window of the filter, as scipy.signal.resample_poly has it
const HALF_WIDTH = 10; // of that filter, in values of the lower rate
const [WIDTH, HEIGHT] = [300, 100]; // pixels of the drawing

let playing = null;

function setUp() {
  if (!navigator.mediaDevices || !window.MediaRecorder) return; // a browser gives no microphone to a page from a folder
  const button = make("button", { type: "button", textContent: `Record ${short(SAMPLE_SIZE / RATE)} s` });
  button.addEventListener("click", () => answer(() => record(button)).finally(() => { button.disabled = false; }));
  byId("controls").append(make("p", { className: "soft" }, "Or use the microphone:"), make("div", { className: "tools" }, button));
}

async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = (start, end) => String.fromCharCode(...bytes.subarray(start, end));
  const isWav = text(0, 4) === "RIFF" && text(8, 12) === "WAVE";
  const { channels, rate } = isWav ? readWav(bytes, file.name) : await decode(bytes, file.name);
  const seconds = channels[0].length / rate;
  const longest = SAMPLE_SIZE / RATE;
  const notes = isWav ? [] : ["Decoded and first resampled by the browser, which is not exactly as in training."];
  if (seconds > longest) notes.push(`${file.name} has ${short(seconds)} seconds, of which the model takes the first ${short(longest)}.`);
  return { names: [file.name], values: toSample(channels, rate), notes };
}

// Read a WAV file of whole numbers of 8 to 32 bits or floats: values of each channel from -1 to 1, and the rate.
function readWav(bytes, name) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const corrupt = new Refusal(`${name} is not a whole recording: make it anew or choose another one.`);
  let format = null;
  let data = null;
  for (let place = 12; place + 8 <= bytes.length; ) {
    const kind = String.fromCharCode(...bytes.subarray(place, place + 4));
    const size = view.getUint32(place + 4, true);
    if (kind === "fmt " && place + 24 <= bytes.length) format = place + 8;
    if (kind === "data") {
      data = [place + 8, size];
      break;
    }
    place += 8 + size + (size % 2);
  }
  if (!format || !data) throw corrupt;
  const is = (code) => view.getUint16(format, true) === code || (view.getUint16(format, true) === 0xfffe && view.getUint16(format + 24, true) === code);
  const [count, rate, bits] = [view.getUint16(format + 2, true), view.getUint32(format + 4, true), view.getUint16(format + 14, true)];
  const readers = is(1)
    ? {
        8: (place) => (view.getUint8(place) - 128) / 2 ** 7,
        16: (place) => view.getInt16(place, true) / 2 ** 15,
        24: (place) => (view.getUint16(place, true) + view.getInt8(place + 2) * 2 ** 16) / 2 ** 23,
        32: (place) => view.getInt32(place, true) / 2 ** 31,
      }
    : is(3)
      ? { 32: (place) => view.getFloat32(place, true), 64: (place) => view.getFloat64(place, true) }
      : {};
  const read = readers[bits];
  if (!read) throw new Refusal(`${name} is a WAV file of another kind: save it with 16 bits.`);
  const step = (count * bits) / 8;
  const size = data[1] < STREAM ? data[1] : bytes.length - data[0];
  const frames = Math.floor(size / step);
  if (!count || count > MOST_CHANNELS || rate < RATES[0] || rate > RATES[1] || !frames || data[0] + frames * step > bytes.length) throw corrupt;
  const channels = Array.from({ length: count }, (_, channel) =>
    Float64Array.from({ length: frames }, (_, frame) => read(data[0] + frame * step + (channel * bits) / 8)));
  if (channels.some((values) => !values.every(Number.isFinite))) throw corrupt;
  const loudest = channels.reduce((most, values) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), most), 0);
  if (loudest > LOUDEST) throw new Refusal(`${name} holds ${short(loudest)}: floats go from -1 to 1; save it with 16 bits.`);
  return { channels, rate };
}

// Let the browser decode a file.
async function decode(bytes, name) {
  try {
    const sound = await new OfflineAudioContext(1, 1, BROWSER_RATE).decodeAudioData(bytes.slice().buffer);
    const channels = Array.from({ length: sound.numberOfChannels }, (_, number) => Float64Array.from(sound.getChannelData(number)));
    return { channels, rate: sound.sampleRate };
  } catch {
    throw new Refusal(`${name} is no recording that this browser can read: save it as WAV, or use the command predict.`);
  }
}

// Record as many seconds as the model takes.
async function record(button) {
  button.disabled = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    throw new Refusal("The browser gives this page no microphone: allow it, or choose a file.");
  }
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const ended = new Promise((resolve) => { recorder.addEventListener("stop", resolve); });
  recorder.start();
  setTimeout(() => recorder.stop(), (1000 * SAMPLE_SIZE) / RATE + 200);
  await ended;
  for (const track of stream.getTracks()) track.stop();
  const { channels, rate } = await decode(new Uint8Array(await new Blob(parts).arrayBuffer()), "The microphone");
  return { names: ["microphone"], values: toSample(channels, rate) };
}

// Mix channels down to their mean, resample, and cut or pad to the size of a sample: whole numbers of 16 bits.
function toSample(channels, rate) {
  const mean = channels[0].map((_, frame) => channels.reduce((sum, values) => sum + values[frame], 0) / channels.length);
  const sound = rate === RATE ? mean : resample(mean, rate);
  const values = new Float64Array(SAMPLE_SIZE);
  for (let place = 0; place < Math.min(SAMPLE_SIZE, sound.length); place++) {
    values[place] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, roundHalfToEven(sound[place] * FULL_SCALE)));
  }
  return values;
}

// As NumPy rounds.
function roundHalfToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

// Resample by a polyphase filter, as scipy.signal.resample_poly does: a sinc under a Kaiser window. No more than counts.
function resample(sound, rate) {
  const divisor = greatestDivisor(rate, RATE);
  const [up, down] = [RATE / divisor, rate / divisor];
  const most = Math.max(up, down);
  const half = HALF_WIDTH * most;
  const filter = Float64Array.from({ length: 2 * half + 1 }, (_, place) => {
    const x = place - half;
    const sinc = x === 0 ? 1 : Math.sin((Math.PI * x) / most) / ((Math.PI * x) / most);
    return sinc * bessel(BETA * Math.sqrt(Math.max(0, 1 - (x / half) ** 2)));
  });
  const sum = filter.reduce((total, value) => total + value, 0);
  const length = Math.min(SAMPLE_SIZE, Math.ceil((sound.length * up) / down));
  return Float64Array.from({ length }, (_, place) => {
    const center = place * down;
    let total = 0;
    const last = Math.min(sound.length - 1, Math.floor((center + half) / up));
    for (let from = Math.max(0, Math.ceil((center - half) / up)); from <= last; from++) {
      total += sound[from] * filter[center - from * up + half];
    }
    return (total * up) / sum;
  });
}

function greatestDivisor(a, b) {
  return b ? greatestDivisor(b, a % b) : a;
}

// The modified Bessel function of order 0, by its series.
function bessel(x) {
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

// What the model hears: its waveform, and a button to play it.
function drawSample(values) {
  const seen = make("canvas", { className: "seen", width: WIDTH, height: HEIGHT });
  seen.setAttribute("role", "img");
  seen.setAttribute("aria-label", "The waveform as the model hears it");
  const pen = seen.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).color;
  const loudest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let x = 0; x < WIDTH; x++) {
    const part = values.subarray(Math.floor((x * values.length) / WIDTH), Math.floor(((x + 1) * values.length) / WIDTH) || 1);
    const [low, high] = part.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [0, 0]);
    const y = (value) => (HEIGHT / 2) * (1 - value / loudest);
    pen.fillRect(x, y(high), 1, Math.max(1, y(low) - y(high)));
  }
  const button = make("button", { type: "button", textContent: "Play" });
  button.addEventListener("click", () => play(values));
  const words = `${short(values.length / RATE)} s at ${RATE.toLocaleString("en")} Hz`;
  return [make("p", { className: "soft" }, "The model hears:"), seen, make("figcaption", {}, words), make("div", { className: "tools" }, button)];
}

async function play(values) {
  playing ??= new AudioContext();
  const sound = playing.createBuffer(1, values.length, RATE);
  sound.copyToChannel(Float32Array.from(values, (value) => value / FULL_SCALE), 0);
  const source = playing.createBufferSource();
  source.buffer = sound;
  source.connect(playing.destination);
  source.start();
}
