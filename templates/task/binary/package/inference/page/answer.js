// What the prediction of a sample says: the probability of the second class, which is the positive one.

function entries([probability]) {
  const [negative, positive] = MODEL.target_names;
  const isPositive = probability >= 0.5;
  return [[positive, probability, isPositive], [negative, 1 - probability, !isPositive]];
}

// In a few words.
function summarize(prediction) {
  const [name, probability] = entries(prediction).find(([, , isLikelier]) => isLikelier);
  return `${name}, ${percent(probability)}`;
}

// As elements of the page.
function describe(prediction) {
  return [make("p", { className: "verdict" }, summarize(prediction)), bars(entries(prediction))];
}
