// Images: read, turned, laid on white and scaled exactly as data/inputs.py does. A canvas alone scales otherwise.

const KINDS = "PNG, JPEG or WebP";
const NARROW = 0.05; // of the range in training: with less, values are scaled in another way
const ACCEPT = "image/png,image/jpeg,image/webp";
const [HEIGHT, WIDTH, CHANNELS] = MODEL.input_shape;
const MOST_PIXELS = 105_000_000;
const BITS = 22; // of the weights of a scaling, after the point
const SIDE = 280; // pixels of the larger side of the canvas to draw on
const STROKE = 0.07; // of that side
const IS_DARK = MODEL.input_mean.reduce((sum, mean) => sum + mean, 0) / CHANNELS < 128; // the ground of most images

let drawing = null;
let ink = IS_DARK ? "#ffffff" : "#000000";

function setUp() {
  const scale = SIDE / Math.max(WIDTH, HEIGHT);
  drawing = make("canvas", { className: "drawn", width: Math.round(WIDTH * scale), height: Math.round(HEIGHT * scale) });
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", "Drawing area for a mouse, pen or finger; with a keyboard, choose a file instead");
  const clear = make("button", { type: "button", textContent: "Clear" });
  clear.addEventListener("click", clearDrawing);
  const tools = make("div", { className: "tools" }, clear);
  if (CHANNELS === 3) {
    const color = make("input", { type: "color", value: ink });
    color.addEventListener("input", () => { ink = color.value; });
    tools.append(make("label", {}, "Color ", color));
  }
  byId("controls").append(make("p", { className: "soft" }, "Or draw:"), drawing, tools);
  clearDrawing();
  drawing.addEventListener("pointerdown", (event) => { drawing.setPointerCapture(event.pointerId); drawTo(event); });
  drawing.addEventListener("pointermove", (event) => { if (event.buttons) drawTo(event); });
  drawing.addEventListener("pointerup", () => answer(readDrawing));
}

function clearDrawing() {
  const pen = drawing.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = IS_DARK ? "#000000" : "#ffffff";
  pen.fillRect(0, 0, drawing.width, drawing.height);
}

// Draw a line from where the pointer was to where it is.
function drawTo(event) {
  const pen = drawing.getContext("2d");
  const box = drawing.getBoundingClientRect();
  const at = (x, y) => [((x - box.left) / box.width) * drawing.width, ((y - box.top) / box.height) * drawing.height];
  const [x, y] = at(event.clientX, event.clientY);
  const isFirst = event.type === "pointerdown";
  Object.assign(pen, { strokeStyle: ink, lineWidth: STROKE * SIDE, lineCap: "round" });
  pen.beginPath();
  pen.moveTo(...(isFirst ? [x, y] : drawing.last));
  pen.lineTo(x, y);
  pen.stroke();
  drawing.last = [x, y];
}

async function readDrawing() {
  const { data, width, height } = drawing.getContext("2d").getImageData(0, 0, drawing.width, drawing.height);
  return { names: ["drawing"], values: toSample(data, width, height) };
}

async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  checkKind(bytes, file.name);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Refusal(`${file.name} is not a whole image: make it anew or choose another one.`);
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw new Refusal(`${file.name} has ${width} x ${height} pixels: make it smaller.`);
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return { names: [file.name], values: toSample(pen.getImageData(0, 0, width, height).data, width, height) };
}

