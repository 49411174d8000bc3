// What the predictions of a sample say: the probability of each class.

const MOST_BARS = 20;

function order(probabilities) {
  return MODEL.target_names.map((name, place) => [name, probabilities[place]]).sort((one, other) => other[1] - one[1]);
}

// In a few words.
function summarize(probabilities) {
  const [[name, probability]] = order(probabilities);
  return `${name}, ${percent(probability)}`;
}

// As elements of the page.
function describe(probabilities) {
  const entries = order(probabilities);
  const left = entries.length - MOST_BARS;
  const rest = left > 0 ? [make("p", { className: "soft" }, `and ${left} less likely ones`)] : [];
  const shown = entries.slice(0, MOST_BARS).map(([name, probability], place) => [name, probability, place === 0]);
  return [make("p", { className: "verdict" }, summarize(probabilities)), bars(shown), ...rest];
}
