// What the predictions of a sample say: a number for each target, in its own unit.

const DIGITS = MODEL.prediction_dtype === "float64" ? 12 : 6;

function writeTarget(value) {
  const digits = Math.abs(value) < 10 ** 6 ? DIGITS : 12; // such as seconds since 1970
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

// In a few words.
function summarize(values) {
  return values.map((value, place) => `${MODEL.target_names[place]} ${writeTarget(value)}`).join(", ");
}

// As elements of the page.
function describe(values) {
  const entries = values.flatMap((value, place) => {
    const number = make("dd", {}, writeTarget(value));
    number.dataset.value = value;
    number.dataset.name = MODEL.target_names[place];
    return [make("dt", {}, MODEL.target_names[place]), number];
  });
  return [make("dl", { className: "verdict" }, ...entries)];
}
