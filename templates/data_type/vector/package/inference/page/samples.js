// Vectors: a form with the columns of the training data, tables, and arrays. Read as data/inputs.py does.

const COLUMNS = MODEL.preprocessing.columns; // none: trained on arrays
const FORMATS = MODEL.preprocessing.formats ?? {};
const KINDS = COLUMNS ? "a CSV with the columns of the training data, or .npy" : "a CSV without a header, or .npy";
const NARROW = 0.05; // of the range in training: with less, values are scaled in another way
const ACCEPT = ".csv,.tsv,.txt,.npy";
const FEW_COLUMNS = 40; // a longer form is folded
const DECIMAL = /^-?(0|[1-9]\d*)\.\d+$/; // a number as a name of a category

function setUp() {
  const form = make("form", { noValidate: true, autocomplete: "off" });
  const button = make("button", { className: "main", textContent: "Predict" });
  if (COLUMNS) {
    const fields = make("div", { className: "fields" }, ...COLUMNS.map(makeField));
    const title = make("summary", {}, "Or fill in a form: it starts with a usual sample");
    form.append(make("details", { open: COLUMNS.length <= FEW_COLUMNS }, title, fields, button));
    form.addEventListener("change", () => answer(readForm));
  } else {
    const text = make("textarea", { id: "numbers", spellcheck: false });
    const label = make("label", { htmlFor: "numbers" }, `Or paste ${counted(SAMPLE_SIZE, "number")}, with commas or blanks between them:`);
    form.append(label, text, make("div", { className: "tools" }, button));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(COLUMNS ? readForm : readNumbers).then(showAnswer);
  });
  byId("controls").append(form);
  if (COLUMNS) answer(readForm);
}

// Number of the first feature of a column: a category has one for each value.
function firstFeature(place) {
  return COLUMNS.slice(0, place).reduce((sum, column) => sum + (column.values?.length ?? 1), 0);
}

// A field of the form, with a usual value: the median, or the most frequent category.
function makeField(column, place) {
  const first = firstFeature(place);
  const id = `column-${place}`;
  if (column.values) {
    const shares = MODEL.input_mean.slice(first, first + column.values.length);
    const usual = column.values[shares.indexOf(Math.max(...shares))];
    const options = ["", ...column.values].map((value) => make("option", { value, selected: value === usual }, value || "(missing)"));
    return make("div", {}, make("label", { htmlFor: id }, column.name), make("select", { id }, ...options));
  }
  const rule = FORMATS[column.name];
  const digits = column.offset ? 12 : 6;
  const [low, high] = [MODEL.input_min, MODEL.input_max].map((limits) => {
    return write(Number((limits[first] + (column.offset ?? 0)).toPrecision(digits)), rule);
  });
  const input = make("input", { id, type: "text", inputMode: "decimal", value: write(column.median, rule) });
  input.setAttribute("aria-describedby", `${id}-range`);
  const range = make("small", { id: `${id}-range` }, `${low} to ${high}${rule?.unit ? ` ${rule.unit}` : ""} in training`);
  return make("div", {}, make("label", { htmlFor: id }, column.name), input, range);
}

// Write a number with the decimal mark of its column.
function write(value, rule) {
  return rule ? String(value).replace(".", rule.decimal) : String(value);
}

// Read the form: an empty field is a missing value.
async function readForm() {
  const texts = COLUMNS.map((_, place) => byId(`column-${place}`).value.trim());
  const cells = COLUMNS.map((column, place) => {
    if (column.values) return texts[place];
    const rule = FORMATS[column.name];
    const value = readNumber(texts[place], rule) ?? (rule && readNumber(texts[place], { ...rule, unit: "" }));
    if (value !== undefined) return value;
    const example = rule ? `, written like ${write(column.median, rule)}` : "";
    throw new Refusal(`${column.name} is ${quoted(texts[place])}: it must be a number${example}.`);
  });
  const values = new Float64Array(SAMPLE_SIZE);
  encode(cells, values);
  checkFinite(values, ["The form"]);
  return { names: ["form"], values };
}

