// Sequences: a file for each, a table with a row for each step, or arrays. Read as data/inputs.py does.

const { names: NAMES = [], formats: FORMATS = {}, offsets: OFFSETS, pad: IS_PADDED, fill_gaps: FILL } = MODEL.preprocessing;
const [STEPS, FEATURES] = MODEL.input_shape;
const { sequence_column: SEQUENCE, step_column: STEP, file_column: IN_FILES, id_column: ID } = MODEL.columns;
const IS_LONG = Boolean(SEQUENCE && !IN_FILES && NAMES.length); // trained on a table with a row for each step
const KINDS = `${IS_LONG ? "a CSV like the training data" : "a CSV with a row for each step"}, or .npy`;
const NARROW = 0.05; // of the range in training: with less, values are scaled in another way
const ACCEPT = ".csv,.tsv,.txt,.npy";
const DATE = /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:?\d\d)?$/;
const FEW_FEATURES = 8; // have a color and a name each
const [PLOT_WIDTH, PLOT_HEIGHT] = [480, 200];

function setUp() {
  const steps = IS_PADDED ? `up to ${STEPS}` : STEPS;
  const features = counted(FEATURES, "feature") + (NAMES.length ? `: ${listed(NAMES)}` : "");
  byId("controls").append(make("p", { className: "soft" }, `A sequence has ${steps} steps with ${features}.`));
}

async function readFile(file) {
  if (/\.npy$/i.test(file.name)) return fromArray(await readArray(file), file.name);
  return IS_LONG ? fromTable(await readTable(file), file) : fromFile(file);
}

// Read a file with one sequence. Features are matched by a header, and without one by their order.
async function fromFile(file) {
  const { rows, notes } = await readRows(file);
  const header = rows[0].fields.every((field) => FIRST_NUMBER.test(field)) ? null : rows.shift().fields;
  const names = NAMES.length ? NAMES : header;
  if (header && (header.length !== names.length || header.some((name) => !names.includes(name)))) {
    throw new Refusal(`${file.name} has the columns ${listed(header)} instead of ${listed(names)}: give all files the same.`);
  }
  if (!rows.length) throw new Refusal(`${file.name} has a header but no rows.`);
  const width = header?.length ?? rows[0].fields.length;
  checkLengths(rows, width, file.name);
  const order = header ? names.map((name) => header.indexOf(name)) : Array.from({ length: width }, (_, place) => place);
  const steps = rows.map(({ line, fields }) =>
    order.map((place, feature) => {
      const text = fields[place] ?? "";
      const value = readNumber(text, FORMATS[names?.[feature] ?? feature]);
      if (value === undefined) throw new Refusal(`${file.name} line ${line}: ${quoted(text)} is no number written as in the training data.`);
      return value;
    }),
  );
  return { ...join([[file.name, steps]]), notes };
}

// Read a table with a row for each step of some sequences.
function fromTable(table, file) {
  requireColumns(table, [...NAMES, SEQUENCE, ...(STEP ? [STEP] : [])], file);
  const columns = NAMES.map((name) => readColumn(table, name, FORMATS[name]));
  const keys = table.columns.get(SEQUENCE);
  const order = STEP ? table.columns.get(STEP).map((text, row) => readStep(text, table.where(row))) : [];
  const kinds = new Set(order.map(({ isDate }) => isDate));
  if (kinds.size > 1) throw new Refusal(`${file.name}: the column ${quoted(STEP)} mixes numbers and dates.`);
  const rowsOf = new Map();
  keys.forEach((key, row) => {
    if (isMissing(key)) throw new Refusal(`${table.where(row)}: ${quoted(SEQUENCE)} has no value: fill it in.`);
    rowsOf.set(key, [...(rowsOf.get(key) ?? []), row]);
  });
  const ids = table.columns.get(ID) ?? keys;
  const sequences = [...rowsOf.values()].map((rows) => {
    const sorted = STEP ? rows.toSorted((one, other) => order[one].value - order[other].value) : rows;
    return [ids[rows[0]], sorted.map((row) => columns.map((column) => column[row]))];
  });
  return { ...join(sequences), notes: table.notes };
}

// Read the step of a row, by which the rows of a sequence are sorted: a number, or a date whose month is sure.
function readStep(text, where) {
  const number = readNumber(text, FORMATS[STEP]);
  if (Number.isFinite(number)) return { value: number, isDate: false };
  const found = text.match(DATE);
  if (!found) throw new Refusal(`${where}: ${quoted(text)} in ${quoted(STEP)} is neither a number nor a date as 2024-12-31.`);
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "Z"] = found;
  const [, sign, hours, minutes] = zone.match(/([+-])(\d\d):?(\d\d)/) ?? [null, "+", "0", "0"];
  const away = (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes)); // minutes
  const start = Date.UTC(year, month - 1, day, hour, minute);
  return { value: start - 60_000 * away + 1000 * Number(second), isDate: true };
}

