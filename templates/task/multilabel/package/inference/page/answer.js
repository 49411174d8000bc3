// What the predictions of a sample say: the probability of each label, and which are predicted.

const THRESHOLD = Math.fround(MODEL.target_statistics?.threshold ?? 0.5); // from this probability on

// In a few words.
function summarize(probabilities) {
  const labels = MODEL.target_names.filter((_, place) => probabilities[place] >= THRESHOLD);
  return labels.join("; ") || "none of the labels";
}

// As elements of the page.
function describe(probabilities) {
  const shown = MODEL.target_names.map((name, place) => [name, probabilities[place], probabilities[place] >= THRESHOLD]);
  return [make("p", { className: "verdict" }, summarize(probabilities)), bars(shown)];
}
