// What the predictions of a sample say: the probability of each label, and which have at least a half.

// In a few words.
function summarize(probabilities) {
  const labels = MODEL.target_names.filter((_, place) => probabilities[place] >= 0.5);
  return labels.join("; ") || "none of the labels";
}

// As elements of the page.
function describe(probabilities) {
  const shown = MODEL.target_names.map((name, place) => [name, probabilities[place], probabilities[place] >= 0.5]);
  return [make("p", { className: "verdict" }, summarize(probabilities)), bars(shown)];
}
