// What the prediction of a sample says: the probability of the second class, which is the positive one.

const THRESHOLD = Math.fround(MODEL.target_statistics?.threshold ?? 0.5); // from this probability on it is predicted

function entries([probability]) {
  const [negative, positive] = MODEL.target_names;
  const isPositive = probability >= THRESHOLD;
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