// Convert an array: one sequence (steps, features), or several. Steps without a value at the end are padding.
function fromArray({ shape, values }, file) {
  const [count, steps, features] = shape.length === 3 ? shape : [1, shape[0], shape[1] ?? 1];
  const sequences = Array.from({ length: count }, (_, row) => {
    const rows = Array.from({ length: steps }, (_, step) => {
      const start = (row * steps + step) * features;
      return [...values.subarray(start, start + features)];
    });
    while (IS_PADDED && shape.length === 3 && rows.length && rows.at(-1).every(Number.isNaN)) rows.pop();
    return [shape.length === 3 ? `${file} sequence ${row}` : file, rows];
  });
  return join(sequences);
}

// Join sequences [name, steps] to samples: checked, with gaps filled, offsets subtracted, and padded with NaN.
function join(sequences) {
  const values = new Float64Array(sequences.length * SAMPLE_SIZE).fill(NaN);
  sequences.forEach(([name, steps], row) => {
    const features = steps[0]?.length;
    if (features === undefined) throw new Refusal(`${name} has no steps.`);
    if (features !== FEATURES) throw new Refusal(`${name} has ${counted(features, "feature")} in a row, but the model takes ${FEATURES}.`);
    const isTooLong = steps.length > STEPS;
    if (isTooLong || (steps.length < STEPS && !IS_PADDED)) {
      const takes = IS_PADDED ? `takes ${STEPS} at most` : `takes ${STEPS}`;
      throw new Refusal(`${name} has ${counted(steps.length, "step")}, but the model ${takes}.`);
    }
    const filled = FILL === "last" ? fillGaps(steps) : steps;
    filled.flat().forEach((value, place) => {
      const feature = place % FEATURES;
      if (!Number.isFinite(value)) {
        const where = `${name}: step ${Math.floor(place / FEATURES)} of ${MODEL.feature_names[feature]}`;
        throw new Refusal(`${where} is missing or not finite: fill it in, or train with data.fill_gaps.`);
      }
      values[row * SAMPLE_SIZE + place] = OFFSETS ? Math.fround(value - OFFSETS[feature]) : value;
    });
  });
  return { names: sequences.map(([name]) => name), values };
}

// Fill gaps with the value before, and at the start with the first one.
function fillGaps(steps) {
  const last = steps[0].map((_, feature) => steps.find((step) => !Number.isNaN(step[feature]))?.[feature] ?? NaN);
  return steps.map((step) =>
    step.map((value, feature) => {
      if (!Number.isNaN(value)) last[feature] = value;
      return last[feature];
    }),
  );
}

// Draw the features of a sample over its steps as curves: a few in their own ranges, many in a common one.
function drawSample(values) {
  const count = values.filter((value) => !Number.isNaN(value)).length / FEATURES; // the rest is padding
  const curves = Array.from({ length: FEATURES }, (_, feature) =>
    Array.from({ length: count }, (_, step) => values[step * FEATURES + feature] + (OFFSETS?.[feature] ?? 0)),
  );
  const isFew = FEATURES <= FEW_FEATURES;
  const limits = (numbers) => [Math.min(...numbers), Math.max(...numbers)];
  const all = limits(curves.flat());
  const ranges = curves.map((curve) => (isFew ? limits(curve) : all));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `-4 -4 ${PLOT_WIDTH + 8} ${PLOT_HEIGHT + 8}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${counted(FEATURES, "curve")} over ${counted(count, "step")}`);
  curves.forEach((curve, feature) => {
    const [low, high] = ranges[feature];
    const points = curve.map((value, step) => {
      const x = (step / Math.max(1, count - 1)) * PLOT_WIDTH;
      return `${x.toFixed(1)},${(PLOT_HEIGHT * (1 - (value - low) / (high - low || 1))).toFixed(1)}`;
    });
    const line = document.createElementNS(svg.namespaceURI, "polyline");
    const looks = { points: points.join(" "), fill: "none", stroke: color(feature), "stroke-width": isFew ? 2 : 1, opacity: isFew ? 1 : 0.6 };
    for (const [name, value] of Object.entries(looks)) line.setAttribute(name, value);
    svg.append(line);
  });
  const write = ([low, high]) => `${digits(low)} to ${digits(high)}`;
  const names = NAMES.length ? NAMES : MODEL.feature_names;
  const legend = names.map((name, feature) => {
    const mark = make("b", { ariaHidden: "true" }, "— ");
    mark.style.color = color(feature);
    return make("span", {}, mark, `${name}: ${write(ranges[feature])}`);
  });
  const caption = `${counted(count, "step")}${isFew ? "" : `, ${write(all)}`}`;
  return [svg, make("figcaption", {}, caption, ...(isFew ? [make("span", { className: "legend" }, ...legend)] : []))];
}

function digits(value) {
  return String(Number(value.toPrecision(OFFSETS ? 12 : 6)));
}

function color(feature) {
  return `hsl(${Math.round((360 * feature) / FEATURES + 215) % 360} 65% 55%)`;
}
