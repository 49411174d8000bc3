// The model: its metadata, the runtime that computes it, and whether samples suit it. And what all files of the page use.
// They become one script, in one scope: this one, text.js where there is one, samples.js, answer.js and page.js.

class Refusal extends Error {} // what the user can put right, in one sentence

const MODEL = JSON.parse(byId("metadata").textContent);
const SAMPLE_SIZE = MODEL.input_shape.reduce((product, size) => product * size, 1);
const BATCH = 64;
const MIN_VALUES = 20; // of each feature, from which on a narrow range says something
// Types of a model's input: how their values lie in memory, and the least and largest whole number.
const TYPES = {
  bool: [Uint8Array, 0, 1],
  uint8: [Uint8Array, 0, 255],
  int8: [Int8Array, -128, 127],
  int16: [Int16Array, -32768, 32767],
  int32: [Int32Array, -(2 ** 31), 2 ** 31 - 1],
  int64: [BigInt64Array, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  float32: [Float32Array],
};

function byId(id) {
  return document.getElementById(id);
}

// Make an element with properties and content: strings and elements.
function make(tag, properties = {}, ...content) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
}

// Six digits, as Python's format g has them.
function short(value) {
  return String(Number(value.toPrecision(6)));
}

function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// The bytes of a file that a page of one file holds, compressed; undefined where files lie beside it.
async function unpack(name) {
  const element = byId(name);
  if (!element) return undefined;
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The address of a script: of the file beside the page, or of what the page holds.
async function scriptAddress(name) {
  const bytes = await unpack(name);
  return bytes ? URL.createObjectURL(new Blob([bytes], { type: "text/javascript" })) : new URL(name, location).href;
}

async function loadModel() {
  if (location.protocol === "file:" && !byId("model.onnx")) {
    throw new Refusal("A browser loads no model for this page from a folder: open standalone.html, or serve the folder.");
  }
  const ort = await import(await scriptAddress("ort.wasm.min.mjs"));
  ort.env.wasm.numThreads = 1; // more need headers that plain servers do not send
  ort.env.wasm.wasmPaths = {
    mjs: await scriptAddress("ort-wasm-simd-threaded.mjs"),
    wasm: new URL("ort-wasm-simd-threaded.wasm", location).href,
  };
  ort.env.wasm.wasmBinary = await unpack("ort-wasm-simd-threaded.wasm");
  const bytes = (await unpack("model.onnx")) ?? new Uint8Array(await (await fetch("model.onnx")).arrayBuffer());
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return { ort, session };
}

// Predict values (n * sample size): the predictions of each sample.
async function predict(values) {
  const { ort, session } = await loading;
  const [Type] = TYPES[MODEL.input_dtype];
  const predictions = [];
  for (let start = 0; start < values.length; start += BATCH * SAMPLE_SIZE) {
    const numbers = [...values.subarray(start, start + BATCH * SAMPLE_SIZE)];
    const part = Type.from(MODEL.input_dtype === "int64" ? numbers.map(BigInt) : numbers);
    const count = part.length / SAMPLE_SIZE;
    const inputs = new ort.Tensor(MODEL.input_dtype, part, [count, ...MODEL.input_shape]);
    const { predictions: found } = await session.run({ inputs }, ["predictions"]);
    const width = found.data.length / count;
    for (let row = 0; row < count; row++) predictions.push([...found.data.slice(row * width, (row + 1) * width)]);
  }
  return predictions;
}

// Refuse values (n * sample size) that the type of the model does not hold.
function checkType(values, names) {
  const [, low, high] = TYPES[MODEL.input_dtype];
  if (low === undefined) return;
  const bad = values.findIndex((value) => !Number.isInteger(value) || value < low || value > high);
  if (bad >= 0) {
    const place = `${names[Math.floor(bad / SAMPLE_SIZE)]}: ${MODEL.feature_names[bad % MODEL.feature_names.length]}`;
    throw new Refusal(`${place} is ${values[bad]}, but the model takes whole numbers from ${low} to ${high}.`);
  }
}

// Warn in a sentence of values (n * sample size) far outside the range of training, or of another scale, as
// inference/ranges.py does.
function rangeWarnings(values) {
  const { input_min: low, input_max: high, feature_names: names } = MODEL;
  const width = low.map((least, place) => (high[place] > least ? high[place] - least : Math.max(1, Math.abs(least))));
  const smallest = low.map(() => Infinity);
  const largest = low.map(() => -Infinity);
  const outside = new Set();
  values.forEach((value, index) => {
    const place = index % low.length;
    if (Number.isNaN(value)) return; // padding
    if (value < low[place] - width[place] || value > high[place] + width[place]) {
      outside.add(Math.floor(index / SAMPLE_SIZE));
    }
    smallest[place] = Math.min(smallest[place], value);
    largest[place] = Math.max(largest[place], value);
  });
  const trained = (place) => `in training ${short(low[place])} to ${short(high[place])}`;
  const top = (numbers) => numbers.indexOf(Math.max(...numbers));
  if (outside.size) {
    const worst = top(low.map((_, place) => Math.max(low[place] - smallest[place], largest[place] - high[place]) / width[place]));
    const isAbove = largest[worst] - high[worst] >= low[worst] - smallest[worst];
    const value = short(isAbove ? largest[worst] : smallest[worst]);
    const samples = counted(values.length / SAMPLE_SIZE, "sample");
    const verb = outside.size === 1 ? "has" : "have";
    return [
      `${outside.size} of ${samples} ${verb} values far outside of those in training: ${names[worst]} ${value}, ${trained(worst)}.`,
    ];
  }
  const varies = low.map((_, place) => largest[place] - smallest[place]);
  const isNarrow = varies.every((range, place) => range < NARROW * width[place]);
  if (values.length / low.length >= MIN_VALUES && varies.some((range) => range > 0) && isNarrow) {
    const widest = top(varies);
    const range = `${names[widest]} ${short(smallest[widest])} to ${short(largest[widest])}`;
    return [`The values vary far less than in training: ${range}, ${trained(widest)}: are they scaled in another way?`];
  }
  return [];
}

// One bar for each name: width and text are the probability.
function bars(entries) {
  const items = entries.map(([name, probability, isFirst]) => {
    const bar = make("span");
    bar.style.width = `${100 * probability}%`;
    const track = make("span", { className: "track", ariaHidden: "true" }, bar);
    const value = make("span", { className: "value" }, percent(probability));
    const item = make("li", { className: isFirst ? "first" : "" }, make("span", {}, name), track, value);
    item.dataset.value = probability;
    item.dataset.name = name;
    return item;
  });
  return make("ol", { className: "bars" }, ...items);
}

function percent(probability) {
  return `${(100 * probability).toFixed(1)} %`;
}

const loading = loadModel();
