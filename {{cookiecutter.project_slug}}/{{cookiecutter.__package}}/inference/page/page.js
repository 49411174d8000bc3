// The page itself: which file is chosen, and what is said of it.

const MOST_SAMPLES = 1000; // of a file
const LARGEST_FILE = 50e6; // bytes

let shown = null; // { names, values, predictions } of the samples that are there
let latest = 0; // number of the last request: an earlier one that ends later is not shown

// Read samples, predict them and show the first. `read` gives { names, values, notes } or refuses in a sentence.
async function answer(read) {
  const number = ++latest;
  try {
    const { names, values, notes = [] } = await read();
    checkType(values, names);
    const warnings = rangeWarnings(values);
    const predictions = await predict(values);
    if (number !== latest) return;
    shown = { names, values, predictions };
    byId("refusal").textContent = "";
    byId("notes").replaceChildren(...[...notes, ...warnings].map((text) => make("p", {}, text)));
    const options = names.map((name, row) => make("option", { value: row }, `${name}: ${summarize(predictions[row])}`));
    byId("sample").replaceChildren(...options);
    byId("pick").hidden = names.length === 1;
    showSample(0);
  } catch (error) {
    if (number === latest) refuse(error);
  }
}

function showSample(row) {
  const values = shown.values.subarray(row * SAMPLE_SIZE, (row + 1) * SAMPLE_SIZE);
  byId("preview").replaceChildren(...drawSample(values));
  byId("answer").replaceChildren(...describe(shown.predictions[row]));
}

// On a phone the answer is below what was asked.
function showAnswer() {
  byId("answer").closest("section").scrollIntoView({ block: "nearest" });
}

function refuse(error) {
  byId("notes").replaceChildren();
  byId("answer").replaceChildren();
  byId("preview").replaceChildren();
  byId("pick").hidden = true;
  byId("refusal").textContent = error instanceof Refusal ? error.message : `This did not work: ${error.message}`;
}

async function readChecked(file) {
  if (file.size > LARGEST_FILE) {
    throw new Refusal(`${file.name} has ${Math.round(file.size / 1e6)} MB, and this page takes ${LARGEST_FILE / 1e6}: use the command predict.`);
  }
  if (!file.size) throw new Refusal(`${file.name} is empty.`);
  const samples = await readFile(file);
  if (samples.names.length <= MOST_SAMPLES) return samples;
  return {
    names: samples.names.slice(0, MOST_SAMPLES),
    values: samples.values.subarray(0, MOST_SAMPLES * SAMPLE_SIZE),
    notes: [...(samples.notes ?? []), `Of ${counted(samples.names.length, "sample")} the first ${MOST_SAMPLES} are predicted.`],
  };
}

loading.then(
  () => { if (!shown) byId("waiting")?.replaceChildren("Give the model something to predict."); },
  (error) => refuse(error),
);

byId("kinds").textContent = KINDS;
byId("file").accept = ACCEPT;
byId("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  target.value = ""; // the same file again is a change
  if (file) answer(() => readChecked(file)).then(showAnswer);
});
byId("sample").addEventListener("change", ({ target }) => showSample(Number(target.value)));
const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) answer(() => readChecked(file)).then(showAnswer);
});
setUp();