// Refuse other kinds of files, colors that the run does not convert, and what a browser reads in another way.
function checkKind(bytes, name) {
  const text = (start, end) => String.fromCharCode(...bytes.subarray(start, end));
  let isGray = false;
  if (text(1, 4) === "PNG") {
    const [bits, color] = bytes.subarray(24, 26);
    if (bits === 16) throw new Refusal(`${name} has 16 bits, of which a browser keeps 8: save it with 8, or use the command predict.`);
    isGray = color === 0 || color === 4;
  } else if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    const components = countComponents(bytes);
    if (components === 4) throw new Refusal(`${name} holds colors for printing (CMYK): save it as RGB.`);
    isGray = components === 1;
  } else if (text(0, 4) !== "RIFF" || text(8, 12) !== "WEBP") {
    throw new Refusal(`${name} is no PNG, JPEG or WebP image: choose or save one.`);
  }
  if (isGray !== (CHANNELS === 1) && !MODEL.preprocessing.convert) {
    const [has, takes] = isGray ? ["gray", "color"] : ["in color", "gray"];
    throw new Refusal(`${name} is ${has}, but the model takes ${takes} images: convert it, or train with data.convert.`);
  }
}

// The number of colors in a JPEG file; 0 if it is not whole.
function countComponents(bytes) {
  for (let place = 2; place + 9 < bytes.length; ) {
    const marker = bytes[place + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return bytes[place + 9];
    place += marker === 0xff ? 1 : 2 + 256 * bytes[place + 2] + bytes[place + 3];
  }
  return 0;
}

// Convert pixels (RGBA) to a sample: on white, gray or RGB, scaled.
function toSample(pixels, width, height) {
  let plane = new Uint8ClampedArray(width * height * CHANNELS);
  const onWhite = (place, alpha) => Math.round((pixels[place] * alpha + 255 * (255 - alpha)) / 255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = pixels[4 * pixel + 3];
    const red = onWhite(4 * pixel, alpha);
    const green = onWhite(4 * pixel + 1, alpha);
    const blue = onWhite(4 * pixel + 2, alpha);
    if (CHANNELS === 1) plane[pixel] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16; // as Pillow
    else {
      plane[3 * pixel] = red;
      plane[3 * pixel + 1] = green;
      plane[3 * pixel + 2] = blue;
    }
  }
  if (width !== WIDTH) plane = scale(plane, height, width, CHANNELS, WIDTH);
  if (height !== HEIGHT) plane = scale(plane, 1, height, WIDTH * CHANNELS, HEIGHT);
  return Float64Array.from(plane);
}

// Scale lines of points with some values each, from a size to a target, as Pillow's BILINEAR does: by a triangle as wide
// as two points of the result, in whole numbers.
function scale(plane, lines, size, values, target) {
  const scaled = new Uint8ClampedArray(lines * target * values);
  const ratio = size / target;
  const support = Math.max(1, ratio);
  for (let place = 0; place < target; place++) {
    const center = (place + 0.5) * ratio;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(size, Math.trunc(center + support + 0.5));
    const points = Array.from({ length: last - first }, (_, x) => first + x);
    const raw = points.map((x) => Math.max(0, 1 - Math.abs((x - center + 0.5) * (1 / support))));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const weights = raw.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** BITS));
    for (let line = 0; line < lines; line++) {
      for (let value = 0; value < values; value++) {
        let total = 2 ** (BITS - 1);
        let from = (line * size + first) * values + value;
        for (let x = 0; x < weights.length; x++, from += values) total += weights[x] * plane[from];
        scaled[(line * target + place) * values + value] = Math.floor(total / 2 ** BITS);
      }
    }
  }
  return scaled;
}

// What the model sees.
function drawSample(values) {
  const seen = make("canvas", { className: "seen", width: WIDTH, height: HEIGHT });
  seen.setAttribute("role", "img");
  seen.setAttribute("aria-label", "The image as the model sees it");
  seen.style.width = `${Math.max(WIDTH, Math.min(SIDE / 2, 8 * WIDTH))}px`;
  const pixels = new ImageData(WIDTH, HEIGHT);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    for (let color = 0; color < 3; color++) pixels.data[4 * pixel + color] = values[pixel * CHANNELS + (color % CHANNELS)];
    pixels.data[4 * pixel + 3] = 255;
  }
  seen.getContext("2d").putImageData(pixels, 0, 0);
  return [make("p", { className: "soft" }, "The model sees:"), seen, make("figcaption", {}, `${WIDTH} x ${HEIGHT} pixels`)];
}