// Encode the cells of a row, numbers and texts, as features. What is missing is the median, or in no category.
function encode(cells, values) {
  let feature = 0;
  COLUMNS.forEach((column, place) => {
    if (column.values) {
      const known = column.values.indexOf(cells[place]);
      if (known >= 0) values[feature + known] = 1;
      feature += column.values.length;
    } else {
      const value = Number.isNaN(cells[place]) ? column.median : cells[place];
      values[feature++] = Math.fround(value - (column.offset ?? 0));
    }
  });
}

async function readFile(file) {
  if (/\.npy$/i.test(file.name)) return fromArray(await readArray(file), file.name);
  if (COLUMNS) return fromTable(await readTable(file), file);
  const { rows, notes } = await readRows(file);
  return { ...fromRows(rows, file.name), notes };
}

async function readNumbers() {
  const texts = byId("numbers").value.split(/[\s,;]+/).filter((text) => text);
  return fromRows([{ line: 1, fields: texts }], "the text");
}

// Convert a table with a header: columns in any order; others are named.
function fromTable(table, file) {
  requireColumns(table, COLUMNS.map(({ name }) => name), file);
  const notes = [...table.notes];
  const used = new Set([...COLUMNS.map(({ name }) => name), ...MODEL.preprocessing.ignored]);
  const unused = table.names.filter((name) => !used.has(name));
  if (unused.length) notes.push(`The model does not use ${listed(unused)}.`);
  const columns = COLUMNS.map((column) => {
    if (!column.values) return readColumn(table, column.name, FORMATS[column.name]);
    const texts = readCategories(table.columns.get(column.name));
    const unseen = texts.filter((text) => text && !column.values.includes(text));
    if (unseen.length) {
      notes.push(`New to the model, and counted as missing: ${counted(unseen.length, "value")} of ${quoted(column.name)}, such as ${quoted(unseen[0])}.`);
    }
    return texts;
  });
  const values = new Float64Array(table.count * SAMPLE_SIZE);
  for (let row = 0; row < table.count; row++) {
    const place = row * SAMPLE_SIZE;
    encode(columns.map((column) => column[row]), values.subarray(place, place + SAMPLE_SIZE));
  }
  const ids = table.columns.get(MODEL.columns.id_column);
  const names = Array.from({ length: table.count }, (_, row) => ids?.[row] || table.where(row));
  checkFinite(values, names);
  return { names, values, notes };
}

// Name categories as training did: 7.0 is "7", and TRUE is "true".
function readCategories(texts) {
  const name = (text) => {
    if (/^(true|false)$/i.test(text)) return text.toLowerCase();
    return DECIMAL.test(text) ? text.replace(/\.?0+$/, "") : text;
  };
  return texts.map((text) => (isMissing(text) ? "" : name(text)));
}

function fromArray({ shape, values }, file) {
  const count = shape.length < 2 ? 1 : shape[0];
  return fromFeatures(values, values.length / count, file);
}

// Convert rows of numbers without a header.
function fromRows(rows, file) {
  checkLengths(rows, rows[0].fields.length, file);
  const values = rows.flatMap(({ line, fields }) =>
    Array.from({ length: rows[0].fields.length }, (_, place) => {
      const value = readNumber(fields[place] ?? "");
      if (value === undefined) throw new Refusal(`${file} line ${line}: ${quoted(fields[place])} is no number.`);
      return value;
    }),
  );
  return fromFeatures(Float64Array.from(values), rows[0].fields.length, file);
}

// Check features as stored, and subtract their offsets.
function fromFeatures(values, width, file) {
  if (width !== SAMPLE_SIZE) {
    throw new Refusal(`${file} has ${counted(width, "number")} in a row, but the model takes ${SAMPLE_SIZE.toLocaleString("en")}.`);
  }
  const offsets = MODEL.preprocessing.offsets ?? COLUMNS?.flatMap((column) => column.values?.map(() => 0) ?? [column.offset ?? 0]);
  const names = Array.from({ length: values.length / width }, (_, row) => `${file} sample ${row}`);
  const found = values.map((value, place) => value - (offsets?.[place % width] ?? 0));
  checkFinite(found, names);
  return { names, values: found };
}

function checkFinite(values, names) {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const feature = MODEL.feature_names[bad % SAMPLE_SIZE];
  throw new Refusal(`${names[Math.floor(bad / SAMPLE_SIZE)]}: ${feature} is missing or not finite: fill it in, or leave the sample out.`);
}

// The form or the file shows the values.
function drawSample() {
  return [];
}
